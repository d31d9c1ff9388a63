import type Database from 'better-sqlite3';
import { StoreFailure } from '../journal.js';
import { type AnyRow, changedRow, isWhole, layoutOf } from '../row-change.js';
import { rowSum, type StoredValue } from '../row-sum.js';
import type { RowChange, Table } from '../rows.js';

/** A row as it came from the file. */
export type StoredRow = { readonly kind: 'sound' | 'damaged'; readonly row: AnyRow };

/** The SQL names of a table. Only names out of `TABLES` ever get into a statement: this is where they come from. */
export interface TableNames {
  readonly name: string;
  readonly key: string;
  readonly columns: readonly string[]; // in the order of `TABLES`, which is that of the checksum
  readonly select: string; // SELECT of all members and the checksum
}

export function tableNames(table: Table): TableNames {
  const { key, columns } = layoutOf(table);
  const members = Object.keys(columns);
  const list = members.map((member) => `${sqlName(member)} AS "${member}"`).join(', ');
  return {
    name: sqlName(table),
    key: sqlName(key),
    columns: members.map(sqlName),
    select: `SELECT ${list}, "sum" AS "sum" FROM ${sqlName(table)}`,
  };
}

/** `gamePlayers` is "game_players" in the file. */
export function sqlName(member: string): string {
  return `"${member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`;
}

/** Holds a row that was read against its checksum. */
export function storedRow(table: Table, record: Readonly<Record<string, unknown>>): StoredRow {
  const { sum, ...row } = record;
  const isSound = sum === rowSum(table, Object.values(row));
  return { kind: isSound ? 'sound' : 'damaged', row: row as AnyRow };
}

/** @throws StoreFailure with code ROW_DAMAGED that names table and key */
export function soundRow(table: Table, { kind, row }: StoredRow): AnyRow {
  if (kind === 'sound') return row;
  const key = String(row[layoutOf(table).key]);
  throw new StoreFailure('failed', 'ROW_DAMAGED', `The row ${key} of ${table} is not as it was written`);
}

/** Writing one table of repository rows. */
export class RowTable {
  readonly #table: Table;
  readonly #find: Database.Statement<[key: string], Record<string, unknown>>;
  readonly #put: Database.Statement;
  readonly #delete: Database.Statement;

  constructor(db: Database.Database, table: Table) {
    const { name, key, columns, select } = tableNames(table);
    const all = [...columns, '"sum"'];
    const others = all.filter((column) => column !== key);
    this.#table = table;
    this.#find = db.prepare(`${select} WHERE ${key} = ?`);
    this.#put = db.prepare(
      `INSERT INTO ${name} (${all.join()}) VALUES (${all.map(() => '?').join()})
       ON CONFLICT (${key}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join()}`,
    );
    this.#delete = db.prepare(`DELETE FROM ${name} WHERE ${key} = ?`);
  }

  /**
   * @returns whether the row is complete; if not, nothing was written
   * @throws SqliteError of a constraint, e.g. where the row's code is another room's
   */
  change(change: RowChange): boolean {
    if (change.kind === 'delete') {
      this.#delete.run(change.key);
      return true;
    }
    const record = this.#find.get(change.key);
    const before = record === undefined ? null : storedRow(this.#table, record);
    const row = changedRow(before?.row ?? null, change);
    if (row === null) return false;
    const values: readonly StoredValue[] = Object.values(row);
    // A change of some members says nothing of the others: what was damaged stays so, and no checksum is empty.
    const isSound = before?.kind !== 'damaged' || isWhole(change);
    this.#put.run(...values, isSound ? rowSum(this.#table, values) : '');
    return true;
  }
}
