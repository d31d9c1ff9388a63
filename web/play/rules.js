// The rules that the page needs to help a player before the server judges. The R numbers are those of the rules' text.

const SOLDIERS = { 3: 'THREE_OF_A_KIND', 4: 'FOUR_OF_A_KIND', 5: 'FIVE_OF_A_KIND' };
const GROUPS = [
  ['GENERAL', 'ADVISOR', 'ELEPHANT'],
  ['CHARIOT', 'HORSE', 'CANNON'],
];
/** How many pieces of each of a group's three names, most first. */
const STRAIGHTS = {
  '1,1,1': 'STRAIGHT',
  '2,1,1': 'EXTENDED_STRAIGHT',
  '2,2,1': 'EXTENDED_STRAIGHT_5',
  '2,2,2': 'DOUBLE_STRAIGHT',
};

export const PLAY_TYPES = {
  SINGLE: { name: 'Single', pieces: 1, means: 'any piece' },
  PAIR: { name: 'Pair', pieces: 2, means: 'two of the same piece' },
  THREE_OF_A_KIND: { name: 'Three of a kind', pieces: 3, means: 'three soldiers' },
  STRAIGHT: { name: 'Straight', pieces: 3, means: 'general, advisor, elephant; or chariot, horse, cannon' },
  FOUR_OF_A_KIND: { name: 'Four of a kind', pieces: 4, means: 'four soldiers' },
  EXTENDED_STRAIGHT: { name: 'Extended straight', pieces: 4, means: 'a straight with one of its pieces twice' },
  FIVE_OF_A_KIND: { name: 'Five of a kind', pieces: 5, means: 'five soldiers' },
  EXTENDED_STRAIGHT_5: { name: 'Long straight', pieces: 5, means: 'a straight with two of its pieces twice' },
  DOUBLE_STRAIGHT: { name: 'Double straight', pieces: 6, means: 'two chariots, two horses, two cannons' },
};

const LEAD_PIECES_MAX = 6;

export function typeName(type) {
  return PLAY_TYPES[type]?.name ?? 'No type';
}

/** R16.6, and the names that the server refuses. @returns {string | null} why the name will not do */
export function nameFault(name) {
  if (name.trim() === '') return 'Please enter a name.';
  if (/[<>&"']/.test(name)) return 'Please leave out < > & " and \'.';
  if (/^\d+$/.test(name.trim())) return 'Please use at least one letter.';
  if (/^bot\s*\d+$/i.test(name.trim())) return 'That name is kept for bots.';
  return null;
}

/** R4.1: no piece worth more than 9 points. */
export function isWeak(pieces) {
  return pieces.length > 0 && pieces.every((piece) => piece.points <= 9);
}

/**
 * R7.2 and R7.3: the values that the player on turn may not declare.
 * @param declarations the values declared before, in this round
 * @param zeroStreak rounds in a row in which this player declared 0
 * @returns {Map<number, string>} value ▶ why not
 */
export function barredDeclarations(declarations, zeroStreak) {
  const barred = new Map();
  if (zeroStreak >= 2) barred.set(0, 'not a third 0 in a row');
  const rest = 8 - declarations.reduce((sum, value) => sum + value, 0);
  if (declarations.length === 3 && rest >= 0) barred.set(rest, 'the total may not be 8');
  return barred;
}

/** R8. @returns {string} a key of PLAY_TYPES, or 'INVALID' */
export function playType(pieces) {
  const count = pieces.length;
  if (count === 1) return 'SINGLE';
  if (count === 0 || pieces.some((piece) => piece.color !== pieces[0].color)) return 'INVALID';
  const kinds = pieces.map((piece) => piece.kind);
  if (new Set(kinds).size === 1) {
    if (count === 2) return 'PAIR';
    return (kinds[0] === 'SOLDIER' && SOLDIERS[count]) || 'INVALID';
  }
  const group = GROUPS.find((names) => kinds.every((kind) => names.includes(kind)));
  if (group === undefined) return 'INVALID';
  const counts = group.map((name) => kinds.filter((kind) => kind === name).length);
  return STRAIGHTS[counts.sort((a, b) => b - a).join()] ?? 'INVALID';
}

/** R9.2: the doubled pieces of an extended straight do not count twice. */
export function strength(pieces) {
  const extended = playType(pieces).startsWith('EXTENDED_STRAIGHT');
  const counted = extended ? [...new Map(pieces.map((piece) => [piece.kind, piece])).values()] : pieces;
  return counted.reduce((sum, piece) => sum + piece.points, 0);
}

/** R9, R11: only more of the same type beats. */
export function beats(pieces, best) {
  const type = playType(pieces);
  return type !== 'INVALID' && type === playType(best) && strength(pieces) > strength(best);
}

/**
 * R11.1 @param plays `{ player, pieces }` in the order played
 * @returns the play that is ahead, undefined before the first one
 */
export function playAhead(plays) {
  return plays.reduce((best, play) => (best === undefined || beats(play.pieces, best.pieces) ? play : best), undefined);
}

/**
 * R10: may these pieces be played now, and what would come of it?
 * @param required pieces that must be played, null for the leader
 * @param ahead the play to beat, undefined for the leader
 * @returns {{ allowed: boolean, text: string }}
 */
export function judgePlay(pieces, required, ahead) {
  const count = pieces.length;
  if (required !== null && count !== required) {
    const wanted = required === 1 ? 'exactly 1 piece' : `exactly ${required} pieces`;
    return { allowed: false, text: `Select ${wanted}; ${count} selected.` };
  }
  if (count === 0) return { allowed: false, text: 'Select the pieces to lead with.' };
  const type = playType(pieces);
  const what = type === 'INVALID' ? 'No type' : `${typeName(type)}, strength ${strength(pieces)}`;
  if (ahead === undefined) {
    if (count > LEAD_PIECES_MAX) return { allowed: false, text: `At most ${LEAD_PIECES_MAX} pieces can be led.` };
    if (type === 'INVALID') return { allowed: false, text: 'These pieces form no type, and the leader needs one.' };
    return { allowed: true, text: `${what}: allowed.` };
  }
  if (beats(pieces, ahead.pieces)) return { allowed: true, text: `${what}: allowed, beats ${ahead.player}.` };
  const why = type === playType(ahead.pieces) ? 'not strong enough to win' : 'another type, so it cannot win';
  return { allowed: true, text: `${what}: allowed, but ${why}.` };
}

/**
 * Plays worth a hint: for the leader the strongest of each type, for a follower the weakest one that takes the lead.
 * @returns {{ type: string, indices: number[] }[]} indices into the hand
 */
export function hintPlays(hand, required, ahead) {
  const found = new Map();
  for (let bits = 1; bits < 1 << hand.length; bits += 1) {
    const indices = hand.map((_, index) => index).filter((index) => bits & (1 << index));
    const pieces = indices.map((index) => hand[index]);
    if (!judgePlay(pieces, required, ahead).allowed) continue;
    if (ahead !== undefined && !beats(pieces, ahead.pieces)) continue;
    const type = playType(pieces);
    const value = ahead === undefined ? strength(pieces) : -strength(pieces);
    if (!found.has(type) || value > found.get(type).value) found.set(type, { type, indices, value });
  }
  return [...found.values()]
    .sort((a, b) => a.indices.length - b.indices.length)
    .map(({ type, indices }) => ({ type, indices }));
}
