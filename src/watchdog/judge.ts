import type { Sample } from './shared-marks.js';

/** In checks, not in seconds: where the whole process stood still, the watchdog did too and has counted nothing. */
export interface Limits {
  readonly warnAfter: number;
  readonly endAfter: number;
}

/** What the watchdog remembers from check to check. */
export interface Watch {
  readonly sample: Sample;
  readonly sameStep: number; // checks in a row that met the same step of a room
  readonly silent: number; // other checks without a beat since the last beat
}

export type Action =
  | { readonly kind: 'none' }
  /** `roomId` null: the event loop is blocked outside any step, or by many short ones. */
  | { readonly kind: 'warn' | 'end'; readonly roomId: string | null; readonly checks: number };

export interface Judged {
  readonly watch: Watch;
  readonly action: Action;
}

export function firstWatch(sample: Sample): Watch {
  return { sample, sameStep: 0, silent: 0 };
}

/**
 * One check: has the main thread moved since the one before? A beat proves that the loop turns, so a step that is still
 * marked then was left open and harms nobody. A room is named only for what its one step took. Warns once for each step
 * and each silence; under a debugger it never ends the process.
 */
export function judge({ sample: before, ...counts }: Watch, sample: Sample, { warnAfter, endAfter }: Limits): Judged {
  if (sample.beats !== before.beats) return { watch: firstWatch(sample), action: { kind: 'none' } };
  const isSameStep = sample.roomId !== null && sample.marks === before.marks;
  const sameStep = isSameStep ? counts.sameStep + 1 : 0;
  const silent = isSameStep ? counts.silent : counts.silent + 1;
  const checks = isSameStep ? sameStep : silent;
  const roomId = isSameStep ? sample.roomId : null;
  const watch = { sample, sameStep, silent };
  if (checks >= endAfter && !sample.debugged) return { watch, action: { kind: 'end', roomId, checks } };
  if (checks === warnAfter) return { watch, action: { kind: 'warn', roomId, checks } };
  return { watch, action: { kind: 'none' } };
}
