import type { RoomMemory } from '../../actors/rooms.js';
import type { Phase } from '../../actors/room/room-setup.js';
import { phaseOf, type SeatView } from '../../actors/room/room-view.js';
import type { JournalEngine } from '../../persistence/journal.js';
import type { DeadLetterRow, RoomRow, RowChange, RowPage } from '../../persistence/rows.js';
import type { GameNotice } from '../gateway/game-notice.js';
import type { GameRooms } from '../gateway/gateway.js';
import type { FlightRecorder } from './flight-recorder.js';

/** What may be wrong with a room. */
export const HEALTHS = ['paused', 'quarantined', 'restarting', 'lagging', 'deadLetters'] as const;
export type Health = (typeof HEALTHS)[number];
export type RoomStatus = RoomRow['status'];
export const STATUSES = ['waiting', 'playing', 'over', 'closed', 'archived'] as const satisfies readonly RoomStatus[];
export const SORTS = ['activity', 'created', 'code', 'host'] as const;
export type Sort = (typeof SORTS)[number];

/** A room in the list. */
export interface IndexedRoom {
  readonly roomId: string;
  readonly code: string;
  readonly status: RoomStatus;
  readonly phase: Phase | null; // null: not known without reading its journal
  readonly leaf: string | null;
  readonly hostName: string;
  readonly players: readonly (IndexedPlayer | null)[]; // by seat
  readonly createdAt: number; // ms since the epoch
  readonly activeAt: number;
  readonly seq: number | null;
  readonly health: readonly Health[];
  readonly inMemory: boolean;
  readonly waiting: number; // messages in its mailbox
  readonly lagMs: number;
  readonly restarts: number;
  readonly deadLetters: number;
  readonly refusals: number;
}

export interface IndexedPlayer {
  readonly name: string;
  readonly isBot: boolean;
  readonly isPerson: boolean;
  readonly away: boolean;
}

export interface RoomQuery {
  readonly q?: string | undefined;
  readonly status?: RoomStatus | 'open' | undefined;
  readonly phase?: Phase | undefined;
  readonly health?: Health | 'refusals' | 'unwell' | undefined;
  readonly sort: Sort;
  readonly limit: number;
  readonly after: string | null;
}

export interface RoomCounts {
  readonly status: Readonly<Record<RoomStatus, number>>;
  readonly health: Readonly<Record<Health, number>>;
}

export interface IndexPage {
  readonly matching: number;
  readonly known: number;
  readonly phaseUnknown: number;
  readonly next: string | null;
  readonly counts: RoomCounts;
  readonly items: readonly IndexedRoom[];
}

export interface RoomIndexPorts {
  readonly rooms: Pick<
    GameRooms,
    'subscribe' | 'holdOf' | 'holds' | 'inMemory' | 'statusOf' | 'restartsOf' | 'query' | 'resolve'
  >;
  readonly engine: Pick<JournalEngine, 'select'>;
  readonly recorder: Pick<FlightRecorder, 'refusedIn' | 'refusingRooms'>;
  readonly elapsedMs: () => number; // monotonic
}

/** A message that waits for so long is a sign that something is wrong. */
const LAG_MS = 1_000;
/** Dead letters are told by nobody: they are counted anew that often while somebody looks. */
const LETTERS_FRESH_MS = 5_000;
const LETTERS_MAX = 10_000;
/** An index that nobody has asked for that long is given up. */
const IDLE_MS = 600_000;
/** The same question is answered from the last answer for so long, whoever asks. */
const SAME_MS = 250;
const ANSWERS_MAX = 64;
const CENSUS_FRESH_MS = 1_000;

interface Census {
  readonly status: Readonly<Record<RoomStatus, number>>;
  readonly newest: string | null;
  readonly size: number; // rooms
  readonly atMs: number; // monotonic
}

