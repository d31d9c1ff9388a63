import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';

const read = (path: string): string => readFileSync(join(projectRoot(), path), 'utf8');

test.each([
  ['dependencies', 'At run time', 'While it is made'],
  ['devDependencies', 'While it is made', 'Held back'],
] as const)('docs/DEPENDENCIES.md has all %s with version and licence, and no other', (kind, from, to) => {
  const document = read('docs/DEPENDENCIES.md');
  const section = document.slice(document.indexOf(`\n## ${from}\n`), document.indexOf(`\n## ${to}\n`));
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (\S+) \| ([^|]+) \|/gm)].map(([, ...row]) => row);
  const wanted = (JSON.parse(read('package.json')) as Record<typeof kind, Record<string, string>>)[kind];
  const expected = Object.entries(wanted).map(([name, version]) => {
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`)) as { license: string };
    return [name, version, license];
  });
  expect(rows.sort()).toEqual(expected.sort());
});

test('docs/DEPENDENCIES.md counts what a server installs', () => {
  type Locked = { readonly dev?: true; readonly optional?: true };
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const atRunTime = Object.entries(packages).filter(
    ([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true,
  ).length;
  const document = read('docs/DEPENDENCIES.md');
  expect(document).toContain(`packages, ${atRunTime} with all that they bring`);
  expect(read('docs/DEPLOYMENT.md')).toContain(`packages that run (${atRunTime},`);
});
