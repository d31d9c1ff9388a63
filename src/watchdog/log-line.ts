import { writeSync } from 'node:fs';

/** One line on stderr like those of the log, written at once and from any thread: the log's own thread may hang. */
export function writeLogLine(level: 'warn' | 'error' | 'fatal', members: object, msg: string): void {
  const line = { level, time: new Date().toISOString(), ...members, msg };
  try {
    writeSync(2, `${JSON.stringify(line)}\n`);
  } catch {
    // Stderr is full or closed: there is nobody left to tell, and the watch must go on.
  }
}
