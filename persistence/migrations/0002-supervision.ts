import { type Kysely, type Migration, sql } from 'kysely';
import { rowSum } from '../row-sum.js';

type Db = Kysely<unknown>;
type ColumnType = 'text' | 'integer';
/** A name with a question mark may be null. The key stands first. */
type Columns = Readonly<Record<string, ColumnType>>;

/**
 * The tables of games and of supervision, anchors of compacted streams, and a checksum in every row that the hash
 * chain does not cover. An empty checksum fits no row: what is not summed here would count as damaged.
 */
export const supervision: Migration = {
  async up(db: Db): Promise<void> {
    await addColumn(db, 'streams', 'anchor_seq', 'integer', 0);
    await addColumn(db, 'streams', 'anchor_hash', 'text', '');
    for (const table of Object.keys(SUMMED)) await addSums(db, table);

    await db.schema.createIndex('rooms_by_update').on('rooms').columns(['status', 'updated_at', 'room_id']).execute();
    await db.schema.createIndex('rooms_newest').on('rooms').columns(['created_at', 'room_id']).execute();

    await createTable(db, 'games', {
      room_id: 'text',
      code: 'text',
      status: 'text',
      started_at: 'integer',
      'ended_at?': 'integer',
      rounds: 'integer',
      players: 'text',
      totals: 'text',
      winners: 'text',
    });
    await db.schema.createIndex('games_by_status').on('games').columns(['status', 'started_at', 'room_id']).execute();

    await createTable(db, 'game_players', {
      id: 'text',
      room_id: 'text',
      seat: 'integer',
      'player_id?': 'text',
      name: 'text',
      started_at: 'integer',
      'ended_at?': 'integer',
      'rank?': 'integer',
      score: 'integer',
      won: 'integer',
      perfect_rounds: 'integer',
      turns_won: 'integer',
      'left_at?': 'integer',
    });
    await db.schema.createIndex('game_players_of_game').on('game_players').columns(['room_id', 'seat', 'id']).execute();
    await db.schema
      .createIndex('game_players_of_player')
      .on('game_players')
      .columns(['player_id', 'started_at', 'id'])
      .execute();

    await createTable(db, 'players', {
      player_id: 'text',
      name: 'text',
      games: 'integer',
      wins: 'integer',
      score: 'integer',
      perfect_rounds: 'integer',
      turns_won: 'integer',
      last_played_at: 'integer',
    });
    await db.schema.createIndex('players_by_wins').on('players').columns(['wins', 'score', 'player_id']).execute();

    await createTable(db, 'inbox', {
      id: 'text',
      room_id: 'text',
      position: 'integer',
      at: 'integer',
      lane: 'text',
      'slot?': 'text',
      bytes: 'integer',
      message: 'text',
      'session?': 'text',
      'message_id?': 'text',
      correlation_id: 'text',
    });
    await db.schema.createIndex('inbox_of_room').on('inbox').columns(['room_id', 'position', 'id']).execute();

    await createTable(db, 'dead_letters', {
      id: 'text',
      room_id: 'text',
      at: 'integer',
      seq: 'integer',
      message: 'text',
      'session?': 'text',
      'message_id?': 'text',
      correlation_id: 'text',
      error: 'text',
    });
    await db.schema.createIndex('dead_letters_by_time').on('dead_letters').columns(['at', 'id']).execute();
    await db.schema.createIndex('dead_letters_of_room').on('dead_letters').columns(['room_id', 'at', 'id']).execute();

    await createTable(db, 'holds', {
      room_id: 'text',
      kind: 'text',
      since: 'integer',
      why: 'text',
      'seq?': 'integer',
    });

    await createTable(db, 'audit', {
      id: 'text',
      at: 'integer',
      actor: 'text',
      action: 'text',
      target: 'text',
      detail: 'text',
    });
    await db.schema.createIndex('audit_by_time').on('audit').columns(['at', 'id']).execute();
  },
};

/** The tables that were there before, and their columns in the order in which the sums take them. */
const SUMMED: Readonly<Record<string, readonly string[]>> = {
  rooms: [
    'room_id',
    'code',
    'status',
    'host_name',
    'seats',
    'free_seats',
    'created_at',
    'updated_at',
    'creator',
    'creation_key',
  ],
  streams: [
    'key',
    'room_id',
    'seq',
    'at',
    'hash',
    'next_deadline',
    'snapshot_seq',
    'closed_at',
    'fence',
    'anchor_seq',
    'anchor_hash',
  ],
  alive: ['alive_at', 'last_at'],
  outages: ['from_at', 'to_at'],
};

const ROWS_AT_ONCE = 1_000;

/** Sums what is there: from here on a row without its sum is a damaged one, whenever it was written. */
async function addSums(db: Db, table: string): Promise<void> {
  await addColumn(db, table, 'sum', 'text', '');
  const columns = SUMMED[table]!;
  for (let last = Number.MIN_SAFE_INTEGER; ; ) {
    const { rows } = await sql<Record<string, unknown>>`
      select rowid as "row", ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(table)}
      where rowid > ${last} order by rowid limit ${ROWS_AT_ONCE}`.execute(db);
    for (const row of rows) {
      const sum = rowSum(
        table,
        columns.map((column) => row[column]),
      );
      await sql`update ${sql.table(table)} set sum = ${sum} where rowid = ${row['row']}`.execute(db);
    }
    if (rows.length < ROWS_AT_ONCE) return;
    last = rows.at(-1)!['row'] as number;
  }
}

async function addColumn(db: Db, table: string, name: string, type: ColumnType, fill: string | number): Promise<void> {
  await db.schema
    .alterTable(table)
    .addColumn(name, type, (column) => column.notNull().defaultTo(fill))
    .execute();
}

async function createTable(db: Db, name: string, columns: Columns): Promise<void> {
  let table = db.schema.createTable(name);
  for (const [index, [column, type]] of Object.entries(columns).entries()) {
    const isNullable = column.endsWith('?');
    table = table.addColumn(isNullable ? column.slice(0, -1) : column, type, (definition) => {
      if (isNullable) return definition;
      return index === 0 ? definition.primaryKey().notNull() : definition.notNull();
    });
  }
  await table.addColumn('sum', 'text', (column) => column.notNull()).execute();
}
