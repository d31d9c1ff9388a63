import { StoreFailure } from './journal.js';
import { type AnyRow } from './row-change.js';
import type { StoredValue } from './row-sum.js';
import { QUERIES, type Query, type Table } from './rows.js';

export const PAGE_ROWS_MAX = 1_000;

/** A named query as the engines go through it. */
export interface QueryLayout {
  readonly table: Table;
  readonly equals: readonly string[];
  readonly orderBy: readonly string[];
  readonly descending: boolean;
}

/** Where a page begins: behind the row with these values of the order, and further by rows that are damaged. */
export interface RowCursor {
  readonly behind: readonly StoredValue[] | null; // null: at the beginning
  readonly skipped: number; // a damaged row's own values lead nowhere, so such rows are counted
}

export interface PageOptions {
  readonly after?: string | null;
  readonly limit?: number;
}

export function queryLayout(query: Query): QueryLayout {
  return QUERIES[query];
}

/**
 * The values that a query compares, in its order.
 * @throws TypeError where one is missing, or one is given that the query does not compare
 */
export function comparedValues(query: Query, values: Readonly<Record<string, unknown>>): StoredValue[] {
  const { equals } = queryLayout(query);
  const given = Object.keys(values);
  if (given.length !== equals.length || !equals.every((member) => Object.hasOwn(values, member))) {
    throw new TypeError(`The query ${query} compares ${equals.join() || 'nothing'}, not ${given.join() || 'nothing'}`);
  }
  return equals.map((member) => values[member] as StoredValue);
}

export function pageLimit({ limit = PAGE_ROWS_MAX }: PageOptions): number {
  return Math.max(1, Math.min(Math.trunc(limit), PAGE_ROWS_MAX));
}

/** @throws StoreFailure with code BAD_CURSOR for a text that no page of this query gave */
export function parseCursor(query: Query, { after = null }: PageOptions): RowCursor {
  if (after === null) return { behind: null, skipped: 0 };
  const { orderBy } = queryLayout(query);
  try {
    const [skipped, ...behind] = JSON.parse(Buffer.from(after, 'base64url').toString()) as unknown[];
    const isCount = Number.isSafeInteger(skipped) && (skipped as number) >= 0;
    const areValues = behind.every((value) => typeof value === 'string' || Number.isSafeInteger(value));
    if (isCount && areValues && (behind.length === orderBy.length || behind.length === 0)) {
      return { behind: behind.length === 0 ? null : (behind as StoredValue[]), skipped: skipped as number };
    }
  } catch {
    // Not even JSON: the sentence below says all there is to say.
  }
  throw new StoreFailure('failed', 'BAD_CURSOR', `The cursor ${after.slice(0, 100)} is none of the query ${query}`);
}

/** @param lastRow the last sound row of the page, null where there is none: the cursor then goes on from `from` */
export function nextCursor(query: Query, from: RowCursor, lastRow: AnyRow | null, damagedBehind: number): string {
  const behind = lastRow === null ? from.behind : queryLayout(query).orderBy.map((member) => lastRow[member]!);
  const skipped = lastRow === null ? from.skipped + damagedBehind : damagedBehind;
  return Buffer.from(JSON.stringify([skipped, ...(behind ?? [])])).toString('base64url');
}
