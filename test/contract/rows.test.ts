import { rowsContract } from './rows-contract.js';
import { simulatedStore, sqliteStore } from './stores.js';

rowsContract('SQLite', sqliteStore);
rowsContract('the simulated store', simulatedStore);
