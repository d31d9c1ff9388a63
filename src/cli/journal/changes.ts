/** One member that is another than before. `undefined` stands for one that is not there. */
export interface Change {
  readonly path: string; // `game.hands[2]`
  readonly before: unknown;
  readonly after: unknown;
}

const VALUE_CHARS_MAX = 60;

/** What differs between two plain JSON values, member by member in the order of the later one. */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  if (before === after) return [];
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...names].flatMap((name) =>
      changesBetween(before[name], after[name], path === '' ? name : `${path}.${name}`),
    );
  }
  // Lists of one length are seats; others have grown or shrunk, and are clearer as a whole.
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((value, index) => changesBetween(before[index], value, `${path}[${index}]`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, before, after }];
}

/** `game.piles[2]: 0 → 1` */
export function changeText({ path, before, after }: Change): string {
  return `${path === '' ? 'the room' : path}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX - 1)}…` : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
