import { inReplyTo, textIn, type Frame } from './frame.js';

/** How a command ended, for the one who sent it (protocol.md 7.4). */
export type Acknowledgement =
  | {
      readonly kind: 'applied'; // committed: it survives any crash of the server
      readonly id: string;
      readonly frame: Frame;
      readonly latencyUs: number; // from the first sending, reconnects included
    }
  | {
      readonly kind: 'refused';
      readonly id: string;
      readonly type: string; // e.g. `action_rejected`, `temporarily_unavailable`, `room_closed`
      readonly reason: string | undefined; // e.g. `notYourTurn`
      readonly message: string;
      readonly retryAfterMs: number | undefined; // undefined = sending it again is of no use
      readonly latencyUs: number;
    }
  // Nobody knows whether it was applied.
  | { readonly kind: 'unanswered'; readonly id: string; readonly why: 'closed' | 'timeout' };

/** What a client that is refused for a passing reason waits at first, where the server does not say. */
const RETRY_MS = 250;

/** Leaving is answered by the closing of the room; for any other command it means that there is nothing to do it in. */
const LEAVING: ReadonlySet<string> = new Set(['leave_room', 'leave_game']);

/** Reads the first frame that answers a command. @param event of the command */
export function acknowledgementOf(event: string, frame: Frame, latencyUs: number): Acknowledgement {
  const id = inReplyTo(frame) ?? '';
  const { data } = frame;
  const message = textIn(data, 'message') ?? frame.event;
  const reason = textIn(data, 'reason');
  if (frame.event === 'error') {
    const type = textIn(data, 'type') ?? 'error';
    return { kind: 'refused', id, type, reason, message, retryAfterMs: retryAfterMs(type, data), latencyUs };
  }
  if ((frame.event === 'room_closed' || frame.event === 'room_not_found') && !LEAVING.has(event)) {
    return { kind: 'refused', id, type: frame.event, reason, message, retryAfterMs: undefined, latencyUs };
  }
  return { kind: 'applied', id, frame, latencyUs };
}

function retryAfterMs(type: string, data: Frame['data']): number | undefined {
  const seconds = data['retry_after'];
  if (typeof seconds === 'number') return seconds * 1000;
  const passing = type === 'temporarily_unavailable' || type === 'rate_limited' || data['retryable'] === true;
  return passing ? RETRY_MS : undefined;
}
