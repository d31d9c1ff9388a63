import type { ClientEvent } from '../protocol/client-message.js';

type Priority = 'LOW' | 'NORMAL' | 'HIGH';

interface Limit {
  readonly hard: number; // messages a minute; the next one is refused
  readonly soft: number; // the `limit` that a warning names: from 80 % of it on there are warnings
  readonly priority: Priority;
  readonly paced?: true; // the game sets its pace, so the limit follows TIME_SCALE
  readonly grace?: true; // a warning raises the hard limit by 20 % for 30 s
}

/**
 * Limits of one socket (protocol.md 1.7), counted per event name. The hard limits are the existing system's. It
 * derives them from soft ones that were seen only where a recording holds a warning (get_rooms, join_room,
 * leave_room, start_game, declare, play, accept_redeal); the others follow the usual burst of 1.5.
 */
const LIMITS: Readonly<Record<ClientEvent, Limit | null>> = {
  ping: { hard: 144, soft: 96, priority: 'LOW' },
  request_room_list: { hard: 36, soft: 24, priority: 'LOW' },
  get_rooms: { hard: 36, soft: 24, priority: 'LOW' },
  client_ready: { hard: 75, soft: 50, priority: 'NORMAL' },
  create_room: { hard: 7, soft: 5, priority: 'NORMAL' },
  join_room: { hard: 15, soft: 10, priority: 'NORMAL' },
  get_room_state: { hard: 72, soft: 48, priority: 'LOW' },
  remove_player: { hard: 15, soft: 10, priority: 'NORMAL' },
  add_bot: { hard: 15, soft: 10, priority: 'NORMAL' },
  leave_room: { hard: 7, soft: 5, priority: 'NORMAL' },
  start_game: { hard: 4, soft: 3, priority: 'NORMAL', grace: true },
  declare: { hard: 12, soft: 10, priority: 'HIGH', paced: true, grace: true },
  play: { hard: 60, soft: 40, priority: 'HIGH', paced: true, grace: true },
  play_pieces: { hard: 60, soft: 40, priority: 'HIGH', paced: true, grace: true },
  request_redeal: { hard: 4, soft: 3, priority: 'NORMAL', paced: true },
  accept_redeal: { hard: 15, soft: 10, priority: 'HIGH', paced: true },
  decline_redeal: { hard: 15, soft: 10, priority: 'HIGH', paced: true },
  redeal_decision: { hard: 7, soft: 5, priority: 'NORMAL', paced: true },
  player_ready: { hard: 15, soft: 10, priority: 'NORMAL' },
  leave_game: { hard: 4, soft: 3, priority: 'NORMAL' },
  ack: { hard: 300, soft: 200, priority: 'LOW' },
  sync_request: null,
};

/** Whether the game sets the pace of such messages, so that TIME_SCALE makes more of them come in a minute. */
export function isPaced(event: ClientEvent): boolean {
  return LIMITS[event]?.paced === true;
}

const WINDOW_MS = 60_000;
const WARNING_SHARE = 0.8;
const WARNING_EVERY_MS = 60_000;
const GRACE_MS = 30_000;
const GRACE_SHARE = 1.2;

export interface LimitSettings {
  readonly rateLimitFactor: number; // on every limit; Infinity switches them off
  readonly timeScale: number; // limits of paced events are divided by it; 0 = none
}

/** `data` of `rate_limit_warning`, member by member as the existing system sends it. */
export interface RateLimitWarning {
  readonly type: 'rate_limit_warning';
  readonly message: string;
  readonly remaining: number;
  readonly limit: number;
  readonly priority: Priority;
  readonly grace_period: boolean;
  readonly suggestion: string;
}

/** A warned message is an accepted one: the warning goes to its sender first, then the message goes its way. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'warned'; readonly warning: RateLimitWarning }
  | { readonly kind: 'limited'; readonly retryAfterS: number };

export interface SocketLimits {
  /** Asked for every message once its event is known. */
  readonly message: (event: ClientEvent, nowMs: number) => Verdict;
}

const ACCEPTED: Verdict = { kind: 'accepted' };

/**
 * The limits of one connection. `nowMs` is a monotonic time in ms; settings are read anew for each message, so that
 * a changed configuration counts at once, on open sockets too.
 */
export function createSocketLimits(settings: LimitSettings): SocketLimits {
  const counts = new Map<ClientEvent, Count>();

  return {
    message: (event, nowMs) => {
      const limit = LIMITS[event];
      const factor = limit?.paced ? settings.rateLimitFactor / settings.timeScale : settings.rateLimitFactor;
      if (limit === null || factor === Infinity) return ACCEPTED;
      const count = counts.get(event) ?? { total: 0, times: [], first: 0, warnedMs: -Infinity };
      counts.set(event, count);
      return judge(event, limit, factor, count, nowMs);
    },
  };
}

/** What one socket has sent of one event. */
interface Count {
  total: number; // accepted over the whole life of the connection
  times: number[]; // of accepted ones, oldest first; at most twice the hard limit
  first: number; // index of the oldest one within the window
  warnedMs: number;
}

/** Forgets what has left the window; the array is cut when half of it is forgotten, so that a message costs O(1). */
function forget(count: Count, nowMs: number): void {
  const { times } = count;
  while (count.first < times.length && times[count.first]! <= nowMs - WINDOW_MS) count.first += 1;
  if (count.first * 2 <= times.length) return;
  count.times = times.slice(count.first);
  count.first = 0;
}

/**
 * A sliding window, because the existing system's limits are ones of a window: a bucket of the same size that gains
 * one token a second would let the 73rd play through.
 */
function judge(event: ClientEvent, limit: Limit, factor: number, count: Count, nowMs: number): Verdict {
  forget(count, nowMs);
  const grace = limit.grace === true && nowMs - count.warnedMs < GRACE_MS;
  const hard = Math.floor(scaled(limit.hard, factor) * (grace ? GRACE_SHARE : 1));
  const oldest = count.times[count.first];
  if (oldest !== undefined && count.times.length - count.first >= hard) return limited(oldest + WINDOW_MS - nowMs);

  const soft = scaled(limit.soft, factor);
  const before = count.total;
  count.total += 1;
  count.times.push(nowMs);
  if (before < Math.floor(soft * WARNING_SHARE) || nowMs - count.warnedMs < WARNING_EVERY_MS) return ACCEPTED;
  count.warnedMs = nowMs;
  return {
    kind: 'warned',
    warning: {
      type: 'rate_limit_warning',
      message: `Approaching rate limit for ${event}`,
      remaining: soft - before,
      limit: soft,
      priority: limit.priority,
      grace_period: limit.grace === true,
      suggestion: 'Please slow down to avoid being rate limited',
    },
  };
}

/** No factor makes a limit that nothing passes. */
function scaled(limit: number, factor: number): number {
  return Math.max(Math.floor(limit * factor), 1);
}

function limited(waitMs: number): Verdict {
  return { kind: 'limited', retryAfterS: Math.max(Math.ceil(waitMs / 1000), 1) };
}
