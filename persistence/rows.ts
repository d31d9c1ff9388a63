/**
 * The repository rows that the runtime keeps beside the journal: written in the transaction of the entry they follow
 * from (unit of work), read by named queries. Members are columns; an engine stores them under snake_case names.
 */

/** A room as lists show it. */
export interface RoomRow {
  readonly roomId: string;
  readonly code: string; // unique among rooms whose status is not 'archived'
  readonly status: 'waiting' | 'playing' | 'over' | 'closed' | 'archived';
  readonly hostName: string;
  readonly seats: string; // JSON array as the definition's `rows` made it
  readonly freeSeats: number;
  readonly createdAt: number; // ms since the epoch, as all times here
  readonly updatedAt: number;
  readonly creator: string; // session id
  readonly creationKey: string | null; // hash of the creating message's id, unique per creator
}

/** A game that was started, one per room. */
export interface GameRow {
  readonly roomId: string;
  readonly code: string;
  readonly status: 'running' | 'over' | 'aborted'; // aborted: the room closed before the game ended
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly rounds: number; // begun
  readonly players: string; // JSON array of names by seat, as they were at the start
  readonly totals: string; // JSON array of scores by seat
  readonly winners: string; // JSON array of seats
}

/** A seat of a started game. `rank` is shared by equal scores. */
export interface GamePlayerRow {
  readonly id: string; // `${roomId}/${seat}`
  readonly roomId: string;
  readonly seat: number;
  readonly playerId: string | null; // session id; null for a bot
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number | null; // null until the game is over
  readonly rank: number | null; // 1 is best
  readonly score: number;
  readonly won: number; // 0 or 1
  readonly perfectRounds: number;
  readonly turnsWon: number;
  readonly leftAt: number | null; // when the person left for good
}

/** Sums over a person's finished games: always what the `gamePlayers` rows with its id add up to. */
export interface PlayerRow {
  readonly playerId: string;
  readonly name: string; // as last used
  readonly games: number;
  readonly wins: number;
  readonly score: number;
  readonly perfectRounds: number;
  readonly turnsWon: number;
  readonly lastPlayedAt: number;
}

/** A message that waits for its room on the disk. */
export interface InboxRow {
  readonly id: string; // `${roomId}/${position}`, the position padded so that ids sort
  readonly roomId: string;
  readonly position: number; // order within the room
  readonly at: number; // when the room got it
  readonly lane: string;
  readonly slot: string | null;
  readonly bytes: number;
  readonly message: string; // JSON, without what the runtime adds when the room takes it
  readonly session: string | null;
  readonly messageId: string | null;
  readonly correlationId: string;
}

/** A message that made its room's machine throw twice. */
export interface DeadLetterRow {
  readonly id: string;
  readonly roomId: string;
  readonly at: number;
  readonly seq: number; // the last entry of the room when it threw
  readonly message: string; // JSON, as in the inbox
  readonly session: string | null;
  readonly messageId: string | null;
  readonly correlationId: string;
  readonly error: string; // with its stack
}

/** A room that takes no messages until it is released; the row `*` holds every room. */
export interface HoldRow {
  readonly roomId: string;
  readonly kind: 'paused' | 'quarantined';
  readonly since: number;
  readonly why: string;
  readonly seq: number | null; // the entry at which journal and machine part, where that is the reason
}

/** What an operator did. */
export interface AuditRow {
  readonly id: string;
  readonly at: number;
  readonly actor: string; // 'tool', 'http', 'watchdog'
  readonly action: string;
  readonly target: string; // room id, or ''
  readonly detail: string; // JSON
}

export interface Rows {
  readonly rooms: RoomRow;
  readonly games: GameRow;
  readonly gamePlayers: GamePlayerRow;
  readonly players: PlayerRow;
  readonly inbox: InboxRow;
  readonly deadLetters: DeadLetterRow;
  readonly holds: HoldRow;
  readonly audit: AuditRow;
}

export type Table = keyof Rows;

/**
 * A change of one row. `put` writes the members it has; a new row needs all members without a default. `add` adds to
 * numeric members of a row, which is made with zeros where it is missing.
 */
export type RowChange = {
  readonly [T in Table]:
    | { readonly kind: 'put'; readonly table: T; readonly key: string; readonly values: Partial<Rows[T]> }
    | {
        readonly kind: 'add';
        readonly table: T;
        readonly key: string;
        readonly values: { readonly [C in keyof Rows[T] as Rows[T][C] extends number ? C : never]?: number };
      }
    | { readonly kind: 'delete'; readonly table: T; readonly key: string };
}[Table];

interface TableSpec<T extends Table> {
  readonly key: keyof Rows[T] & string;
  /**
   * Every member and its default; `REQUIRED` where a new row must bring it. Checksums take them in this order, so a
   * change here needs a migration that makes them anew.
   */
  readonly columns: { readonly [C in keyof Rows[T]]: Rows[T][C] | typeof REQUIRED };
}

