import type Database from 'better-sqlite3';
import type { Outage } from '../journal.js';
import { rowSum } from '../row-sum.js';

export interface Marks {
  readonly aliveAt: number;
  readonly lastAt: number;
}

/** Reading the alive mark and the outages. A time that its checksum does not vouch for is not believed. */
export class MarksReader {
  readonly #alive: Database.Statement<[], Marks & { readonly sum: string }>;
  readonly #lastAt: Database.Statement<[], { readonly at: number | null }>;
  readonly #outages: Database.Statement<[], Outage & { readonly sum: string }>;

  constructor(db: Database.Database) {
    this.#alive = db.prepare('SELECT alive_at AS aliveAt, last_at AS lastAt, sum FROM alive WHERE id = 1');
    // Each stream's last entry is its latest: a look-up a stream, not a walk over all entries.
    this.#lastAt = db.prepare(
      `SELECT max(e.at) AS at FROM streams s
       JOIN entries e ON e.stream = s.key AND e.seq = (SELECT max(seq) FROM entries WHERE stream = s.key)`,
    );
    this.#outages = db.prepare('SELECT from_at AS "from", to_at AS "to", sum FROM outages ORDER BY from_at');
  }

  marks(): Marks {
    const row = this.#alive.get();
    if (row !== undefined && row.sum === aliveSum(row)) return { aliveAt: row.aliveAt, lastAt: row.lastAt };
    const at = this.#lastAt.get()?.at ?? 0; // the process was alive at least until then
    return { aliveAt: at, lastAt: at };
  }

  /** One sentence each for what is not believed. */
  findings(): string[] {
    const alive = this.#alive.get();
    const isSound = alive !== undefined && alive.sum === aliveSum(alive);
    const wrong = this.#outages.all().filter((outage) => outage.sum !== outageSum(outage));
    return [
      ...(isSound ? [] : ['The mark of when the server was last alive is not as it was written.']),
      ...wrong.map(({ from }) => `The outage from ${from} on is not as it was written.`),
    ];
  }

  outages(): Outage[] {
    return this.#outages.all().flatMap(({ from, to, sum }) => (sum === outageSum({ from, to }) ? [{ from, to }] : []));
  }
}

/** Writing them, on the connection that writes. */
export class MarksWriter {
  readonly #reader: MarksReader;
  readonly #putAlive: Database.Statement;
  readonly #putOutage: Database.Statement;
  #marks: Marks | null = null; // as they are stored; null: to be read

  constructor(db: Database.Database) {
    this.#reader = new MarksReader(db);
    this.#putAlive = db.prepare(
      `INSERT INTO alive (id, alive_at, last_at, sum) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at, last_at = excluded.last_at, sum = excluded.sum`,
    );
    this.#putOutage = db.prepare(
      `INSERT INTO outages (from_at, to_at, sum) VALUES (?, ?, ?)
       ON CONFLICT (from_at) DO UPDATE SET to_at = excluded.to_at, sum = excluded.sum`,
    );
  }

  advance(aliveAt: number, lastAt: number): void {
    const before = this.#marks ?? this.#reader.marks();
    const marks = { aliveAt: Math.max(before.aliveAt, aliveAt), lastAt: Math.max(before.lastAt, lastAt) };
    this.#marks = null; // unless the statement says that they are stored
    this.#putAlive.run(marks.aliveAt, marks.lastAt, aliveSum(marks));
    this.#marks = marks;
  }

  /** What was written since the last commit is not in the file. */
  rolledBack(): void {
    this.#marks = null;
  }

  recordOutage({ from, to }: Outage): void {
    const known = this.#reader.outages().find((outage) => outage.from === from);
    const outage = { from, to: Math.max(to, known?.to ?? to) };
    this.#putOutage.run(outage.from, outage.to, outageSum(outage));
  }
}

function aliveSum({ aliveAt, lastAt }: Marks): string {
  return rowSum('alive', [aliveAt, lastAt]);
}

function outageSum({ from, to }: Outage): string {
  return rowSum('outages', [from, to]);
}
