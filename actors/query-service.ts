import { type JournalEngine, StoreFailure, type StreamHead } from '../persistence/journal.js';
import type {
  DeadLetterRow,
  GamePlayerRow,
  GameRow,
  HoldRow,
  InboxRow,
  PlayerRow,
  Query,
  QueryValues,
  RoomRow,
  RowOf,
  RowPage,
} from '../persistence/rows.js';
import type { Json } from './difference.js';
import {
  type Action,
  actionsOf,
  type Changes,
  changesOf,
  type HistoryPage,
  type HistoryRange,
  type HistoryStop,
  shown,
  type StateThen,
  stateAt,
  stopOf,
  viewerFor,
} from './history.js';
import { MachineRunner } from './machine-runner.js';
import { JournalCorrupt, recover } from './recovery.js';
import type { DomainEvent, Message, Refused, RoomDefinition, Untimed, Viewer } from './room-definition.js';
import { sentenceOf } from './room-supervisor.js';
import { MachineVersionUnknown } from './versions.js';

/** What a running server adds: the durable state of rooms in memory, without a replay. */
export interface LiveRooms<M extends Message, V> {
  query(roomId: string, viewer: Viewer): Promise<{ readonly seq: number; readonly view: V } | null>;
  can(roomId: string, message: Untimed<M>): Promise<{ readonly kind: 'allowed' } | Refused | null>;
  resolve(code: string): string | undefined;
  holdOf(roomId: string): HoldRow | null;
}

export interface QueryPorts<S, M extends Message, E extends DomainEvent, V> {
  readonly engine: JournalEngine;
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly rooms?: LiveRooms<M, V>; // left out by a tool that has opened the journal itself
}

export interface PageRequest {
  readonly after?: string | null;
  readonly limit?: number; // at most `QUERY_PAGE_MAX`
}

export interface Revealing {
  /** Shows what nobody but an operator may see while the room is played. */
  readonly reveal?: boolean;
}

export const QUERY_PAGE_MAX = 200;
const PAGE_DEFAULT = 50;

/** A room as lists show it: who made it is nobody's business. */
export type ListedRoom = Omit<RoomRow, 'creator' | 'creationKey'>;

/** What is known of a room without replaying it. Null: there is none, or what is stored of it is damaged. */
export interface RoomSummary {
  readonly roomId: string;
  readonly listing: ListedRoom | null;
  readonly head: StreamHead | null; // archived rooms have none
  readonly hold: HoldRow | null;
  readonly damaged: readonly string[]; // which of the above are
}

export interface StateNow<V> {
  readonly seq: number;
  readonly view: V | null; // null: no state can be had at all
  readonly revealed: boolean;
  readonly stop: HistoryStop | null; // the state is that in front of this damage
}

export interface PlayedGame {
  readonly game: GameRow;
  readonly seats: readonly GamePlayerRow[];
}

export interface PlayerSummary {
  readonly player: PlayerRow | null; // null: no finished game
  readonly games: RowPage<GamePlayerRow>;
}

/** A message that waits or could not be handled, without who sent it and what may not be shown. */
export type ShownMail<R> = Omit<R, 'message' | 'session' | 'messageId'> & { readonly message: Json };

/** What a room would make of a message as it stands now. */
export type Trial =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly reason: string; readonly sentence: string }
  | { readonly kind: 'throws'; readonly sentence: string } // the machine, at it or because of where it stands
  | { readonly kind: 'unknown'; readonly sentence: string }; // the room can't be rebuilt

export interface TriedLetter {
  readonly letter: ShownMail<DeadLetterRow>;
  readonly now: Trial;
}

/**
 * Everything that can be asked about rooms, games and players. It only reads, and what is durable only: no room is
 * woken, held up or changed by a question, whatever state it is in. Every answer has a bounded size.
 */
export class QueryService<S, M extends Message, E extends DomainEvent, V> {
  readonly #engine: JournalEngine;
  readonly #definition: RoomDefinition<S, M, E, V>;
  readonly #rooms: LiveRooms<M, V> | null;

  constructor({ engine, definition, rooms }: QueryPorts<S, M, E, V>) {
    this.#engine = engine;
    this.#definition = definition;
    this.#rooms = rooms ?? null;
  }

