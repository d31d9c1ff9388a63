import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournalEngine } from '../../persistence/journal.js';
import type { PlayerRow, Query, QueryValues, RowChange, RowOf, RowPage, Table } from '../../persistence/rows.js';
import {
  appendOf,
  entriesOf,
  entryAfter,
  inboxRow,
  newRoom,
  putInbox,
  putRoom,
  rowsOnly,
  snapshotOnly,
} from './appends.js';
import type { JournalUnderTest } from './journal-contract.js';

const COMMITTED = { kind: 'committed' };
const conflict = (actualSeq: number) => ({ kind: 'conflict', actualSeq });

const addToPlayer = (key: string, values: Partial<Omit<PlayerRow, 'playerId' | 'name'>>): RowChange => ({
  kind: 'add',
  table: 'players',
  key,
  values,
});
const hold = (roomId: string, why = 'a test'): RowChange => ({
  kind: 'put',
  table: 'holds',
  key: roomId,
  values: { kind: 'paused', since: 5, why },
});
const noPlayer = { name: '', games: 0, wins: 0, score: 0, perfectRounds: 0, turnsWon: 0, lastPlayedAt: 0 };

/** What every journal engine promises of the rows beside the journal (`persistence/rows.ts`). */
export function rowsContract(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(name, () => {
    let store: JournalUnderTest;
    let engine: JournalEngine;

    beforeEach(async () => {
      store = await open();
      engine = store.engine;
    });
    afterEach(() => store.dispose());

    const write = (...rows: RowChange[]) => engine.commit([rowsOnly('some room', rows)], 0);
    const keys = async <Q extends Query>(query: Q, values: QueryValues<Q>, key: keyof RowOf<Q>) =>
      (await engine.select(query, values)).items.map((row) => row[key]);
    const allPages = async <Q extends Query>(query: Q, limit: number) => {
      const pages: RowPage<RowOf<Q>>[] = [];
      do pages.push(await engine.select(query, {}, { after: pages.at(-1)?.next ?? null, limit }));
      while (pages.at(-1)!.next !== null);
      return pages;
    };

    describe('the unit of work', () => {
      test('holds an entry and rows of several tables, and all of them come back', async () => {
        const [entry] = entriesOf('r1', 1);
        const rows: RowChange[] = [
          putRoom('r1', newRoom({ code: '111111' })),
          {
            kind: 'put',
            table: 'games',
            key: 'r1',
            values: { code: '111111', status: 'running', startedAt: 9, players: '["Ada"]' },
          },
          {
            kind: 'put',
            table: 'gamePlayers',
            key: 'r1/0',
            values: { roomId: 'r1', seat: 0, name: 'Ada', startedAt: 9 },
          },
          addToPlayer('p1', { games: 1, score: 40 }),
          putInbox('r1', 1),
          hold('r1'),
          { kind: 'put', table: 'audit', key: 'a1', values: { at: 9, actor: 'tool', action: 'pause' } },
        ];
        expect(await engine.commit([appendOf(entry!, { rows })], 0)).toEqual([COMMITTED]);
        expect(await engine.row('rooms', 'r1')).toMatchObject({ roomId: 'r1', code: '111111', creationKey: null });
        expect(await engine.row('games', 'r1')).toEqual({
          roomId: 'r1',
          code: '111111',
          status: 'running',
          startedAt: 9,
          endedAt: null,
          rounds: 0,
          players: '["Ada"]',
          totals: '[]',
          winners: '[]',
        });
        expect(await engine.row('gamePlayers', 'r1/0')).toMatchObject({ seat: 0, playerId: null, rank: null, won: 0 });
        expect(await engine.row('players', 'p1')).toEqual({ ...noPlayer, playerId: 'p1', games: 1, score: 40 });
        expect(await engine.row('inbox', 'r1/1')).toEqual(inboxRow('r1', 1));
        expect(await engine.row('holds', 'r1')).toEqual({
          roomId: 'r1',
          kind: 'paused',
          since: 5,
          why: 'a test',
          seq: null,
        });
        expect(await engine.row('audit', 'a1')).toMatchObject({ target: '', detail: '{}' });
        expect(await engine.row('deadLetters', 'r1')).toBeNull();
      });

      test('is all or nothing: a row that is refused takes entry and other rows along', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!, { rows: [putRoom('r1', newRoom({ code: '1' }))] })], 0);
        const rows = [addToPlayer('p1', { games: 1 }), putInbox('r2', 1), putRoom('r2', newRoom({ code: '1' }))];
        expect(await engine.commit([appendOf(entriesOf('r2', 1)[0]!, { rows })], 0)).toEqual([conflict(0)]);
        expect(await engine.heads(['r2'])).toEqual([]);
        expect(await engine.row('players', 'p1')).toBeNull();
        expect(await engine.row('inbox', 'r2/1')).toBeNull();
      });

      test('is all or nothing also where the version is stale', async () => {
        const [first] = entriesOf('r1', 1);
        await engine.commit([appendOf(first!, { rows: [addToPlayer('p1', { games: 1 })] })], 0);
        await engine.commit([appendOf(first!, { rows: [addToPlayer('p1', { games: 1 })] })], 0);
        expect(await engine.row('players', 'p1')).toMatchObject({ games: 1 });
      });

      test('that is refused gives a deleted row back', async () => {
        await write(putRoom('r1', newRoom({ code: '1' })), putRoom('r2', newRoom({ code: '2' })));
        const rows: RowChange[] = [
          { kind: 'delete', table: 'rooms', key: 'r2' },
          putRoom('r3', newRoom({ code: '1' })),
        ];
        expect(await write(...rows)).toEqual([conflict(0)]);
        expect(await engine.roomByCode('2')).toMatchObject({ roomId: 'r2' });
      });
    });

    describe('changes', () => {
      test('add to what is there, and begin at zero where there is nothing', async () => {
        const entries = entriesOf('r1', 2);
        const name: RowChange = { kind: 'put', table: 'players', key: 'p1', values: { name: 'Ada', lastPlayedAt: 7 } };
        const rows = [addToPlayer('p1', { games: 1, wins: 1, score: -5 }), name];
        await engine.commit([appendOf(entries[0]!, { rows })], 0);
        await engine.commit([appendOf(entries[1]!, { rows: [addToPlayer('p1', { games: 1, score: 30 })] })], 0);
        const sums = { games: 2, wins: 1, score: 25, name: 'Ada', lastPlayedAt: 7 };
        expect(await engine.row('players', 'p1')).toEqual({ ...noPlayer, ...sums, playerId: 'p1' });
      });

      test('of one row several times in one append are made in order', async () => {
        const [entry] = entriesOf('r1', 1);
        const rows: RowChange[] = [
          addToPlayer('p1', { score: 1 }),
          { kind: 'delete', table: 'players', key: 'p1' },
          addToPlayer('p1', { score: 2 }),
          addToPlayer('p1', { score: 3 }),
        ];
        await engine.commit([appendOf(entry!, { rows })], 0);
        expect(await engine.row('players', 'p1')).toMatchObject({ score: 5 });
      });

      test('set a member back to nothing where it may be nothing', async () => {
        await write({ ...hold('r1'), values: { kind: 'quarantined', since: 1, why: 'x', seq: 4 } } as RowChange);
        await write({ kind: 'put', table: 'holds', key: 'r1', values: { seq: null } });
        expect(await engine.row('holds', 'r1')).toMatchObject({ kind: 'quarantined', seq: null });
      });

      test('take any text as key and value', async () => {
        const odd = `'; DROP TABLE rooms; -- "日本" \u0000 🎲 \n\t`;
        await write(hold(odd, odd));
        expect(await engine.row('holds', odd)).toMatchObject({ roomId: odd, why: odd });
        expect(await keys('holds', {}, 'roomId')).toEqual([odd]);
      });

      test('that no table could take are our own mistake and write nothing', async () => {
        const broken = [
          { kind: 'put', table: 'sqlite_master', key: 'x', values: {} },
          { kind: 'put', table: 'toString', key: 'x', values: {} },
          { kind: 'delete', table: 'streams', key: 'x' },
          { kind: 'put', table: 'holds', key: 'x', values: { owner: 'y' } },
          { kind: 'put', table: 'holds', key: 'x', values: { toString: 'y' } },
          { kind: 'put', table: 'holds', key: 'x', values: { roomId: 'y' } },
          { kind: 'put', table: 'holds', key: 'x', values: { why: null } },
          { kind: 'put', table: 'holds', key: 'x', values: { since: 1.5 } },
          { kind: 'put', table: 'holds', key: 'x', values: { since: Number.NaN } },
          { kind: 'put', table: 'holds', key: 'x', values: { since: true } },
          { kind: 'put', table: 'holds', key: 'x', values: { since: undefined } },
          { kind: 'put', table: 'holds', key: 7, values: {} },
          { kind: 'add', table: 'players', key: 'x', values: { name: 1 } },
          { kind: 'add', table: 'players', key: 'x', values: { wins: '1' } },
          { kind: 'add', table: 'holds', key: 'x', values: { seq: 1 } },
        ] as unknown as RowChange[];
        for (const row of broken) {
          const append = appendOf(entriesOf('r1', 1)[0]!, { rows: [row] });
          await expect(engine.commit([append], 0), JSON.stringify(row)).rejects.toBeInstanceOf(TypeError);
        }
        expect(await engine.heads(['r1'])).toEqual([]);
        expect(await keys('holds', {}, 'roomId')).toEqual([]);
      });
    });

    describe('rows without a version', () => {
      test('need no stream, and open none', async () => {
        expect(await engine.commit([rowsOnly('*', [hold('*')])], 0)).toEqual([COMMITTED]);
        expect(await engine.heads(['*'])).toEqual([]);
        expect(await engine.row('holds', '*')).not.toBeNull();
      });

      test('are taken whatever the version of the room is, also where it is closed', async () => {
        const entries = entriesOf('r1', 2);
        await engine.commit([appendOf(entries[0]!), appendOf(entries[1]!, { closes: true })], 0);
        expect(await engine.commit([rowsOnly('r1', [hold('r1')])], 0)).toEqual([COMMITTED]);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 2, closed: true }]);
      });

      test('are taken behind an append of their room that is refused', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0);
        const stale = entryAfter(null, 'r1', { message: '{"stale":true}' });
        const batch = [appendOf(stale), rowsOnly('r1', [putInbox('r1', 1)]), appendOf(entriesOf('r1', 2)[1]!)];
        expect(await engine.commit(batch, 0)).toEqual([conflict(1), COMMITTED, conflict(1)]);
        expect(await engine.row('inbox', 'r1/1')).not.toBeNull();
      });

      test('are refused to an owner whose fence is old', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!, { fence: 4 })], 0);
        const rows = [hold('r1')];
        expect(await engine.commit([rowsOnly('r1', rows, { fence: 3 })], 0)).toEqual([conflict(1)]);
        expect(await engine.row('holds', 'r1')).toBeNull();
        expect(await engine.commit([rowsOnly('r1', rows, { fence: 5 })], 0)).toEqual([COMMITTED]);
        expect(await engine.commit([appendOf(entriesOf('r1', 2)[1]!, { fence: 4 })], 0)).toEqual([COMMITTED]);
      });

      test('are the same when they are written twice', async () => {
        for (let time = 1; time <= 2; time++)
          await write(putInbox('r1', 1), { kind: 'delete', table: 'holds', key: 'r1' });
        expect((await engine.select('inbox', {})).items).toEqual([inboxRow('r1', 1)]);
      });

      test('hold nothing else, and add nothing', async () => {
        const [entry] = entriesOf('r1', 1);
        const whole = snapshotOnly(entry!);
        for (const append of [
          rowsOnly('r1', [], { entry: entry! }),
          rowsOnly('r1', [], { snapshot: whole.snapshot }),
          rowsOnly('r1', [], { closes: true }),
          rowsOnly('r1', [addToPlayer('p1', { wins: 1 })]),
        ]) {
          await expect(engine.commit([append], 0)).rejects.toBeInstanceOf(TypeError);
        }
      });
    });

    describe('listings', () => {
      const player = (key: string, wins: number, score: number): RowChange => ({
        kind: 'put',
        table: 'players',
        key,
        values: { wins, score },
      });

      test('of rooms take those of a status, in order of creation', async () => {
        await write(
          putRoom('r3', newRoom({ code: '3', createdAt: 10 })),
          putRoom('r1', newRoom({ code: '1', createdAt: 30 })),
          putRoom('r2', newRoom({ code: '2', createdAt: 20 })),
          putRoom('r5', newRoom({ code: '5', createdAt: 20 })),
          putRoom('r4', newRoom({ code: '4', createdAt: 5, status: 'playing' })),
        );
        expect(await keys('roomsByStatus', { status: 'waiting' }, 'roomId')).toEqual(['r3', 'r2', 'r5', 'r1']);
        expect(await keys('roomsByStatus', { status: 'over' }, 'roomId')).toEqual([]);
        expect(await keys('roomsNewest', {}, 'roomId')).toEqual(['r1', 'r5', 'r2', 'r3', 'r4']);
      });

      test('of the best players go by wins, then score, and page by page name each of them once', async () => {
        const rows = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key, index) => player(key, index % 3, index % 2));
        await write(...rows);
        const all = await keys('leaderboard', {}, 'playerId');
        expect(all).toEqual(['f', 'c', 'b', 'e', 'd', 'g', 'a']);
        for (const limit of [1, 2, 3, 7]) {
          const pages = await allPages('leaderboard', limit);
          expect(Math.max(...pages.map(({ items }) => items.length))).toBe(limit);
          expect(pages.flatMap(({ items }) => items.map(({ playerId }) => playerId))).toEqual(all);
        }
      });

      test('go on behind a row that has gone, and show what came behind it', async () => {
        await write(...[1, 2, 3].map((position) => putInbox('r1', position)));
        const { next } = await engine.select('inboxOfRoom', { roomId: 'r1' }, { limit: 2 });
        await write({ kind: 'delete', table: 'inbox', key: 'r1/2' }, putInbox('r1', 4), putInbox('r2', 3));
        const page = await engine.select('inboxOfRoom', { roomId: 'r1' }, { after: next });
        expect(page.items.map(({ position }) => position)).toEqual([3, 4]);
        expect(page.next).toBeNull();
      });

      test('hold at most 1,000 rows', async () => {
        await write(...Array.from({ length: 1_001 }, (_, index) => hold(`room-${String(index).padStart(4, '0')}`)));
        const first = await engine.select('holds', {}, { limit: 5_000 });
        expect(first.items).toHaveLength(1_000);
        const second = await engine.select('holds', {}, { after: first.next });
        expect(second).toMatchObject({ items: [{ roomId: 'room-1000' }], next: null });
      });

      test('compare nothing with null', async () => {
        await write({
          kind: 'put',
          table: 'gamePlayers',
          key: 'r1/0',
          values: { roomId: 'r1', seat: 0, name: 'Bot', startedAt: 1 },
        });
        expect(await keys('gamesOfPlayer', { playerId: null }, 'id')).toEqual([]);
        expect(await keys('seatsOfGame', { roomId: 'r1' }, 'id')).toEqual(['r1/0']);
      });

      test('refuse a cursor that is none of theirs', async () => {
        await write(...[1, 2].map((position) => putInbox('r1', position)));
        const { next } = await engine.select('inboxOfRoom', { roomId: 'r1' }, { limit: 1 });
        const foreign = [
          next!,
          '',
          'x',
          Buffer.from('[-1]').toString('base64url'),
          Buffer.from('[0,[]]').toString('base64url'),
        ];
        for (const after of foreign) {
          await expect(engine.select('holds', {}, { after })).rejects.toMatchObject({ code: 'BAD_CURSOR' });
        }
      });

      test('are asked with the values that they compare and no other', async () => {
        await expect(engine.select('roomsByStatus', {})).rejects.toBeInstanceOf(TypeError);
        await expect(engine.select('holds', { roomId: 'r1' })).rejects.toBeInstanceOf(TypeError);
        await expect(engine.select('inboxOfRoom', { lane: 'player' })).rejects.toBeInstanceOf(TypeError);
      });
    });

    describe('a damaged row', () => {
      const damages: readonly { readonly table: Table; readonly key: string; readonly column: string }[] = [
        { table: 'rooms', key: 'r1', column: 'seats' },
        { table: 'inbox', key: 'r1/1', column: 'message' },
        { table: 'players', key: 'p1', column: 'name' },
      ];

      test('is named, not returned', async () => {
        const rows = [putRoom('r1', newRoom({ code: '1' })), putInbox('r1', 1), addToPlayer('p1', { wins: 3 })];
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!, { rows })], 0);
        for (const { table, key, column } of damages) {
          expect(await engine.row(table, key)).not.toBeNull();
          await store.damage(table, key, column);
          await expect(engine.row(table, key)).rejects.toMatchObject({
            outcome: 'failed',
            code: 'ROW_DAMAGED',
            message: expect.stringContaining(`The row ${key} of ${table}`) as string,
          });
        }
        await expect(engine.roomByCode('1')).rejects.toMatchObject({ code: 'ROW_DAMAGED' });
        expect(await engine.select('roomsNewest', {})).toEqual({ items: [], next: null, damaged: ['r1'] });
        expect(await engine.select('inbox', {})).toEqual({ items: [], next: null, damaged: ['r1/1'] });
      });

      test('stops no listing, wherever in its pages it stands', async () => {
        await write(...['a', 'b', 'c', 'd', 'e', 'f'].map((roomId) => hold(roomId)));
        for (const roomId of ['a', 'c', 'd', 'f']) await store.damage('holds', roomId, 'why');
        for (const limit of [1, 2, 3, 6]) {
          const pages = await allPages('holds', limit);
          expect(pages.flatMap(({ items }) => items.map(({ roomId }) => roomId))).toEqual(['b', 'e']);
          expect(pages.flatMap(({ damaged }) => damaged)).toEqual(['a', 'c', 'd', 'f']);
        }
      });

      test('stays one when some of its members are written, and is none when all are', async () => {
        await write(hold('r1'));
        await store.damage('holds', 'r1', 'why');
        expect(await write({ kind: 'put', table: 'holds', key: 'r1', values: { since: 6 } })).toEqual([COMMITTED]);
        await expect(engine.row('holds', 'r1')).rejects.toMatchObject({ code: 'ROW_DAMAGED' });
        const values = { kind: 'paused', since: 7, why: 'whole', seq: null } as const;
        await write({ kind: 'put', table: 'holds', key: 'r1', values });
        expect(await engine.row('holds', 'r1')).toEqual({ roomId: 'r1', ...values });
      });

      test('can be deleted', async () => {
        await write(hold('r1'));
        await store.damage('holds', 'r1', 'why');
        await write({ kind: 'delete', table: 'holds', key: 'r1' });
        expect(await engine.row('holds', 'r1')).toBeNull();
        await write(hold('r1'));
        expect(await engine.row('holds', 'r1')).not.toBeNull();
      });
    });
  });
}
