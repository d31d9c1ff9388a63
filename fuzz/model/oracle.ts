import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage } from '../../actors/room/room-message.js';
import type { Game, RoomState } from '../../actors/room/room-state.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { leafOf } from '../leaf.js';
import type { Broken, Invariant, Step } from '../subject.js';
import { botDeclaration, botPlay } from './bots.js';
import { type DealOf, type ModelDue, type ModelEvent, RoomModel } from './room-model.js';
import { ALL, from } from './rounds.js';
import { same } from './same.js';

/** What the model is asked about, one promise each. */
export const BY_THE_RULES = {
  taken: 'messages are taken and refused as the rules say',
  events: 'what happened is told as the rules say',
  state: 'the state is the one that the rules lead to',
  due: 'the room wakes up when the rules say',
  bots: 'bots decide as the rules say',
  model: 'the rules know what to do',
} as const;

type LiapStep = Step<RoomState, RoomMessage, RoomEvent>;

/** One of so many decisions of bots is made again: it takes longer than everything else together. */
const BOT_DECISIONS_EVERY = 13;
const DEADLINE_EVERY = 5;
const COLOURS = ['blue', 'purple', 'orange', 'red', 'green', 'teal', 'pink', 'yellow'];

/** The rules once more beside the machine: what follows from each message is compared. */
export function asTheRulesSay(dealOf: DealOf): Invariant<RoomState, RoomMessage, RoomEvent, RoomView> {
  return {
    name: BY_THE_RULES.model,
    watch(definition) {
      let model: RoomModel | null = null;
      let knowsEntrants = true; // an old version of the machine did not
      return {
        step(step) {
          knowsEntrants &&= step.version === definition.version;
          if (model === null) {
            model = new RoomModel(step.message, dealOf);
            return differenceOf(model, step, knowsEntrants);
          }
          const wrongBot = step.index % BOT_DECISIONS_EVERY === 0 ? wrongDecision(model, step) : null;
          if (wrongBot !== null) return broken('bots', wrongBot);
          const wrong = follow(model, step, knowsEntrants);
          if (wrong !== null || step.index % DEADLINE_EVERY !== 0) return wrong;
          return wrongDeadline(model.dues(), definition.deadline(step.after));
        },
      };
    },
  };
}

const broken = (promise: keyof typeof BY_THE_RULES, message: string): Broken => ({
  promise: BY_THE_RULES[promise],
  message,
});

function follow(model: RoomModel, step: LiapStep, knowsEntrants: boolean): Broken | null {
  const { message, result } = step;
  const seen = result.kind === 'applied' ? (result.events as readonly ModelEvent[]) : null;
  const verdict = model.step(message, seen);
  if (result.kind === 'refused') {
    if (verdict.kind === 'applied') {
      return broken('taken', `${message.type} was refused as ${result.reason}; the rules allow it`);
    }
    if (verdict.reasons.includes(result.reason)) return null;
    const reasons = verdict.reasons.join(' or ');
    return broken('taken', `${message.type} was refused as ${result.reason}; the rules say ${reasons}`);
  }
  if (verdict.kind === 'refused') {
    return broken('taken', `${message.type} was taken; the rules refuse it: ${verdict.reasons.join(' and ')}`);
  }
  if (!same(verdict.events, result.events)) {
    return broken('events', `${JSON.stringify(result.events)} should be ${JSON.stringify(verdict.events)}`);
  }
  return differenceOf(model, step, knowsEntrants);
}

function differenceOf(model: RoomModel, { after, message }: LiapStep, knowsEntrants: boolean): Broken | null {
  const { context, value } = after;
  const leaf = leafOf(value);
  if (leaf !== model.leaf) return broken('state', `it is in ${leaf} and should be in ${model.leaf}`);
  if (leaf === 'closed') return null;
  const wrong =
    different(context, model, ['host', 'hostArrived', 'emptySince', 'pauseEndsAt', 'awaiting', 'createdAt']) ??
    differentSeats(context, model) ??
    (context.activeAt === message.at ? null : `activeAt is ${context.activeAt} and should be ${message.at}`) ??
    differentGame(context.game, model.game, knowsEntrants);
  return wrong === null ? null : broken('state', wrong);
}

