import Database from 'better-sqlite3';

/** As large as the product's, so that neither pays for more checkpoints than the other. */
const CHECKPOINT_PAGES = 16_384;

export interface PlainTable {
  /** Writes room, seq and text of each row in one transaction; durable when it returns. */
  readonly write: (fields: readonly (string | number)[]) => void;
  readonly close: () => void;
}

/** The plainest durable table: a log that is synced with each commit, one statement, no index. */
export function openPlainTable(file: string): PlainTable {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.exec('CREATE TABLE entries (id INTEGER PRIMARY KEY, room TEXT, seq INTEGER, text TEXT)');
  const insert = db.prepare('INSERT INTO entries (room, seq, text) VALUES (?, ?, ?)');
  const transaction = db.transaction((fields: readonly (string | number)[]) => {
    for (let field = 0; field < fields.length; field += 3)
      insert.run(fields[field], fields[field + 1], fields[field + 2]);
  });
  return { write: (fields) => transaction.immediate(fields), close: () => db.close() };
}
