import { describe, expect, test } from 'vitest';
import type { LogLevel } from '../config.js';
import { createLog } from './log.js';

function lines(level: LogLevel = 'info') {
  const written: string[] = [];
  const log = createLog(level, { write: (line) => written.push(line) });
  return { log, read: () => written.map((line) => JSON.parse(line) as Record<string, unknown>), written };
}

describe('lines', () => {
  test('are JSON with a level, a time and a message', () => {
    const { log, read } = lines();
    log.info({ port: 5050 }, 'listening');
    expect(read()).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, port: 5050, msg: 'listening' },
    ]);
  });

  test('below the level are not written, and the level can change at run time', () => {
    const { log, written } = lines('warn');
    log.info('not yet');
    log.level = 'info';
    log.info('now');
    expect(written).toHaveLength(1);
  });

  test('of a child carry its bindings', () => {
    const { log, read } = lines();
    log.child({ correlationId: 'c1' }).child({ roomId: 'r1' }).warn('slow');
    expect(read()[0]).toMatchObject({ correlationId: 'c1', roomId: 'r1', msg: 'slow' });
  });

  test('of an error carry its text and its causes', () => {
    const { log, read } = lines();
    log.error({ err: new Error('commit failed', { cause: new Error('disk full') }) }, 'room stopped');
    expect(read()[0]).toMatchObject({ err: { type: 'Error', message: 'commit failed: disk full' } });
  });
});

describe('secrets', () => {
  test.each([
    ...['token', 'session_token', 'authorization', 'Authorization', 'cookie', 'Set-Cookie', 'Idempotency-Key', 'key'],
    ...['hand', 'hands', 'seed', 'remoteAddress', 'secret', 'operatorToken', 'X-Forwarded-For'],
  ])('%s is shown at no depth', (name) => {
    const { log, written } = lines();
    const secret = { [name]: ['GENERAL_RED(14)', 'hunter2'] };
    log.info(secret, 'top');
    log.info({ a: { b: { c: [{ d: secret }] } } }, 'deep');
    log.child({ request: { headers: secret } }).info('bound');
    expect(written.join('')).not.toMatch(/hunter2|GENERAL/);
    expect(written.every((line) => line.includes(`"${name}":"[masked]"`))).toBe(true);
  });

  test.each([
    'https://host/visualizer?room=A1&token=hunter2',
    'GET /api/x?key=hunter2&limit=1 failed',
    '/ws/lobby?session_token=hunter2#x',
    'Cookie: admin_session=hunter2; b=hunter2',
    'refused "Authorization: Bearer hunter2hunter2hunter2" there',
    'bearer hunter2hunter2hunter2',
  ])('a text keeps what is secret in it to itself: %s', (text) => {
    const { log, read, written } = lines();
    log.warn({ url: text, list: [{ text }] }, 'as a member');
    log.error({ err: new Error(text, { cause: new Error(text) }) }, 'as a failure');
    expect(written.join('')).not.toContain('hunter2');
    expect(read()[0]).toMatchObject({ url: expect.stringContaining('[masked]') as string });
    expect(read()[1]).toMatchObject({ err: { type: 'Error', stack: expect.stringContaining('log.test') as string } });
  });

  test('what lies deeper than the masking reaches is not shown at all', () => {
    const { log, written } = lines();
    let deep: unknown = { hand: 'GENERAL_RED(14)' };
    for (let level = 0; level < 20; level++) deep = { deep };
    log.info({ deep }, 'deep');
    expect(written.join('')).not.toContain('GENERAL');
  });

  test('the object that was logged keeps its members', () => {
    const { log } = lines();
    const message = { token: 'hunter2' };
    log.info({ message }, 'x');
    expect(message).toEqual({ token: 'hunter2' });
  });

  test('other members are left alone', () => {
    const { log, read } = lines();
    log.info({ hand_size: 8, seat: 2, at: new Date(0), list: [1, 'a', null] }, 'x');
    expect(read()[0]).toMatchObject({ hand_size: 8, seat: 2, at: '1970-01-01T00:00:00.000Z', list: [1, 'a', null] });
  });
});
