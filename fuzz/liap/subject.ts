import { liapTui, type LiapTui, type LiapTuiOptions } from '../../actors/room/liap-tui.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage, UntimedMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { pick, type Random } from '../../src/client/random.js';
import { SEATS } from '../../src/game/seats.js';
import { below } from '../chance.js';
import { INVARIANTS, REASONS } from '../invariants.js';
import type { Saying, Scene, Subject } from '../subject.js';
import { fuzzDeal } from './deals.js';
import { askedPeople, legalMove, sessionOf, styleOf } from './moves.js';
import { PROPOSALS } from './proposals.js';

/** The game room with a machine of its own, dealt so that redeals are common. */
export function fuzzedLiapTui(options: LiapTuiOptions = {}): LiapTui {
  return liapTui({ order: fuzzDeal, ...options });
}

/** What the fuzzer knows of the game room. */
export const liapTuiSubject: Subject<RoomState, RoomMessage, RoomEvent, RoomView> = {
  open,
  proposals: PROPOSALS,
  goOn,
  invariants: INVARIANTS,
  situation: ({ context }, leaf) => (isWon(context) ? `${leaf}, won` : leaf),
  depth: ({ context }) => context.game?.round ?? 0,
  reasons: REASONS,
  unreachable: {
    'playing.preparation.dealt': 'no message rests there: it is left in the step that enters it',
    'playing.preparation.dealt × *': 'no message rests there',
  },
  comparable: withoutEntrants,
};

function open(random: Random): UntimedMessage {
  const seed = Array.from({ length: 8 }, () =>
    below(random, 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
  return {
    type: 'create',
    session: 'session-of-the-host',
    code: 'ABCDEF',
    seed,
    hostName: 'P0',
    timeScale: pick(random, [1, 1, 0.1, 0]),
  };
}

const WINNING_TOTAL = 50;

/** Scored, and the end is not yet told. */
function isWon({ game }: RoomState): boolean {
  return game !== null && game.roundScores !== null && Math.max(...game.scores) >= WINNING_TOTAL;
}

/** Seats are filled and the game begins; whoever is asked moves, and where nobody is, time passes. */
function goOn(
  { snapshot: { value, context } }: Scene<RoomState, RoomMessage>,
  random: Random,
  choice: number,
): Saying<RoomMessage> | null {
  if (value === 'waiting') return { message: towardsStart(context, choice), afterMs: 100 };
  const [seat] = askedPeople(context);
  if (seat === undefined) return null;
  return { message: legalMove(context, seat, random, styleOf(context, choice, seat)), afterMs: 300 };
}

function towardsStart(state: RoomState, choice: number): UntimedMessage {
  const host = { seat: state.host, session: sessionOf(state, state.host) };
  if (!state.hostArrived) return { type: 'connect', ...host };
  const people = SEATS.filter((seat) => state.seats[seat]?.kind === 'person').length;
  const free = SEATS.filter((seat) => state.seats[seat] === null);
  const wanted = 1 + (choice % 4);
  if (free.length > 0) {
    if (people >= wanted) return { type: 'addBot', ...host, target: free[0]! };
    return { type: 'join', session: `session-of-guest-${people}`, name: `P${10 * people + free.length}` };
  }
  const bot = SEATS.find((seat) => state.seats[seat]?.kind === 'bot');
  if (people < wanted && bot !== undefined) return { type: 'removePlayer', ...host, target: bot };
  return { type: 'startGame', ...host };
}

/** Version 1 did not keep who began a game: what is made of it afterwards is a guess. */
function withoutEntrants({ value, context }: { readonly value: unknown; readonly context: RoomState }): unknown {
  if (context.game === null) return { value, context };
  const { entrants, ...game } = context.game;
  return { value, context: { ...context, game } };
}
