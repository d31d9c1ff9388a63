import { url as inspectorUrl } from 'node:inspector';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { StepMark } from '../../actors/step-mark.js';
import { writeLogLine } from './log-line.js';
import { createSharedMarks, markWriter, readLooks } from './shared-marks.js';
import type { WatchdogSettings } from './watchdog-thread.js';

export interface WatchdogOptions {
  readonly suspectFile: string; // written before the process is ended; its folder exists
  readonly warnAfterMs?: number;
  readonly endAfterMs?: number;
  readonly checkEveryMs?: number; // also how often the event loop shows that it turns
  readonly startMs?: number; // that the thread may take to start; meanwhile it is not silent
}

export interface Watchdog {
  readonly mark: StepMark;
  /** @returns ms since the last question that found that it had looked; by its look that is at most `checkEveryMs` more */
  readonly silentMs: () => number;
  readonly stop: () => Promise<void>;
}

/**
 * Watches the calling thread's event loop from a thread of its own. One thread's JavaScript can't be interrupted and
 * then go on: a step that loops for ever stops every room. So the room in hand is named after `warnAfterMs`, in a log
 * line on stderr with the stack; after `endAfterMs` it is recorded as suspect, durably, and the process is ended.
 * Its successor reads the file by `readSuspect` and holds that room.
 *
 * The end is SIGKILL (status 137 of a shell or a container, "unclean" to systemd's `Restart=on-failure`): nothing runs
 * in a blocked process that could stop it in order, and the journal is made for this. The first process of a container,
 * which can't kill itself, aborts instead (134 or 139). While a debugger may be attached it only warns.
 */
export function startWatchdog({
  suspectFile,
  warnAfterMs = 2_000,
  endAfterMs = 10_000,
  checkEveryMs = 250,
  startMs = 30_000,
}: WatchdogOptions): Watchdog {
  const memory = createSharedMarks();
  const marks = markWriter(memory);
  const beats = setInterval(() => marks.beat(inspectorUrl() !== undefined), checkEveryMs).unref();
  const thread = startThread({ memory, suspectFile, warnAfterMs, endAfterMs, checkEveryMs });
  thread.unref();
  thread.on('error', (failure) => writeLogLine('error', { why: String(failure) }, 'watchdog failed'));
  let looks = 0;
  let lookedMs = performance.now() + startMs;
  const silentMs = (): number => {
    const before = looks;
    looks = readLooks(memory);
    if (looks !== before) lookedMs = performance.now();
    return Math.max(0, performance.now() - lookedMs);
  };
  const stop = async (): Promise<void> => {
    clearInterval(beats);
    await thread.terminate();
  };
  return { mark: marks, silentMs, stop };
}

const isBuilt = import.meta.url.endsWith('.js');

/** From the built file, or from its source by tsx, which on Node 20 a worker thread does not take over by itself. */
function startThread(settings: WatchdogSettings): Worker {
  const name = 'watchdog';
  if (isBuilt) return new Worker(new URL('./watchdog-thread.js', import.meta.url), { name, workerData: settings });
  const loader = createRequire(import.meta.url).resolve('tsx/cjs/api');
  const source = fileURLToPath(new URL('./watchdog-thread.ts', import.meta.url));
  const code = `require(${JSON.stringify(loader)}).require(${JSON.stringify(source)}, __filename);`;
  return new Worker(code, { eval: true, name, workerData: settings, execArgv: [] });
}
