import { describe, expect, test } from 'vitest';
import type { ClientEvent } from '../protocol/client-message.js';
import { PlayLimits, type PlayLimitSettings, type Sent } from './play-limits.js';

const ON: PlayLimitSettings = {
  rateLimitFactor: 1,
  timeScale: 1,
  playerMessagesPerMinute: 600,
  roomMessagesPerSecond: 100,
};
const MOVE: Sent = { event: 'play', session: 's1', roomId: 'r1', seat: 0 };
const PING: Sent = { ...MOVE, event: 'ping' };

/** How many pass at one moment before the first is refused. */
function passed(limits: PlayLimits, sent: Sent, nowMs = 0): number {
  for (let count = 0; count < 5_000; count++) if (limits.judge(sent, nowMs).kind === 'limited') return count;
  return 5_000;
}

describe('a player', () => {
  test('has 600 messages at once over all its sockets, and ten more each second', () => {
    const limits = new PlayLimits(ON);
    expect(passed(limits, PING)).toBe(600);
    expect(limits.judge(PING, 0)).toEqual({ kind: 'limited', by: 'player', retryAfterS: 1 });
    expect(passed(limits, PING, 1_000)).toBe(10);
  });

  test('does not pay for another', () => {
    const limits = new PlayLimits(ON);
    passed(limits, PING);
    expect(passed(limits, { ...PING, session: 's2' })).toBe(600);
  });

  test.each([
    ['create_room', 30],
    ['join_room', 120],
    ['start_game', 120],
    ['add_bot', 120],
    ['remove_player', 120],
    ['get_rooms', 600],
  ] as const)('%s costs so much that %d pass', (event, times) => {
    expect(passed(new PlayLimits(ON), { ...MOVE, event, roomId: null, seat: null })).toBe(times);
  });

  test('is told the whole seconds until a dear message passes', () => {
    const limits = new PlayLimits(ON);
    const create: Sent = { event: 'create_room', session: 's1', roomId: null, seat: null };
    passed(limits, create);
    expect(limits.judge(create, 0)).toEqual({ kind: 'limited', by: 'player', retryAfterS: 2 });
    expect(limits.judge(create, 2_000).kind).toBe('accepted');
  });
});

describe('a room', () => {
  test('takes a burst of 100 from each seat, and 20 more each second', () => {
    const limits = new PlayLimits(ON);
    expect(passed(limits, MOVE)).toBe(100);
    expect(limits.judge(MOVE, 0)).toEqual({ kind: 'limited', by: 'room', retryAfterS: 1 });
    expect(passed(limits, MOVE, 1_000)).toBe(20);
  });

  test('lets nobody spend what another seat needs, whoever looks on neither', () => {
    const limits = new PlayLimits(ON);
    for (let guest = 0; guest < 50; guest++) passed(limits, { ...MOVE, session: `g${guest}`, seat: null });
    passed(limits, MOVE);
    for (const seat of [1, 2, 3] as const) {
      expect(passed(limits, { ...MOVE, session: `s${seat}x`, seat })).toBe(100);
    }
  });

  test('has one share for all who have no seat, however many they are', () => {
    const limits = new PlayLimits(ON);
    let total = 0;
    for (let guest = 0; guest < 50; guest++) total += passed(limits, { ...MOVE, session: `g${guest}`, seat: null });
    expect(total).toBe(100);
  });

  test('is open to whoever wants in, whoever looks on, and an address has one share for that', () => {
    const limits = new PlayLimits(ON);
    for (let guest = 0; guest < 50; guest++) passed(limits, { ...MOVE, session: `g${guest}`, seat: null });
    const join = (session: string, address: string): Sent => ({
      ...MOVE,
      event: 'join_room',
      seat: null,
      session,
      address,
    });
    expect(passed(limits, join('s2', 'here'))).toBe(100);
    expect(limits.judge(join('s3', 'here'), 0)).toMatchObject({ kind: 'limited', by: 'room' });
    expect(limits.judge(join('s3', 'there'), 0)).toEqual({ kind: 'accepted' });
  });

  test('does not pay for another', () => {
    const limits = new PlayLimits(ON);
    passed(limits, MOVE);
    expect(passed(limits, { ...MOVE, roomId: 'r2' })).toBe(100);
  });

  test.each(['ping', 'ack', 'sync_request'] as const)('is not reached by %s', (event) => {
    expect(passed(new PlayLimits(ON), { ...MOVE, event })).toBe(600);
  });
});

describe('settings', () => {
  test('a factor widens and narrows both limits, but lets one through, the dearest too', () => {
    expect(passed(new PlayLimits({ ...ON, rateLimitFactor: 2 }), PING)).toBe(1_200);
    expect(passed(new PlayLimits({ ...ON, rateLimitFactor: 2 }), MOVE)).toBe(200);
    const least = { ...ON, rateLimitFactor: 0.001 };
    expect(passed(new PlayLimits(least), MOVE)).toBe(1);
    expect(passed(new PlayLimits(least), { ...MOVE, event: 'create_room' })).toBe(1);
  });

  test('switched off, nothing is limited', () => {
    expect(passed(new PlayLimits({ ...ON, rateLimitFactor: Infinity }), MOVE)).toBe(5_000);
  });

  test('a changed setting counts for those who are there', () => {
    const settings = { ...ON };
    const limits = new PlayLimits(settings);
    passed(limits, MOVE);
    settings.roomMessagesPerSecond = 200;
    expect(passed(limits, MOVE, 1_000)).toBe(40);
  });

  test('a game without pauses may move as often as it likes, and asks no more often than others', () => {
    const fast = { ...ON, timeScale: 0 };
    expect(passed(new PlayLimits(fast), MOVE)).toBe(5_000);
    const event: ClientEvent = 'get_room_state';
    expect(passed(new PlayLimits(fast), { ...MOVE, event })).toBe(100);
  });
});
