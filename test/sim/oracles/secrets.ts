import { SEATS } from '../../../src/game/seats.js';
import { wirePieces } from '../../../src/protocol/wire.js';
import { isRecord } from '../../../src/client/frame.js';
import type { MakeOracle, Sent } from '../oracle.js';
import type { Evidence, FollowedRoom } from '../evidence.js';

const SEED = /[0-9a-f]{64}/;
const PIECE = /(?:GENERAL|ADVISOR|ELEPHANT|CHARIOT|HORSE|CANNON|SOLDIER)_(?:RED|BLACK)/;

/** A hand reaches nobody but the session whose seat holds it; seeds and sessions reach nobody. */
export const secretsAreKept: MakeOracle = ({ evidence }) => ({
  promise: 'no foreign hand, session or seed leaves the server',
  sent(sent) {
    const { socket, event, text, data } = sent;
    if (SEED.test(text)) return `${event} holds a seed`;
    const code = socket.path.slice('/ws/'.length).toUpperCase();
    const room = evidence.byCode.get(code);
    if (room === undefined) return null;
    for (const seat of SEATS) {
      const occupant = evidence.stateOf(room).context.seats[seat];
      if (occupant?.kind === 'person' && text.includes(occupant.session)) return `${event} holds a session`;
    }
    return event === 'phase_change' ? handsIn(sent, room, evidence) : looseHandIn(data);
  },
});

function handsIn({ socket, data }: Sent, room: FollowedRoom, evidence: Evidence): string | null {
  const { sequence, players } = data;
  if (!isRecord(players)) return 'phase_change has no players';
  const shown = Object.entries(players).filter(([, player]) => isRecord(player) && 'hand' in player);
  if (shown.length === 0) return null;
  const state = room.states[Number(sequence) - 1] ?? evidence.stateOf(room);
  const now = evidence.stateOf(room);
  for (const [name, player] of shown) {
    const seat = SEATS.find((each) => state.context.seats[each]?.name === name);
    const owners = [state, now].map(({ context }) => (seat === undefined ? null : context.seats[seat]));
    if (!owners.some((owner) => owner?.kind === 'person' && owner.session === socket.session)) {
      return `the hand of ${name} is shown to somebody else in ${room.code}`;
    }
    const hand = state.context.game?.hands[seat!] ?? [];
    const told = (player as { readonly hand: unknown }).hand;
    if (JSON.stringify(told) !== JSON.stringify(wirePieces(hand))) return `${name} is shown another hand than the own`;
  }
  return null;
}

/** Pieces stand in plays only. */
function looseHandIn(data: unknown, isPlay = false): string | null {
  if (typeof data === 'string') return !isPlay && PIECE.test(data) ? `a piece is shown: ${data}` : null;
  if (typeof data !== 'object' || data === null) return null;
  for (const [name, member] of Object.entries(data)) {
    const found = looseHandIn(member, isPlay || name === 'pieces');
    if (found !== null) return found;
  }
  return null;
}
