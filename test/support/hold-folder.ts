import { lockDataFolder } from '../../persistence/sqlite/data-folder-lock.js';

/** A process that holds the data folder it is given, until its standard input ends. Says `held` when it does. */
const lock = lockDataFolder(process.argv[2]!);
process.stdout.write('held\n');
process.stdin.resume().once('end', () => lock.release());
