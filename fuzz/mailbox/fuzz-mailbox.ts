import fc from 'fast-check';
import type { Broken } from '../subject.js';
import { type MailboxAct, mailboxActs } from './mailbox-act.js';
import { runMailbox } from './mailbox-run.js';
import { type QueueAct, queueActs } from './queue-act.js';
import { runQueue } from './queue-run.js';

export interface MailboxFuzzOptions {
  readonly seed: number;
  readonly runs?: number; // rooms behind their mailboxes; 100 by default, without end where a time is given
  readonly timeMs?: number;
}

/** What was done, to a queue alone or to a room behind it, and which promise broke. */
export type MailboxFailure = Broken &
  (
    | { readonly of: 'queue'; readonly acts: readonly QueueAct[] }
    | { readonly of: 'room'; readonly acts: readonly MailboxAct[] }
  );

export interface MailboxReport {
  readonly runs: number; // of rooms
  readonly queues: number;
  readonly acts: number; // upon both
  readonly failure: MailboxFailure | null;
}

const RUNS = 100;
const BATCH = 20;
/** A queue alone costs nearly nothing. */
const QUEUES_PER_RUN = 10;

/** Acts upon mailboxes, and upon rooms behind them, until a promise breaks; fast-check makes the acts, and shortens them. */
export async function fuzzMailbox({
  seed,
  timeMs,
  runs = timeMs === undefined ? RUNS : Infinity,
}: MailboxFuzzOptions): Promise<MailboxReport> {
  const endsAt = timeMs === undefined ? Infinity : Date.now() + timeMs;
  let done = 0;
  let queues = 0;
  let acts = 0;
  while (done < runs && Date.now() < endsAt) {
    const numRuns = Math.min(BATCH, runs - done);
    const queue = await broken(queueActs, runQueue, seed + done, numRuns * QUEUES_PER_RUN);
    queues += queue.runs;
    acts += queue.acts;
    if (queue.failure !== null) return { runs: done, queues, acts, failure: { of: 'queue', ...queue.failure } };
    const room = await broken(mailboxActs, runMailbox, seed + done, numRuns);
    done += room.runs;
    acts += room.acts;
    if (room.failure !== null) return { runs: done, queues, acts, failure: { of: 'room', ...room.failure } };
  }
  return { runs: done, queues, acts, failure: null };
}

/** Runs scripts of acts until one breaks a promise, and then its shortest form. */
async function broken<A>(
  scripts: fc.Arbitrary<A[]>,
  run: (acts: readonly A[]) => Broken | null | Promise<Broken | null>,
  seed: number,
  numRuns: number,
) {
  let acts = 0;
  let last: Broken | null = null;
  const property = fc.asyncProperty(scripts, async (script) => {
    if (last === null) acts += script.length;
    const wrong = await run(script);
    if (wrong !== null) last = wrong;
    return wrong === null;
  });
  const result = await fc.check(property, { seed, numRuns });
  if (!result.failed) return { runs: result.numRuns, acts, failure: null };
  const [script] = result.counterexample!;
  return { runs: result.numRuns, acts, failure: { ...((await run(script)) ?? last!), acts: script } };
}
