import { verifyAll, verifyRoom } from '../../actors/verification.js';
import type { JsonObject, Performance } from './operation.js';

/** Sentences that an answer holds; the whole verdict is the tool's `verify`. */
const SENTENCES_MAX = 50;

/** Makes anew what the entries of a room prove wrong, and says what is left. */
export async function repairRoom({ engine, definition, writer }: Performance, roomId: string): Promise<JsonObject> {
  const verdict = await verifyRoom(engine, definition, roomId, { repair: { writer } });
  const { kind, repaired, restoreBefore, sentences } = verdict;
  return {
    room: roomId,
    verdict: kind,
    repaired: repaired.slice(0, SENTENCES_MAX),
    restoreBefore,
    findings: sentences.slice(0, SENTENCES_MAX),
  };
}

/** The same for every room, and the players' sums. */
export async function repairAll({ engine, definition, writer, progress }: Performance): Promise<JsonObject> {
  let repairedCount = 0;
  const verdict = await verifyAll(engine, definition, {
    repair: { writer },
    onRoom: ({ repaired }) => {
      if (repaired.length > 0) repairedCount++;
    },
    onProgress: (done, rooms) => progress(done / Math.max(rooms, 1), `${done} of ${rooms} rooms looked at`),
  });
  const { sound, rooms, kinds, notSound, players, store } = verdict;
  return {
    sound,
    rooms,
    kinds,
    notSound: notSound.slice(0, SENTENCES_MAX),
    repaired: repairedCount,
    playersRepaired: players.repaired,
    store,
  };
}
