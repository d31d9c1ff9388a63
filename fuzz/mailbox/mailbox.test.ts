// Goal: what goes through the mailbox, the gate and the disk keeps its promises, and a runtime that broke one would be
// noticed. Method: acts from a fixed seed; then the same with a runtime or a disk that cheats.
import { afterEach, expect, test, vi } from 'vitest';
import { IdempotencyWindow } from '../../actors/idempotency.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { fuzzMailbox } from './fuzz-mailbox.js';
import { MAILBOX_PROMISES, runMailbox } from './mailbox-run.js';

afterEach(() => vi.restoreAllMocks());

test('no promise breaks in a short run', async () => {
  const { failure, acts, runs } = await fuzzMailbox({ seed: 11, runs: 120 });
  expect(failure).toBeNull();
  expect(runs).toBe(120);
  expect(acts).toBeGreaterThan(1_000);
});

test('keys that are forgotten are found, in a few lines', async () => {
  vi.spyOn(IdempotencyWindow.prototype, 'find').mockReturnValue(undefined);
  const { failure } = await fuzzMailbox({ seed: 11 });
  expect(failure?.promise).toBe(MAILBOX_PROMISES.once);
  expect(failure?.acts.length).toBeLessThanOrEqual(4);
});

test('a disk that says committed and writes nothing is found', async () => {
  vi.spyOn(SimulatedEngine.prototype, 'commit').mockImplementation((batch) =>
    Promise.resolve(batch.map(() => ({ kind: 'committed' }) as const)),
  );
  const broken = await runMailbox([
    { do: 'add', n: 1, session: 'ann', id: null },
    { do: 'wait', ms: 10 },
  ]);
  expect(broken?.promise).toBe(MAILBOX_PROMISES.durable);
});
