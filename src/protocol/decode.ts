import {
  CHOOSE_ANOTHER_NAME,
  type ClientEvent,
  type ClientMessage,
  clientData,
  isClientEvent,
  longerThan,
} from './client-message.js';
import { type Frame, frameBytes, type FrameCodec, jsonCodec } from './frame-codec.js';

/** Bytes of one message at most; a larger one gets an answer, and the socket stays. */
export const MESSAGE_BYTES_MAX = 64 * 1024;
const EVENT_CHARS_MAX = 100;
const MESSAGE_ID_CHARS_MAX = 100;

/** Why a frame is no message. The answer to it is `faultAnswer`. */
export interface WireFault {
  /** Without the prefix: `Declaration value is required`. */
  readonly text: string;
  /** As the client reads it: `Invalid message: Declaration value is required`. */
  readonly message: string;
  readonly id?: string; // of the frame, where one could be read
  readonly event?: ClientEvent; // where it is a known one
}

export type Decoded =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly fault: WireFault };

/**
 * The only place where bytes become typed messages. The checks stand in the order of protocol.md 1.6.
 *
 * Shape: `{"event":"declare","data":{"value":2,"player_name":"Hana"},"id":"4c0f…"}` becomes
 * `{ event: 'declare', id: '4c0f…', data: { player_name: 'Hana', value: 2 } }`
 * @param binary what the socket said of the frame: of the two kinds, a codec takes one
 */
export function decode(
  frame: Frame,
  binary: boolean,
  bytesMax = MESSAGE_BYTES_MAX,
  codec: FrameCodec = jsonCodec,
): Decoded {
  if (frameBytes(frame) > bytesMax) return refuse('Message too large');
  if (binary !== codec.isBinary) return refuse(`${binary ? 'Binary' : 'Text'} messages are not supported`);
  const read = codec.decode(frame);
  if (read === null) return refuse(`Message must be valid ${codec.format}`);

  const envelope = read.value;
  if (!isDictionary(envelope)) return refuse('Message must be a dictionary');
  const id = messageId(envelope['id']);
  if (!Object.hasOwn(envelope, 'event')) return refuse("Message must contain 'event' field", id);
  const event = envelope['event'];
  if (typeof event !== 'string') return refuse('Event name must be a string', id);
  if (longerThan(event, EVENT_CHARS_MAX)) return refuse('Event name too long', id);
  if (!isClientEvent(event)) return refuse(`Unknown event type: ${event}`, id);
  const data = Object.hasOwn(envelope, 'data') ? envelope['data'] : {};
  if (!isDictionary(data)) return refuse('Event data must be a dictionary', id, event);

  const parsed = clientData[event].safeParse(data);
  if (!parsed.success) return refuse(parsed.error.issues[0]!.message, id, event);
  // One schema per event gave this data, so event and data belong together; the compiler can't follow the index.
  const message = { event, ...(id !== undefined && { id }), data: parsed.data } as ClientMessage;
  return { ok: true, message };
}

/** The frame that answers a fault, always to its sender alone. */
export function faultAnswer(fault: WireFault) {
  return {
    event: 'error',
    data: {
      message: fault.message,
      type: 'validation_error',
      ...(fault.id !== undefined && { in_reply_to: fault.id }),
    },
  } as const;
}

function refuse(text: string, id?: string, event?: ClientEvent): Decoded {
  const message = text === CHOOSE_ANOTHER_NAME ? text : `Invalid message: ${text}`;
  return {
    ok: false,
    fault: { text, message, ...(id !== undefined && { id }), ...(event !== undefined && { event }) },
  };
}

/** What the existing system calls a dictionary: an object, neither an array nor null. */
function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An id that can't be used is dropped, not refused; an empty one would make all messages without an id one. */
function messageId(id: unknown): string | undefined {
  return typeof id === 'string' && id !== '' && !longerThan(id, MESSAGE_ID_CHARS_MAX) ? id : undefined;
}
