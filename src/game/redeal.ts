import { refuse, type Refusal } from './refusal.js';
import { seatLabel, seatOrderFrom, type PerSeat, type Seat } from './seats.js';

/** `true` accepts, `false` declines, `null` has not answered or was not asked. */
export type RedealAnswers = PerSeat<boolean | null>;

export interface RedealReferenceInput {
  readonly redealStarter: Seat | null; // starter made by the last redeal of this round
  readonly lastTurnWinner: Seat | null; // of the previous round; null in the first
}

/** The seat from which the first accepter is looked for; never the holder of the red general (rules.md R5.5). */
export function redealReference({ redealStarter, lastTurnWinner }: RedealReferenceInput): Seat {
  return redealStarter ?? lastTurnWinner ?? 0;
}

export type RedealOutcome = { readonly kind: 'redeal'; readonly starter: Seat } | { readonly kind: 'keep' };

/**
 * What the answers lead to once all are in or the time is up (rules.md R5.2 to R5.4, R5.6).
 * A missing answer declines, so one that is still owed when the clock ends needs no case of its own (D20).
 */
export function resolveRedeal(answers: RedealAnswers, reference: Seat): RedealOutcome {
  const starter = seatOrderFrom(reference).find((seat) => answers[seat] === true);
  return starter === undefined ? { kind: 'keep' } : { kind: 'redeal', starter };
}

export interface RedealAnswerInput {
  readonly asked: readonly Seat[];
  readonly answers: RedealAnswers; // so far
  readonly seat: Seat; // who answers now
}

/** Whether `seat` may answer now: each asked player once, in any order (rules.md R5.1). */
export function judgeRedealAnswer({
  asked,
  answers,
  seat,
}: RedealAnswerInput): { readonly kind: 'accepted' } | Refusal {
  if (!asked.includes(seat)) {
    return refuse('notAsked', `${seatLabel(seat)} has no weak hand and is not asked about a redeal.`);
  }
  const answer = answers[seat];
  if (answer !== null) {
    const given = answer ? 'accepted' : 'declined';
    return refuse(
      'alreadyAnswered',
      `${seatLabel(seat)} has already ${given} the redeal; an answer cannot be changed.`,
    );
  }
  return { kind: 'accepted' };
}
