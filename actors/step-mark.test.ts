import { expect, test } from 'vitest';
import { marked } from './step-mark.js';

test('a step is over for whoever watches, also where it threw', () => {
  const seen: string[] = [];
  const mark = { begin: (roomId: string) => void seen.push(`begin ${roomId}`), end: () => void seen.push('end') };
  expect(marked(mark, 'r1', () => 7)).toBe(7);
  const fails = (): never => {
    throw new Error('no');
  };
  expect(() => marked(mark, 'r2', fails)).toThrow('no');
  expect(seen).toEqual(['begin r1', 'end', 'begin r2', 'end']);
});
