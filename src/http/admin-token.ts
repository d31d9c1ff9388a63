import { createHash, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config.js';
import { type Bucket, draw } from '../limits/token-bucket.js';
import { ownerOnlySecret } from '../gateway/sessions.js';
import type { Staff } from '../operations/roles.js';

/** Rights of a file that let others than its owner read or write it. */
const OTHERS = 0o077;

/**
 * What opens the operators' part: `ADMIN_TOKEN`, else the file `admin.token` of the data folder, which is made on the
 * first start.
 * @throws where others may read the file: the token is no secret any more, and closing the file would not make it one
 */
export function loadAdminToken(dataDir: string, fromEnvironment?: string): string {
  if (fromEnvironment !== undefined) return fromEnvironment;
  const file = join(dataDir, 'admin.token');
  const token = ownerOnlySecret(file);
  const { mode } = statSync(file);
  // Windows has no such rights; the folder's own guard the file there.
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    const rights = (mode & 0o777).toString(8);
    throw new ConfigError(
      `${file} is open to others (mode ${rights}): remove it for a new one, or chmod 600 it if nobody saw it`,
    );
  }
  return token;
}

/** The tokens that open something, by the role that they make of whoever has them. */
export type StaffTokens = Readonly<Partial<Record<Staff, string>>>;

export type TokenVerdict =
  | { readonly kind: 'allowed'; readonly role: Staff }
  | { readonly kind: 'denied' }
  | { readonly kind: 'limited'; readonly retryAfterS: number };

export interface TokenGuard {
  /** @param given null where none came, which is no guess */
  readonly judge: (given: string | null, address: string) => TokenVerdict;
}

export interface TokenGuardOptions {
  /** Whoever has one of them is let in as that role. */
  readonly tokens: readonly (readonly [Staff, string])[];
  readonly limits: { readonly rateLimitFactor: number }; // on the number of guesses; read for each
  readonly elapsedMs: () => number; // monotonic
  /** An address has used up its guesses. Told at most once a minute, with how many tokens of all addresses were wrong since. */
  readonly onGuessing?: (wrong: number) => void;
}

/** Wrong tokens an address may send: so many at once, then one every six seconds. */
const GUESSES = { capacity: 10, perSecond: 1 / 6 };
/** Guessing goes on for long, and one line a minute says so. */
const TELL_EVERY_MS = 60_000;
/** Addresses that are remembered; beyond it the oldest is forgotten, which gives it its guesses back. */
const ADDRESSES_MAX = 10_000;

/**
 * Judges tokens. A right one is always let in, whatever its address has guessed: many stand behind one address, and none
 * of them can lock out the others. The length of a token is what keeps it from being guessed. Loopback is no exception:
 * behind a proxy on this machine everybody comes from there.
 */
export function createTokenGuard({
  tokens,
  limits,
  elapsedMs,
  onGuessing = () => undefined,
}: TokenGuardOptions): TokenGuard {
  const expected = tokens.map(([role, token]) => ({ role, digest: digest(token) }));
  const buckets = new Map<string, Bucket>();
  let wrong = 0; // since it was told
  let toldMs = Number.NEGATIVE_INFINITY;
  const tell = (): void => {
    if (elapsedMs() - toldMs < TELL_EVERY_MS) return;
    toldMs = elapsedMs();
    onGuessing(wrong);
    wrong = 0;
  };

  /** All are compared, and digests are of one length, so that neither length nor content shows in the time. */
  const roleOf = (given: string): Staff | null => {
    const asked = digest(given);
    return expected.filter((one) => timingSafeEqual(asked, one.digest))[0]?.role ?? null;
  };

  return {
    judge: (given, address) => {
      if (given === null) return { kind: 'denied' };
      const role = roleOf(given);
      if (role !== null) return { kind: 'allowed', role };
      wrong++;
      const { rateLimitFactor } = limits;
      if (rateLimitFactor === Infinity) return { kind: 'denied' };
      const size = {
        capacity: Math.max(GUESSES.capacity * rateLimitFactor, 1),
        perSecond: GUESSES.perSecond * rateLimitFactor,
      };
      const drawn = draw(buckets.get(address), size, elapsedMs());
      if (!drawn.ok) {
        tell();
        return { kind: 'limited', retryAfterS: Math.ceil(drawn.waitMs / 1000) };
      }
      buckets.delete(address); // so that the map's order is that of the last guess
      buckets.set(address, drawn.bucket);
      if (buckets.size > ADDRESSES_MAX) buckets.delete(buckets.keys().next().value!);
      return { kind: 'denied' };
    },
  };
}

/** Both roles, of those that have a token. */
export function staffOf(tokens: StaffTokens): readonly (readonly [Staff, string])[] {
  return Object.entries(tokens) as [Staff, string][];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
