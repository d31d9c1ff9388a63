import { type FrameCodec, jsonCodec } from './frame-codec.js';
import { msgpackCodec } from './msgpack-codec.js';

const CODECS: ReadonlyMap<string, FrameCodec> = new Map(
  [jsonCodec, msgpackCodec].map((codec) => [codec.subprotocol, codec]),
);

/** The first of a client's subprotocols that we speak; null where it asked for none of them, and gets JSON unasked. */
export function chooseSubprotocol(offered: Iterable<string>): string | null {
  for (const subprotocol of offered) if (CODECS.has(subprotocol)) return subprotocol;
  return null;
}

/** @param subprotocol as it was chosen; empty where none was */
export function codecOf(subprotocol: string): FrameCodec {
  return CODECS.get(subprotocol) ?? jsonCodec;
}
