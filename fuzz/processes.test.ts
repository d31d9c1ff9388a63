import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PARTS, runAtOnce, type Summary, together } from './processes.js';

const reached = (...missing: string[]) => ({ covered: 10 - missing.length, total: 10, missing });
const none = Object.fromEntries(PARTS.map((part) => [part, reached()])) as unknown as NonNullable<Summary['coverage']>;
const ran = { ok: true, rooms: 2, turnedAway: 1, mailbox: { runs: 1, queues: 2, acts: 3 } };

test('what one of several runs reached is reached, and counts are added up', () => {
  const one = {
    ...ran,
    seed: 7,
    steps: 100,
    elapsedMs: 50,
    coverage: { ...none, guards: reached('a', 'b'), deepest: 3 },
  };
  const other = { ...ran, seed: 8, steps: 300, elapsedMs: 40, coverage: { ...none, guards: reached('b'), deepest: 5 } };
  expect(together([one, other])).toMatchObject({
    ...{ ok: true, seeds: [7, 8], steps: 400, rooms: 4, turnedAway: 2, elapsedMs: 50, stepsPerSecond: 8_000 },
    coverage: { states: reached(), guards: reached('b'), deepest: 5 },
    mailbox: { runs: 2, queues: 4, acts: 6 },
  });
});

test('a failure of one run is one of all, with the seed of its run', () => {
  const broken = { ...ran, ok: false, seed: 8, failure: { promise: 'pieces are conserved' } };
  expect(together([{ ...ran, seed: 7 }, broken])).toMatchObject({
    ok: false,
    failures: [{ seed: 8, promise: 'pieces are conserved' }],
  });
});

test('runs of the command itself are put together, each with a seed of its own', async () => {
  const program = ['--import', 'tsx', fileURLToPath(new URL('main.ts', import.meta.url))];
  const runs = await runAtOnce(program, [7, 8], ['--steps', '200', '--only', 'machine', '--no-save']);
  expect(runs.map(({ code, lines }) => [code, lines[0]])).toEqual([
    [0, 'seed 7'],
    [0, 'seed 8'],
  ]);
  const all = together(runs.map(({ summary }) => summary!));
  expect(all.steps).toBeGreaterThanOrEqual(400);
  expect(all.coverage!.states.covered).toBeGreaterThan(3);
});