  /** The id of the room that somebody calls by its id or its code, or null. */
  async roomId(name: string): Promise<string | null> {
    const open = this.#rooms?.resolve(name);
    if (open !== undefined) return open;
    const byCode = await sound(this.#engine.roomByCode(name));
    if (byCode.row !== null) return byCode.row.roomId;
    const [head, row] = [await sound(this.#head(name)), await sound(this.#engine.row('rooms', name))];
    return head.row !== null || row.row !== null || head.isDamaged || row.isDamaged ? name : null;
  }

  /** @returns null for a room that does not exist */
  async room(roomId: string): Promise<RoomSummary | null> {
    const listing = await sound(this.#engine.row('rooms', roomId));
    const head = await sound(this.#head(roomId));
    const hold = await sound(this.#engine.row('holds', roomId));
    const damaged = Object.entries({ listing, head, hold }).flatMap(([what, { isDamaged }]) =>
      isDamaged ? [what] : [],
    );
    if (listing.row === null && head.row === null && damaged.length === 0) return null;
    return {
      roomId,
      listing: listing.row && listed(listing.row),
      head: head.row,
      hold: hold.row ?? this.#rooms?.holdOf(roomId) ?? null,
      damaged,
    };
  }

  /** The room as it is; where its journal is damaged, as it was in front of the damage. Null: there is none. */
  async state(roomId: string, { reveal = false }: Revealing = {}): Promise<StateNow<V> | null> {
    const viewer = viewerFor(reveal);
    let stop: HistoryStop | null = null;
    try {
      const live = await this.#rooms?.query(roomId, viewer);
      if (live != null) return { ...live, revealed: reveal, stop: await this.#stopOf(roomId) };
    } catch (failure) {
      stop = stopOf(failure, 0);
    }
    for (let upTo = stop === null ? Number.MAX_SAFE_INTEGER : stop.seq - 1; ; upTo = stop.seq - 1) {
      try {
        const room = await recover(this.#engine, this.#definition, roomId, upTo);
        if (room === null) return stop && { seq: 0, view: null, revealed: reveal, stop };
        const view = this.#definition.view(room.runner.snapshot, viewer);
        return { seq: room.seq, view, revealed: reveal, stop };
      } catch (failure) {
        const earlier: HistoryStop = stopOf(failure, 0);
        stop = { seq: Math.min(earlier.seq, upTo), why: earlier.why }; // always further back, so that there is an end
      }
    }
  }

  /** What a quarantine says about the journal; the state is then that in front of it. */
  async #stopOf(roomId: string): Promise<HistoryStop | null> {
    const { row } = await sound(this.#engine.row('holds', roomId));
    return row?.seq == null ? null : { seq: row.seq, why: row.why };
  }

  /**
   * The room as it was after an entry, or at a time.
   * @returns null where there is no such room or entry, or why that entry can't be had
   */
  async stateAt(
    roomId: string,
    point: { readonly seq: number } | { readonly at: number },
    revealing: Revealing = {},
  ): Promise<
    ({ readonly kind: 'state' } & StateThen<V>) | { readonly kind: 'stopped'; readonly stop: HistoryStop } | null
  > {
    try {
      const then = await stateAt(this.#engine, this.#definition, roomId, point, revealing);
      return then && { kind: 'state', ...then };
    } catch (failure) {
      return { kind: 'stopped', stop: stopOf(failure, 0) };
    }
  }

  actions(
    roomId: string,
    range: HistoryRange & { readonly events?: 'types' | 'whole' } = {},
  ): Promise<HistoryPage<Action> | null> {
    return actionsOf(this.#engine, this.#definition, roomId, bounded(range));
  }

  changes(roomId: string, range: HistoryRange = {}): Promise<HistoryPage<Changes> | null> {
    return changesOf(this.#engine, this.#definition, roomId, bounded(range));
  }

  async rooms(status: RoomRow['status'] | null, page: PageRequest = {}): Promise<RowPage<ListedRoom>> {
    const found =
      status === null
        ? await this.#select('roomsNewest', {}, page)
        : await this.#select('roomsByStatus', { status }, page);
    return { ...found, items: found.items.map(listed) };
  }

  games(status: GameRow['status'], page: PageRequest = {}): Promise<RowPage<GameRow>> {
    return this.#select('gamesByStatus', { status }, page);
  }

  /** @returns null for a room without a game */
  async game(roomId: string, { reveal = false }: Revealing = {}): Promise<PlayedGame | null> {
    const game = await this.#engine.row('games', roomId);
    if (game === null) return null;
    const { items } = await this.#select('seatsOfGame', { roomId }, {});
    const hides = !reveal && game.status === 'running';
    return { game, seats: hides ? items.map((seat) => ({ ...seat, playerId: null })) : items };
  }

  /** @returns null for somebody who never played */
  async player(playerId: string, page: PageRequest = {}): Promise<PlayerSummary | null> {
    const { row: player, isDamaged } = await sound(this.#engine.row('players', playerId));
    const games = await this.#select('gamesOfPlayer', { playerId }, page);
    const isKnown = player !== null || isDamaged || games.items.length > 0;
    return isKnown ? { player, games } : null;
  }

  leaderboard(page: PageRequest = {}): Promise<RowPage<PlayerRow>> {
    return this.#select('leaderboard', {}, page);
  }

  /** Messages that wait for their rooms. */
  async inbox(
    roomId: string | null,
    { reveal = false, ...page }: PageRequest & Revealing = {},
  ): Promise<RowPage<ShownMail<InboxRow>>> {
    const found =
      roomId === null ? await this.#select('inbox', {}, page) : await this.#select('inboxOfRoom', { roomId }, page);
    return { ...found, items: found.items.map((row) => this.#mail(row, reveal)) };
  }

  /** Messages that made their rooms throw. */
  async deadLetters(
    roomId: string | null,
    { reveal = false, ...page }: PageRequest & Revealing = {},
  ): Promise<RowPage<ShownMail<DeadLetterRow>>> {
    const found =
      roomId === null
        ? await this.#select('deadLetters', {}, page)
        : await this.#select('deadLettersOfRoom', { roomId }, page);
    return { ...found, items: found.items.map((row) => this.#mail(row, reveal)) };
  }

  /**
   * A dead letter, and what its room would make of it now: the machine is asked on a copy, and nothing comes of it.
   * @returns null where there is no such letter
   */
  async deadLetter(id: string, { reveal = false }: Revealing = {}): Promise<TriedLetter | null> {
    const row = await this.#engine.row('deadLetters', id);
    return row && { letter: this.#mail(row, reveal), now: await this.#try(row) };
  }

  async #try({ roomId, message }: DeadLetterRow): Promise<Trial> {
    const untimed = JSON.parse(message) as Untimed<M>;
    const nobody: Trial = { kind: 'unknown', sentence: `There is no room ${roomId}` };
    try {
      if (this.#rooms !== null) return (await this.#rooms.can(roomId, untimed)) ?? nobody;
      const room = await recover(this.#engine, this.#definition, roomId);
      if (room === null) return nobody;
      return MachineRunner.can(this.#definition, room.runner.snapshot, { ...untimed, at: room.at });
    } catch (failure) {
      if (failure instanceof StoreFailure) throw failure;
      const isOurs = failure instanceof JournalCorrupt || failure instanceof MachineVersionUnknown;
      return { kind: isOurs ? 'unknown' : 'throws', sentence: sentenceOf(failure) };
    }
  }

  holds(page: PageRequest = {}): Promise<RowPage<HoldRow>> {
    return this.#select('holds', {}, page);
  }

  async #head(roomId: string): Promise<StreamHead | null> {
    return (await this.#engine.heads([roomId]))[0] ?? null;
  }

  #mail<R extends InboxRow | DeadLetterRow>(row: R, reveal: boolean): ShownMail<R> {
    const { message, session, messageId, ...rest } = row;
    return { ...rest, message: shown(this.#definition, JSON.parse(message) as object, reveal) };
  }

  #select<Q extends Query>(
    query: Q,
    values: QueryValues<Q>,
    { after = null, limit = PAGE_DEFAULT }: PageRequest,
  ): Promise<RowPage<RowOf<Q>>> {
    return this.#engine.select(query, values, { after, limit: pageSize(limit) });
  }
}

function bounded<R extends HistoryRange>(range: R): R {
  return { ...range, limit: pageSize(range.limit ?? PAGE_DEFAULT) };
}

function pageSize(limit: number): number {
  return Math.max(1, Math.min(Math.trunc(limit), QUERY_PAGE_MAX));
}

function listed({ creator, creationKey, ...row }: RoomRow): ListedRoom {
  return row;
}

/** What was read, or that it is damaged: a question about a room is answered as far as that is possible. */
async function sound<T>(read: Promise<T | null>): Promise<{ readonly row: T | null; readonly isDamaged: boolean }> {
  try {
    return { row: await read, isDamaged: false };
  } catch (failure) {
    if (failure instanceof StoreFailure && failure.code === 'ROW_DAMAGED') return { row: null, isDamaged: true };
    throw failure;
  }
}
