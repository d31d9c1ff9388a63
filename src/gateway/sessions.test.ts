import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSessions, loadSessionSecret, ownerOnlySecret } from './sessions.js';

const counted = (): ((bytes: number) => Buffer) => {
  let calls = 0;
  return (bytes) => Buffer.alloc(bytes, ++calls);
};
const sessions = createSessions({ secret: 'a key for tests', random: counted() });

describe('tokens', () => {
  test('a token verifies to the session that it was issued for', () => {
    const { sid, token } = sessions.issue();
    expect(sessions.verify(token)).toBe(sid);
  });

  test('a session id has 128 random bits in base64url', () => {
    const fixed = createSessions({ secret: 'k', random: (bytes) => Buffer.alloc(bytes, 0xff) });
    expect(fixed.issue().sid).toBe('_____________________w');
    expect(createSessions({ secret: 'k' }).issue().sid).toMatch(/^[\w-]{22}$/);
  });

  test('no two sessions are the same', () => {
    const real = createSessions({ secret: 'k' });
    expect(new Set(Array.from({ length: 100 }, () => real.issue().sid)).size).toBe(100);
  });

  test('tokens live through a restart with the same key', () => {
    const { sid, token } = sessions.issue();
    expect(createSessions({ secret: 'a key for tests' }).verify(token)).toBe(sid);
    expect(createSessions({ secret: Buffer.from('a key for tests') }).verify(token)).toBe(sid);
  });

  test('another key refuses the token', () => {
    expect(createSessions({ secret: 'another key' }).verify(sessions.issue().token)).toBeNull();
  });

  test('changing any character of a token makes it worthless', () => {
    const { token } = sessions.issue();
    const changed = fc.tuple(
      fc.nat({ max: token.length - 1 }),
      fc.constantFrom('A', 'a', '0', '_', '-', '.', 'B', '\u00e9'),
    );
    fc.assert(
      fc.property(changed, ([at, char]) => {
        const forged = token.slice(0, at) + char + token.slice(at + 1);
        expect(sessions.verify(forged)).toBe(forged === token ? sessions.verify(token) : null);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('a different spelling of the same signature bits is refused', () => {
    const { token } = sessions.issue();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.at(-1)!);
    const respelled = token.slice(0, -1) + alphabet[last ^ 1]!;
    expect(Buffer.from(respelled.split('.')[1]!, 'base64url')).toEqual(Buffer.from(token.split('.')[1]!, 'base64url'));
    expect(sessions.verify(respelled)).toBeNull();
  });

  test.each(['', '.', 'a.b', `${'x'.repeat(22)}.`, `${'x'.repeat(22)}.${'y'.repeat(44)}`, 'x'.repeat(100_000)])(
    'text that is no token is refused (%#)',
    (text) => {
      expect(sessions.verify(text)).toBeNull();
    },
  );

  test('the signature of one session does not fit another', () => {
    const [one, other] = [sessions.issue(), sessions.issue()];
    expect(sessions.verify(`${one.sid}.${other.token.split('.')[1]!}`)).toBeNull();
  });
});

describe('cookies', () => {
  test('the cookie is out of reach for scripts, for other sites, and lasts 30 days', () => {
    expect(sessions.cookie('tok', { secure: false })).toBe(
      'room_session=tok; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax',
    );
  });

  test('behind TLS it never travels in the clear', () => {
    expect(sessions.cookie('tok', { secure: true })).toMatch(/; Secure$/);
  });

  test('finds the session among other cookies', () => {
    const { sid, token } = sessions.issue();
    expect(sessions.fromCookieHeader(`theme=dark; room_session=${token}; a=b=c`)).toBe(sid);
    expect(sessions.fromCookieHeader(`room_session=${token}`)).toBe(sid);
    expect(sessions.fromCookieHeader(`a;room_session=${token};b`)).toBe(sid);
  });

  test('a planted cookie of our name does not hide the signed one', () => {
    const { sid, token } = sessions.issue();
    expect(sessions.fromCookieHeader(`room_session=planted; room_session=${token}`)).toBe(sid);
  });

  test('reads nothing where there is no signed cookie', () => {
    const { token } = sessions.issue();
    const headers = [
      undefined,
      null,
      '',
      ';;;',
      'room_session',
      'room_session=',
      `Room_Session=${token}`,
      `x=${token}`,
    ];
    for (const header of headers) expect(sessions.fromCookieHeader(header)).toBeNull();
  });
});

describe('the signing key', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'session-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('the environment comes before the file, and no file is made then', () => {
    expect(loadSessionSecret(folder, 'given')).toBe('given');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the first start makes a key that only the owner can read, and later starts find it', () => {
    const data = join(folder, 'data');
    const key = loadSessionSecret(data);
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(statSync(join(data, 'session.key')).mode & 0o777).toBe(0o600);
    expect(loadSessionSecret(data)).toBe(key);
  });

  test('nothing but the key is left in the folder', () => {
    loadSessionSecret(folder);
    expect(readdirSync(folder)).toEqual(['session.key']);
  });

  test('two data folders have two keys', () => {
    expect(loadSessionSecret(join(folder, 'a'))).not.toBe(loadSessionSecret(join(folder, 'b')));
  });

  test('a cut-off key stops the start instead of being replaced', () => {
    const file = join(folder, 'session.key');
    writeFileSync(file, 'short\n');
    expect(() => ownerOnlySecret(file)).toThrow(/session\.key holds 5 characters/);
    expect(readFileSync(file, 'utf8')).toBe('short\n');
  });

  test('a key that cannot be read stops the start', () => {
    chmodSync(folder, 0o700);
    expect(() => ownerOnlySecret(folder)).toThrow(/EISDIR/);
  });
});
