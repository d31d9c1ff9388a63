import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';
import { LiveConfig } from '../../src/live-config.js';
import { startServer } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';
import { openLogFile } from '../../src/telemetry/log-file.js';
import { needs } from '../support/needs.js';

/*
 * Goal: the log reaches a collector, whole, although the collector was away when it was written. Method: the shipper of
 * ops/logs with its paths changed and nothing else, the lines of a real server, a receiver of TCP that comes late.
 */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shipping-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function shipperConfig(port: number): string {
  const changes = [
    ['/var/log/room-runtime/', `${folder}/`],
    ['/var/spool/rsyslog', folder],
    ['port="5170"', `port="${port}"`],
  ] as const;
  let text = readFileSync(join(projectRoot(), 'ops/logs/rsyslog.conf'), 'utf8');
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** A port that nobody listens on for now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A server from its start to its end, with its log in a file. */
async function serveRequests(requestIds: readonly string[]): Promise<void> {
  const live = new LiveConfig({ HOST: '127.0.0.1', PORT: '0', DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'debug' });
  const lines = openLogFile(join(folder, 'server.log'), live.current);
  const log = createLog(live.current.logLevel, lines);
  const server = await startServer(live, log, () => expect.unreachable());
  for (const id of requestIds) {
    await fetch(`http://127.0.0.1:${server.port}/health`, { headers: { 'X-Request-Id': id, Connection: 'close' } });
  }
  await server.stop();
  await lines.end();
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

test('every line of the log reaches a collector that was away', async () => {
  const rsyslogd = needs('rsyslogd');
  const port = await freePort();
  writeFileSync(join(folder, 'rsyslog.conf'), shipperConfig(port));
  const shipper = spawn(rsyslogd, ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'rsyslog.pid')], {
    stdio: 'ignore',
  });
  const collector = createServer();
  try {
    const requestIds = Array.from({ length: 20 }, () => randomUUID());
    await serveRequests(requestIds);
    let received = '';
    collector.on('connection', (socket) => socket.on('data', (chunk) => (received += chunk.toString())));
    collector.listen(port, '127.0.0.1');
    const written = readFileSync(join(folder, 'server.1.log'), 'utf8');
    for (const id of requestIds) expect(written).toContain(id);
    // A line whose sending failed comes again, perhaps behind the others; its time tells where it belongs.
    const lines = (text: string): string[] => [...new Set(text.split('\n'))].sort();
    await expect.poll(() => lines(received), { timeout: 20_000 }).toEqual(lines(written));
  } finally {
    await ended(shipper);
    collector.close();
  }
});
