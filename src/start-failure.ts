import { sep } from 'node:path';
import type { Config } from './config.js';

export type StartSettings = Pick<Config, 'dataDir' | 'host' | 'port'>;

const NO_RIGHT = "which this user has no right to. Give it the folder, or start the server as the folder's owner";
const FULL = 'whose disk is full. Make room first';

/** What is wrong with the data folder, by the system's code: follows "DATA_DIR is /x, ". */
const FOLDER: Readonly<Record<string, string>> = {
  EROFS: 'which can only be read. Mount its disk for writing, or choose another folder',
  EACCES: NO_RIGHT,
  EPERM: NO_RIGHT,
  ENOENT: "which is not there and can't be made. Choose another folder",
  EEXIST: 'which is a file. Choose a folder',
  ENOTDIR: 'which is a file, or lies below one. Choose a folder',
  ENOSPC: FULL,
  SQLITE_FULL: FULL,
  SQLITE_READONLY: 'whose journal can only be read. Give this user the right to write it',
  SQLITE_CANTOPEN: "whose journal can't be opened. Give this user the right to it",
};

/** What is wrong with the port, by the system's code. */
const PORT: Readonly<Record<string, (settings: StartSettings) => string>> = {
  EADDRINUSE: () => 'Set PORT to a free one.',
  EACCES: ({ port }) => `PORT is ${port}, which this user has no right to: set one above 1023.`,
  EADDRNOTAVAIL: ({ host }) => `HOST is ${host}, which is no address of this machine.`,
  EAI_AGAIN: ({ host }) => `HOST is ${host}, a name that nobody here can look up.`,
  ENOTFOUND: ({ host }) => `HOST is ${host}, a name that is not known.`,
};

/**
 * A failure of a start that an operator can mend, with the setting to look at.
 * @returns null for every other one: that is a bug, or the machine's
 */
export function startFailure(failure: unknown, settings: StartSettings): string | null {
  if (!(failure instanceof Error)) return null;
  const { code, syscall, path } = failure as NodeJS.ErrnoException;
  if (code === undefined) return null;
  const { message } = failure;
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    const todo = PORT[code]?.(settings);
    return todo === undefined ? null : `${message}. ${todo}`;
  }
  const { dataDir } = settings;
  // SQLite's own errors come as they are until the engine is open, and are of no other file.
  const isOfFolder = code.startsWith('SQLITE_') || syscall === 'write' || isAbout(path ?? '', dataDir);
  const basic = code.split('_', 2).join('_'); // SQLite may say more: SQLITE_READONLY_DIRECTORY
  const why = isOfFolder ? FOLDER[basic] : undefined;
  return why === undefined ? null : `${message}. DATA_DIR is ${dataDir}, ${why}.`;
}

/** Something in the folder, the folder itself, or one that it is to be made in. */
function isAbout(path: string, dataDir: string): boolean {
  return path !== '' && (isWithin(path, dataDir) || isWithin(dataDir, path));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
