import { declaredBefore, requiredCount } from '../../actors/room/bots.js';
import type { RoomMessage, UntimedMessage } from '../../actors/room/room-message.js';
import { gameOf, isPersonPresent, type RoomState } from '../../actors/room/room-state.js';
import { pick, type Random } from '../../src/client/random.js';
import { type Seat, SEATS } from '../../src/game/seats.js';
import { below } from '../chance.js';
import type { Proposal, Saying, Scene } from '../subject.js';
import { askedPeople, legalMove, NOBODY, openValues, sessionOf, someOf, someSeat, styleOf } from './moves.js';

type LiapScene = Scene<RoomState, RoomMessage>;
type Say = (scene: LiapScene, random: Random) => Saying<RoomMessage> | null;

const PLAYERS_NAMES = ['Ada', 'Bo', 'Cy', 'Di', 'Bot 2', 'P0', 'Éva 山', '1'] as const;
const TIMERS = ['pause', 'redealWarning', 'redealLimit', 'hostArrival', 'abandoned', 'finished'] as const;
const ODD_VALUES = [-1, 0, 1, 2, 3, 8, 9, 0.5, 1e9, -0, -8, 2 ** 53] as const;
const FAR_MS = 3_600_000;

/** People are quick, slow, or so slow that the room went on long ago. */
function pause(random: Random): number {
  const kind = random();
  if (kind < 0.5) return 0;
  return kind < 0.9 ? below(random, 2_000) : below(random, 40_000);
}

const said = (message: UntimedMessage, afterMs = 0): Saying<RoomMessage> => ({ message, afterMs });
const spoken = (make: (state: RoomState, random: Random) => UntimedMessage | null): Say => {
  return ({ snapshot: { context } }, random) => {
    const message = make(context, random);
    if (message === null) return null;
    // Keys come again, and with other messages: the machine has to pay them no heed.
    const isKeyed = 'session' in message && random() < 0.3;
    return { message, afterMs: pause(random), ...(isKeyed && { key: `key-${below(random, 4)}` }) };
  };
};

/** Who says it: nearly always whose seat it is. */
function speaker(state: RoomState, seat: Seat, random: Random): { readonly seat: Seat; readonly session: string } {
  const foreign = random() < 0.04;
  return { seat, session: foreign ? sessionOf(state, pick(random, SEATS)) : sessionOf(state, seat) };
}

const hostSpeaks = (state: RoomState, random: Random) =>
  speaker(state, random() < 0.85 ? state.host : pick(random, SEATS), random);

function newcomer(state: RoomState, random: Random): UntimedMessage {
  const others = state.seats.flatMap((occupant) => (occupant?.kind === 'person' ? [occupant.session] : []));
  // The same session may sit twice: nobody has promised otherwise.
  const again = others.length > 0 && random() < 0.03;
  const session = again ? pick(random, others) : `session-${below(random, 0xffff).toString(16)}-of-a-guest`;
  return { type: 'join', session, name: random() < 0.8 ? `P${below(random, 50)}` : pick(random, PLAYERS_NAMES) };
}

const legal: Say = ({ snapshot: { context } }, random) => {
  const asked = askedPeople(context);
  if (asked.length === 0) return null;
  const style = styleOf(context, below(random, 0x7fff_ffff), 0);
  return said(legalMove(context, pick(random, asked), random, style), pause(random));
};

const rings: Say = ({ due, now }) => (due === null ? null : said(due.message, Math.max(0, due.at - now)));

const ringsLate: Say = ({ due, now }, random) =>
  due === null ? null : said(due.message, Math.max(0, due.at - now) + 1 + below(random, 20_000));

const ringsEarly: Say = ({ due, now }, random) => {
  if (due === null || due.at <= now) return null;
  return said(due.message, random() < 0.5 ? due.at - now - 1 : below(random, due.at - now));
};

const strayTimer: Say = ({ snapshot: { context } }, random) => {
  const message: UntimedMessage =
    random() < 0.6
      ? { type: 'timer', timer: pick(random, TIMERS) }
      : { type: 'botTimer', seat: someSeat(context, random) };
  // Of those that nobody waits for, and now and then of one whose time has come long ago.
  return said(message, random() < 0.9 ? 0 : FAR_MS);
};

function oddDeclaration(state: RoomState, random: Random): UntimedMessage {
  const seat = someSeat(state, random);
  return { type: 'declare', ...speaker(state, seat, random), value: pick(random, ODD_VALUES) };
}

