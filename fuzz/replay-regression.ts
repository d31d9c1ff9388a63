import type { LiapTui } from '../actors/room/liap-tui.js';
import { replayDeeds } from './fuzz-room.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import { runMailbox } from './mailbox/mailbox-run.js';
import { runQueue } from './mailbox/queue-run.js';
import type { Regression } from './regression-file.js';
import type { Broken } from './subject.js';

/** Does again what a saved failure did. @returns the promise that breaks now, or null */
export async function replayRegression(
  saved: Regression,
  definition: LiapTui = fuzzedLiapTui(),
): Promise<Broken | null> {
  if (saved.format === 'mailbox-fuzz/1') return runMailbox(saved.acts);
  if (saved.format === 'queue-fuzz/1') return runQueue(saved.acts);
  if (saved.definition !== definition.name) {
    throw new Error(`It is about ${saved.definition}; here is ${definition.name}`);
  }
  return replayDeeds(definition, liapTuiSubject, saved.deeds, saved.version);
}
