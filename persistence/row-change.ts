import type { StoredValue } from './row-sum.js';
import { REQUIRED, type RowChange, type Rows, type Table, TABLES } from './rows.js';

/** A row of any table, all members of it. */
export type AnyRow = Readonly<Record<string, StoredValue>>;

/** A table as the engines go through it: its members by name. */
export interface TableLayout {
  readonly key: string;
  readonly columns: Readonly<Record<string, StoredValue | typeof REQUIRED>>;
}

export function layoutOf(table: Table): TableLayout {
  return TABLES[table];
}

/** A row under the type of its table. The engines themselves go by the members' names. */
export function rowAs<T extends Table>(_table: T, row: AnyRow): Rows[T] {
  return row as unknown as Rows[T];
}

/**
 * The row after a `put` or an `add`, whole, or null where a new row lacks a member that has no default.
 * @param before null where there is no such row
 */
export function changedRow(before: AnyRow | null, change: Exclude<RowChange, { kind: 'delete' }>): AnyRow | null {
  const { key, columns } = layoutOf(change.table);
  const values = change.values as AnyRow;
  const row: Record<string, StoredValue | typeof REQUIRED> = {};
  for (const [member, fallback] of Object.entries(columns)) {
    const old = before === null ? fallback : before[member]!;
    const given = values[member];
    if (given === undefined) row[member] = old;
    else row[member] = change.kind === 'add' ? numberOf(old) + (given as number) : given;
  }
  row[key] = change.key;
  return Object.values(row).includes(REQUIRED) ? null : (row as AnyRow);
}

/** Whether a change says what all members of its row are, whatever they were. */
export function isWhole(change: RowChange): boolean {
  if (change.kind !== 'put') return false;
  const { key, columns } = layoutOf(change.table);
  return Object.keys(columns).every((member) => member === key || Object.hasOwn(change.values, member));
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/**
 * What is wrong with a change whatever the store holds, or null.
 * @returns the end of a sentence: 'puts a column owner, which rooms does not have'
 */
export function faultOf(change: RowChange): string | null {
  if (!Object.hasOwn(TABLES, change.table)) return `changes a table ${change.table}, which does not exist`;
  if (typeof change.key !== 'string') return `changes a row of ${change.table} without a key`;
  if (change.kind === 'delete') return null;
  const { key, columns } = layoutOf(change.table);
  for (const [member, value] of Object.entries<StoredValue>(change.values)) {
    const name = `${change.table}.${member}`;
    if (!Object.hasOwn(columns, member)) return `puts a column ${member}, which ${change.table} does not have`;
    if (member === key && value !== change.key) return `puts the key ${String(value)} into the row ${change.key}`;
    if (change.kind === 'add') {
      const isNumber = typeof columns[member] === 'number' || columns[member] === REQUIRED;
      if (!isNumber || !Number.isSafeInteger(value)) return `adds ${String(value)} to ${name}`;
    } else if (value === null) {
      if (columns[member] !== null) return `puts null into ${name}`;
    } else if (typeof value !== 'string' && !Number.isSafeInteger(value)) {
      return `puts ${String(value)} into ${name}, where a text or an integer belongs`;
    }
  }
  return null;
}
