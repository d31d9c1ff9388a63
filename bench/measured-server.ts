// The server in a process that tells its parent what it uses: `process.send({ rss, heap, cpuUs, … })` on each message.
import { LiveConfig } from '../src/live-config.js';
import { startServer } from '../src/server.js';
import { createLog } from '../src/telemetry/log.js';

/** What the process has used; memory after a full collection, CPU since it started. */
export interface Usage {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly cpuUs: number; // before the collection, which is not the server's own doing
  readonly cpuAfterUs: number;
  readonly roomsInMemory: number;
}

const config = new LiveConfig(process.env);
const server = await startServer(config, createLog(config.current.logLevel), () => process.exit(1));
process.on('message', () => {
  const cpuUs = totalCpuUs();
  globalThis.gc!();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { inMemory } = server.rooms.rooms.counts;
  const memory = { rssBytes: rss, heapBytes: heapUsed + external, roomsInMemory: inMemory };
  const usage: Usage = { ...memory, cpuUs, cpuAfterUs: totalCpuUs() };
  process.send!(usage);
});

function totalCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

process.on('disconnect', () => process.exit(0));
process.send!({ port: server.port });
