import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { MemoryRateLimiter } from '../limits/memory-rate-limiter.js';
import { addressLimit } from './address-limit.js';

function appWith({ rateLimitFactor = 1, limitLoopback = false, trustProxy = false } = {}) {
  const limits = { rateLimitFactor, limitLoopback };
  let nowMs = 0;
  const app = new Hono();
  app.use(addressLimit({ limiter: new MemoryRateLimiter(() => nowMs), limits, trustProxy }));
  app.get('*', (c) => c.text('fine'));
  const ask = (path: string, address = '192.0.2.1', headers: Record<string, string> = {}) =>
    app.request(path, { headers }, { incoming: { socket: { remoteAddress: address }, rawHeaders: [] } });
  const statuses = async (count: number, path: string, address?: string) => {
    const found = [];
    for (let asked = 0; asked < count; asked++) found.push((await ask(path, address)).status);
    return found;
  };
  return { ask, statuses, limits, pass: (ms: number) => (nowMs += ms) };
}

test('an address that asks too often is told after how many seconds it may ask again', async () => {
  const { ask, statuses, pass } = appWith();
  expect((await statuses(45, '/api/rooms/A1B2C3/state')).every((status) => status === 200)).toBe(true);
  const refused = await ask('/api/rooms/A1B2C3/state');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    'retry-after': '2',
    'x-ratelimit-limit': '45',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': '60',
    'x-ratelimit-window': '60',
  });
  pass(2_000);
  expect((await ask('/api/rooms/A1B2C3/state')).status).toBe(200);
});

test('one kind of request never uses up another: who polls health still gets the page', async () => {
  const { ask, statuses } = appWith();
  expect((await statuses(91, '/health')).at(-1)).toBe(429);
  expect((await ask('/play')).status).toBe(200);
  expect((await ask('/api/rooms/X/state')).status).toBe(200);
});

test('a page of sixty files can be loaded forty times a minute', async () => {
  expect(await appWith().statuses(2_400, '/play/play.js')).not.toContain(429);
});

test('other addresses are not concerned, and a proxy’s clients are told apart where it is trusted', async () => {
  const { ask, statuses } = appWith({ trustProxy: true });
  await statuses(91, '/health');
  expect((await ask('/health')).status).toBe(429);
  expect((await ask('/health', '192.0.2.2')).status).toBe(200);
  expect((await ask('/health', '192.0.2.1', { 'X-Forwarded-For': '203.0.113.9' })).status).toBe(200);
});

test('the claim of a client counts nothing where no proxy is trusted', async () => {
  const { ask, statuses } = appWith();
  await statuses(91, '/health');
  expect((await ask('/health', '192.0.2.1', { 'X-Forwarded-For': '203.0.113.9' })).status).toBe(429);
});

test('this machine is exempt unless it is said otherwise, and limits can be changed and switched off at run time', async () => {
  const loopback = appWith();
  expect(await loopback.statuses(120, '/health', '127.0.0.1')).not.toContain(429);
  expect(await loopback.statuses(120, '/health', '::ffff:127.0.0.1')).not.toContain(429);
  loopback.limits.limitLoopback = true;
  expect(await loopback.statuses(91, '/health', '127.0.0.1')).toContain(429);
  loopback.limits.rateLimitFactor = Number.POSITIVE_INFINITY;
  expect(await loopback.statuses(10, '/health', '127.0.0.1')).not.toContain(429);
});

test('nobody becomes this machine by saying so: a forwarded loopback address is limited like any other', async () => {
  const { ask } = appWith({ trustProxy: true });
  const claimed = { 'X-Forwarded-For': '127.0.0.1' };
  const statuses = [];
  for (let asked = 0; asked < 91; asked++) statuses.push((await ask('/health', '127.0.0.1', claimed)).status);
  expect(statuses.at(-1)).toBe(429);
  expect((await ask('/health', '127.0.0.1')).status).toBe(200);
});

test('all addresses of one IPv6 network of 64 bits count as one', async () => {
  const { ask } = appWith();
  for (let asked = 0; asked < 90; asked++) await ask('/health', `2001:db8:0:7::${asked.toString(16)}`);
  expect((await ask('/health', '2001:db8:0:7:ffff::1')).status).toBe(429);
  expect((await ask('/health', '2001:db8:0:8::1')).status).toBe(200);
});
