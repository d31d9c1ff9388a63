import type { WireMessage } from '../protocol/wire.js';

/** Clients that a start takes in a second without letting anybody wait who plays. */
const PER_SECOND = 500;
/** The next process needs a moment to start; and seats are kept for a minute only. */
const WITHIN_MS = { min: 1_000, max: 30_000 } as const;

/**
 * Tells clients whose sockets are about to be closed to come back spread over a while: each waits a random part of
 * `within_ms`. The existing frontend knows no such event, ignores it, and comes back after a second.
 */
export function reconnectHint(sockets: number): WireMessage {
  const withinMs = Math.min(Math.max((sockets / PER_SECOND) * 1000, WITHIN_MS.min), WITHIN_MS.max);
  return { event: 'reconnect_hint', data: { within_ms: Math.round(withinMs) } };
}
