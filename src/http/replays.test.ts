import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { JournalCorrupt } from '../../actors/recovery.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import { StoreFailure } from '../../persistence/journal.js';
import type { GameRow } from '../../persistence/rows.js';
import { Replays } from '../replays/replays.js';
import { addReplays } from './replays.js';

/* Whole games are looked at in test/sim/replays.test.ts; here is what happens when a replay can't be had now. */

const OVER = { status: 'over', endedAt: 5 } as GameRow;

function asked(heads: () => Promise<never>) {
  const app = new Hono();
  const row = (table: string, roomId: string) => Promise.resolve(table === 'games' ? OVER : { roomId });
  const engine = { heads, row, read: heads, snapshots: heads, roomByCode: () => Promise.resolve(null) };
  const ports = { engine, definition: liapTui(), dataDir: '/nowhere', defer: setImmediate } as never;
  addReplays(app, new Replays(ports));
  return (room: string, what = 'replay') => Promise.resolve(app.request(`/api/${what}/${room}`));
}

const never = (): Promise<never> => new Promise(() => undefined);

test('twenty replays are made or wait, those who ask for one more are told to come back', async () => {
  let begun = 0;
  const ask = asked(() => (begun++, never()));
  for (let room = 1; room <= 20; room++) void ask(`room-${room}`);
  void ask('room-7'); // waits with the one that asked before
  await new Promise(setImmediate);
  const refused = await ask('room-21');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  expect(begun).toBe(1); // one after the other: a replay costs the time of everybody who plays
});

test('fairness of one room is looked up once for all who ask, and of many rooms one after the other', async () => {
  let begun = 0;
  const ask = asked(() => (begun++, never()));
  for (let asker = 0; asker < 40; asker++) void ask(`room-${asker % 20}`, 'fairness');
  await new Promise(setImmediate);
  const refused = await ask('room-21', 'fairness');
  expect([refused.status, refused.headers.get('retry-after'), begun]).toEqual([503, '5', 1]);
});

test('a store that is away is said to be away', async () => {
  const answer = await asked(() => Promise.reject(new StoreFailure('failed', 'SQLITE_IOERR', 'away')))('room');
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('The store is away') as string]);
});

test('a journal that can not be true is shown to nobody', async () => {
  const answer = await asked(() => Promise.reject(new JournalCorrupt('room', 3, 'its hash does not follow')))('room');
  expect([answer.status, (await answer.text()).includes('hash')]).toEqual([500, false]);
});
