import { SKIPS_ABOVE_BYTES } from '../../../src/gateway/slow-readers.js';
import type { Socket } from '../network.js';
import type { MakeOracle } from '../oracle.js';

/** Not a broadcast but the present, for one socket. */
const PRESENT = 'Current state';

/**
 * What a process tells a room, it tells all of its sockets: the same steps in the same order, and none is left out but
 * for a socket that reads too slowly.
 */
export const oneOrder: MakeOracle = ({ evidence }) => {
  let told = new Map<string, string[]>(); // by room code: the steps that were broadcast
  let stands = new Map<Socket, number>(); // how many of them a socket has heard of or came behind
  let newest = new Map<string, number>();
  let before = new Map<string, number>(); // the last entry of an earlier process
  return {
    promise: 'all sockets of a room see one order',
    sent({ socket, event, data, replyTo, isRepeat }) {
      if (event !== 'phase_change') return null;
      const { sequence, phase, reason } = data;
      const code = socket.path;
      if (reason === PRESENT) return null;
      const steps = told.get(code) ?? [];
      told.set(code, steps);
      const step = `${String(sequence)} ${String(phase)} ${String(reason)}`;
      const at = stands.get(socket);
      const place = placeOf(steps, step, socket, at);
      // A repeat may be answered from its old entry, to its sender alone: that continues nothing.
      const isBefore = Number(sequence) <= (before.get(code) ?? 0);
      if (isBefore && replyTo !== null) return null;
      // Nobody need have heard of that entry: it may have waited on the disk and been made while nobody was there.
      const isOld = steps.includes(step) || Number(sequence) < (newest.get(code) ?? 0);
      if (isRepeat && isOld && (at === undefined || steps[place] !== step)) return null;
      if (place === steps.length) {
        if (Number(sequence) < (newest.get(code) ?? 0)) return `${step} comes behind entry ${newest.get(code)}`;
        newest.set(code, Number(sequence));
        steps.push(step);
      } else if (steps[place] !== step) {
        return `a socket of ${code} is told "${step}" where others were told "${steps[place]}"`;
      }
      stands.set(socket, place + 1);
      return null;
    },
    ended(socket) {
      stands.delete(socket);
      return null;
    },
    started() {
      before = new Map([...evidence.rooms.values()].map((room) => [`/ws/${room.code}`, room.entries.length]));
      return null;
    },
    died() {
      told = new Map();
      stands = new Map();
      newest = new Map();
      return null;
    },
  };
};

/** A socket that is new joins at the step that is being told; one that reads too slowly may leave steps out. */
function placeOf(steps: readonly string[], step: string, socket: Socket, at: number | undefined): number {
  const isSlow = socket.owedBytesMax > SKIPS_ABOVE_BYTES;
  if (at !== undefined && !(isSlow && at < steps.length && steps[at] !== step)) return at;
  const last = at === undefined ? steps.lastIndexOf(step) : steps.indexOf(step, at);
  return last < 0 ? steps.length : last;
}
