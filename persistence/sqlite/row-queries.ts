import type Database from 'better-sqlite3';
import { type AnyRow, layoutOf, rowAs } from '../row-change.js';
import { comparedValues, nextCursor, type PageOptions, pageLimit, parseCursor, queryLayout } from '../row-query.js';
import type { StoredValue } from '../row-sum.js';
import { QUERIES, type Query, type RowPage, type Rows, type Table, TABLES } from '../rows.js';
import { soundRow, sqlName, storedRow, tableNames } from './row-table.js';

type Statement = Database.Statement<unknown[], Record<string, unknown>>;

/** The SQL of a listing: its first page, or a page behind a cursor. Ends in limit and offset. */
export function querySql(query: Query, isBehind: boolean): string {
  const { table, equals, orderBy, descending } = queryLayout(query);
  const order = orderBy.map(sqlName);
  const conditions = equals.map((member) => `${sqlName(member)} = ?`);
  if (isBehind) conditions.push(`(${order.join()}) ${descending ? '<' : '>'} (${order.map(() => '?').join()})`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const directed = order.map((column) => (descending ? `${column} DESC` : column));
  return `${tableNames(table).select}${where} ORDER BY ${directed.join()} LIMIT ? OFFSET ?`;
}

/** Reading repository rows. Each row is held against its checksum. */
export class RowQueries {
  readonly #byKey = new Map<Table, Statement>();
  readonly #pages = new Map<Query, { readonly first: Statement; readonly behind: Statement }>();

  constructor(db: Database.Database) {
    for (const table of Object.keys(TABLES) as Table[]) {
      const { select, key } = tableNames(table);
      this.#byKey.set(table, db.prepare(`${select} WHERE ${key} = ?`));
    }
    for (const query of Object.keys(QUERIES) as Query[]) {
      this.#pages.set(query, { first: db.prepare(querySql(query, false)), behind: db.prepare(querySql(query, true)) });
    }
  }

  /** @throws StoreFailure with code ROW_DAMAGED */
  row<T extends Table>(table: T, key: string): Rows[T] | null {
    const record = this.#byKey.get(table)!.get(key);
    return record === undefined ? null : rowAs(table, soundRow(table, storedRow(table, record)));
  }

  select(query: Query, values: Readonly<Record<string, unknown>>, page: PageOptions = {}): RowPage<AnyRow> {
    const { table } = queryLayout(query);
    const compared = comparedValues(query, values);
    const cursor = parseCursor(query, page);
    const limit = pageLimit(page);
    const { first, behind } = this.#pages.get(query)!;
    const given: StoredValue[] = [...compared, ...(cursor.behind ?? []), limit + 1, cursor.skipped];
    const records = (cursor.behind === null ? first : behind).all(...given);
    const rows = records.slice(0, limit).map((record) => storedRow(table, record));

    const items = rows.flatMap(({ kind, row }) => (kind === 'sound' ? [row] : []));
    const damaged = rows.flatMap(({ kind, row }) => (kind === 'sound' ? [] : [String(row[layoutOf(table).key])]));
    if (records.length <= limit) return { items, next: null, damaged };
    const lastSound = rows.findLastIndex(({ kind }) => kind === 'sound');
    const last = rows[lastSound]?.row ?? null;
    return { items, next: nextCursor(query, cursor, last, rows.length - 1 - lastSound), damaged };
  }
}