/** What is kept of a room. `text` is what a search looks into. */
interface Kept {
  readonly row: RoomRow;
  readonly players: readonly (IndexedPlayer | null)[];
  readonly text: string;
  activeAt: number;
  leaf: string | null;
  seq: number | null;
}

/** A cursor that no page of the list gave. */
export class CursorUnknown extends Error {
  override readonly name = 'CursorUnknown';
}

/**
 * All rooms, to be searched, filtered and sorted at once: read from the store when somebody first asks, kept up by what
 * passes the gate, and given up when nobody has asked for a while. Until then a notice costs a look at a flag.
 */
export class RoomIndex {
  readonly #ports: RoomIndexPorts;
  #kept: Map<string, Kept> | null = null;
  #byCode = new Map<string, string>();
  #opening: Promise<Map<string, Kept>> | null = null;
  #askedMs = 0;
  #census: Census | null = null;
  #letters = new Map<string, number>();
  #lettersReadMs = Number.NEGATIVE_INFINITY;
  readonly #answers = new Map<string, { readonly atMs: number; readonly page: Promise<IndexPage> }>();
  /** Told of each room whose line may have changed. */
  onChange: (roomId: string) => void = () => undefined;

  constructor(ports: RoomIndexPorts) {
    this.#ports = ports;
  }

