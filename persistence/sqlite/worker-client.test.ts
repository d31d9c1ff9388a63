import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { WorkerClient } from './worker-client.js';
import type { Call } from './worker-protocol.js';

type Echo = { echo: (value: unknown) => unknown };

/** Answers as a thread does, and keeps the messages. */
function echoing(): { readonly client: WorkerClient<Echo>; readonly messages: (readonly Call[])[] } {
  const messages: (readonly Call[])[] = [];
  const thread = new EventEmitter();
  const postMessage = (calls: readonly Call[]): void => {
    messages.push(structuredClone(calls));
    thread.emit(
      'message',
      calls.map(({ id, args: [value] }) => ({ id, ok: true, value })),
    );
  };
  const worker = Object.assign(thread, { postMessage }) as unknown as Worker;
  const client = new WorkerClient<Echo>({
    module: 'reader',
    start: () => worker,
    callTimeoutMs: 1_000,
    lostOutcome: 'failed',
  });
  return { client, messages };
}

test('calls of one turn travel together, at most 16 of them, and each gets its own answer', async () => {
  const { client, messages } = echoing();
  const asked = Array.from({ length: 40 }, (_, index) => index);
  expect(await Promise.all(asked.map((value) => client.call('echo', value)))).toEqual(asked);
  expect(messages.map(({ length }) => length)).toEqual([16, 16, 8]);
  await client.call('echo', 'later');
  expect(messages).toHaveLength(4);
});

test('an argument that no thread can be given fails its call, and the next one is answered', async () => {
  const { client } = echoing();
  await expect(client.call('echo', () => 'a function')).rejects.toMatchObject({
    name: 'StoreFailure',
    code: 'NOT_SENT',
  });
  expect(await client.call('echo', 1)).toBe(1);
});
