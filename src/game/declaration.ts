import { refuse, type Refusal } from './refusal.js';
import { seatLabel, type Seat } from './seats.js';

/** All a round yields (rules.md R12.2): the most to declare, and what the four must not add up to. */
const PILES_PER_ROUND = 8;
/** Zeros in a row after which the next declaration must not be 0 (rules.md R7.3). */
const ZERO_STREAK_MAX = 2;

/** What decides the values open to the player who declares next. */
export interface DeclarationBars {
  readonly zeroStreak: number; // this player's declarations of 0 in the latest consecutive rounds
  readonly sumSoFar: number; // declarations made before in this round
  readonly isLast: boolean; // fourth to declare
}

/** The rule against `value`, a whole number from 0 to 8, or null (rules.md R7.2, R7.3). */
function barAgainst(value: number, { zeroStreak, sumSoFar, isLast }: DeclarationBars) {
  if (value === 0 && zeroStreak >= ZERO_STREAK_MAX) return 'thirdZero';
  if (isLast && sumSoFar + value === PILES_PER_ROUND) return 'totalWouldBeEight';
  return null;
}

/** The allowed values in ascending order, at least 7 of the 9 (rules.md R7.4). */
export function declareOptions(bars: DeclarationBars): number[] {
  const options: number[] = [];
  for (let value = 0; value <= PILES_PER_ROUND; value++) {
    if (barAgainst(value, bars) === null) options.push(value);
  }
  return options;
}

/** A player's zero streak after declaring `value` (rules.md R7.3). */
export function nextZeroStreak(streak: number, value: number): number {
  return value === 0 ? streak + 1 : 0;
}

export interface DeclarationInput extends DeclarationBars {
  readonly seat: Seat; // who declares
  readonly declarer: Seat | null; // whose turn it is to declare
  readonly value: number;
}

/** Whether the declaration counts (rules.md R7, enforced on the server by D2). */
export function judgeDeclaration(
  input: DeclarationInput,
): { readonly kind: 'accepted'; readonly value: number } | Refusal {
  const { seat, declarer, value } = input;
  const who = seatLabel(seat);
  if (declarer === null) return refuse('notYourTurn', `${who} cannot declare: nobody is to declare now.`);
  if (seat !== declarer) {
    return refuse('notYourTurn', `${who} cannot declare now: it is ${seatLabel(declarer)}'s turn to declare.`);
  }
  if (!Number.isInteger(value) || value < 0 || value > PILES_PER_ROUND) {
    return refuse(
      'valueOutOfRange',
      `${who} declared ${value}; a declaration is a whole number from 0 to ${PILES_PER_ROUND}.`,
    );
  }
  const bar = barAgainst(value, input);
  if (bar === 'thirdZero') {
    return refuse(bar, `${who} has declared 0 in ${input.zeroStreak} rounds in a row and must declare 1 or more.`);
  }
  if (bar === 'totalWouldBeEight') {
    return refuse(
      bar,
      `${who} declares last and cannot declare ${value}: the four would add up to ${PILES_PER_ROUND}.`,
    );
  }
  // JSON can carry -0; adding 0 makes it the 0 that it equals, so that a state read back from JSON is the same state.
  return { kind: 'accepted', value: value + 0 };
}
