import { StoreFailure } from '../journal.js';
import { type AnyRow, changedRow, isWhole, layoutOf, rowAs } from '../row-change.js';
import { comparedValues, nextCursor, type PageOptions, pageLimit, parseCursor, queryLayout } from '../row-query.js';
import type { StoredValue } from '../row-sum.js';
import type { Query, RoomRow, RowChange, RowPage, Rows, Table } from '../rows.js';

type KeyedRows = Map<string, AnyRow>;

/** Repository rows in memory, and which of them are damaged. */
export class SimulatedRows {
  readonly #tables = new Map<Table, KeyedRows>();
  readonly #roomIdsByCode = new Map<string, string>(); // of rooms that are not archived
  readonly #damaged = new Set<string>();

  /** @returns whether the rows took the changes; if not, none of them is left */
  change(changes: readonly RowChange[]): boolean {
    const undo: (() => void)[] = [];
    for (const change of changes) {
      const before = this.#rowsOf(change.table).get(change.key) ?? null;
      const after = change.kind === 'delete' ? null : changedRow(before, change);
      if ((after === null && change.kind !== 'delete') || this.#isCodeTaken(change, after)) {
        for (const step of undo.reverse()) step();
        return false;
      }
      const id = idOf(change.table, change.key);
      const wasDamaged = this.#damaged.has(id);
      undo.push(() => {
        this.#set(change.table, change.key, before);
        if (wasDamaged) this.#damaged.add(id);
      });
      this.#set(change.table, change.key, after);
      if (after === null || isWhole(change)) this.#damaged.delete(id);
    }
    return true;
  }

  damage(table: Table, key: string): void {
    this.#damaged.add(idOf(table, key));
  }

  /** All rows of a table, damaged ones as well. */
  all(table: Table): AnyRow[] {
    return [...this.#rowsOf(table).values()];
  }

  /** Whether a row is as it was written, and that is `values`. */
  isSame(table: Table, key: string, values: AnyRow): boolean {
    const row = this.#rowsOf(table).get(key);
    if (row === undefined || this.#damaged.has(idOf(table, key))) return false;
    return Object.entries(row).every(([member, value]) => values[member] === value);
  }

  copy(): SimulatedRows {
    const copy = new SimulatedRows();
    for (const [table, rows] of this.#tables) copy.#tables.set(table, new Map(rows));
    for (const [code, roomId] of this.#roomIdsByCode) copy.#roomIdsByCode.set(code, roomId);
    for (const id of this.#damaged) copy.#damaged.add(id);
    return copy;
  }

  row<T extends Table>(table: T, key: string): Rows[T] | null {
    const row = this.#rowsOf(table).get(key);
    if (row === undefined) return null;
    if (!this.#damaged.has(idOf(table, key))) return rowAs(table, row);
    throw new StoreFailure('failed', 'ROW_DAMAGED', `The row ${key} of ${table} is not as it was written`);
  }

  roomByCode(code: string): RoomRow | null {
    const roomId = this.#roomIdsByCode.get(code);
    return roomId === undefined ? null : this.row('rooms', roomId);
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): RoomRow | null {
    const [newest] = [...this.#rowsOf('rooms').values()]
      .map((row) => rowAs('rooms', row))
      .filter((row) => row.creator === creator && row.creationKey === creationKey && row.createdAt >= createdSince)
      .sort((a, b) => b.createdAt - a.createdAt);
    return newest === undefined ? null : this.row('rooms', newest.roomId);
  }

  select(query: Query, values: Readonly<Record<string, unknown>>, page: PageOptions): RowPage<AnyRow> {
    const { table, equals, orderBy, descending } = queryLayout(query);
    const { key } = layoutOf(table);
    const compared = comparedValues(query, values);
    const cursor = parseCursor(query, page);
    const direction = descending ? -1 : 1;
    const orderOf = (row: AnyRow): StoredValue[] => orderBy.map((member) => row[member]!);

    const found = [...this.#rowsOf(table).values()]
      .filter((row) => equals.every((member, index) => compared[index] !== null && row[member] === compared[index]))
      .filter((row) => cursor.behind === null || direction * compareValues(orderOf(row), cursor.behind) > 0)
      .sort((a, b) => direction * compareValues(orderOf(a), orderOf(b)))
      .slice(cursor.skipped);
    const limit = pageLimit(page);
    const isDamaged = (row: AnyRow): boolean => this.#damaged.has(idOf(table, row[key] as string));
    const rows = found.slice(0, limit);
    const items = rows.filter((row) => !isDamaged(row));
    const damaged = rows.filter(isDamaged).map((row) => row[key] as string);
    if (found.length <= limit) return { items, next: null, damaged };
    const lastSound = rows.findLastIndex((row) => !isDamaged(row));
    return { items, next: nextCursor(query, cursor, rows[lastSound] ?? null, rows.length - 1 - lastSound), damaged };
  }

  #isCodeTaken({ table, key }: RowChange, after: AnyRow | null): boolean {
    if (table !== 'rooms' || after === null) return false;
    const { code, status } = rowAs('rooms', after);
    const owner = this.#roomIdsByCode.get(code);
    return status !== 'archived' && owner !== undefined && owner !== key;
  }

  #rowsOf(table: Table): KeyedRows {
    let rows = this.#tables.get(table);
    if (rows === undefined) {
      rows = new Map();
      this.#tables.set(table, rows);
    }
    return rows;
  }

  #set(table: Table, key: string, row: AnyRow | null): void {
    const rows = this.#rowsOf(table);
    const old = rows.get(key);
    if (table === 'rooms' && old !== undefined) {
      const { code } = rowAs('rooms', old);
      if (this.#roomIdsByCode.get(code) === key) this.#roomIdsByCode.delete(code);
    }
    if (row === null) {
      rows.delete(key);
      return;
    }
    rows.set(key, row);
    if (table !== 'rooms') return;
    const { code, status } = rowAs('rooms', row);
    if (status !== 'archived') this.#roomIdsByCode.set(code, key);
  }
}

function idOf(table: Table, key: string): string {
  return `${table} ${key}`;
}

/** Order of the values of two rows, member by member: numbers by size, texts by their bytes. */
function compareValues(a: readonly StoredValue[], b: readonly StoredValue[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]!;
    if (left === right) continue;
    if (typeof left === 'string' && typeof right === 'string') {
      return Buffer.compare(Buffer.from(left), Buffer.from(right));
    }
    return (left as number) < (right as number) ? -1 : 1;
  }
  return 0;
}
