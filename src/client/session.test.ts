import { expect, test } from 'vitest';
import { Session } from './session.js';

test('sends back the cookies it was given, the newest value of each', () => {
  const session = new Session();
  expect(session.headers()).toEqual({});
  session.takeCookies(['room_session=a=b; Path=/; HttpOnly', 'other=1', 'nonsense']);
  session.takeCookies(['other=2; Max-Age=10']);
  expect(session.headers()).toEqual({ cookie: 'room_session=a=b; other=2' });
});

test('a token speaks only where no cookie does', () => {
  const session = new Session();
  session.takeToken('tok');
  expect(session.token).toBe('tok');
  session.takeCookies(['room_session=a']);
  expect(session.token).toBeUndefined();
});

test('remembers the ids it sent, and forgets the oldest first', () => {
  const session = new Session();
  for (let number = 0; number <= 4096; number++) session.issue(`m${number}`);
  expect(session.hasIssued('m0')).toBe(false);
  expect(session.hasIssued('m1')).toBe(true);
  expect(session.hasIssued('m4096')).toBe(true);
});
