/**
 * Freezes what a machine made, so that whoever changes it in place is caught in the act. Parts that a step left alone
 * are frozen already, so that only what is new is walked.
 * @returns the path to a value that JSON would not keep as it is, or null
 */
export function seal(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : '';
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean' ? null : '';
  if (value === null || Object.isFrozen(value)) return null;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const bad = seal(value[index]);
      if (bad !== null) return `/${index}${bad}`;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return '';
    for (const member in value) {
      const inner = (value as Readonly<Record<string, unknown>>)[member];
      // JSON leaves such a member out, which is the same as not having it.
      if (inner === undefined) continue;
      const bad = seal(inner);
      if (bad !== null) return `/${member}${bad}`;
    }
  }
  Object.freeze(value);
  return null;
}
