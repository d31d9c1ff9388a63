import { liapTui, type LiapTui } from '../actors/room/liap-tui.js';
import type { DealOrder } from '../actors/room/phases/preparation.js';
import { type RecordedDeal, recordedDeals } from '../src/visualizer/script-file.js';
import { type FuzzFailure, replayDeeds } from './fuzz-room.js';
import { invariantsOf } from './invariants.js';
import { fuzzDeal } from './liap/deals.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import { runMailbox } from './mailbox/mailbox-run.js';
import { runQueue } from './mailbox/queue-run.js';
import type { Regression } from './regression-file.js';
import type { Broken } from './subject.js';

/** Does again what a saved failure did. @returns the promise that breaks now, or null */
export async function replayRegression(saved: Regression, definition?: LiapTui): Promise<Broken | null> {
  if (saved.format === 'mailbox-fuzz/1') return runMailbox(saved.acts);
  if (saved.format === 'queue-fuzz/1') return runQueue(saved.acts);
  const order = recordedDeals(saved.deals ?? [], fuzzDeal);
  const replayed = definition ?? fuzzedLiapTui({ order });
  if (saved.definition !== replayed.name) {
    throw new Error(`It is about ${saved.definition}; here is ${replayed.name}`);
  }
  const subject = { ...liapTuiSubject, invariants: invariantsOf(order) };
  return replayDeeds(replayed, subject, saved.deeds, saved.version);
}

/** The deals of a failure, so that its file can be played where nobody knows the fuzzer's own. */
export function dealsOf({ deeds, version }: Pick<FuzzFailure, 'deeds' | 'version'>): readonly RecordedDeal[] {
  const deals = new Map<string, RecordedDeal>();
  const recording: DealOrder = (seed, round, deal) => {
    const pieces = fuzzDeal(seed, round, deal);
    deals.set(`${round}/${deal}`, { round, deal, pieces: [...pieces] });
    return pieces;
  };
  replayDeeds(liapTui({ order: recording }), { ...liapTuiSubject, invariants: [] }, deeds, version);
  return [...deals.values()];
}
