import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkImports, sentences } from './imports.js';

/**
 * Why this test? The tool passes when it understands nothing, so a green check proves little. Method: a small copy
 * of our folders holds one breach of each rule beside the imports that are allowed; exactly the breaches are found.
 */
const ALLOWED: Readonly<Record<string, string>> = {
  'src/game/pieces.ts': "export const PIECES = 32;\nexport type Piece = 'a';",
  'src/game/deal.ts': "import { PIECES } from './pieces.js';\nexport const deal = PIECES;",
  'src/game/deal.test.ts': "import { readFileSync } from 'node:fs';\nimport './deal.js';\nreadFileSync('x');",
  'persistence/journal.ts': 'export interface Entry { seq: number }\nexport const PORT = 1;',
  'persistence/hash-chain.ts': "import { createHash } from 'node:crypto';\nexport const hash = createHash;",
  'persistence/sqlite.ts': "import type { Entry } from './journal.js';\nexport type Row = Entry;",
  'actors/clock.ts': 'export interface Clock { now: number }\nexport const real = 1;',
  'actors/room-definition.ts': "import type { Entry } from '../persistence/journal.js';\nexport type D = Entry;",
  'actors/mailbox.ts': "import { hash } from '../persistence/hash-chain.js';\nimport 'xstate';\nexport const m = hash;",
  'actors/mailbox.test.ts': "import '../src/server.js';\nimport '../persistence/sqlite.js';",
  'actors/room/machine.ts': [
    "import { createHash } from 'node:crypto';",
    "import 'xstate';",
    "import 'zod';",
    "import type { Clock } from '../clock.js';",
    "import type { D } from '../room-definition.js';",
    "import type { Entry } from '../../persistence/journal.js';",
    "import { deal } from '../../src/game/deal.js';",
    'export type T = [Clock, D, Entry]; export const machine = [createHash, deal];',
  ].join('\n'),
  'src/gateway/gateway.ts': "import type { Entry } from '../../persistence/journal.js';\nexport type G = Entry;",
  'src/server.ts':
    "import '../persistence/sqlite.js';\nimport '../actors/room/machine.js';\nimport '../actors/mailbox.js';",
  'test/sim/server.ts': "import '../../src/server.js';\nimport 'xstate';\nimport '../../web/play.js';",
  'src/http/q.ts': "import type { P } from './p.js';\nexport type Q = P;",
  'src/http/p.ts': 'export type P = 1;',
  'web/play.js': 'export {};',
};

const BREACHES: readonly (readonly [rule: string, from: string, code: string, to: string])[] = [
  ['game-stands-alone', 'src/game/a.ts', "import 'node:crypto';", 'crypto'],
  ['game-stands-alone', 'src/game/b.ts', "import type { Clock } from '../../actors/clock.js';", 'actors/clock.ts'],
  ['runtime-knows-no-game', 'actors/c.ts', "import '../src/game/pieces.js';", 'src/game/pieces.ts'],
  ['runtime-knows-no-game', 'actors/d.ts', "import type { T } from './room/machine.js';", 'actors/room/machine.ts'],
  ['runtime-sees-the-journal-port-only', 'actors/e.ts', "import '../persistence/sqlite.js';", 'persistence/sqlite.ts'],
  ['room-is-pure', 'actors/room/f.ts', "import 'node:fs';", 'fs'],
  ['room-is-pure', 'actors/room/g.ts', "export * from '../mailbox.js';", 'actors/mailbox.ts'],
  [
    'room-is-pure',
    'actors/room/phases/h.ts',
    "await import('../../../src/gateway/gateway.js');",
    'src/gateway/gateway.ts',
  ],
  ['room-has-no-clock', 'actors/room/i.ts', "import { real } from '../clock.js';\nreal;", 'actors/clock.ts'],
  [
    'room-has-no-clock',
    'actors/room/j.ts',
    "import { PORT } from '../../persistence/journal.js';\nPORT;",
    'persistence/journal.ts',
  ],
  [
    'persistence-stands-alone',
    'persistence/k.ts',
    "import type { Clock } from '../actors/clock.js';",
    'actors/clock.ts',
  ],
  ['stores-are-built-in-one-place', 'src/http/l.ts', "import '../../persistence/sqlite.js';", 'persistence/sqlite.ts'],
  ['xstate-under-actors-only', 'src/http/m.ts', "import { setup } from 'xstate';\nsetup;", 'node_modules/xstate'],
  ['client-knows-no-server', 'src/client/s.ts', "import '../gateway/gateway.js';", 'src/gateway/gateway.ts'],
  ['web-is-for-browsers', 'src/http/n.ts', "import '../../web/play.js';", 'web/play.js'],
  ['product-imports-no-tests', 'src/http/o.ts', "import '../../test/sim/server.js';", 'test/sim/server.ts'],
  ['no-cycles', 'src/http/p.ts', "import type { Q } from './q.js';\nexport type P = Q;", 'src/http/q.ts'],
  ['every-import-resolves', 'src/http/r.ts', "import './gone.js';", './gone.js'],
];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imports-'));
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  write('package.json', '{"type":"module"}');
  for (const [path, code] of Object.entries(ALLOWED)) write(path, code);
});
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, code: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), code);
}

describe('the import rules', () => {
  test('our own sources keep them', { timeout: 120_000 }, async () => {
    expect(sentences(await checkImports(process.cwd()))).toEqual([]);
  });

  test('what the design allows is no breach, and what tests import is free', async () => {
    const { breaches, modules } = await checkImports(root);
    expect(breaches).toEqual([]);
    expect(modules).toBe(Object.keys(ALLOWED).filter((path) => path.endsWith('.ts')).length);
  });

  test('every planted breach is found by its rule, and nothing else is', async () => {
    for (const [, from, code] of BREACHES) write(from, code);
    const { breaches } = await checkImports(root);
    const found = breaches.map(
      ({ rule, from, to }) => `${rule}: ${from} -> ${to.replace(/.*(node_modules\/xstate)\/.*/, '$1')}`,
    );
    expect([...new Set(found)].sort()).toEqual(
      BREACHES.map(([rule, from, , to]) => `${rule}: ${from} -> ${to}`).sort(),
    );
  });

  test('a check that sees too little fails, breaches or not', () => {
    expect(sentences({ modules: 0, breaches: [] })).toEqual([
      'Only 0 modules were found: the check has not seen the sources.',
    ]);
    expect(sentences({ modules: 19, breaches: [] })).toHaveLength(1);
    expect(sentences({ modules: 20, breaches: [] })).toEqual([]);
  });

  test('a breach is told with both ends, the rule and its reason', () => {
    const breaches = [{ rule: 'no-cycles', from: 'src/a.ts', to: 'src/b.ts' }];
    expect(sentences({ modules: 50, breaches })).toEqual([
      'src/a.ts must not import src/b.ts (no-cycles). Modules can be read in one order.',
    ]);
  });
});
