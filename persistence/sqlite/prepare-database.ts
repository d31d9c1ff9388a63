import type { Database } from 'better-sqlite3';
import { MIGRATION_NAMES } from '../migrations/migration-names.js';
import { type ConnectionOptions, openForWriting } from './open.js';

/**
 * Brings the database to the newest schema, in one transaction. The query builder is loaded where that has to be done:
 * it takes a fifth of a second, and most starts find everything as it should be.
 */
export async function prepareDatabase(options: ConnectionOptions): Promise<void> {
  const connection = openForWriting(options);
  try {
    if (isNewest(connection)) return;
    const { migrateConnection } = await import('./migrate-connection.js');
    await migrateConnection(connection);
  } finally {
    connection.close();
  }
}

/** A database of a newer program is none of the newest: the migration refuses it and says why. */
function isNewest(connection: Database): boolean {
  const table = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'kysely_migration'").get();
  if (table === undefined) return false;
  const made = connection.prepare<[], { name: string }>('SELECT name FROM kysely_migration ORDER BY name').all();
  return made.length === MIGRATION_NAMES.length && made.every(({ name }, index) => name === MIGRATION_NAMES[index]);
}
