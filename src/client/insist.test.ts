import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { Acknowledgement } from './acknowledgement.js';
import { insist } from './insist.js';
import type { RoomClient } from './room-client.js';

const NOW = { message: 'Later.', latencyUs: 1, reason: undefined };

/** A client that answers with what is scripted, the last one for ever. */
function answering(answers: readonly Partial<Acknowledgement>[]): { client: RoomClient; ids: (string | undefined)[] } {
  const ids: (string | undefined)[] = [];
  const command = (_event: string, _data: unknown, id?: string): Promise<Acknowledgement> => {
    ids.push(id);
    const answer = answers[ids.length - 1] ?? answers.at(-1)!;
    return Promise.resolve({ ...NOW, id: 'm1', ...answer } as Acknowledgement);
  };
  return { client: { command } as unknown as RoomClient, ids };
}

async function run(answers: readonly Partial<Acknowledgement>[]) {
  const clock = new SimulatedClock();
  const { client, ids } = answering(answers);
  const sentMs: number[] = [];
  let last: Acknowledgement | undefined;
  const insistence = { clock, random: () => 1, onRetry: () => sentMs.push(clock.elapsedMs()) };
  void insist(client, 'declare', {}, insistence).then((answer) => {
    last = answer;
  });
  await clock.advance(600_000);
  return { ids, sentMs, last };
}

test('sends again under the same id while the refusal is a passing one', async () => {
  const later: Partial<Acknowledgement> = { kind: 'refused', type: 'temporarily_unavailable', retryAfterMs: 250 };
  const { ids, sentMs, last } = await run([later, later, later, { kind: 'applied' }]);
  expect(ids).toEqual([undefined, 'm1', 'm1', 'm1']);
  expect(sentMs).toEqual([0, 250, 750]);
  expect(last).toMatchObject({ kind: 'applied' });
});

test('waits at least as long as the server says', async () => {
  const later: Partial<Acknowledgement> = { kind: 'refused', type: 'rate_limited', retryAfterMs: 9000 };
  const { sentMs } = await run([later, later, { kind: 'applied' }]);
  expect(sentMs).toEqual([0, 9000]);
});

test('accepts a refusal for good at once', async () => {
  const { ids, last } = await run([{ kind: 'refused', type: 'action_rejected', retryAfterMs: undefined }]);
  expect(ids).toHaveLength(1);
  expect(last).toMatchObject({ kind: 'refused', type: 'action_rejected' });
});

test('does not repeat what nobody answered: the client has sent it again already', async () => {
  const { ids, last } = await run([{ kind: 'unanswered', why: 'timeout' }]);
  expect(ids).toHaveLength(1);
  expect(last).toMatchObject({ kind: 'unanswered' });
});

test('gives up some time, with the last refusal', async () => {
  const { ids, last } = await run([{ kind: 'refused', type: 'temporarily_unavailable', retryAfterMs: 250 }]);
  expect(ids).toHaveLength(30);
  expect(last).toMatchObject({ kind: 'refused', type: 'temporarily_unavailable' });
});
