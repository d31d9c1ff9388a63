import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config.js';

/** Cookie that carries the token; the existing frontend sends it with each handshake without knowing. */
const SESSION_COOKIE = 'room_session';
const SESSION_DAYS = 30;
const SID_BYTES = 16;
const KEY_BYTES = 32;

/** 128 bits and an HMAC-SHA-256, both base64url without padding. */
const TOKEN = /^([\w-]{22})\.([\w-]{43})$/;

/**
 * Who speaks, across sockets and restarts. A seat belongs to the session that took it.
 *
 * Token: `q83vEjRWeJCrze8SNFZ4kA.7Qq2…` = `sid.signature`. It holds no secret of the player; knowing it is being
 * the session, so it is written to no log.
 */
export interface Sessions {
  readonly issue: () => { readonly sid: string; readonly token: string };
  /** The session id, or null for whatever this key has not signed. */
  readonly verify: (token: string) => string | null;
  /** A `Set-Cookie` value. `secure` behind TLS only: a browser drops such a cookie over plain HTTP. */
  readonly cookie: (token: string, options: { readonly secure: boolean }) => string;
  /** The session of a `Cookie` header; with several cookies of our name, the first that we signed. */
  readonly fromCookieHeader: (header: string | null | undefined) => string | null;
}

export interface SessionsOptions {
  readonly secret: string | Buffer;
  readonly random?: (bytes: number) => Buffer;
}

export function createSessions({ secret, random = randomBytes }: SessionsOptions): Sessions {
  const sign = (sid: string): string => createHmac('sha256', secret).update(sid).digest('base64url');

  const verify = (token: string): string | null => {
    const [, sid, signature] = TOKEN.exec(token) ?? [];
    if (sid === undefined || signature === undefined) return null;
    // The texts are compared, not the bytes that they stand for: base64url has spare bits, and two spellings of one
    // signature would be two tokens of one session.
    return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(sid))) ? sid : null;
  };

  return {
    issue: () => {
      const sid = random(SID_BYTES).toString('base64url');
      return { sid, token: `${sid}.${sign(sid)}` };
    },
    verify,
    cookie: (token, { secure }) => {
      const maxAgeS = SESSION_DAYS * 24 * 60 * 60;
      return `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
    },
    fromCookieHeader: (header) => {
      for (const pair of header?.split(';') ?? []) {
        const [name, value] = pair.trim().split('=', 2);
        const sid = name === SESSION_COOKIE && value !== undefined ? verify(value) : null;
        if (sid !== null) return sid;
      }
      return null;
    },
  };
}

/**
 * The signing key: what `SESSION_SECRET` says, else the file `session.key` of the data folder, which is made on the
 * first start. Without the same key after a restart nobody would get his seat back.
 * @throws when the file is there and holds no key: a new one would silently take everybody's seat
 */
export function loadSessionSecret(dataDir: string, fromEnvironment?: string): string {
  return fromEnvironment ?? ownerOnlySecret(join(dataDir, 'session.key'));
}

/**
 * Reads a secret that only the owner of the data folder may see, and makes it if there is none.
 * The file appears complete or not at all, and of two processes that start at once both get the winner's.
 */
export function ownerOnlySecret(file: string): string {
  const found = readSecret(file);
  if (found !== null) return found;
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, `${randomBytes(KEY_BYTES).toString('base64url')}\n`);
    fsyncSync(handle);
    // A link, because a rename would replace the secret that another process has just begun to use.
    linkSync(draft, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    closeSync(handle);
    unlinkSync(draft);
  }
  const made = readSecret(file);
  if (made === null) throw new Error(`${file} was written and is gone again`);
  return made;
}

function readSecret(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
  if (text.length < KEY_BYTES) {
    throw new ConfigError(
      `${file} holds ${text.length} characters, a secret has ${KEY_BYTES} at least: restore or remove it`,
    );
  }
  return text;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