function barredDeclaration(state: RoomState): UntimedMessage | null {
  if (state.awaiting?.what !== 'declaration') return null;
  const seat = state.awaiting.seats[0]!;
  const open = openValues(state, seat);
  const barred = [0, 1, 2, 3, 4, 5, 6, 7, 8].find((value) => !open.includes(value));
  if (barred === undefined || state.seats[seat]?.kind !== 'person') return null;
  return { type: 'declare', seat, session: sessionOf(state, seat), value: barred };
}

function oddPlay(state: RoomState, random: Random): UntimedMessage | null {
  if (state.game === null) return null;
  const seat = someSeat(state, random);
  const hand = gameOf(state).hands[seat];
  const count = requiredCount(state) ?? 1 + below(random, 4);
  const indices = someOf(random, hand, count);
  // A piece named twice is the likeliest of all mistakes.
  const odd = random() < 0.4 ? (indices[0] ?? 0) : pick(random, [-1, 8, 0.5, 31, -0, 1e9, hand.length]);
  const kind = below(random, 6);
  if (kind <= 1) indices[below(random, indices.length)] = odd;
  else if (kind === 2) indices.push(odd);
  else if (kind === 3) indices.pop();
  else if (kind === 4) indices.length = 0;
  return { type: 'play', ...speaker(state, seat, random), indices };
}

/** Somebody whose turn it is not, with pieces that would do. */
function playOutOfTurn(state: RoomState, random: Random): UntimedMessage | null {
  if (state.game === null) return null;
  const seat = pick(random, SEATS);
  const indices = someOf(random, gameOf(state).hands[seat], requiredCount(state) ?? 1);
  return { type: 'play', seat, session: sessionOf(state, seat), indices };
}

/** A leader with several pieces that have no type, or far too many. */
function leadWithout(state: RoomState, random: Random): UntimedMessage | null {
  if (state.awaiting?.what !== 'play' || requiredCount(state) !== null) return null;
  const seat = state.awaiting.seats[0]!;
  const indices = someOf(random, gameOf(state).hands[seat], 2 + below(random, 7));
  return { type: 'play', ...speaker(state, seat, random), indices };
}

function declareLegally(state: RoomState, random: Random): UntimedMessage | null {
  if (state.awaiting?.what !== 'declaration') return null;
  const seat = state.awaiting.seats[0]!;
  // A third zero in a row needs two before it.
  const value = random() < 0.5 ? 0 : declaredBefore(state).length;
  return { type: 'declare', ...speaker(state, seat, random), value };
}

/** Speaks for a seat that is somebody else's. */
function impostor(state: RoomState, random: Random): UntimedMessage {
  const seat = pick(random, SEATS);
  const session = random() < 0.5 ? NOBODY : sessionOf(state, pick(random, SEATS));
  const kinds: readonly UntimedMessage[] = [
    { type: 'leave', seat, session },
    { type: 'startGame', seat, session },
    { type: 'connect', seat, session },
    { type: 'addBot', seat, session, target: pick(random, SEATS) },
    { type: 'removePlayer', seat, session, target: pick(random, SEATS) },
    { type: 'answerRedeal', seat, session, accept: true },
    { type: 'declare', seat, session, value: 1 },
    { type: 'play', seat, session, indices: [0] },
  ];
  return pick(random, kinds);
}

/** What no schema lets in. A room that met one of these would have no rule for it. */
function nonsense(state: RoomState, random: Random): UntimedMessage {
  const speaking = { seat: state.host, session: sessionOf(state, state.host) };
  const kinds: readonly unknown[] = [
    { type: 'declare', ...speaking, value: '3' },
    { type: 'declare', ...speaking, value: true },
    { type: 'declare', ...speaking, value: null },
    { type: 'declare', ...speaking, value: Number.NaN },
    { type: 'declare', ...speaking },
    { type: 'play', ...speaking, indices: 'all' },
    { type: 'play', ...speaking, indices: [null] },
    { type: 'play', ...speaking, indices: { length: 1, 0: 0 } },
    { type: 'leave', seat: 4, session: speaking.session },
    { type: 'leave', seat: -1, session: speaking.session },
    { type: 'leave', seat: '0', session: speaking.session },
    { type: 'leave', seat: 0, session: null },
    { type: 'answerRedeal', ...speaking, accept: 1 },
    { type: 'addBot', ...speaking, target: 7 },
    { type: 'timer', timer: 'eggs' },
    { type: 'resumed', outageMs: -5 },
    { type: 'resumed', outageMs: 0.5 },
    { type: 'close', reason: 'boredom' },
    { type: 'refused', refusal: { kind: 'refused', reason: 'notHost', sentence: 'No.' } },
    { type: '*' },
    { type: 'xstate.init' },
    { type: 'constructor' },
  ];
  return pick(random, kinds) as UntimedMessage;
}

