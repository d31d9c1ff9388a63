import { afterEach, expect, test } from 'vitest';
import { each, seatInRoom } from '../../bench/load/seating.js';
import { Table } from '../../bench/load/table.js';
import { checkJournal } from '../support/journal-check.js';
import type { RecordedCommand } from '../support/recorded-commands.js';
import { ServerProcess } from '../support/server-process.js';

// Goal: with many moves in each commit, an acknowledgement is as good as with one. Method: tables that move without a
// pause, a SIGKILL in the middle of it, and every acknowledgement that was received looked up in the file.

const TABLES = 30;
const MOVES = 1_500;
const SESSION = /room_session=([\w-]+)\./;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test('a server that is killed with a batch of many rooms in each commit has lost nothing that it acknowledged', async () => {
  const server = await ServerProcess.start({ env: { LOG_LEVEL: 'error' } });
  cleanUps.push(() => server.dispose());
  const acknowledged: RecordedCommand[] = [];
  const refusals: string[] = [];
  const underWay = new Map<Table, RecordedCommand>();
  let isOver: () => void = () => undefined;
  const enough = new Promise<void>((resolve) => (isOver = resolve));

  const seated = await each(TABLES, 10, () => seatInRoom(server.socketUrl));
  const tables = seated.map(({ sockets, cookies }) => {
    return new Table(sockets, {
      ready: (table) => {
        const { seat, event, text } = table.move();
        const { id } = JSON.parse(text) as { id: string };
        underWay.set(table, { session: SESSION.exec(cookies[seat]!)![1]!, id, event, sentCount: 1, answer: 'none' });
      },
      answered: (table, refusal) => {
        if (refusal !== null) refusals.push(refusal);
        else if (acknowledged.push(underWay.get(table)!) === MOVES) isOver();
      },
    });
  });
  cleanUps.push(() => tables.forEach((table) => table.close()));
  for (const { start } of seated) start();
  await enough;
  await server.kill();

  expect(refusals).toEqual([]);
  expect(checkJournal(server.dataDir, acknowledged)).toMatchObject({
    rooms: TABLES,
    lost: [],
    twice: [],
    brokenChains: [],
  });
  expect(acknowledged.length).toBeGreaterThanOrEqual(MOVES);
});
