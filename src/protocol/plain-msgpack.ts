import { isUtf8 } from 'node:buffer';
import { DEPTH_MAX } from './message-depth.js';

/**
 * Whether the bytes are one MessagePack value that JSON could hold too, whole and no byte more. Nothing is built while
 * it is looked at, so that a few bytes can't claim much memory.
 *
 * A reader that takes everything would make regular expressions, errors and sets of what a stranger sends, and learn
 * record definitions from it: extension types are none of our messages' business, and neither are raw bytes and keys
 * that are no text.
 */
export function isPlainMsgpack(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const skip = (count: number): boolean => {
    at += count;
    return at <= bytes.length;
  };
  /** Big-endian, of 1, 2 or 4 bytes; null at the end of the bytes. */
  const length = (size: 1 | 2 | 4): number | null => {
    const start = at;
    if (!skip(size)) return null;
    return size === 1 ? view.getUint8(start) : size === 2 ? view.getUint16(start) : view.getUint32(start);
  };
  const text = (count: number | null): boolean => {
    const start = at;
    return count !== null && skip(count) && isUtf8(bytes.subarray(start, at));
  };
  const key = (): boolean => {
    const token = bytes[at++];
    if (token === undefined) return false;
    if (token >= 0xa0 && token < 0xc0) return text(token & 0x1f);
    return token === 0xd9 ? text(length(1)) : token === 0xda ? text(length(2)) : token === 0xdb && text(length(4));
  };
  const items = (count: number | null, depth: number, withKeys: boolean): boolean => {
    if (count === null || depth === DEPTH_MAX) return false;
    for (let item = 0; item < count; item++) {
      if ((withKeys && !key()) || !value(depth + 1)) return false;
    }
    return true;
  };
  const value = (depth: number): boolean => {
    const token = bytes[at++];
    if (token === undefined) return false;
    if (token < 0x80 || token >= 0xe0) return true; // a small number
    if (token < 0x90) return items(token & 0x0f, depth, true);
    if (token < 0xa0) return items(token & 0x0f, depth, false);
    if (token < 0xc0) return text(token & 0x1f);
    switch (token) {
      case 0xc0: // null, false, true
      case 0xc2:
      case 0xc3:
        return true;
      case 0xcc: // numbers of 1, 2, 4 and 8 bytes
      case 0xd0:
        return skip(1);
      case 0xcd:
      case 0xd1:
        return skip(2);
      case 0xca:
      case 0xce:
      case 0xd2:
        return skip(4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return skip(8);
      case 0xd9: // texts
        return text(length(1));
      case 0xda:
        return text(length(2));
      case 0xdb:
        return text(length(4));
      case 0xdc: // lists
        return items(length(2), depth, false);
      case 0xdd:
        return items(length(4), depth, false);
      case 0xde: // maps
        return items(length(2), depth, true);
      case 0xdf:
        return items(length(4), depth, true);
      default:
        return false;
    }
  };

  return value(0) && at === bytes.length;
}
