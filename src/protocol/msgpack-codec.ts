// Not the package's main entry: that one loads a compiled reader of strings where it finds one.
import { Packr } from 'msgpackr/pack';
import type { FrameCodec } from './frame-codec.js';
import { isPlainMsgpack } from './plain-msgpack.js';

/** As JSON does: members without a value are left out, and a list's become null. */
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  skipValues: [undefined],
  encodeUndefinedAsNil: true,
  int64AsType: 'auto', // a bigint only where a number would lose digits, and no message takes one
});

/** MessagePack for clients that ask for it: the same messages in fewer bytes. */
export const msgpackCodec: FrameCodec = {
  subprotocol: 'liap-tui.msgpack',
  isBinary: true,
  format: 'MessagePack',
  encode: ({ event, data }) => packMessage({ event, data }),
  decode: (frame) => {
    if (typeof frame === 'string' || !isPlainMsgpack(frame)) return null;
    try {
      return { value: packr.unpack(frame) };
    } catch {
      return null;
    }
  },
};

/** As clients use it; their messages have an id. */
export const msgpackOfClients = {
  subprotocol: msgpackCodec.subprotocol,
  pack: packMessage,
  unpack: (frame: Uint8Array): unknown => msgpackCodec.decode(frame)?.value ?? null,
};

export function packMessage(message: object): Uint8Array {
  const frame = packr.pack(message);
  return mayHoldSurrogates(frame) ? packr.pack(wellFormed(message)) : frame;
}

/** Half a surrogate pair is legal in JSON and in a name. The packer writes it as it is, which is no UTF-8. */
function mayHoldSurrogates(frame: Buffer): boolean {
  for (let at = frame.indexOf(0xed); at !== -1; at = frame.indexOf(0xed, at + 1)) {
    if (frame[at + 1]! >= 0xa0) return true;
  }
  return false;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [wellFormed(key), wellFormed(member)]));
}
