import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { checkJournal } from '../support/journal-check.js';
import { Arena } from './arena.js';
import { judge } from './attack.js';
import { ATTACKS } from './attacks.js';

// Goal: each attack is refused as its entry says, and none of them gets a secret, harms the others or the process.
// Method: all attacks that take no long time against one server with the limits that users run it with; the large sizes
// and the slow ones, beside people who play, are the command's (`npm run attack`).

let arena: Arena;
let pid: number;
beforeAll(async () => {
  arena = await Arena.start({ env: { LOG_LEVEL: 'debug' } });
  ({ pid } = arena.server);
});
afterAll(() => arena.dispose());
afterEach(() => arena.clear());

test.each(ATTACKS.filter(({ isSlow }) => isSlow !== true))('attack on $kind: $name is refused', async (attack) => {
  judge(attack, await attack.run(arena, attack.sizes?.[0] ?? 1));
  arena.loot.assertEmpty();
  expect(await arena.statusOf('/health/ready')).toBe('200');
});

test('after all attacks the process lives, every chain is whole, and the log has a whole object in each line and no secret', async () => {
  expect(arena.server.pid).toBe(pid);
  expect(checkJournal(arena.server.dataDir, [])).toMatchObject({ twice: [], brokenChains: [] });
  const { code, stderr } = await arena.server.stop();
  expect(code).toBe(0);
  const lines = stderr.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(ATTACKS.length);
  for (const line of lines) {
    expect(JSON.parse(line)).toBeTypeOf('object');

    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    arena.loot.seeLog(line);
  }
  arena.loot.assertEmpty();
});
