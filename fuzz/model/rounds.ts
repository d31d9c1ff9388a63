import { isWeak, type ModelPiece } from './pieces.js';

export type Four<T> = [T, T, T, T];

export const ALL = [0, 1, 2, 3] as const;

/** R1.2 */
export function from(seat: number): number[] {
  return ALL.map((step) => (seat + step) % 4);
}

/** R4.2 */
export function weakOnes(hands: readonly (readonly ModelPiece[])[]): number[] {
  return ALL.filter((seat) => isWeak(hands[seat]!));
}

/** R7: what speaks against a declaration. */
export function faultsOfDeclaration(value: number, zeroStreak: number, before: readonly number[]): string[] {
  const faults: string[] = [];
  if (![0, 1, 2, 3, 4, 5, 6, 7, 8].includes(value)) faults.push('valueOutOfRange');
  if (value === 0 && zeroStreak >= 2) faults.push('thirdZero');
  if (before.length === 3 && before[0]! + before[1]! + before[2]! + value === 8) faults.push('totalWouldBeEight');
  return faults;
}

/** R5.4, R5.5: who starts after a redeal; null where all declined. */
export function redealStarterOf(
  accepted: readonly boolean[],
  lastRedealStarter: number | null,
  round: number,
  lastTurnWinner: number | null,
): number | null {
  const reference = lastRedealStarter ?? (round >= 2 ? lastTurnWinner : null) ?? 0;
  return from(reference).find((seat) => accepted[seat]) ?? null;
}

/** R6 */
export function starterOf(
  redealStarter: number | null,
  round: number,
  hands: readonly (readonly ModelPiece[])[],
  lastTurnWinner: number | null,
): { readonly seat: number; readonly reason: string } {
  if (redealStarter !== null) return { seat: redealStarter, reason: 'accepted_redeal' };
  if (round === 1) {
    const holder = hands.findIndex((hand) => hand.includes('GENERAL_RED'));
    if (holder >= 0) return { seat: holder, reason: 'has_general_red' };
  } else if (lastTurnWinner !== null) return { seat: lastTurnWinner, reason: 'won_last_turn' };
  return { seat: 0, reason: 'default' };
}

/** R14 */
export function scoreOf(declared: number, captured: number, multiplier: number) {
  let base: number;
  let bonus = 0;
  if (declared === 0 && captured === 0) base = bonus = 3;
  else if (declared === 0) base = -captured;
  else if (captured === declared) {
    base = declared + 5;
    bonus = 5;
  } else base = -Math.abs(declared - captured);
  const perfect = declared > 0 && captured === declared;
  return { base, bonus, hit: base - bonus, score: base * multiplier, perfect };
}

/** R15.1, R15.2: nobody while the game goes on. */
export function winnersOf(totals: readonly number[]): number[] {
  const over = totals.filter((each) => each >= 50);
  if (over.length === 0) return [];
  const best = Math.max(...over);
  return ALL.filter((seat) => totals[seat] === best);
}

/** R15.4, D12: shared ranks as 1, 1, 3, 4. */
export function ranksOf(totals: readonly number[]): number[] {
  return totals.map((own) => totals.filter((other) => other > own).length + 1);
}
