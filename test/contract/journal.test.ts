import { journalContract } from './journal-contract.js';
import { simulatedStore, sqliteStore } from './stores.js';

journalContract('SQLite', sqliteStore);
journalContract('the simulated store', simulatedStore);
