import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Streams, entries, snapshots, marks, outages and the rooms repository.
 *
 * `streams` holds one head row per room. It is written when the stream is created, with each snapshot and when the
 * room closes; the entries behind its `seq` are the tail, and head and tail together say where the stream stands.
 * `entries` is append-only in the order of commits, so that a batch writes few pages whichever rooms it is about.
 */
export const journal: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('streams')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement()) // order of creation, never used twice
      .addColumn('room_id', 'text', (column) => column.notNull().unique())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('at', 'integer', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('next_deadline', 'integer')
      .addColumn('snapshot_seq', 'integer', (column) => column.notNull())
      .addColumn('closed_at', 'integer')
      .addColumn('fence', 'integer', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('streams_open')
      .on('streams')
      .column('key')
      .where(sql.ref('closed_at'), 'is', null)
      .execute();

    await db.schema
      .createTable('entries')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('stream', 'integer', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('at', 'integer', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('machine_version', 'integer', (column) => column.notNull())
      .addColumn('correlation_id', 'text', (column) => column.notNull())
      .addColumn('next_deadline', 'integer')
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('events', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('entries_by_stream').on('entries').columns(['stream', 'seq']).unique().execute();

    await db.schema
      .createTable('snapshots')
      .addColumn('stream', 'integer', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('at', 'integer', (column) => column.notNull())
      .addColumn('machine_version', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('state_hash', 'text', (column) => column.notNull())
      .addColumn('entry_hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('snapshots_by_stream', ['stream', 'seq'])
      .execute();

    await db.schema
      .createTable('alive')
      .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
      .addColumn('alive_at', 'integer', (column) => column.notNull())
      .addColumn('last_at', 'integer', (column) => column.notNull())
      .execute();
    await sql`insert into alive (id, alive_at, last_at) values (1, 0, 0)`.execute(db);

    await db.schema
      .createTable('outages')
      .addColumn('from_at', 'integer', (column) => column.primaryKey())
      .addColumn('to_at', 'integer', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('rooms')
      .addColumn('room_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('code', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('host_name', 'text', (column) => column.notNull())
      .addColumn('seats', 'text', (column) => column.notNull())
      .addColumn('free_seats', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'integer', (column) => column.notNull())
      .addColumn('updated_at', 'integer', (column) => column.notNull())
      .addColumn('creator', 'text', (column) => column.notNull().defaultTo(''))
      .addColumn('creation_key', 'text')
      .execute();
    await db.schema.createIndex('rooms_by_status').on('rooms').columns(['status', 'created_at', 'room_id']).execute();
    await db.schema
      .createIndex('rooms_by_creation')
      .on('rooms')
      .columns(['creator', 'creation_key', 'created_at'])
      .execute();
    await sql`create unique index rooms_by_code on rooms (code) where status <> 'archived'`.execute(db);
  },
};
