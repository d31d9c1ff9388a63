import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, transport } from 'pino';
import type { Config } from '../config.js';

const MIB = 1024 * 1024;

/**
 * Lines into `server.1.log`, `server.2.log`, … for `server.log`, written by a thread of its own; a new file each day and
 * when one is full, the oldest is removed. What a process writes just before it ends gets there too.
 * @throws what the system says where the folder can't be made
 */
export function openLogFile(
  file: string,
  { logFileBytesMax, logFilesMax }: Pick<Config, 'logFileBytesMax' | 'logFilesMax'>,
): DestinationStream {
  mkdirSync(dirname(file), { recursive: true });
  const size = `${logFileBytesMax / MIB}m`;
  // Its count is of the files besides the one that is written.
  const limit = { count: logFilesMax - 1, removeOtherLogFiles: true };
  const options = { file, size, frequency: 'daily', limit };
  return transport({ target: 'pino-roll', options });
}