const createAgain: UntimedMessage = {
  type: 'create',
  session: NOBODY,
  code: 'ABCDEF',
  seed: 'f'.repeat(64),
  hostName: 'Other',
  timeScale: 1,
};

/** Everything that may be said to a room, and much that may not. */
export const PROPOSALS: Readonly<Record<string, Proposal<RoomState, RoomMessage>>> = {
  'the deadline rings': { weight: 14, say: rings },
  'the deadline rings late': { weight: 3, say: ringsLate },
  'the deadline rings early': { weight: 4, say: ringsEarly },
  'a timer rings that nobody waits for': { weight: 8, say: strayTimer },
  'somebody who is asked moves as the rules allow': { weight: 14, say: legal },
  'somebody declares anything': { weight: 4, say: spoken(oddDeclaration) },
  'somebody declares in turn': { weight: 4, say: spoken(declareLegally) },
  'somebody declares what is barred': { weight: 6, say: spoken(barredDeclaration) },
  'somebody plays anything': { weight: 6, say: spoken(oddPlay) },
  'somebody plays out of turn': { weight: 2, say: spoken(playOutOfTurn) },
  'the leader plays what may have no type': { weight: 3, say: spoken(leadWithout) },
  'somebody answers about a redeal': {
    weight: 4,
    say: spoken((state, random) => {
      const seat = someSeat(state, random);
      return { type: 'answerRedeal', ...speaker(state, seat, random), accept: random() < 0.5 };
    }),
  },
  'somebody joins': { weight: 5, say: spoken(newcomer) },
  'a bot is seated': {
    weight: 3,
    say: spoken((state, random) => ({
      type: 'addBot',
      ...hostSpeaks(state, random),
      target: pick(random, SEATS),
    })),
  },
  'somebody is removed': {
    weight: 4,
    say: spoken((state, random) => ({
      type: 'removePlayer',
      ...hostSpeaks(state, random),
      target: pick(random, SEATS),
    })),
  },
  'somebody leaves': {
    weight: 1.5,
    say: spoken((state, random) => ({ type: 'leave', ...speaker(state, pick(random, SEATS), random) })),
  },
  'the game is started': {
    weight: 2,
    say: spoken((state, random) => ({ type: 'startGame', ...hostSpeaks(state, random) })),
  },
  'somebody connects': {
    weight: 5,
    say: spoken((state, random) => ({ type: 'connect', ...speaker(state, pick(random, SEATS), random) })),
  },
  'somebody comes back': {
    weight: 5,
    say: spoken((state, random) => {
      const away = SEATS.filter((seat) => {
        const occupant = state.seats[seat];
        return occupant?.kind === 'person' && !isPersonPresent(occupant);
      });
      if (away.length === 0) return null;
      const seat = pick(random, away);
      return { type: 'connect', seat, session: sessionOf(state, seat) };
    }),
  },
  'somebody loses the connection': {
    weight: 4,
    say: spoken((state, random) => {
      const present = SEATS.filter((seat) => isPersonPresent(state.seats[seat]));
      const anyone = present.length === 0 || random() < 0.3;
      return { type: 'disconnect', seat: pick(random, anyone ? SEATS : present) };
    }),
  },
  'somebody speaks for a seat of somebody else': { weight: 4, say: spoken(impostor) },
  'clocks move on after an outage': {
    weight: 2,
    say: spoken((_state, random) => ({ type: 'resumed', outageMs: 1 + below(random, 100_000) })),
  },
  'the last message comes again': {
    weight: 3,
    say({ last }) {
      const { at, key, ...message } = last as RoomMessage & { readonly key?: string };
      return said(message);
    },
  },
  'a room is made anew': { weight: 0.8, say: spoken(() => createAgain) },
  'somebody talks nonsense': { weight: 2, say: spoken(nonsense) },
  'the room is closed': {
    weight: 0.3,
    say: spoken((_state, random) => ({ type: 'close', reason: random() < 0.5 ? 'operator' : 'shutdown' })),
  },
};
