// Goal: what goes through the mailbox, the gate and the disk keeps its promises, and a runtime that broke one would be
// noticed. Method: acts from a fixed seed; then the same with a runtime or a disk that cheats.
import { afterEach, expect, test, vi } from 'vitest';
import { IdempotencyWindow } from '../../actors/idempotency.js';
import { type Mail, Mailbox } from '../../actors/mailbox.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { fuzzMailbox } from './fuzz-mailbox.js';
import { MAILBOX_PROMISES, runMailbox } from './mailbox-run.js';
import { QUEUE_PROMISES } from './queue-run.js';

afterEach(() => vi.restoreAllMocks());

test('no promise breaks in a short run', { timeout: 120_000 }, async () => {
  const { failure, acts, runs } = await fuzzMailbox({ seed: 11, runs: 60 });
  expect(failure).toBeNull();
  expect(runs).toBe(60);
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

test('a mailbox that takes the newest message first is found, in a few lines', async () => {
  vi.spyOn(Mailbox.prototype, 'take').mockImplementation(function (this: Mailbox<Mail>) {
    const newest = [...this.waiting()].at(-1);
    if (newest !== undefined) this.remove(newest);
    return newest;
  });
  const { failure } = await fuzzMailbox({ seed: 11 });
  expect(failure).toMatchObject({ of: 'queue', promise: QUEUE_PROMISES.order });
  expect(failure?.acts.length).toBeLessThanOrEqual(4);
});
