import type { Database } from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from '../migrations/migrate.js';

/** Brings the connection's database to the newest schema, in one transaction. What fails is rolled back by its closing. */
export async function migrateConnection(connection: Database): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
  try {
    // Kysely opens no transaction around schema changes in SQLite, so this one is ours.
    connection.exec('BEGIN IMMEDIATE');
    await migrate(db);
    connection.exec('COMMIT');
  } finally {
    await db.destroy();
  }
}
