import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LiveConfig } from '../../src/live-config.js';
import { startServer } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';
import { writeSuspect } from '../../src/watchdog/suspect.js';

test('a room that hung the process before is told to the webhook once: by its own alert, not as a check too', async () => {
  const told: { key: string; summary: string }[] = [];
  const receiver = createServer((request, response) => {
    void json(request).then((alert) => {
      told.push(alert as (typeof told)[number]);
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const dataDir = mkdtempSync(join(tmpdir(), 'operator-alerts-'));
  writeSuspect(join(dataDir, 'suspect.json'), { roomId: 'room-1', at: 1, blockedMs: 5_000 });
  const live = new LiveConfig({ HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, ALERT_WEBHOOK_URL: webhook });
  const server = await startServer(live, createLog('silent'), () => expect.unreachable());
  try {
    const answer = await fetch(`http://127.0.0.1:${server.port}/health/full`);
    const { changes } = (await answer.json()) as { changes: { name: string; ok: boolean }[] };
    expect(changes).toContainEqual(expect.objectContaining({ name: 'rooms', ok: false }));
  } finally {
    await server.stop(); // what is under way is told before it ends
    receiver.close();
    rmSync(dataDir, { recursive: true });
  }
  const aboutRooms = told.filter(({ key }) => key.includes('room'));
  expect(aboutRooms).toMatchObject([
    { key: 'room/room-1', summary: expect.stringContaining('did not end within 5 s') },
  ]);
});
