import { hash } from 'node:crypto';
import type { Cause } from './envelope.js';

/** Accepted ids that are remembered for each sender. */
export const IDS_PER_SENDER_MAX = 32;
/** Senders that are remembered; the one that has been silent longest is forgotten first. */
const SENDERS_MAX = 8;

/** 64 bits of SHA-256 over sender and message id, 11 characters. */
export function idempotencyKey(session: string, messageId: string): string {
  return hash('sha256', `${session}\n${messageId}`, 'buffer').subarray(0, 8).toString('base64url');
}

/** The key of what somebody sent, null where it has no sender or no id: then nothing protects it. */
export function keyOf({ session, messageId }: Cause): string | null {
  return session === null || messageId === null ? null : idempotencyKey(session, messageId);
}

export type SavedWindow = readonly (readonly [
  session: string,
  ids: readonly (readonly [key: string, seq: number])[],
])[];

/**
 * Which messages of which sender were applied, and as which entry. Part of the room: rebuilt from entries, saved in
 * snapshots. Only accepted messages are kept; a refused one is judged anew when it is repeated.
 */
export class IdempotencyWindow {
  readonly #senders = new Map<string, Map<string, number>>();

  static from(saved: SavedWindow): IdempotencyWindow {
    const window = new IdempotencyWindow();
    for (const [session, ids] of saved) window.#senders.set(session, new Map(ids));
    return window;
  }

  /** Another window that knows more, to be looked at only: it shares what it has in common with this one. */
  with(later: readonly { readonly session: string; readonly key: string; readonly seq: number }[]): IdempotencyWindow {
    const window = new IdempotencyWindow();
    const changed = new Set(later.map(({ session }) => session));
    for (const [session, ids] of this.#senders) {
      window.#senders.set(session, changed.has(session) ? new Map(ids) : ids);
    }
    for (const { session, key, seq } of later) window.add(session, key, seq);
    return window;
  }

  /** The entry that applied the message, or undefined. */
  find(session: string, key: string): number | undefined {
    return this.#senders.get(session)?.get(key);
  }

  add(session: string, key: string, seq: number): void {
    const ids = this.#senders.get(session) ?? new Map<string, number>();
    ids.set(key, seq);
    if (ids.size > IDS_PER_SENDER_MAX) ids.delete(ids.keys().next().value!);
    this.#senders.delete(session);
    this.#senders.set(session, ids);
    if (this.#senders.size > SENDERS_MAX) this.#senders.delete(this.#senders.keys().next().value!);
  }

  toJSON(): SavedWindow {
    return [...this.#senders].map(([session, ids]) => [session, [...ids]] as const);
  }
}
