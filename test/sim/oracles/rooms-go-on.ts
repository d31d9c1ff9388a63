import type { MakeOracle } from '../oracle.js';

/** When all faults are over and everybody has gone, every room comes to its end: none is stuck. */
export const roomsGoOn: MakeOracle = ({ evidence }) => ({
  promise: 'every open room goes on',
  finished({ openRooms }) {
    for (const { roomId, held } of openRooms) {
      if (held) continue;
      const room = evidence.rooms.get(roomId);
      const state = room && evidence.stateOf(room);
      return `room ${room?.code ?? roomId} stands still in ${JSON.stringify(state?.value)} at entry ${room?.entries.length}`;
    }
    return null;
  },
});
