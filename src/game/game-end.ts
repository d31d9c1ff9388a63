import { perSeat, SEATS, type PerSeat, type Seat } from './seats.js';

/** The total that ends the game (rules.md R15.1). */
export const WINNING_TOTAL = 50;

/** Asked only after a round is scored (rules.md R15.1). */
export function isGameOver(totals: PerSeat<number>): boolean {
  return Math.max(...totals) >= WINNING_TOTAL;
}

/** All with the highest total, by seat; nobody while the game goes on (rules.md R15.2). */
export function winners(totals: PerSeat<number>): Seat[] {
  if (!isGameOver(totals)) return [];
  const highest = Math.max(...totals);
  return SEATS.filter((seat) => totals[seat] === highest);
}

/** All seats from the highest total down, ties by seat: ranks 1 to 4 (rules.md R15.4). */
export function finalOrder(totals: PerSeat<number>): Seat[] {
  // The sort is stable, so tied seats stay in their order.
  return [...SEATS].sort((a, b) => totals[b] - totals[a]);
}

/** Ranks in which equal totals share the better one, e.g. 1, 1, 3, 4; for our own statistics (rules.md D12). */
export function sharedRanks(totals: PerSeat<number>): PerSeat<number> {
  return perSeat((seat) => 1 + totals.filter((total) => total > totals[seat]).length);
}
