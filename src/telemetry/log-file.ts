import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { type DestinationStream, transport } from 'pino';
import { type Config, ConfigError } from '../config.js';
import { BoundedLines, END_MS, errorLine, stderrLines } from './bounded-lines.js';

const MIB = 1024 * 1024;

export interface LogFileOptions {
  readonly fallback?: DestinationStream; // takes the lines while the file does not
  readonly reopenMs?: number; // after a failure the file is tried again so much later
}

export interface LogFile extends DestinationStream {
  /** Tells when all that was written is in the file, or why not. */
  readonly flush: (done: (failure?: Error) => void) => void;
  /** Writes what is still to be written; resolves a second later at most. */
  readonly end: () => Promise<void>;
}

/**
 * Lines into `server.1.log`, `server.2.log`, … for `server.log`, written by a thread of its own; a new file each day and
 * when one is full, the oldest is removed. What a process writes just before it ends gets there too. Where the file
 * can't be written, lines go to stderr until it can.
 * @throws ConfigError where the folder can't be made or written to at the start
 */
export function openLogFile(
  file: string,
  { logFileBytesMax, logFilesMax }: Pick<Config, 'logFileBytesMax' | 'logFilesMax'>,
  { fallback = stderrLines(), reopenMs = 10_000 }: LogFileOptions = {},
): LogFile {
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

  let thread: ReturnType<typeof transport>;
  let lines: DestinationStream;
  const open = (): void => {
    const opened = transport({ target: 'pino-roll', options });
    thread = opened;
    lines = new BoundedLines(opened);
    opened.on('error', ({ message }: Error) => {
      if (thread !== opened || lines === fallback) return; // of a line that it was still handed
      lines = fallback;
      fallback.write(errorLine({ file, why: message }, 'log file not written, lines go to stderr'));
      setTimeout(open, reopenMs).unref();
    });
  };
  open();
  return {
    write: (line) => lines.write(line),
    flush: (done) => thread.flush(done),
    end: async () => {
      const closed = once(thread, 'close');
      thread.end();
      await Promise.race([closed, setTimeoutPromise(END_MS)]);
    },
  };
}

/** Not by `recursive`: below a file system that takes no folders, such as /proc, that never ends. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
