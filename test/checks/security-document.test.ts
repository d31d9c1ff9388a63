import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';
import { attackTable } from '../attacks/attack-table.js';
import { ATTACKS } from '../attacks/attacks.js';

test('docs/SECURITY.md lists every attack as the suite has it, and no other', () => {
  const document = readFileSync(join(projectRoot(), 'docs/SECURITY.md'), 'utf8');
  const [, listed] = /<!-- attacks -->\n\n(.*)\n\n<!-- end -->/s.exec(document) ?? [];
  expect(listed, 'npm run attack -- --table').toBe(attackTable());
});

test('there are at least fifty attacks, each has a name of its own, and the code that refuses it is there', () => {
  const names = ATTACKS.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(50);
  expect(new Set(names).size).toBe(names.length);
  for (const { by, does } of ATTACKS) {
    if (by.includes('/')) expect(existsSync(join(projectRoot(), by)), by).toBe(true);
    expect(does).not.toMatch(/[|\n]|\.$/);
  }
});
