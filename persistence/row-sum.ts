import { hash } from 'node:crypto';

export type StoredValue = string | number | null;

const SUM_CHARS = 16; // 96 bits: it meets accidents, not adversaries

/**
 * The checksum of a stored row over its table's name and all its columns in the table's order, key included: what the
 * hash chain does not cover is held against it when it is read. Each value goes in with its kind and its length, so
 * that no two different rows give the same text.
 * @param values as they were read; of a damaged row they may be anything
 */
export function rowSum(table: string, values: readonly unknown[]): string {
  let text = table;
  for (const value of values) {
    if (value === null) text += '\nn';
    else if (typeof value === 'string') text += `\ns${value.length}:${value}`;
    else text += typeof value === 'number' ? `\ni${value}` : '\n?'; // nobody wrote anything else
  }
  return hash('sha256', text, 'base64url').slice(0, SUM_CHARS);
}
