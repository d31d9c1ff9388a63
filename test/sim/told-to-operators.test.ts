import { expect, test } from 'vitest';
import { createLog } from '../../src/telemetry/log.js';
import { Table } from '../support/table.js';

/* Goal: what an operator reads first says what is wrong, and why. Method: it goes wrong on a simulated server. */

type Line = Readonly<Record<string, unknown>>;

async function watched() {
  const lines: Line[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Line) });
  const table = await Table.declaring({ humans: 2, log });
  const detailOf = (check: string) => table.sim.server.health().checks.find(({ name }) => name === check);
  return { table, lines, detailOf };
}

test('the store is away: log, health and alert have the reason, and the newest one', async () => {
  const { table, lines, detailOf } = await watched();
  table.sim.engine.failNext(1_000_000, 'SQLITE_FULL');
  while (table.sim.server.writer.available) await table.declare(0, 1);
  expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'store is away', err: { code: 'SQLITE_FULL' } });
  expect(table.sim.alerts.at(-1)).toMatchObject({
    key: 'store',
    state: 'firing',
    summary: expect.stringContaining('(SQLITE_FULL)'),
  });
  table.sim.engine.failNext(1_000_000, 'SQLITE_IOERR');
  await table.advance(2_000);
  expect(detailOf('journal')).toMatchObject({ ok: false, detail: expect.stringContaining('(SQLITE_IOERR)') });
  table.sim.engine.failNext(0, '');
  await table.advance(2_500);
  expect(detailOf('journal')).toMatchObject({ ok: true, detail: 'takes writes' });
});

test('all rooms are paused: newcomers and health are told so, and so is the log of the next process', async () => {
  const { table, lines, detailOf } = await watched();
  const { operations } = table.sim.server.rooms;
  await table.sim.until(operations.pauseAll('an upgrade'));
  const { data } = await table.lobby.call('create_room', { player_name: 'Mona' });
  expect(data).toMatchObject({ type: 'temporarily_unavailable', reason: 'paused', retryable: true });
  expect(detailOf('newRooms')).toMatchObject({ ok: false, detail: expect.stringContaining('has paused all rooms') });
  await table.sim.crash(5_000);
  expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: 'all rooms are paused', why: 'an upgrade' });
  expect(table.sim.server.awayMs).toBeGreaterThanOrEqual(5_000);
});
