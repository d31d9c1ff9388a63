import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SETTING_NAMES } from '../../src/config.js';
import { projectRoot } from '../../src/http/project-root.js';
import { shownSetting } from '../../src/live-config.js';

test('docs/CONFIGURATION.md has every setting as the schema has it, and no other', () => {
  const document = readFileSync(join(projectRoot(), 'docs/CONFIGURATION.md'), 'utf8');
  const rows = document.match(/^\| `[A-Z_]+` .*$/gm);
  const expected = SETTING_NAMES.map((name) => {
    const { default: text, unit, live, about } = shownSetting(name, {});
    const inForce = text === null || text === '' ? '–' : `\`${text}\``;
    return `| \`${name}\` | ${inForce} | ${unit ?? ''} | ${live ? 'at once' : 'at the start'} | ${about} |`;
  });
  expect(rows).toEqual(expected);
});
