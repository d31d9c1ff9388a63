import { workerData } from 'node:worker_threads';
import { type Action, firstWatch, judge } from './judge.js';
import { writeLogLine } from './log-line.js';
import { evaluateInMainThread } from './main-thread.js';
import { markLook, readMarks, type SharedMarks } from './shared-marks.js';
import { writeSuspect } from './suspect.js';

export interface WatchdogSettings {
  readonly memory: SharedMarks;
  readonly suspectFile: string;
  readonly warnAfterMs: number;
  readonly endAfterMs: number;
  readonly checkEveryMs: number;
}

/** Where the main thread is, as far as JavaScript knows; the first line is the question itself. */
const WHERE = 'new Error().stack.split("\\n").slice(2).join("\\n")';

const { memory, suspectFile, warnAfterMs, endAfterMs, checkEveryMs } = workerData as WatchdogSettings;
const limits = {
  warnAfter: Math.ceil(warnAfterMs / checkEveryMs),
  endAfter: Math.ceil(endAfterMs / checkEveryMs),
};

let watch = firstWatch(readMarks(memory));
setInterval(() => {
  markLook(memory);
  const judged = judge(watch, readMarks(memory), limits);
  watch = judged.watch;
  if (judged.action.kind === 'warn') warn(judged.action);
  if (judged.action.kind === 'end') end(judged.action);
}, checkEveryMs);

type Finding = Exclude<Action, { kind: 'none' }>;

function warn({ roomId, checks }: Finding): void {
  const members = { ...(roomId !== null && { roomId }), blockedMs: checks * checkEveryMs };
  writeLogLine('warn', members, roomId === null ? 'event loop blocked' : 'room step takes too long');
  if (watch.sample.debugged) return;
  evaluateInMainThread(WHERE).then(
    (stack) => {
      // Only the question is on the stack of a thread that goes on again.
      if (stack !== '') writeLogLine('warn', { ...members, stack }, 'where the event loop is blocked');
    },
    (failure: unknown) => writeLogLine('warn', { why: String(failure) }, 'no stack of the blocked thread'),
  );
}

function end({ roomId, checks }: Finding): void {
  const blockedMs = checks * checkEveryMs;
  try {
    writeSuspect(suspectFile, { roomId, at: Date.now(), blockedMs });
  } catch (failure) {
    writeLogLine('error', { why: String(failure) }, 'suspect not recorded');
  }
  writeLogLine('fatal', { ...(roomId !== null && { roomId }), blockedMs }, 'event loop blocked, process ends');
  process.kill(process.pid, 'SIGKILL');
  // Only the first process of a container comes here: the kernel keeps it from killing itself, but not from aborting.
  evaluateInMainThread('process.abort()').catch((failure: unknown) => {
    writeLogLine('error', { why: String(failure) }, 'process could not be ended');
  });
}
