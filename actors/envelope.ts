import type { RowChange } from '../persistence/rows.js';
import type { Mail } from './mailbox.js';
import type { Message, Untimed } from './room-definition.js';

/** Who caused something, as plain data: enough to find the asker again, and nothing about sockets. */
export interface Cause {
  readonly correlationId: string;
  readonly session: string | null;
  readonly messageId: string | null; // the sender's own id of the message, for idempotency
}

/** Anything for a room: a message, the wish to look, or the alarm of its deadline. */
export interface Envelope<M extends Message> extends Mail {
  readonly body:
    | { readonly kind: 'message'; readonly message: Untimed<M> }
    | { readonly kind: 'look' }
    | { readonly kind: 'alarm' };
  readonly cause: Cause;
  /** Rows that are written with whatever settles the message: its inbox row goes, the dead letter it was goes. */
  readonly settles: RowChange[];
  crashes: number; // how often the machine threw at it
  waitsSince: number; // room time
  offeredMs: number; // monotonic: when the room got it
}

export function letter<M extends Message>(body: Envelope<M>['body'], cause: Cause, mail: Mail): Envelope<M> {
  const { lane, bytes, slot } = mail;
  const envelope = { lane, bytes, body, cause, settles: [], crashes: 0, waitsSince: 0, offeredMs: 0 };
  return slot === undefined ? envelope : { ...envelope, slot };
}
