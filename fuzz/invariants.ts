import type { RoomEvent, RoomRefusalReason } from '../actors/room/room-event.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import { isPersonPresent, type RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import { fullSet, type Piece } from '../src/game/pieces.js';
import { SEATS } from '../src/game/seats.js';
import { leafOf } from './leaf.js';
import type { DealOrder } from '../actors/room/phases/preparation.js';
import { fuzzDeal } from './liap/deals.js';
import { asTheRulesSay } from './model/oracle.js';
import { SECRETS_KEPT } from './secrets.js';
import { type Invariant, invariant, type Step } from './subject.js';
import { viewsAreTrue } from './view-truth.js';

type LiapStep = Step<RoomState, RoomMessage, RoomEvent>;
type LiapInvariant = Invariant<RoomState, RoomMessage, RoomEvent, RoomView>;

/** Every reason for which a room refuses. The compiler demands all of them. */
const KNOWN: Readonly<Record<RoomRefusalReason, true>> = {
  notYourTurn: true,
  valueOutOfRange: true,
  totalWouldBeEight: true,
  thirdZero: true,
  wrongPieceCount: true,
  pieceNotHeld: true,
  duplicatePiece: true,
  notAPlay: true,
  notAsked: true,
  alreadyAnswered: true,
  wrongPhase: true,
  alreadyStarted: true,
  roomFull: true,
  nameTaken: true,
  notSeated: true,
  notHost: true,
  hostSeat: true,
  seatEmpty: true,
  gameOver: true,
  alreadyHere: true,
  notDue: true,
};
export const REASONS: readonly string[] = Object.keys(KNOWN);

const PIECES = fullSet();
const KINDS = [...new Set(PIECES)];
const NUMBER_OF = new Map(KINDS.map((kind, index) => [kind, index]));
const COPIES = KINDS.map((kind) => PIECES.filter((piece) => piece === kind).length);

/** The game where something happened; what was refused has left it as it was. */
const game = ({ after, result }: LiapStep) => (result.kind === 'refused' ? null : after.context.game);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const piecesConserved: LiapInvariant = invariant('pieces are conserved', (step) => {
  const now = game(step);
  if (now === null || now.hands.every((hand) => hand.length === 0) || now.starter === null) return null;
  const held = sum(now.hands.map((hand) => hand.length));
  const open =
    now.turn !== null && now.turn.winner === null ? sum(now.turn.plays.map(({ pieces }) => pieces.length)) : 0;
  const captured = sum(now.piles) * 4;
  return held + open + captured === PIECES.length ? null : `${held} held, ${open} on the table, ${captured} captured`;
});

const oneHolder: LiapInvariant = invariant('each piece has one holder', (step) => {
  const now = game(step);
  if (now === null) return null;
  const left = [...COPIES];
  for (const seat of SEATS) {
    const wrong = take(left, now.hands[seat]);
    if (wrong !== null) return wrong;
  }
  for (const { pieces } of now.turn?.plays ?? []) {
    const wrong = take(left, pieces);
    if (wrong !== null) return wrong;
  }
  return null;
});

/** @returns what is wrong with the pieces; else they are no longer `left` */
function take(left: number[], pieces: readonly Piece[]): string | null {
  // V8 makes an object for each step of an iteration over what is frozen.
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index]!;
    const kind = NUMBER_OF.get(piece);
    if (kind === undefined) return `${piece} is no piece`;
    if (--left[kind]! < 0) return `${piece} is there once too often`;
  }
  return null;
}

const noDeadState: LiapInvariant = {
  name: 'a room that waits for nobody has a deadline',
  watch: (definition) => ({
    step(step) {
      const leaf = leafOf(step.after.value);
      if (!leaf.startsWith('playing') && leaf !== 'gameOver') return null;
      const { awaiting, seats } = step.after.context;
      const someoneThinks = (awaiting?.seats ?? []).some((seat) => isPersonPresent(seats[seat]));
      if (someoneThinks) return null;
      return definition.deadline(step.after) === null ? `${leaf} would stand still for ever` : null;
    },
  }),
};

const turnOrder: LiapInvariant = invariant('plays follow one another in the order of seats', (step) => {
  const now = game(step);
  if (now?.turn == null) return null;
  const { leader, plays, winner } = now.turn;
  const wrong = plays.findIndex(({ seat }, index) => seat !== (leader + index) % 4);
  if (wrong >= 0) return `play ${wrong + 1} of a turn led by ${leader} is by seat ${plays[wrong]!.seat}`;
  if (plays.some(({ pieces }) => pieces.length !== plays[0]!.pieces.length)) return 'plays are not of one length';
  const { awaiting } = step.after.context;
  if (winner !== null || plays.length === 4 || awaiting === null) return null;
  const next = (leader + plays.length) % 4;
  return awaiting.seats[0] === next ? null : `seat ${awaiting.seats.join()} is asked, and ${next} is to play`;
});

const declarationSums: LiapInvariant = invariant(
  'declarations are whole, never make eight, and no third zero',
  (step) => {
    const now = game(step);
    if (now === null) return null;
    const values = now.declarations.filter((value) => value !== null);
    const odd = values.find((value) => !Number.isInteger(value) || value < 0 || value > 8);
    if (odd !== undefined) return `${odd} was declared`;
    if (values.length === 4 && sum(values) === 8) return `${values.join(' + ')} make eight`;
    return now.zeroStreaks.some((streak) => streak > 2) ? `zeros in a row: ${now.zeroStreaks.join()}` : null;
  },
);

const scoresRecomputed: LiapInvariant = invariant('scores are what declarations and piles make of them', (step) => {
  const [before, now] = [step.before?.context.game ?? null, game(step)];
  if (before === null || now === null || step.result.kind === 'refused') return null;
  const isScored = step.result.events.some(({ type }) => type === 'roundScored');
  if (isScored && sum(now.piles) !== 8) return `${sum(now.piles)} piles in a round`;
  for (const seat of SEATS) {
    const [declared, captured] = [now.declarations[seat] ?? 0, now.piles[seat]];
    const kept = declared === 0 ? 3 : declared + 5;
    const grown = isScored ? now.multiplier * (declared === captured ? kept : -Math.abs(declared - captured)) : 0;
    if (now.scores[seat] !== before.scores[seat] + grown) {
      return `seat ${seat} goes from ${before.scores[seat]} to ${now.scores[seat]}, not by ${grown}`;
    }
  }
  return null;
});

const seatsTaken: LiapInvariant = invariant('a running game has four at the table', ({ after: { value, context } }) => {
  if (value === 'waiting' || value === 'closed') return null;
  const empty = context.seats.indexOf(null);
  return empty < 0 ? null : `seat ${empty} is empty`;
});

/** The promises of a game room that deals in this way, one name each. */
export const invariantsOf = (order: DealOrder): readonly LiapInvariant[] => [
  noDeadState,
  asTheRulesSay(order),
  piecesConserved,
  oneHolder,
  turnOrder,
  declarationSums,
  scoresRecomputed,
  seatsTaken,
  ...SECRETS_KEPT,
  viewsAreTrue,
];

export const INVARIANTS = invariantsOf(fuzzDeal);
