import type { RowChange } from '../../persistence/journal.js';
import type { RoomDefinition, RoomSnapshot } from '../room-definition.js';
import { type BotMind, plainBots } from './bots.js';
import { chance } from './chance.js';
import type { DealOrder } from './phases/preparation.js';
import { roomMachine } from './room-machine.js';
import { type RoomEvent, roomEvent } from './room-event.js';
import { type MessageOf, type RoomMessage, roomMessage } from './room-message.js';
import { type Occupant, paceFor, type RoomState } from './room-state.js';
import { leafOf, type RoomView, viewRoom } from './room-view.js';
import { fullSet, perSeat, shuffle } from './rules.js';
import { seatBot, seatPerson } from './seats.js';
import { dueTimers, earliest } from './timing.js';

export type LiapTui = RoomDefinition<RoomState, RoomMessage, RoomEvent, RoomView>;

/** Version of the machine and its state. Raised when a room saved by the one before would replay differently. */
const MACHINE_VERSION = 1;

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
    create(message) {
      if (message.type !== 'create') throw new Error(`a room begins with create, not with ${message.type}`);
      return newRoom(message);
    },
    upcast(snapshot, fromVersion) {
      if (fromVersion !== MACHINE_VERSION) throw new Error(`machine version ${fromVersion} is not known`);
      return snapshot as RoomSnapshot<RoomState>;
    },
    deadline: ({ context, value }) => (value === 'closed' ? null : earliest(dueTimers(context, bots))),
    resumed: (outageMs) => ({ type: 'resumed', outageMs }),
    view: viewRoom,
    rows: roomRows,
    isClosed: ({ value }) => value === 'closed',
  };
}

/** The host in seat 0 and bots around (rules.md R16.1). */
function newRoom({ at, code, seed, hostName, session, timeScale }: MessageOf<'create'>): RoomState {
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

/** Events after which the row in the room list is another. */
const LISTED: ReadonlySet<RoomEvent['type']> = new Set<RoomEvent['type']>([
  'roomCreated',
  'playerJoined',
  'botSeated',
  'seatFreed',
  'gameStarted',
  'hostChanged',
  'playerLeft',
  'gameEnded',
  'roomClosed',
]);

function roomRows(
  roomId: string,
  message: RoomMessage,
  events: readonly RoomEvent[],
  snapshot: RoomSnapshot<RoomState>,
): RowChange[] {
  if (!events.some((event) => LISTED.has(event.type))) return [];
  const { seats, host, code, createdAt, activeAt } = snapshot.context;
  const view = viewRoom(snapshot, 'spectator');
  const values = {
    code,
    status: statusOf(snapshot.value),
    host_name: seats[host]?.name ?? '',
    seats: JSON.stringify(view.seats),
    free_seats: seats.filter((occupant) => occupant === null).length,
    created_at: createdAt,
    updated_at: activeAt,
    ...(message.type === 'create' && { creator: message.session, creation_key: message.key ?? null }),
  };
  return [{ kind: 'put', table: 'rooms', key: roomId, values }];
}

function statusOf(value: unknown): 'waiting' | 'playing' | 'over' | 'closed' {
  const [top] = leafOf(value).split('.');
  if (top === 'gameOver') return 'over';
  return top === 'waiting' || top === 'closed' ? top : 'playing';
}
