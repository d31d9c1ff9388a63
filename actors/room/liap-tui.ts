import type { Message, RoomDefinition } from '../room-definition.js';
import { type BotMind, plainBots } from './bots.js';
import { chance } from './chance.js';
import { EXTERNAL_EVENTS } from './external-events.js';
import type { DealOrder } from './phases/preparation.js';
import { type RoomEvent, roomEvent } from './room-event.js';
import { roomMachine } from './room-machine.js';
import { type MessageOf, type RoomMessage, roomMessage } from './room-message.js';
import { roomRows } from './room-rows.js';
import { type Occupant, paceFor, type RoomState } from './room-state.js';
import { type RoomView, viewRoom } from './room-view.js';
import { fullSet, perSeat, shuffle } from './rules.js';
import { seatBot, seatPerson } from './seats.js';
import { dueTimers, earliest } from './timing.js';
import { MACHINE_VERSION } from './versions/current.js';
import { edition1, fromVersion1 } from './versions/version-1.js';

export type LiapTui = RoomDefinition<RoomState, RoomMessage, RoomEvent, RoomView>;

/** Uniform deal, keyed by seed, round and deal number (rules.md R3.1). */
export const seededDeal: DealOrder = (seed, round, deal) => shuffle(fullSet(), chance(seed, 'deal', round, deal));

export interface LiapTuiOptions {
  readonly order?: DealOrder;
  readonly bots?: BotMind;
}

/** The game room as the runtime sees it. */
export function liapTui({ order = seededDeal, bots = plainBots }: LiapTuiOptions = {}): LiapTui {
  return {
    name: 'liap-tui',
    version: MACHINE_VERSION,
    machine: roomMachine(order, bots),
    message: roomMessage,
    event: roomEvent,
    create: newRoom,
    previous: [{ version: 1, machine: roomMachine(order, bots, edition1), message: roomMessage, create: newRoom }],
    upcasters: { 1: fromVersion1 },
    deadline: ({ context, value }) => (value === 'closed' ? null : earliest(dueTimers(context, bots))),
    resumed: EXTERNAL_EVENTS.timeStoodStill,
    closing: EXTERNAL_EVENTS.operatorCloses,
    view: viewRoom,
    redact: withoutSecrets,
    rows: roomRows,
    isClosed: ({ value }) => value === 'closed',
  };
}

/** Of everything that is journaled: the seed, which all hands follow from, and who speaks, at any depth. */
const SECRETS: ReadonlySet<string> = new Set(['seed', 'session', 'key']);

function withoutSecrets(told: unknown): unknown {
  return JSON.parse(JSON.stringify(told, (member, value: unknown) => (SECRETS.has(member) ? undefined : value)));
}

/** The host in seat 0 and bots around (rules.md R16.1). */
function newRoom(message: Message): RoomState {
  if (message.type !== 'create') throw new Error(`a room begins with create, not with ${message.type}`);
  const { at, code, seed, hostName, session, timeScale } = message as MessageOf<'create'>;
  const empty = perSeat<Occupant | null>(() => null);
  return {
    code,
    seed,
    pace: paceFor(timeScale),
    createdAt: at,
    activeAt: at,
    seats: perSeat((seat) => (seat === 0 ? seatPerson(hostName, session, empty, [seed, at]) : seatBot(seat, at))),
    host: 0,
    hostArrived: false,
    emptySince: null,
    pauseEndsAt: null,
    awaiting: null,
    game: null,
  };
}
