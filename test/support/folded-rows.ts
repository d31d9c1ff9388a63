import { type AnyRow, changedRow, faultOf, rowAs } from '../../persistence/row-change.js';
import type { RowChange, Rows, Table } from '../../persistence/rows.js';

/** Rows in memory that take changes as an engine does, and throw where an engine would refuse them. */
export class FoldedRows {
  readonly #tables = new Map<Table, Map<string, AnyRow>>();

  apply(changes: readonly RowChange[]): this {
    for (const change of changes) this.#apply(change);
    return this;
  }

  /** Sorted by key, so that two stores can be compared. */
  all<T extends Table>(table: T): Rows[T][] {
    const rows = [...this.#rows(table).entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    return rows.map(([, row]) => rowAs(table, row));
  }

  get<T extends Table>(table: T, key: string): Rows[T] | undefined {
    const row = this.#rows(table).get(key);
    return row && rowAs(table, row);
  }

  #rows(table: Table): Map<string, AnyRow> {
    const rows = this.#tables.get(table) ?? new Map<string, AnyRow>();
    this.#tables.set(table, rows);
    return rows;
  }

  #apply(change: RowChange): void {
    const fault = faultOf(change);
    if (fault !== null) throw new Error(`the change ${fault}`);
    const rows = this.#rows(change.table);
    if (change.kind === 'delete') {
      rows.delete(change.key);
      return;
    }
    const row = changedRow(rows.get(change.key) ?? null, change);
    if (row === null) throw new Error(`a new row of ${change.table} lacks a member`);
    rows.set(change.key, row);
  }
}
