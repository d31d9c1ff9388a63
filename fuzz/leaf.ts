/** `{ playing: { turn: 'shown' } }` is `playing.turn.shown`; parallel regions are joined by a plus. */
export function leafOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const regions = value as Readonly<Record<string, unknown>>;
  let leaf = '';
  for (const name in regions) {
    const below = leafOf(regions[name]);
    leaf += `${leaf === '' ? '' : '+'}${name}${below === '' ? '' : `.${below}`}`;
  }
  return leaf;
}