function differentSeats({ seats }: RoomState, model: RoomModel): string | null {
  const colours: string[] = [];
  for (const seat of ALL) {
    const [occupant, expected] = [seats[seat], model.seats[seat]];
    if (occupant?.kind === 'person') {
      const { colour } = occupant;
      if (!COLOURS.includes(colour) || colours.includes(colour)) return `seat ${seat} has the colour ${colour}`;
      colours.push(colour);
      if (!same(occupant, expected, 'colour')) return unlike(`seat ${seat}`, occupant, expected);
    } else if (!same(occupant, expected)) return unlike(`seat ${seat}`, occupant, expected);
  }
  return null;
}

const GAME_MEMBERS = [
  'startedAt',
  'endedAt',
  'round',
  'deal',
  'multiplier',
  'redealStarter',
  'lastTurnWinner',
  'starter',
  'starterReason',
  'hands',
  'declarations',
  'zeroStreaks',
  'turn',
  'piles',
  'scores',
  'turnsWon',
  'perfectRounds',
  'roundScores',
] as const;

function differentGame(game: Game | null, expected: RoomModel['game'], knowsEntrants: boolean): string | null {
  if (game === null || expected === null) return game === expected ? null : unlike('game', game, expected);
  return different(game, expected, knowsEntrants ? [...GAME_MEMBERS, 'entrants'] : GAME_MEMBERS);
}

function different<K extends string>(
  found: Readonly<Record<K, unknown>>,
  expected: Readonly<Record<K, unknown>>,
  members: readonly K[],
): string | null {
  for (const member of members) {
    if (!same(found[member], expected[member])) return unlike(member, found[member], expected[member]);
  }
  return null;
}

const unlike = (what: string, found: unknown, expected: unknown): string =>
  `${what} is ${JSON.stringify(found)} and should be ${JSON.stringify(expected)}`;

function wrongDeadline(
  dues: readonly ModelDue[],
  due: { readonly at: number; readonly message: object } | null,
): Broken | null {
  if (dues.length === 0) return due === null ? null : broken('due', `nothing is due, and it would ring at ${due.at}`);
  if (due === null) return broken('due', `it never rings, and ${dues.map(({ message }) => message).join(', ')} is due`);
  const { type, timer, seat } = due.message as {
    readonly type: string;
    readonly timer?: string;
    readonly seat?: number;
  };
  const message = `${type} ${timer ?? seat ?? ''}`;
  const known = dues.find((each) => each.message === message);
  const [earliest, latest] = [least(dues.map((each) => each.earliest)), least(dues.map((each) => each.latest))];
  if (known !== undefined && due.at >= known.earliest && due.at <= known.latest && due.at <= latest) return null;
  return broken('due', `${message} at ${due.at}; the rules say from ${earliest} to ${latest}: ${JSON.stringify(dues)}`);
}

function least(values: readonly number[]): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Infinity);
}

/** Before the model goes on: what the bot that acts has to decide from. */
function wrongDecision({ game, awaiting }: RoomModel, { message, result }: LiapStep): string | null {
  if (message.type !== 'botTimer' || result.kind === 'refused' || game === null || awaiting === null) return null;
  const { seat } = message;
  const [event] = result.events;
  const hand = game.hands[seat];
  if (event?.type === 'declared') {
    const before = from(game.starter!).flatMap((each) => game.declarations[each] ?? []);
    const value = botDeclaration(hand, before.length, before, game.zeroStreaks[seat] >= 2);
    return value === event.value ? null : `bot ${seat} declared ${event.value} and should declare ${value}`;
  }
  if (event?.type !== 'played') return null;
  const pieces = botPlay(hand, game.turn?.plays[0]?.pieces.length ?? null).map((position) => hand[position]!);
  return same(pieces, event.pieces)
    ? null
    : `bot ${seat} played ${event.pieces.join()} and should play ${pieces.join()}`;
}
