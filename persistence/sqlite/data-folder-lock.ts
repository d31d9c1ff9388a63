import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createPrivateFile } from './open.js';

export interface DataFolderLock {
  readonly release: () => void;
}

export class DataFolderLocked extends Error {
  constructor(folder: string, pid: string | null, options?: ErrorOptions) {
    const who = pid === null ? 'another process' : `process ${pid}`;
    super(`The data folder ${folder} is in use by ${who}. Stop it, or choose another folder.`, options);
    this.name = 'DataFolderLocked';
  }
}

/**
 * Keeps a second process out of a data folder: an SQLite file of its own with an exclusive transaction for the life of
 * the process. The lock is the kernel's, so it ends with the process however that ends, and no stale file stays.
 * The number of the process stands in a file beside it, since nobody can read a database that is locked like this.
 * @throws DataFolderLocked when somebody has it
 */
export function lockDataFolder(folder: string): DataFolderLock {
  const file = join(folder, 'lock.sqlite');
  const pidFile = join(folder, 'lock.pid');
  createPrivateFile(file);
  const db = new Database(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY'); // it never writes, so it needs no file for that
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { readonly code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    throw new DataFolderLocked(folder, readPid(pidFile), { cause: error });
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return {
    release: () => {
      if (!db.open) return;
      rmSync(pidFile, { force: true });
      db.close();
    },
  };
}

function readPid(pidFile: string): string | null {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    return /^\d+$/.test(pid) ? pid : null;
  } catch {
    return null; // the number only makes the sentence better
  }
}
