import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liapTui } from '../../actors/room/liap-tui.js';
import { verifyAll } from '../../actors/verification.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { seededRandom } from '../../src/client/random.js';
import { pause, ScriptedTables } from '../support/scripted-tables.js';
import { startScriptedServer } from '../support/scripted-server.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'backup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a backup taken while people play is sound, and a server started on it goes on with every game', async () => {
  const copied = join(folder, 'copied');
  mkdirSync(copied);
  const engine = await openSqliteEngine({ folder: join(folder, 'data') });
  const server = await startScriptedServer(engine);
  const random = seededRandom(3);
  const tables = new ScriptedTables({ rooms: server.rooms, random, thinkMs: () => 20 });
  for (const people of [4, 3, 2, 4, 3, 4] as const) tables.start(people);
  await pause(1_500);
  const before = tables.acknowledged.length;
  await engine.backup(join(copied, 'journal.sqlite'));
  await pause(200);
  const during = tables.acknowledged.length - before;
  await tables.stop();
  await server.stop();
  await engine.close();
  expect(during).toBeGreaterThan(0);

  const copy = await openSqliteEngine({ folder: copied });
  try {
    expect(await verifyAll(copy, liapTui())).toMatchObject({ sound: true, rooms: 6, store: [] });
    const again = await startScriptedServer(copy);
    const players = new ScriptedTables({ rooms: again.rooms, random, thinkMs: () => 0, name: 'again' });
    const roomIds = [...again.rooms.openIds];
    expect(roomIds).toHaveLength(6);
    const answers = await Promise.all(roomIds.map((roomId) => players.moveIn(roomId)));
    expect(answers.map((answer) => answer?.kind)).toEqual(roomIds.map(() => 'applied'));
    await players.stop();
    await again.stop();
    expect(await verifyAll(copy, liapTui())).toMatchObject({ sound: true });
  } finally {
    await copy.close();
  }
});
