import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/*
 * Goal: docs/WEBSOCKET_PROTOCOL.md claims nothing that no test proves. Its last table has a row for every quirk of the
 * old protocol and every fault of the old rules: `item | what was built | test file | test name`.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(`${root}docs/WEBSOCKET_PROTOCOL.md`, 'utf8');

const count = (prefix: string, last: number): string[] =>
  Array.from({ length: last }, (_, index) => `${prefix}${index + 1}`);
const ITEMS = [
  ...count('7.1.', 18),
  ...count('7.2.', 19),
  '7.3',
  ...['accepted', 'refused', 'store away', 'mailbox full', 'rate'].map((row) => `7.4 ${row}`),
  ...count('7.4 row ', 6),
  ...count('D', 23),
];

const rows = [...guide.matchAll(/^\| ((?:7\.|D\d).*?) \| (.+?) \| `(.+?)` \| (.+?) \|$/gm)].map((match) => ({
  item: match[1]!,
  built: match[2]!,
  file: match[3]!,
  name: match[4]!,
}));

test('every item has a row, and no row is about anything else', () => {
  expect([...new Set(rows.map(({ item }) => item))].sort()).toEqual([...ITEMS].sort());
});

test.each(rows)('$item is proved by a test of that name', ({ file, name }) => {
  expect(existsSync(`${root}${file}`)).toBe(true);
  const source = readFileSync(`${root}${file}`, 'utf8').replaceAll("\\'", "'");
  expect([`'${name}'`, `"${name}"`].some((quoted) => source.includes(quoted))).toBe(true);
});

test('every test that is named after an item stands in the table', () => {
  const files = [...new Set(rows.map(({ file }) => file))];
  const named = files.flatMap((file) =>
    [...readFileSync(`${root}${file}`, 'utf8').matchAll(/^test\(\s*(['"])((?:protocol 7|rules D).*?)\1,/gm)].map(
      (match) => match[2]!,
    ),
  );
  expect(named.filter((name) => !rows.some((row) => row.name === name))).toEqual([]);
});
