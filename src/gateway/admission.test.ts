import { expect, test } from 'vitest';
import { MemoryRateLimiter } from '../limits/memory-rate-limiter.js';
import { Admission, type AdmissionSettings, type Admitted } from './admission.js';

const SETTINGS: AdmissionSettings = {
  rateLimitFactor: 1,
  socketsMax: 1_000,
  socketsPerAddressMax: 100,
  socketsPerSessionMax: 32,
  handshakesPerSecond: 500,
  handshakesPerAddressPerMinute: 600,
};

function gate(settings: Partial<AdmissionSettings> = {}, random = () => 0) {
  const current = { ...SETTINGS, ...settings };
  let nowMs = 0;
  const elapsedMs = () => nowMs;
  const admission = new Admission({
    config: { current },
    limiter: new MemoryRateLimiter(elapsedMs),
    elapsedMs,
    random,
  });
  let sessions = 0;
  /** As many of one address, each with a session of its own; why the first was refused, and how many came in. */
  const come = async (times: number, address?: string, session?: string) => {
    const all = await Promise.all(
      Array.from({ length: times }, () => admission.admit({ address, session: session ?? `s${++sessions}` })),
    );
    return { all, admitted: all.filter(({ kind }) => kind === 'admitted').length, refused: all.find(isRefused) };
  };
  return { current, admission, come, pass: (ms: number) => (nowMs += ms) };
}

function isRefused(admitted: Admitted): admitted is Extract<Admitted, { kind: 'refused' }> {
  return admitted.kind === 'refused';
}

function leave(admitted: Admitted | undefined): void {
  if (admitted?.kind === 'admitted') admitted.leave();
}

test('a full server answers 503 until a socket has gone, and one that goes twice frees one place', async () => {
  const { come } = gate({ socketsMax: 3 });
  const { all, admitted, refused } = await come(5);
  expect(admitted).toBe(3);
  expect(refused).toMatchObject({ why: 'full', status: 503, retryAfterS: 5 });
  leave(all[0]);
  leave(all[0]);
  expect((await come(2)).admitted).toBe(1);
});

test('an address has so many sockets open, and the others and this machine are not concerned', async () => {
  const { come } = gate();
  const { all, admitted, refused } = await come(120, '192.0.2.1');
  expect(admitted).toBe(100);
  expect(refused).toMatchObject({ why: 'address', status: 429 });
  expect((await come(50, '192.0.2.2')).admitted).toBe(50);
  expect((await come(150, undefined)).admitted).toBe(150);
  leave(all[0]);
  expect((await come(2, '192.0.2.1')).admitted).toBe(1);
});

test('a session has so many sockets open, from wherever it comes', async () => {
  const { come } = gate();
  expect((await come(20, '192.0.2.1', 'tabs')).admitted).toBe(20);
  const { admitted, refused } = await come(20, undefined, 'tabs');
  expect(admitted).toBe(12);
  expect(refused).toMatchObject({ why: 'session', status: 429 });
});

test('a socket that becomes another session’s takes a place of it, if there is one, and gives up its own', async () => {
  const { come } = gate({ socketsPerSessionMax: 2 });
  const { all } = await come(2, undefined, 'tabs');
  const [first, second, third] = (await come(3)).all as Extract<Admitted, { kind: 'admitted' }>[];
  expect(first!.becomes('tabs')).toBe(false);
  leave(all[0]);
  expect(first!.becomes('tabs')).toBe(true);
  expect(first!.becomes('tabs'), 'it is already').toBe(true);
  expect(second!.becomes('tabs')).toBe(false);
  leave(first);
  leave(first);
  expect(second!.becomes('tabs')).toBe(true);
  expect(third!.becomes('tabs')).toBe(false);
  expect((await come(2, undefined, 's2')).admitted, 'its own place is free').toBe(2);
});

test('an address that opens and closes sockets all the time is refused by its rate, and its places are free again', async () => {
  const { come, pass } = gate({ socketsPerAddressMax: 1 });
  for (let count = 0; count < 600; count++) leave((await come(1, '192.0.2.1')).all[0]);
  expect((await come(1, '192.0.2.1')).refused).toMatchObject({ why: 'addressRate', status: 429, retryAfterS: 1 });
  expect((await come(1, '192.0.2.2')).admitted).toBe(1);
  pass(100);
  expect((await come(1, '192.0.2.1')).admitted).toBe(1);
});

test('a crowd is let in at its rate, twice as many at once, and the rest is told when to try again', async () => {
  const { come, pass } = gate({ handshakesPerSecond: 100 });
  const { admitted, refused } = await come(300);
  expect(admitted).toBe(200);
  expect(refused).toMatchObject({ why: 'rate', status: 503, retryAfterS: 1 });
  pass(500);
  expect((await come(100)).admitted).toBe(50);
});

test('an address that is refused uses up nothing of what all have together', async () => {
  const { come } = gate({ handshakesPerSecond: 10, handshakesPerAddressPerMinute: 5 });
  await come(90, '192.0.2.1');
  expect((await come(15)).admitted).toBe(15);
});

test('those who are refused together are told different times', async () => {
  let drawn = 0;
  const { come } = gate({ handshakesPerSecond: 1 }, () => (drawn++ % 10) / 10);
  const { all } = await come(22);
  const waits = all.filter(isRefused).map(({ retryAfterS }) => retryAfterS);
  expect(new Set(waits)).toEqual(new Set([2, 3, 4, 5, 6])); // a second until there is a token, and 1 to 5
});

test('without rate limits everybody may come as fast as they like, but no further than there are places', async () => {
  const { come, current } = gate({ rateLimitFactor: Infinity, handshakesPerSecond: 1 });
  expect((await come(2_000)).admitted).toBe(1_000);
  current.socketsMax = 1_500;
  expect((await come(2_000)).admitted).toBe(500);
});

test('a place that was taken while the limiter was asked is taken for those who come meanwhile', async () => {
  const { admission } = gate({ socketsMax: 1 });
  const first = admission.admit({ session: 'a', address: '192.0.2.1' });
  const second = admission.admit({ session: 'b', address: '192.0.2.2' });
  expect((await Promise.all([first, second])).map(({ kind }) => kind)).toEqual(['admitted', 'refused']);
});
