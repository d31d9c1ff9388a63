import type { Socket } from '../network.js';
import type { MakeOracle } from '../oracle.js';

/** What the simulated server is set to (`world.ts`). */
const DISCONNECT_GRACE_MS = 3_000;
const RESTART_GRACE_MS = 60_000;
/** Room time is cut to whole milliseconds. */
const TOLERANCE_MS = 2;

/** A reload, a page switch or a restart of the server is announced to nobody: whoever is back in time was never away. */
export const whoIsBackInTimeIsNotMissed: MakeOracle = ({ evidence, elapsedMs, elapsedAt, upSinceMs }) => {
  const seated = new Set<Socket>(); // got an answer to `client_ready`, and stand for their seat
  let endedAt = new Map<string, number>(); // by room and session, in this process: true time of the last socket's end
  let oldRooms = new Set<string>(); // open when this process began
  const nameOf = (path: string, session: string): string => `${path} ${session}`;
  return {
    promise: 'who is back in time is not missed',
    sent({ socket, event, data }) {
      if (event === 'room_state_update') seated.add(socket);
      // Nobody comes back to a game that is over.
      if (event === 'room_closed' && data['reason'] === 'game_over') seated.delete(socket);
      return null;
    },
    ended(socket) {
      if (seated.delete(socket)) endedAt.set(nameOf(socket.path, socket.session), elapsedMs());
      return null;
    },
    durable({ rows }, step) {
      if (step?.message.type !== 'disconnect') return null;
      // It waited on the disk, maybe since an earlier process.
      if (rows.some(({ kind, table }) => kind === 'delete' && table === 'inbox')) return null;
      const { seat } = step.message as { readonly type: string; readonly seat: number };
      const occupant = step.before?.context.seats[seat];
      if (occupant?.kind !== 'person') return null;
      const at = elapsedAt(step.entry.at) + TOLERANCE_MS;
      const upMs = at - upSinceMs();
      if (oldRooms.has(step.room.roomId) && upMs >= RESTART_GRACE_MS) return null;
      const since = endedAt.get(nameOf(`/ws/${step.room.code}`, occupant.session));
      if (since === undefined) return `${occupant.name} is missed ${Math.round(upMs)} ms after the start`;
      if (at - since >= DISCONNECT_GRACE_MS) return null;
      return `${occupant.name} is missed ${Math.round(at - since)} ms after the socket's end`;
    },
    died() {
      seated.clear();
      endedAt = new Map();
      return null;
    },
    started() {
      oldRooms = new Set([...evidence.rooms.values()].filter(({ isClosed }) => !isClosed).map(({ roomId }) => roomId));
      return null;
    },
  };
};
