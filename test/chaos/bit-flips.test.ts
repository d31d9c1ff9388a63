import Database from 'better-sqlite3';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Damage, judge, makeTruth, randomFlips, type Truth } from './bit-flip-run.js';

let truth: Truth;
beforeAll(async () => {
  truth = await makeTruth();
});

/** What a flipped bit in a stored value comes to, aimed at a table: the first row in its own order. */
const AIMED: readonly (readonly [table: string, set: string])[] = [
  ['entries', "message = replace(message, 'type', 'typf')"],
  ['entries', 'at = at + 1'],
  ['snapshots', "state = replace(state, 'value', 'valuf')"],
  ['streams', 'seq = seq + 1'],
  ['streams', 'closed_at = 1'],
  ['rooms', "code = 'F11BFF'"],
  ['rooms', 'free_seats = free_seats + 1'],
  ['games', 'rounds = rounds + 1'],
  ['game_players', 'score = score + 2'],
  ['players', 'wins = wins + 1'],
  ['inbox', "message = replace(message, '2', '3')"],
  ['dead_letters', 'seq = seq + 1'],
  ['holds', "kind = 'quarantinee'"],
  ['audit', "actor = 'uool'"],
  ['alive', 'alive_at = alive_at + 1024'],
  ['outages', 'to_at = to_at + 1024'],
];

function changed(table: string, set: string): Damage {
  return {
    what: `${table}: ${set}`,
    file: (path) => {
      const db = new Database(path);
      try {
        const { changes } = db
          .prepare(`UPDATE ${table} SET ${set} WHERE rowid = (SELECT min(rowid) FROM ${table})`)
          .run();
        if (changes !== 1) throw new Error(`nothing was changed in ${table}`);
      } finally {
        db.close();
      }
    },
  };
}

// The long form, 500 places: npm run chaos:flips
describe('a damaged value is named', () => {
  test.each(AIMED)('in %s: %s', async (table, set) => {
    const verdict = await judge(truth, changed(table, set));
    expect(['found', 'repaired'], JSON.stringify(verdict)).toContain(verdict.kind);
  });
});

test('a flipped bit anywhere in the file is named, or changes nothing that can be read', async () => {
  const verdicts = [];
  for (const damage of randomFlips(5, 10, truth.database.length)) verdicts.push(await judge(truth, damage));
  expect(verdicts.filter(({ kind }) => kind === 'SILENT')).toEqual([]);
});
