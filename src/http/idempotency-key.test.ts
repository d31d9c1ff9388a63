import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { idempotencyKey } from './idempotency-key.js';

function appWith() {
  let nowMs = 1;
  let done = 0;
  let release: () => void = () => undefined;
  const app = new Hono();
  app.use(idempotencyKey({ elapsedMs: () => nowMs }));
  app.post('/count', async (c) => c.json({ done: ++done, asked: await c.req.text() }));
  app.post('/slow', async (c) => {
    await new Promise<void>((resolve) => (release = resolve));
    return c.json({ done: ++done });
  });
  app.post('/fails', (c) => c.json({ done: ++done }, 503));
  const ask = (path: string, key: string, body = '{}') =>
    app.request(path, { method: 'POST', body, headers: { 'Idempotency-Key': key } });
  return { ask, release: () => release(), pass: (ms: number) => (nowMs += ms), done: () => done };
}

test('the same key is done once, and answered the same', async () => {
  const { ask, done } = appWith();
  const first = await (await ask('/count', 'a')).json();
  const again = await ask('/count', 'a');
  expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([200, 'true']);
  expect(await again.json()).toEqual(first);
  expect(done()).toBe(1);
  await ask('/count', 'b');
  expect(done()).toBe(2);
});

test('a key that comes with another request is refused, and nothing is done', async () => {
  const { ask, done } = appWith();
  await ask('/count', 'a');
  expect((await ask('/count', 'a', '{"room":"other"}')).status).toBe(422);
  expect((await ask('/fails', 'a')).status).toBe(422);
  expect(done()).toBe(1);
});

test('while the first is under way the second is told so', async () => {
  const { ask, release, done } = appWith();
  const first = ask('/slow', 'a');
  await Promise.resolve();
  expect((await ask('/slow', 'a')).status).toBe(409);
  release();
  expect((await first).status).toBe(200);
  expect((await ask('/slow', 'a')).headers.get('Idempotent-Replayed')).toBe('true');
  expect(done()).toBe(1);
});

test('what runs for longer than answers are kept is not begun a second time', async () => {
  const { ask, release, done, pass } = appWith();
  const first = ask('/slow', 'a');
  await Promise.resolve();
  pass(600_001);
  expect((await ask('/slow', 'a')).status).toBe(409);
  release();
  await first;
  expect((await ask('/slow', 'a')).headers.get('Idempotent-Replayed')).toBe('true');
  expect(done()).toBe(1);
});

test('what failed on our side may be tried again, and keys are forgotten after ten minutes', async () => {
  const { ask, done, pass } = appWith();
  await ask('/fails', 'a');
  await ask('/fails', 'a');
  expect(done()).toBe(2);
  await ask('/count', 'b');
  pass(600_001);
  await ask('/count', 'b');
  expect(done()).toBe(4);
});

test('a key that is none is refused', async () => {
  const { ask } = appWith();
  expect((await ask('/count', 'x'.repeat(201))).status).toBe(400);
});
