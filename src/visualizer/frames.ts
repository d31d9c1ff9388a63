import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomView } from '../../actors/room/room-view.js';
import type { Seat } from '../game/seats.js';
import { project, projectDirect, projectPresent } from '../protocol/projector.js';
import { roomUpdate } from '../protocol/room-messages.js';
import { stamped, type WireMessage } from '../protocol/wire.js';

/** What an entry led to, as somebody saw it. */
export interface SeenEntry {
  readonly seq: number;
  readonly at: number; // ms since the epoch
  readonly events: readonly RoomEvent[];
  readonly correlationId: string;
  readonly view: RoomView; // of that viewer, after the entry
  readonly viewer: Seat | null; // null: a spectator
  readonly session: string | null; // of the person in that seat before the entry
}

/**
 * The frames that the projector made of an entry for a seat, or for spectators, in order and word for word, but for the
 * `in_reply_to` that only the asker's own socket got.
 */
export function framesOf({ seq, at, events, correlationId, view, viewer, session }: SeenEntry): readonly WireMessage[] {
  const stamp = { atMs: at, roomId: view.code };
  return events.flatMap((event) => {
    const direct = projectDirect(event);
    const loses = direct !== null && direct.session === session && 'seat' in event && event.seat === viewer;
    const own = loses ? [direct.message] : [];
    const all = project(event, seq, correlationId).map((projection) =>
      stamped(projection.make(view, projection.private ? viewer : null), stamp),
    );
    return [...own, ...all];
  });
}

/** What somebody who came at that moment was shown. */
export function presentOf({ seq, at, view, viewer }: Pick<SeenEntry, 'seq' | 'at' | 'view' | 'viewer'>) {
  const present = view.game === null ? [roomUpdate(view)] : projectPresent(view, viewer, seq);
  return present.map((message) => stamped(message, { atMs: at, roomId: view.code }));
}
