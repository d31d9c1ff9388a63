import fc from 'fast-check';
import type { Broken } from '../subject.js';
import { type MailboxAct, mailboxActs } from './mailbox-act.js';
import { runMailbox } from './mailbox-run.js';

export interface MailboxFuzzOptions {
  readonly seed: number;
  readonly runs?: number; // 100 by default, without end where a time is given
  readonly timeMs?: number;
}

export interface MailboxReport {
  readonly runs: number;
  readonly acts: number;
  readonly failure: (Broken & { readonly acts: readonly MailboxAct[] }) | null;
}

const RUNS = 100;
const BATCH = 20;

/** Acts upon rooms behind their mailboxes until a promise breaks; fast-check makes the acts, and shortens them. */
export async function fuzzMailbox({
  seed,
  timeMs,
  runs = timeMs === undefined ? RUNS : Infinity,
}: MailboxFuzzOptions): Promise<MailboxReport> {
  const endsAt = timeMs === undefined ? Infinity : Date.now() + timeMs;
  let done = 0;
  let acts = 0;
  let last: Broken | null = null;
  const property = fc.asyncProperty(mailboxActs, async (script) => {
    acts += script.length;
    const broken = await runMailbox(script);
    if (broken !== null) last = broken;
    return broken === null;
  });
  while (done < runs && Date.now() < endsAt) {
    const result = await fc.check(property, { seed: seed + done, numRuns: Math.min(BATCH, runs - done) });
    done += result.numRuns;
    if (!result.failed) continue;
    const [script] = result.counterexample!;
    last = (await runMailbox(script)) ?? last;
    return { runs: done, acts, failure: { ...last!, acts: script } };
  }
  return { runs: done, acts, failure: null };
}