  /** Takes over what an entry changed. */
  note(notice: GameNotice): void {
    if (this.#kept === null && this.#opening === null) return;
    if (notice.kind === 'applied' || notice.kind === 'restored') {
      if (this.#opening !== null)
        void this.#opening.then(
          (kept) => this.#apply(kept, notice),
          () => undefined,
        );
      else this.#apply(this.#kept!, notice);
    }
    this.onChange(notice.roomId);
  }

  /** @throws StoreFailure, CursorUnknown */
  page(query: RoomQuery): Promise<IndexPage> {
    const key = JSON.stringify(query);
    const atMs = this.#ports.elapsedMs();
    const known = this.#answers.get(key);
    if (known !== undefined && atMs - known.atMs < SAME_MS) return known.page;
    const page = this.#page(query);
    this.#answers.delete(key);
    this.#answers.set(key, { atMs, page });
    if (this.#answers.size > ANSWERS_MAX) this.#answers.delete(this.#answers.keys().next().value!);
    page.catch(() => this.#answers.delete(key));
    return page;
  }

  /** The line of a room, by its id or its code; null for an unknown one. */
  async find(name: string): Promise<IndexedRoom | null> {
    const kept = await this.#open();
    const roomId = kept.has(name) ? name : this.#byCode.get(name.toUpperCase());
    return roomId === undefined ? null : this.line(roomId);
  }

  /** The line of a room as it is; null where the list is not open, or has no such room. */
  line(roomId: string): IndexedRoom | null {
    const kept = this.#kept?.get(roomId);
    return kept === undefined ? null : this.#line(kept);
  }

  async counts(): Promise<{ readonly known: number; readonly counts: RoomCounts; readonly newest: string | null }> {
    const kept = await this.#open();
    await this.#readLetters();
    const { newest } = this.#censusOf(kept);
    return { known: kept.size, counts: this.#counts(kept, this.#unwell()), newest };
  }

  async #page(query: RoomQuery): Promise<IndexPage> {
    const kept = await this.#open();
    await this.#readLetters();
    const unwell = this.#unwell();
    const isMatch = this.#matcher(query, unwell);
    const order = ORDERS[query.sort];
    const behind = query.after === null ? null : cursorOf(query.after);
    const best: Kept[] = []; // in order, at most one more than a page
    let matching = 0;
    let phaseUnknown = 0;
    for (const room of kept.values()) {
      if (room.leaf === null && room.row.status === 'playing') phaseUnknown++;
      if (!isMatch(room)) continue;
      matching++;
      if (behind !== null && order(room, behind) <= 0) continue;
      insert(best, room, order, query.limit + 1);
    }
    const shown = best.slice(0, query.limit);
    await Promise.all(shown.map((room) => this.#learnPhase(room)));
    return {
      matching,
      known: kept.size,
      phaseUnknown,
      next: best.length > shown.length ? cursorText(shown.at(-1)!) : null,
      counts: this.#counts(kept, unwell),
      items: shown.map((room) => this.#line(room)),
    };
  }

  #matcher({ q, status, phase, health }: RoomQuery, unwell: ReadonlyMap<Health, ReadonlySet<string>>) {
    const wanted = q?.toLowerCase();
    const ill = health === undefined ? null : this.#withHealth(health, unwell);
    return ({ row, text, leaf }: Kept): boolean => {
      if (status === 'open' ? row.status === 'closed' || row.status === 'archived' : status && row.status !== status) {
        return false;
      }
      if (phase !== undefined && phaseIn(row.status, leaf) !== phase) return false;
      if (ill !== null && !ill.has(row.roomId)) return false;
      return wanted === undefined || text.includes(wanted);
    };
  }

  #withHealth(health: Health | 'refusals' | 'unwell', unwell: ReadonlyMap<Health, ReadonlySet<string>>) {
    if (health === 'refusals') return new Set(this.#ports.recorder.refusingRooms);
    if (health === 'unwell') return new Set([...unwell.values()].flatMap((ids) => [...ids]));
    return unwell.get(health)!;
  }

  /** By what is wrong, the rooms with which it is: few, and found without a look at all the others. */
  #unwell(): ReadonlyMap<Health, ReadonlySet<string>> {
    const sets = new Map(HEALTHS.map((health) => [health, new Set<string>()]));
    for (const { roomId, kind } of this.#ports.rooms.holds()) sets.get(kind)!.add(roomId);
    for (const { roomId, status, lagMs } of this.#ports.rooms.inMemory()) {
      if (status === 'restarting') sets.get('restarting')!.add(roomId);
      if (lagMs > LAG_MS) sets.get('lagging')!.add(roomId);
    }
    for (const roomId of this.#letters.keys()) sets.get('deadLetters')!.add(roomId);
    return sets;
  }

  #counts(kept: ReadonlyMap<string, Kept>, unwell: ReadonlyMap<Health, ReadonlySet<string>>): RoomCounts {
    const { status } = this.#censusOf(kept);
    const health = Object.fromEntries(HEALTHS.map((name) => [name, unwell.get(name)!.size]));
    return { status, health: health as Record<Health, number> };
  }

  /** Counted over all rooms at most once a second, however many ask. */
  #censusOf(kept: ReadonlyMap<string, Kept>): Census {
    const now = this.#ports.elapsedMs();
    if (this.#census !== null && this.#census.size === kept.size && now - this.#census.atMs < CENSUS_FRESH_MS) {
      return this.#census;
    }
    const status = { waiting: 0, playing: 0, over: 0, closed: 0, archived: 0 };
    let newest = EMPTY_ROW;
    for (const { row } of kept.values()) {
      status[row.status]++;
      if (row.createdAt > newest.createdAt) newest = row;
    }
    const newestId = newest === EMPTY_ROW ? null : newest.roomId;
    this.#census = { status, newest: newestId, size: kept.size, atMs: now };
    return this.#census;
  }

  #line({ row, players, activeAt, leaf, seq }: Kept): IndexedRoom {
    const { roomId, code, status, hostName, createdAt } = row;
    const { rooms, recorder } = this.#ports;
    const memory = rooms.statusOf(roomId);
    const deadLetters = this.#letters.get(roomId) ?? 0;
    return {
      roomId,
      code,
      status,
      phase: phaseIn(status, leaf),
      leaf: leafIn(status, leaf),
      hostName,
      players,
      createdAt,
      activeAt,
      seq,
      health: healthOf(rooms.holdOf(roomId)?.kind, memory, deadLetters),
      inMemory: memory !== null,
      waiting: memory?.waiting ?? 0,
      lagMs: memory?.lagMs ?? 0,
      restarts: rooms.restartsOf(roomId),
      deadLetters,
      refusals: recorder.refusedIn(roomId),
    };
  }

  /** A playing room that was not heard of yet: its state says where it stands. */
  async #learnPhase(room: Kept): Promise<void> {
    if (room.leaf !== null || room.row.status !== 'playing') return;
    try {
      const seen = await this.#ports.rooms.query(room.row.roomId, 'spectator');
      // A notice that came meanwhile knows better.
      if (seen === null || seen.seq < (room.seq ?? 0)) return;
      room.leaf = seen.view.leaf;
      room.seq = seen.seq;
    } catch {
      // Damaged: the room's own page says how. Its line is shown without a phase.
    }
  }

  #apply(kept: Map<string, Kept>, notice: Extract<GameNotice, { kind: 'applied' | 'restored' }>): void {
    const { roomId, rows, at, seq } = notice;
    for (const change of rows) this.#applyRow(kept, change);
    const room = kept.get(roomId);
    if (room === undefined) return;
    room.activeAt = at;
    room.seq = seq;
    room.leaf = notice.view('spectator').leaf;
  }

  #applyRow(kept: Map<string, Kept>, change: RowChange): void {
    if (change.table !== 'rooms' || change.kind !== 'put') return;
    const before = kept.get(change.key);
    const row = { ...EMPTY_ROW, ...before?.row, ...change.values, roomId: change.key };
    this.#keep(kept, row, before);
  }

