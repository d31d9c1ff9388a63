/**
 * Whether two values are the same JSON; the order of members is of no matter, and a missing one is undefined.
 * @param except a member of the two that may differ
 */
export function same(a: unknown, b: unknown, except: string | null = null): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!same(a[index], b[index])) return false;
    return true;
  }
  const [left, right] = [a, b] as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
  for (const member in left) if (member !== except && !same(left[member], right[member])) return false;
  for (const member in right) {
    if (member !== except && !(member in left) && right[member] !== undefined) return false;
  }
  return true;
}
