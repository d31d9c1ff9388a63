import { closeSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, transport } from 'pino';
import { type Config, ConfigError } from '../config.js';

const MIB = 1024 * 1024;

/**
 * Lines into `server.1.log`, `server.2.log`, … for `server.log`, written by a thread of its own; a new file each day and
 * when one is full, the oldest is removed. What a process writes just before it ends gets there too.
 * @throws ConfigError where the folder can't be made or written to: the thread itself would say so only after a while
 */
export function openLogFile(
  file: string,
  { logFileBytesMax, logFilesMax }: Pick<Config, 'logFileBytesMax' | 'logFilesMax'>,
): DestinationStream {
  try {
    makeFolder(dirname(file));
  } catch (cause) {
    throw new ConfigError(`LOG_FILE is "${file}", but its folder can't be made.`, { cause });
  }
  const probe = `${file}.${process.pid}`;
  try {
    closeSync(openSync(probe, 'wx', 0o600));
    unlinkSync(probe);
  } catch (cause) {
    throw new ConfigError(`LOG_FILE is "${file}", but no file can be made there.`, { cause });
  }
  const size = `${logFileBytesMax / MIB}m`;
  // Its count is of the files besides the one that is written.
  const limit = { count: logFilesMax - 1, removeOtherLogFiles: true };
  const options = { file, size, frequency: 'daily', limit };
  return transport({ target: 'pino-roll', options });
}

/** Not by `recursive`: below a file system that takes no folders, such as /proc, that never ends. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