  #keep(kept: Map<string, Kept>, row: RoomRow, before?: Kept): void {
    const players = playersOf(row.seats);
    const names = players.map((player) => player?.name ?? '').join('\n');
    kept.set(row.roomId, {
      row,
      players,
      text: `${row.code}\n${row.roomId}\n${row.hostName}\n${names}`.toLowerCase(),
      activeAt: before?.activeAt ?? row.updatedAt,
      leaf: before?.leaf ?? null,
      seq: before?.seq ?? null,
    });
    if (row.status !== 'archived') this.#byCode.set(row.code, row.roomId);
  }

  #open(): Promise<Map<string, Kept>> {
    this.#askedMs = this.#ports.elapsedMs();
    if (this.#kept !== null) return Promise.resolve(this.#kept);
    if (this.#opening !== null) return this.#opening;
    const opening = this.#read();
    this.#opening = opening;
    const done = (): void => {
      if (this.#opening === opening) this.#opening = null;
    };
    opening.then((kept) => {
      this.#kept = kept;
      done();
    }, done);
    return opening;
  }

  async #read(): Promise<Map<string, Kept>> {
    const kept = new Map<string, Kept>();
    this.#byCode = new Map();
    for (let after: string | null = null; ; ) {
      const page: RowPage<RoomRow> = await this.#ports.engine.select('roomsNewest', {}, { after });
      for (const row of page.items) this.#keep(kept, row);
      if (page.next === null) return kept;
      after = page.next;
    }
  }

  async #readLetters(): Promise<void> {
    const now = this.#ports.elapsedMs();
    if (now - this.#lettersReadMs < LETTERS_FRESH_MS) return;
    this.#lettersReadMs = now;
    const counts = new Map<string, number>();
    let read = 0;
    for (let after: string | null = null; read < LETTERS_MAX; ) {
      const page: RowPage<DeadLetterRow> = await this.#ports.engine.select('deadLetters', {}, { after });
      for (const { roomId } of page.items) counts.set(roomId, (counts.get(roomId) ?? 0) + 1);
      read += page.items.length;
      if (page.next === null) break;
      after = page.next;
    }
    this.#letters = counts;
  }

  /** Gives the index up where nobody has asked for a while. */
  forgetIdle(): void {
    if (this.#kept === null || this.#ports.elapsedMs() - this.#askedMs < IDLE_MS) return;
    this.#kept = null;
    this.#byCode = new Map();
    this.#answers.clear();
  }
}

const EMPTY_ROW: RoomRow = {
  roomId: '',
  code: '',
  status: 'waiting',
  hostName: '',
  seats: '[]',
  freeSeats: 0,
  createdAt: 0,
  updatedAt: 0,
  creator: '',
  creationKey: null,
};

function healthOf(held: 'paused' | 'quarantined' | undefined, memory: RoomMemory | null, deadLetters: number) {
  const health: Health[] = held === undefined ? [] : [held];
  if (memory?.status === 'restarting') health.push('restarting');
  if ((memory?.lagMs ?? 0) > LAG_MS) health.push('lagging');
  if (deadLetters > 0) health.push('deadLetters');
  return health;
}

/** Where the row alone tells, it does; of a playing room only its state does. */
function leafIn(status: RoomStatus, leaf: string | null): string | null {
  if (status === 'playing') return leaf;
  return status === 'waiting' ? 'waiting' : status === 'over' ? 'gameOver' : 'closed';
}

function phaseIn(status: RoomStatus, leaf: string | null): Phase | null {
  switch (status) {
    case 'waiting':
      return 'waiting';
    case 'playing':
      return leaf === null ? null : phaseOf(leaf);
    case 'over':
      return 'game_over';
    case 'closed':
    case 'archived':
      return 'closed';
  }
}

function playersOf(seats: string): readonly (IndexedPlayer | null)[] {
  const taken = JSON.parse(seats) as readonly (SeatView | null)[];
  return taken.map(
    (seat) => seat && { name: seat.name, isBot: seat.isBot, isPerson: seat.isPerson, away: seat.awaySince !== null },
  );
}

/** What a place in an order is made of. */
type Placed = Pick<Kept, 'activeAt'> & { readonly row: Pick<RoomRow, 'roomId' | 'code' | 'hostName' | 'createdAt'> };
type Order = (a: Placed, b: Placed) => number;

const byId: Order = (a, b) => compare(a.row.roomId, b.row.roomId);
const ORDERS: Readonly<Record<Sort, Order>> = {
  activity: (a, b) => b.activeAt - a.activeAt || byId(b, a),
  created: (a, b) => b.row.createdAt - a.row.createdAt || byId(b, a),
  code: (a, b) => compare(a.row.code, b.row.code) || byId(a, b),
  host: (a, b) => compare(a.row.hostName.toLowerCase(), b.row.hostName.toLowerCase()) || byId(a, b),
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Keeps the first `max` of an order: most rooms of many are turned away by one comparison. */
function insert(best: Kept[], room: Kept, order: Order, max: number): void {
  if (best.length === max && order(room, best[max - 1]!) >= 0) return;
  let [low, high] = [0, best.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(room, best[middle]!) < 0) high = middle;
    else low = middle + 1;
  }
  best.splice(low, 0, room);
  if (best.length > max) best.pop();
}

/** The place of a room in every order, so that the room itself may have moved or gone meanwhile. */
function cursorText({ activeAt, row: { roomId, code, hostName, createdAt } }: Kept): string {
  return Buffer.from(JSON.stringify([activeAt, createdAt, code, hostName, roomId])).toString('base64url');
}

function cursorOf(text: string): Placed {
  try {
    const [activeAt, createdAt, code, hostName, roomId] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    ) as unknown[];
    const isPlace = typeof activeAt === 'number' && typeof createdAt === 'number';
    if (isPlace && typeof code === 'string' && typeof hostName === 'string' && typeof roomId === 'string') {
      return { activeAt, row: { createdAt, code, hostName, roomId } };
    }
  } catch {
    // Not even JSON: the sentence below says all there is to say.
  }
  throw new CursorUnknown(`The cursor ${text.slice(0, 100)} is none of this list`);
}
