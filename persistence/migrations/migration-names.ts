/** All migrations, in the order in which they are made. A file of its own: whoever only asks loads no query builder. */
export const MIGRATION_NAMES = ['0001-journal', '0002-supervision'] as const;
