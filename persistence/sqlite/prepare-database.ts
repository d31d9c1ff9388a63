import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from '../migrations/migrate.js';
import { type ConnectionOptions, openForWriting } from './open.js';

/** Brings the database to the newest schema, in one transaction. A file of its own: the threads load no query builder. */
export async function prepareDatabase(options: ConnectionOptions): Promise<void> {
  const connection = openForWriting(options);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
  try {
    // Kysely opens no transaction around schema changes in SQLite, so this one is ours.
    connection.exec('BEGIN IMMEDIATE');
    await migrate(db);
    connection.exec('COMMIT');
  } finally {
    await db.destroy(); // closes the connection; what was not committed is rolled back
    if (connection.open) connection.close(); // Kysely knows it only after a first query
  }
}
