import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LEGACY_ENDPOINTS } from '../../src/http/legacy-api.js';
import { projectRoot } from '../../src/http/project-root.js';
import { roleFor } from '../../src/operations/roles.js';

test('docs/REST_API.md has every endpoint of the existing system that answers, with who may, and no other', () => {
  const document = readFileSync(join(projectRoot(), 'docs/REST_API.md'), 'utf8');
  const rows = [...document.matchAll(/^\| `((?:GET|POST) [^`]+)` \| (\w+) \|/gm)].map(([, route, who]) => [route, who]);
  const expected = LEGACY_ENDPOINTS.map(([method, path]) => `${method} ${path}`);
  expect(rows.sort()).toEqual(expected.map((route) => [route, roleFor(route)]).sort());
});
