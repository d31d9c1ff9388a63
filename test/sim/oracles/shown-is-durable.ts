import { bare } from '../evidence.js';
import type { MakeOracle } from '../oracle.js';

/** Broadcasts that name no entry: they must be what some durable entry tells. */
const UNNUMBERED: ReadonlySet<string> = new Set([
  'room_update',
  'room_state_update',
  'game_started',
  'player_disconnected',
  'player_reconnected',
  'host_changed',
]);

/** The gate: a frame leaves when the entry that it shows is synced, and not before. */
export const shownIsDurable: MakeOracle = ({ evidence }) => ({
  promise: 'nothing is visible that is not durable',
  sent({ socket, event, data }) {
    const code = typeof data['room_id'] === 'string' ? data['room_id'] : socket.path.slice('/ws/'.length);
    const room = evidence.byCode.get(code.toUpperCase());
    const { sequence } = data;
    if (typeof sequence === 'number') {
      const durable = room?.entries.length ?? 0;
      return sequence > durable ? `${event} shows entry ${sequence} of ${code}, ${durable} are durable` : null;
    }
    if (event === 'room_created' || event === 'room_joined') {
      return room === undefined ? `${event} names ${code}, and no such room is durable` : null;
    }
    if (!UNNUMBERED.has(event) || socket.path === '/ws/lobby') return null;
    return room?.texts.has(bare(event, data)) === true ? null : `${bare(event, data)} follows from no entry of ${code}`;
  },
});
