/** `{ playing: { turn: 'shown' } }` is `playing.turn.shown`; parallel regions are joined by a plus. */
export function leafOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const parts = Object.entries(value as Readonly<Record<string, unknown>>).map(([name, inner]) => {
    const below = leafOf(inner);
    return below === '' ? name : `${name}.${below}`;
  });
  return parts.join('+');
}
