import { CHANGING } from '../../support/recorded-commands.js';
import type { MakeOracle } from '../oracle.js';

const REFUSING: ReadonlySet<string> = new Set(['error', 'room_closed', 'room_not_found', 'rate_limit_warning']);

/** What was acknowledged is in the journal at that moment, and at the end. */
export const acknowledgedIsKept: MakeOracle = ({ evidence }) => {
  const asked = new Map<string, string>(); // event by session and id
  const kept = new Map<string, { readonly session: string; readonly id: string; roomId: string; seq: number }>();
  return {
    promise: 'no acknowledged command is lost',
    asked({ socket, event, id }) {
      if (CHANGING.has(event)) asked.set(`${socket.session} ${id}`, event);
      return null;
    },
    sent({ socket, event, replyTo }) {
      const name = `${socket.session} ${replyTo}`;
      const command = replyTo === null ? undefined : asked.get(name);
      if (command === undefined || REFUSING.has(event) || kept.has(name)) return null;
      const [applied] = evidence.appliedAs(socket.session, replyTo!);
      if (applied === undefined) return `${command} ${replyTo} is answered by ${event}, and no entry has applied it`;
      kept.set(name, { session: socket.session, id: replyTo!, roomId: applied.room.roomId, seq: applied.seq });
      return null;
    },
    finished({ entries }) {
      for (const { id, roomId, seq } of kept.values()) {
        const stored = entries.get(roomId) ?? [];
        const first = stored[0]?.seq ?? 1;
        if (seq < first) continue; // compacted
        const entry = stored[seq - first];
        const known = evidence.rooms.get(roomId)?.entries[seq - 1];
        if (entry === undefined || entry.hash !== known?.hash) return `${id}, entry ${seq} of ${roomId}, is gone`;
      }
      return null;
    },
  };
};
