import type { Piece } from '../game/pieces.js';
import { pointsOf } from '../game/pieces.js';

/** One message to a client: exactly these two members, `data` always an object (protocol.md 1.2). */
export interface WireMessage {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `GENERAL_RED` is `GENERAL_RED(14)` on the wire. */
function wirePiece(piece: Piece): string {
  return `${piece}(${pointsOf(piece)})`;
}

export function wirePieces(pieces: readonly Piece[]): string[] {
  return pieces.map(wirePiece);
}

/** A broadcast names its room and its time, in seconds with fraction (protocol.md 1.3). */
export interface BroadcastStamp {
  readonly atMs: number; // since the epoch
  readonly roomId: string; // as clients know it: the code, or `lobby`
}

export function stamped({ event, data }: WireMessage, { atMs, roomId }: BroadcastStamp): WireMessage {
  return { event, data: { ...data, timestamp: atMs / 1000, room_id: roomId } };
}

/** Marks a frame as caused by the client's message of that id (protocol.md 7.4). */
export function inReplyTo({ event, data }: WireMessage, id: string | null): WireMessage {
  return id === null ? { event, data } : { event, data: { ...data, in_reply_to: id } };
}
