import type { Change } from './difference.js';

/**
 * What a check of a room found, as plain JSON. `kind`:
 * - `sound`: everything is as it was written, and the machine makes of the entries what they say.
 * - `repaired`: something was wrong, and is right again.
 * - `scarred`: an entry is damaged, but a sound snapshot behind it carries the room on; its past stays as it is.
 * - `damaged`: something is wrong; `sentences` say what.
 * - `unverified`: nothing is wrong as far as could be seen, but this program lacks the machine of a later entry.
 * - `unknownRoom`: there is no such stream.
 */
export interface RoomVerdict {
  readonly roomId: string;
  readonly kind: 'sound' | 'repaired' | 'scarred' | 'damaged' | 'unverified' | 'unknownRoom';
  readonly seq: number; // the last entry
  readonly integrity: IntegrityVerdict;
  readonly replay: ReplayVerdict;
  readonly projection: ProjectionVerdict;
  /** From this entry on the room's state can't be had: it can only be restored to one in front. Null: it can. */
  readonly restoreBefore: number | null;
  readonly repaired: readonly string[]; // one sentence each
  readonly sentences: readonly string[]; // what is wrong still, one each
}

/** Whether the stored bytes are the ones that were written. */
export interface IntegrityVerdict {
  readonly entries: number; // read
  readonly snapshots: number;
  readonly brokenAt: number | null; // the first entry that is not as it was written, or is missing
  readonly findings: readonly Finding[]; // the first ones
  readonly findingCount: number;
}

export interface Finding {
  readonly about: 'head' | 'entry' | 'snapshot';
  readonly seq: number | null; // of the entry or snapshot
  readonly sentence: string;
}

/** Whether the machine makes of the messages what the journal says. */
export interface ReplayVerdict {
  readonly recomputed: number; // entries
  readonly through: number; // the last entry that was recomputed or has a sound snapshot, 0: none
  readonly skippedThrough: number; // entries up to this one are of versions that are not registered, 0: none
  /** Entries that could not be recomputed; behind each range a snapshot carried on, or the journal ends. */
  readonly leftOut: readonly { readonly from: number; readonly through: number }[];
  readonly difference: Difference | null; // the first
  readonly wrongSnapshots: readonly number[]; // damaged, or of another state than the entries lead to
}

/** Where journal and machine part. */
export interface Difference {
  readonly seq: number;
  readonly why: string;
  readonly expected: string | null; // a hash, or JSON of the events, as the replay makes them
  readonly found: string | null; // what the journal has
  readonly changes: readonly Change[]; // from the expected state to the one found, of what may be shown
}

/** Whether the repository rows are those of the last state. */
export interface ProjectionVerdict {
  readonly checked: number; // rows
  readonly wrong: readonly WrongRow[];
  readonly unknown: boolean; // the last state can't be had
}

export interface WrongRow {
  readonly table: string;
  readonly key: string;
}
