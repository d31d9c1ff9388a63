import { REDEAL_LIMIT_MS } from '../../../actors/room/room-state.js';
import type { MakeOracle } from '../oracle.js';

/** Room time is cut to whole milliseconds. */
const TOLERANCE_MS = 2;

/** Whoever has 30 s to answer has them while the server takes answers: the time in which it was down is not counted. */
export const clocksAreFair: MakeOracle = ({ elapsedMs, elapsedAt, upSinceMs }) => {
  const asked = new Map<string, number>(); // room to true time
  const outages: { readonly from: number; readonly to: number }[] = [];
  let downSince: number | null = null;
  return {
    promise: 'a limit counts only time in which players could act',
    died() {
      downSince = elapsedMs();
      return null;
    },
    started() {
      if (downSince !== null) outages.push({ from: downSince, to: upSinceMs() });
      downSince = null;
      return null;
    },
    durable(_, step) {
      if (step === null) return null;
      const { room, events, entry } = step;
      if (entry.outcome === 'restored') asked.delete(room.roomId);
      if (events.some(({ type }) => type === 'weakHandsFound')) asked.set(room.roomId, elapsedAt(entry.at));
      if (!events.some(({ type }) => type === 'redealUnanswered')) return null;
      const since = asked.get(room.roomId);
      if (since === undefined) return null;
      const down = outages
        .filter(({ to }) => to > since)
        .reduce((sum, { from, to }) => sum + to - Math.max(from, since), 0);
      const hadMs = elapsedAt(entry.at) - since - down;
      if (hadMs >= REDEAL_LIMIT_MS - TOLERANCE_MS) return null;
      return `${room.code} had ${Math.round(hadMs)} ms of ${REDEAL_LIMIT_MS} to answer, beside ${Math.round(down)} ms of outage`;
    },
  };
};