export const REQUIRED = Symbol('required');

export const TABLES: { readonly [T in Table]: TableSpec<T> } = {
  rooms: {
    key: 'roomId',
    columns: {
      roomId: REQUIRED,
      code: REQUIRED,
      status: REQUIRED,
      hostName: REQUIRED,
      seats: REQUIRED,
      freeSeats: REQUIRED,
      createdAt: REQUIRED,
      updatedAt: REQUIRED,
      creator: '',
      creationKey: null,
    },
  },
  games: {
    key: 'roomId',
    columns: {
      roomId: REQUIRED,
      code: REQUIRED,
      status: REQUIRED,
      startedAt: REQUIRED,
      endedAt: null,
      rounds: 0,
      players: REQUIRED,
      totals: '[]',
      winners: '[]',
    },
  },
  gamePlayers: {
    key: 'id',
    columns: {
      id: REQUIRED,
      roomId: REQUIRED,
      seat: REQUIRED,
      playerId: null,
      name: REQUIRED,
      startedAt: REQUIRED,
      endedAt: null,
      rank: null,
      score: 0,
      won: 0,
      perfectRounds: 0,
      turnsWon: 0,
      leftAt: null,
    },
  },
  players: {
    key: 'playerId',
    columns: {
      playerId: REQUIRED,
      name: '',
      games: 0,
      wins: 0,
      score: 0,
      perfectRounds: 0,
      turnsWon: 0,
      lastPlayedAt: 0,
    },
  },
  inbox: {
    key: 'id',
    columns: {
      id: REQUIRED,
      roomId: REQUIRED,
      position: REQUIRED,
      at: REQUIRED,
      lane: REQUIRED,
      slot: null,
      bytes: REQUIRED,
      message: REQUIRED,
      session: null,
      messageId: null,
      correlationId: REQUIRED,
    },
  },
  deadLetters: {
    key: 'id',
    columns: {
      id: REQUIRED,
      roomId: REQUIRED,
      at: REQUIRED,
      seq: REQUIRED,
      message: REQUIRED,
      session: null,
      messageId: null,
      correlationId: REQUIRED,
      error: REQUIRED,
    },
  },
  holds: {
    key: 'roomId',
    columns: { roomId: REQUIRED, kind: REQUIRED, since: REQUIRED, why: REQUIRED, seq: null },
  },
  audit: {
    key: 'id',
    columns: { id: REQUIRED, at: REQUIRED, actor: REQUIRED, action: REQUIRED, target: '', detail: '{}' },
  },
};

interface QuerySpec<T extends Table> {
  readonly table: T;
  readonly equals: readonly (keyof Rows[T] & string)[];
  /** Ends in the key, so that pages can go on behind any row. All in one direction. */
  readonly orderBy: readonly (keyof Rows[T] & string)[];
  readonly descending: boolean;
}

function query<T extends Table>(
  table: T,
  equals: QuerySpec<T>['equals'],
  orderBy: QuerySpec<T>['orderBy'],
  direction: 'ascending' | 'descending' = 'ascending',
): QuerySpec<T> {
  return { table, equals, orderBy, descending: direction === 'descending' };
}

/** Every listing there is. Each has an index; a test reads the query plans. */
export const QUERIES = {
  roomsByStatus: query('rooms', ['status'], ['createdAt', 'roomId']),
  roomsByUpdate: query('rooms', ['status'], ['updatedAt', 'roomId']), // what retention looks for, oldest first
  roomsNewest: query('rooms', [], ['createdAt', 'roomId'], 'descending'),
  gamesByStatus: query('games', ['status'], ['startedAt', 'roomId'], 'descending'),
  seatsOfGame: query('gamePlayers', ['roomId'], ['seat', 'id']),
  gamesOfPlayer: query('gamePlayers', ['playerId'], ['startedAt', 'id'], 'descending'),
  leaderboard: query('players', [], ['wins', 'score', 'playerId'], 'descending'),
  inbox: query('inbox', [], ['id']),
  inboxOfRoom: query('inbox', ['roomId'], ['position', 'id']),
  deadLetters: query('deadLetters', [], ['at', 'id']),
  deadLettersOfRoom: query('deadLetters', ['roomId'], ['at', 'id']),
  holds: query('holds', [], ['roomId']),
  audit: query('audit', [], ['at', 'id'], 'descending'),
} as const;

export type Query = keyof typeof QUERIES;
export type RowOf<Q extends Query> = Rows[(typeof QUERIES)[Q]['table']];
/** Values of the columns that a query compares. */
export type QueryValues<Q extends Query> = Partial<RowOf<Q>>;

export interface RowPage<R> {
  readonly items: readonly R[];
  readonly next: string | null; // the cursor of the page behind, null at the end
  readonly damaged: readonly string[]; // keys of rows whose stored checksum is not theirs; left out of `items`
}
