import { type Seat, SEATS } from '../game/seats.js';
import { Buckets } from '../limits/buckets.js';
import type { BucketSize } from '../limits/token-bucket.js';
import type { ClientEvent } from '../protocol/client-message.js';
import { isPaced, type LimitSettings } from './rate-limit.js';

export interface PlayLimitSettings extends LimitSettings {
  readonly playerMessagesPerMinute: number; // of all sockets of a session, each at its cost
  readonly roomMessagesPerSecond: number; // of all sockets in a room
}

/** Who sends what, and where to. */
export interface Sent {
  readonly event: ClientEvent;
  readonly session: string;
  readonly roomId: string | null; // the room that it is meant for
  readonly seat: Seat | null;
  readonly address?: string | undefined; // of limits by address
}

export type PlayVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'limited'; readonly by: 'player' | 'room'; readonly retryAfterS: number };

/** What a message costs its player where it makes the server do more than a move does. */
const COSTS: Partial<Readonly<Record<ClientEvent, number>>> = {
  create_room: 20,
  join_room: 5,
  start_game: 5,
  add_bot: 5, // these two are journaled also where nothing changes
  remove_player: 5,
};

/** These reach no room. */
const ROOMLESS: ReadonlySet<ClientEvent> = new Set(['ping', 'ack', 'sync_request']);

/** Each seat has its part of a room's limit, and those without a seat have one together: nobody spends what a player needs. */
const SHARES = SEATS.length + 1;
/** What a share holds when nobody has spoken for a while. */
const SHARE_S = 5;

/**
 * Limits that hold across the sockets of a player, and across those of a room. Both live in one process, so their
 * counts do as well.
 */
export class PlayLimits {
  readonly #settings: PlayLimitSettings; // read for each message
  readonly #players = new Buckets();
  readonly #shares = new Buckets();

  constructor(settings: PlayLimitSettings) {
    this.#settings = settings;
  }

  /** @param nowMs monotonic */
  judge({ event, session, roomId, seat, address }: Sent, nowMs: number): PlayVerdict {
    const { rateLimitFactor, timeScale, playerMessagesPerMinute, roomMessagesPerSecond } = this.#settings;
    if (rateLimitFactor === Infinity) return { kind: 'accepted' };
    const pace = isPaced(event) ? Math.min(timeScale, 1) : 1; // a faster game has more moves a minute
    if (pace === 0) return { kind: 'accepted' };

    const capacity = Math.max(playerMessagesPerMinute * rateLimitFactor, 1);
    const cost = Math.min((COSTS[event] ?? 1) * pace, capacity); // no factor makes a message that never passes
    const drawn = this.#players.draw(session, { capacity, perSecond: capacity / 60 }, nowMs, cost);
    if (!drawn.ok) return limited('player', drawn.waitMs);

    if (roomId === null || ROOMLESS.has(event)) return { kind: 'accepted' };
    const perSecond = (roomMessagesPerSecond * rateLimitFactor) / SHARES;
    const size: BucketSize = { capacity: Math.max(perSecond * SHARE_S, 1), perSecond };
    // Whoever wants in is kept out by nobody who looks on.
    const share = event === 'join_room' ? `>${address ?? session}/${roomId}` : shareOf(roomId, seat);
    const shared = this.#shares.draw(share, size, nowMs, pace);
    return shared.ok ? { kind: 'accepted' } : limited('room', shared.waitMs);
  }
}

/** The key of a seat's share in its room, or of that of all who have none. */
export function shareOf(roomId: string, seat: Seat | null): string {
  return `${seat ?? '-'}${roomId}`;
}

function limited(by: 'player' | 'room', waitMs: number): PlayVerdict {
  return { kind: 'limited', by, retryAfterS: Math.max(Math.ceil(waitMs / 1000), 1) };
}
