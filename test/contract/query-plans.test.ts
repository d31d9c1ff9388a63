import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUERIES, type Query, type Table, TABLES } from '../../persistence/rows.js';
import { SQL } from '../../persistence/sqlite/journal-reader.js';
import { journalFile, openForReading } from '../../persistence/sqlite/open.js';
import { prepareDatabase } from '../../persistence/sqlite/prepare-database.js';
import { querySql } from '../../persistence/sqlite/row-queries.js';
import { tableNames } from '../../persistence/sqlite/row-table.js';
import { HEAD_SQL } from '../../persistence/sqlite/stream-head.js';

let folder: string;
let db: Database.Database;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plans-'));
  const connection = { file: journalFile(folder), busyTimeoutMs: 0 };
  await prepareDatabase(connection);
  db = openForReading(connection);
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

// A plan in which every step is a search, or a walk along an index in its order, and nothing is sorted, reads as many
// rows as it returns: it stays as fast in a store of years.
function expectFast(sql: string): void {
  const plan = planOf(sql);
  expect(plan.length).toBeGreaterThan(0);
  for (const detail of plan) {
    expect(detail).not.toContain('TEMP B-TREE');
    expect(detail).toMatch(/^(SEARCH|SCAN \w+ USING (COVERING )?INDEX|CORRELATED SCALAR SUBQUERY|SCALAR SUBQUERY)/);
  }
}

function planOf(sql: string): string[] {
  const values = new Array<null>(sql.split('?').length - 1).fill(null);
  const steps = db.prepare<null[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  return steps.map(({ detail }) => detail);
}

describe('an index serves', () => {
  test.each(Object.keys(QUERIES) as Query[])('the listing %s, its first page and the ones behind it', (query) => {
    expectFast(querySql(query, false));
    expectFast(querySql(query, true));
    if (QUERIES[query].equals.length > 0) expect(planOf(querySql(query, false))[0]).toMatch(/^SEARCH/);
    expect(planOf(querySql(query, true))[0]).toMatch(/^SEARCH.*(<|>)/); // the cursor is a place in the index, not a filter
  });

  test.each(Object.keys(TABLES) as Table[])('a row of %s by its key', (table) => {
    const { select, key } = tableNames(table);
    expectFast(`${select} WHERE ${key} = ?`);
  });

  test.each(Object.entries(SQL))('the statement %s', (_name, sql) => expectFast(sql));

  test.each(Object.entries(HEAD_SQL))('the statement of heads %s', (_name, sql) => expectFast(sql));
});
