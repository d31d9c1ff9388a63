import { MachineRunner } from '../../actors/machine-runner.js';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import type { RoomMessageType, UntimedMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import type { RoomSnapshot } from '../../actors/room-definition.js';
import { WINNING_TOTAL } from '../../src/game/game-end.js';
import { fullSet, type Piece, pointsOf } from '../../src/game/pieces.js';
import { type Seat, SEATS } from '../../src/game/seats.js';
import { asBots, orderOf, RoomDriver, sessionOf, speaker } from './room-driver.js';

/** A deal in which exactly these seats have a weak hand (rules.md R4). At most two, for lack of low pieces. */
export function dealWithWeak(...weak: readonly Seat[]): Piece[] {
  const low = fullSet().filter((piece) => pointsOf(piece) <= 9);
  const strong = fullSet().filter((piece) => pointsOf(piece) > 9);
  const hands: Piece[][] = SEATS.map((seat) => (weak.includes(seat) ? low.splice(0, 8) : []));
  const others = SEATS.filter((seat) => !weak.includes(seat)).map((seat) => hands[seat]!);
  strong.forEach((piece, index) => others[index % others.length]!.push(piece));
  for (const hand of others) hand.push(...low.splice(0, 8 - hand.length));
  return orderOf(hands);
}

/** The first deal of each round asks seats 0 and 1, the second nobody. */
export const weakOnce: DealOrder = (_seed, _round, deal) => (deal === 1 ? dealWithWeak(0, 1) : dealWithWeak());

export interface Reached {
  readonly leaf: string;
  readonly phase: string;
  readonly snapshot: RoomSnapshot<RoomState>;
  readonly driver: RoomDriver;
}

const FAR = 3_600_000; // later than any timer
const STEPS_MAX = 5_000;

/** What tells one situation from another for whoever speaks to a room: the cards in the hands do not. */
function situationOf({ leaf, state: { awaiting, emptySince, game, host, seats } }: RoomDriver): string {
  const occupants = seats.map((occupant) => [
    occupant?.kind,
    occupant?.kind === 'person' && occupant.awaySince !== null,
  ]);
  const won = game !== null && Math.max(...game.scores) >= WINNING_TOTAL;
  const table = [game?.hands.map((hand) => hand.length), game?.redeal, game?.turn?.plays.length, won];
  return JSON.stringify([leaf, awaiting?.seats, occupants, host, emptySince !== null, table]);
}

/** Rooms in every state that the machine rests in, with people and bots present, away and asked: one a situation. */
export function reachedStates(): readonly Reached[] {
  const reached: Reached[] = [];
  const situations = new Set<string>();
  const note = (driver: RoomDriver): void => {
    const situation = situationOf(driver);
    if (situations.has(situation)) return;
    situations.add(situation);
    reached.push({ leaf: driver.leaf, phase: driver.phase, snapshot: driver.snapshot, driver });
  };
  note(new RoomDriver({ people: 2 }));
  const roomy = new RoomDriver({ people: 2 });
  roomy.apply({ type: 'removePlayer', ...speaker(0), target: 3 });
  note(roomy);
  for (const accepts of [true, false]) {
    for (const away of [[], [1], [0, 1]] as Seat[][]) {
      const driver = RoomDriver.playing({ people: 2, order: weakOnce });
      const move = (): UntimedMessage | null => (note(driver), redealAnswer(driver, accepts));
      driver.runUntil(({ leaf }) => leaf === 'playing.preparation.weakHands', move);
      note(driver);
      driver.runUntil(({ leaf }) => leaf === 'playing.declaration', move);
      for (const seat of away) driver.apply({ type: 'disconnect', seat });
      const turn = (): UntimedMessage | null => (note(driver), asBots(driver));
      // Nobody is left: the room plays on in states that are noted before it is given up.
      let steps = 0;
      const step = (): void => {
        if (++steps === STEPS_MAX) throw new Error(`still in ${driver.leaf} after ${STEPS_MAX} steps`);
        const next = driver.deadline?.message;
        if (next?.type === 'timer' && next.timer === 'abandoned') driver.restored(unattended);
        const said = turn();
        if (said === null) driver.ring();
        else driver.apply(said);
      };
      const playRound = (): void => {
        while (driver.leaf !== 'playing.scoring') step();
        note(driver);
      };
      playRound();
      driver.ring();
      playRound();
      driver.restored((state) => ({ ...state, game: state.game && { ...state.game, scores: [60, 1, 2, 3] } }));
      note(driver);
      driver.runUntil(({ leaf }) => leaf === 'gameOver' || leaf === 'closed', turn);
      note(driver);
    }
  }
  const closed = new RoomDriver();
  closed.apply({ type: 'close', reason: 'operator' });
  note(closed);
  return reached;
}

const unattended = (state: RoomState): RoomState => ({
  ...state,
  emptySince: state.emptySince && state.emptySince + FAR,
});

function redealAnswer(driver: RoomDriver, accept: boolean): UntimedMessage | null {
  const seat = driver.leaf.endsWith('weakHands') ? driver.state.awaiting?.seats[0] : undefined;
  return seat === undefined ? asBots(driver) : { type: 'answerRedeal', ...speaker(seat), accept };
}

const perSeat = (make: (seat: Seat) => UntimedMessage): UntimedMessage[] => SEATS.map(make);

/** Of each type messages that some state takes, and ones that none does. */
export const CANDIDATES: { readonly [T in RoomMessageType]: readonly UntimedMessage[] } = {
  create: [
    {
      type: 'create',
      session: sessionOf(0),
      code: 'ABCDEF',
      seed: '5'.repeat(64),
      hostName: 'P0',
      timeScale: 1,
    },
  ],
  close: [
    { type: 'close', reason: 'operator' },
    { type: 'close', reason: 'shutdown' },
  ],
  resumed: [{ type: 'resumed', outageMs: 5_000 }],
  join: [
    { type: 'join', session: 'stranger', name: 'Newcomer' },
    { type: 'join', session: 'stranger', name: 'P0' },
  ],
  addBot: perSeat((target) => ({ type: 'addBot', ...speaker(0), target })),
  removePlayer: perSeat((target) => ({ type: 'removePlayer', ...speaker(0), target })),
  leave: [...perSeat((seat) => ({ type: 'leave', ...speaker(seat) })), { type: 'leave', seat: 0, session: 'stranger' }],
  startGame: perSeat((seat) => ({ type: 'startGame', ...speaker(seat) })),
  connect: perSeat((seat) => ({ type: 'connect', ...speaker(seat) })),
  disconnect: perSeat((seat) => ({ type: 'disconnect', seat })),
  answerRedeal: perSeat((seat) => ({ type: 'answerRedeal', ...speaker(seat), accept: true })),
  declare: SEATS.flatMap((seat) =>
    [-1, 0, 1, 2, 8, 9, 0.5].map((value) => ({ type: 'declare' as const, ...speaker(seat), value })),
  ),
  play: SEATS.flatMap((seat) =>
    [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [0, 0], [8], [-1]].map(
      (indices) => ({
        type: 'play' as const,
        ...speaker(seat),
        indices,
      }),
    ),
  ),
  timer: (['pause', 'redealWarning', 'redealLimit', 'hostArrival', 'abandoned', 'finished'] as const).map((timer) => ({
    type: 'timer',
    timer,
  })),
  botTimer: perSeat((seat) => ({ type: 'botTimer', seat })),
};

/** What a room in that state answers, asked of a copy; `at` is later than every timer. */
export function answerOf({ snapshot, driver }: Reached, message: UntimedMessage) {
  const runner = MachineRunner.restore(driver.definition, snapshot);
  const result = runner.step({ ...message, at: driver.now + FAR });
  return { result, after: runner.snapshot };
}
