import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PerMessageDeflateOptions, WebSocket } from 'ws';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { recordMoves } from './load/recorded-moves.js';
import type { DeflateJob, DeflateRun } from './reference/deflating-server.js';
import { spreadOf } from './statistics.js';
import { PRODUCT } from './wire-contestants.js';

export interface DeflateOptions {
  readonly tables: number;
  readonly moves: number;
  readonly rounds: number;
}

/** Ways to compress frames of 1.4 KB; level 1 is the cheapest. */
const WAYS: Readonly<Record<string, false | PerMessageDeflateOptions>> = {
  off: false,
  'each frame alone': {
    threshold: 512,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    zlibDeflateOptions: { level: 1 },
  },
  'with what went before': { threshold: 512, zlibDeflateOptions: { level: 1, memLevel: 7 } },
};

/** What permessage-deflate saves on the wire, and what it takes of the server for it. */
export async function benchDeflate({ tables, moves, rounds }: DeflateOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'deflate-'));
  try {
    const recording = join(folder, 'recording.json');
    writeFileSync(recording, JSON.stringify(await recordMoves(PRODUCT)));
    const ways = Object.entries(WAYS);
    const runs = new Map(ways.map(([name]) => [name, [] as Awaited<ReturnType<typeof run>>[]]));
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < ways.length; turn++) {
        const [name, deflate] = ways[(round + turn) % ways.length]!;
        runs.get(name)!.push(await run({ recording, sockets: tables * 4, moves, deflate }));
      }
    }
    return Object.fromEntries(
      [...runs].map(([name, made]) => [
        name,
        {
          cpu_us_per_move: spreadOf(made.map(({ cpuUsPerMove }) => Math.round(cpuUsPerMove))),
          wire_bytes_per_move: Math.round(made[0]!.wireBytesPerMove),
          memory_bytes_per_socket: spreadOf(made.map(({ bytesPerSocket }) => Math.round(bytesPerSocket))),
        },
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(job: DeflateJob): Promise<DeflateRun & { readonly wireBytesPerMove: number }> {
  const server = forkModule('reference/deflating-server', { JOB: JSON.stringify(job) });
  try {
    const { port } = await firstMessage<{ port: number }>(server);
    const connections: Socket[] = [];
    const done = firstMessage<DeflateRun>(server);
    for (let made = 0; made < job.sockets; made++) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      socket.on('upgrade', (response) => connections.push(response.socket));
      socket.on('error', () => undefined); // the server ends with its measurement
      await once(socket, 'open');
    }
    const measured = await done;
    const bytes = connections.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    const tables = job.sockets / 4;
    const moves = Math.ceil(job.moves / tables);
    return { ...measured, wireBytesPerMove: bytes / tables / (moves + Math.ceil(moves / 10)) };
  } finally {
    await killed(server);
  }
}
