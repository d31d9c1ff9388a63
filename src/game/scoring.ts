export interface RoundScore {
  readonly base: number; // bonus + hit
  readonly bonus: number; // 3 for a kept zero, 5 for a hit, else 0
  readonly hit: number; // the piles declared for a hit, minus the difference for a miss, 0 for a kept zero
  readonly score: number; // base times the multiplier: what is added to the total
  readonly perfect: boolean; // a hit of 1 or more piles
}

/**
 * One player's score of a round (rules.md R14).
 * Declared 3: captured 3 scores +8, captured 1 or 5 scores -2. Declared 0: captured 0 scores +3, captured 2 scores -2.
 * @param multiplier 1 plus the redeals of this round; it raises penalties as well (R5.7, R5.8)
 */
export function scoreRound(declared: number, captured: number, multiplier: number): RoundScore {
  const kept = declared === captured;
  const perfect = kept && declared > 0;
  // Rules R14.1 has four cases; a broken zero costs |0 - captured|, the same as any other miss.
  const bonus = kept ? (perfect ? 5 : 3) : 0;
  const hit = kept ? declared : -Math.abs(declared - captured);
  const base = bonus + hit;
  return { base, bonus, hit, score: base * multiplier, perfect };
}
