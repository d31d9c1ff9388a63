const SHORT = { SOLDIER: 'S', CANNON: 'Ca', HORSE: 'H', CHARIOT: 'Ch', ELEPHANT: 'E', ADVISOR: 'A', GENERAL: 'G' }; // from the cheapest
/** Of each kind black, then red: 1 and 2 for soldiers, 13 and 14 for generals. */
const POINTS = Object.fromEntries(
  Object.keys(SHORT).flatMap((kind, index) => [
    [`${kind}_BLACK`, 2 * index + 1],
    [`${kind}_RED`, 2 * index + 2],
  ]),
);

/**
 * A piece as rooms name it, e.g. 'GENERAL_RED', and as it fits on a chip: 'G14', its kind and its points.
 * @returns {{ short: string, colour: 'red' | 'black', name: string }}
 */
export function pieceOf(text) {
  const [kind, colour] = text.split('_');
  return {
    short: `${SHORT[kind] ?? '?'}${POINTS[text] ?? ''}`,
    colour: colour === 'RED' ? 'red' : 'black',
    name: `${colour} ${kind}`.toLowerCase(),
  };
}
