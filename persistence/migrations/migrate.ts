import { type Kysely, type Migration, Migrator } from 'kysely';
import { journal } from './0001-journal.js';
import { supervision } from './0002-supervision.js';
import type { MIGRATION_NAMES } from './migration-names.js';

/** In order of their names. Imported, not read from a folder: a build moves the files. */
const MIGRATIONS: Readonly<Record<(typeof MIGRATION_NAMES)[number], Migration>> = {
  '0001-journal': journal,
  '0002-supervision': supervision,
};

/**
 * Brings a database to the newest schema. Run it inside a transaction, so that a killed process leaves the old schema.
 * @throws when a migration fails, or when the database was written by a newer version of this program
 */
export async function migrate(db: Kysely<unknown>): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(MIGRATIONS) };
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  const what = failed === undefined ? 'The schema of the journal is not known here' : `Migration ${failed} failed`;
  throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
}
