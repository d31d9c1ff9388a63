import { isTooDeep } from './message-depth.js';
import type { WireMessage } from './wire.js';

/** A message as it travels: a text frame, or a binary one. */
export type Frame = string | Uint8Array;

/** What a frame holds before anybody has looked at it; null where it can't be read. */
export type FrameValue = { readonly value: unknown } | null;

/** How the messages of one socket are written down. What they may hold is the same for all codecs. */
export interface FrameCodec {
  /** As a client asks for it in `Sec-WebSocket-Protocol`. */
  readonly subprotocol: string;
  readonly isBinary: boolean;
  /** `JSON`: the answer to a frame that is none names it. */
  readonly format: string;
  readonly encode: (message: WireMessage) => Frame;
  readonly decode: (frame: Uint8Array | string) => FrameValue;
}

export function frameBytes(frame: Frame): number {
  return typeof frame === 'string' ? Buffer.byteLength(frame) : frame.byteLength;
}

/** What every client speaks that asks for nothing else. */
export const jsonCodec: FrameCodec = {
  subprotocol: 'liap-tui.json',
  isBinary: false,
  format: 'JSON',
  // The envelope holds `event` and `data` and nothing else (protocol.md 1.2).
  encode: ({ event, data }) => JSON.stringify({ event, data }),
  decode: (frame) => {
    const text = typeof frame === 'string' ? frame : utf8(frame);
    if (isTooDeep(text)) return null;
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return null; // the engine's text names positions, not rules; the client gets ours
    }
  },
};

/** The library has already refused what is not UTF-8. */
function utf8(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8');
}
