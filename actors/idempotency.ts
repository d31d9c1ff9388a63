import { hash } from 'node:crypto';
import type { Cause } from './envelope.js';
import type { Message } from './room-definition.js';

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

/** Each sender with its ids, `,key:seq` of each in one text; who sent last comes last. */
export type SavedWindow = readonly (readonly [session: string, ids: string])[];

/** As snapshots had it until ids became text. */
export type PairedWindow = readonly (readonly [
  session: string,
  ids: readonly (readonly [key: string, seq: number])[],
])[];

/**
 * Which messages of which sender were applied, and as which entry. Part of the room: rebuilt from entries, saved in
 * snapshots. Only accepted messages are kept; a refused one is judged anew when it is repeated.
 * Ids are kept as the text they are saved as: ten thousand rooms are rebuilt sooner than with an object for each id.
 */
export class IdempotencyWindow {
  readonly #senders: Map<string, string>;

  constructor(saved: SavedWindow | PairedWindow = []) {
    this.#senders = new Map(saved.map(([session, ids]) => [session, typeof ids === 'string' ? ids : textOf(ids)]));
  }

  /** Another window that knows more, to be looked at only. */
  with(later: readonly { readonly session: string; readonly key: string; readonly seq: number }[]): IdempotencyWindow {
    const window = new IdempotencyWindow(this.toJSON());
    for (const { session, key, seq } of later) window.add(session, key, seq);
    return window;
  }

  /** The entry that applied the message, or undefined. */
  find(session: string, key: string): number | undefined {
    const ids = this.#senders.get(session) ?? '';
    const start = ids.indexOf(`,${key}:`);
    return start < 0 ? undefined : Number.parseInt(ids.slice(start + key.length + 2), 10);
  }

  /** @param key one that `find` does not know: a repeated message is applied once, so none is added twice */
  add(session: string, key: string, seq: number): void {
    const ids = (this.#senders.get(session) ?? '') + idText(key, seq);
    this.#senders.delete(session);
    this.#senders.set(session, countOf(ids) > IDS_PER_SENDER_MAX ? ids.slice(ids.indexOf(',', 1)) : ids);
    if (this.#senders.size > SENDERS_MAX) this.#senders.delete(this.#senders.keys().next().value!);
  }

  /** Adds the id of a message that was applied, if it has one. */
  remember({ session, key }: Pick<Message, 'session' | 'key'>, seq: number): void {
    if (session !== undefined && key !== undefined) this.add(session, key, seq);
  }

  toJSON(): SavedWindow {
    return [...this.#senders];
  }

  inPairs(): PairedWindow {
    return Array.from(this.#senders, ([session, ids]) => [session, pairsOf(ids)]);
  }
}

function countOf(ids: string): number {
  let count = 0;
  for (let at = ids.indexOf(','); at >= 0; at = ids.indexOf(',', at + 1)) count++;
  return count;
}

function idText(key: string, seq: number): string {
  return `,${key}:${seq}`;
}

function textOf(pairs: readonly (readonly [key: string, seq: number])[]): string {
  return pairs.map(([key, seq]) => idText(key, seq)).join('');
}

function pairsOf(ids: string): (readonly [key: string, seq: number])[] {
  return Array.from(ids.matchAll(/,([^,]*):(\d+)/g), ([, key, seq]) => [key!, Number(seq)]);
}
