import type { Socket } from '../network.js';
import type { MakeOracle } from '../oracle.js';

interface Waiting {
  readonly event: string;
  readonly sinceMs: number;
}

/** Everything that the protocol answers is answered on its socket, unless that ends. */
export const everyCommandIsAnswered: MakeOracle = ({ elapsedMs }) => {
  const open = new Map<Socket, Map<string, Waiting>>(); // by id
  return {
    promise: 'every command is answered, or its socket ends',
    asked({ socket, event, id }) {
      const answered = socket.path === '/ws/lobby' ? ANSWERED_IN_LOBBY : ANSWERED_IN_ROOM;
      if (!answered.has(event)) return null;
      const waiting = open.get(socket) ?? new Map<string, Waiting>();
      open.set(socket, waiting.set(id, { event, sinceMs: elapsedMs() }));
      return null;
    },
    sent({ socket, replyTo }) {
      if (replyTo !== null) open.get(socket)?.delete(replyTo);
      return null;
    },
    ended(socket) {
      open.delete(socket);
      return null;
    },
    died() {
      open.clear();
      return null;
    },
    settled({ sinceMs }) {
      for (const [socket, waiting] of open) {
        for (const [id, asked] of waiting) {
          if (asked.sinceMs < sinceMs) return `${asked.event} ${id} on ${socket.path} was never answered`;
        }
      }
      return null;
    },
  };
};

/** A socket ignores what belongs to the other kind of page (protocol.md 3). */
const ANSWERED_IN_LOBBY: ReadonlySet<string> = new Set(['ping', 'client_ready', 'create_room', 'join_room']);
const ANSWERED_IN_ROOM: ReadonlySet<string> = new Set([
  'ping',
  'client_ready',
  'get_room_state',
  'remove_player',
  'add_bot',
  'start_game',
  'declare',
  'play',
  'play_pieces',
  'accept_redeal',
  'decline_redeal',
  'leave_room',
  'leave_game',
]);
