// Sends recorded moves to its sockets, compressed as it was told, and says what that cost it.
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from 'ws';
import type { RecordedMove } from '../load/recorded-moves.js';

export interface DeflateJob {
  readonly recording: string; // file of recorded moves
  readonly sockets: number; // four a table
  readonly moves: number; // counted, behind a tenth as many that are not
  readonly deflate: false | PerMessageDeflateOptions;
}

export interface DeflateRun {
  readonly cpuUsPerMove: number; // all threads of this process
  readonly bytesPerSocket: number; // resident, grown since nobody was connected
}

const SEATS = 4;
const job = JSON.parse(process.env['JOB']!) as DeflateJob;
const recorded = JSON.parse(readFileSync(job.recording, 'utf8')) as readonly RecordedMove[];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4_096, perMessageDeflate: job.deflate });
const sockets: WebSocket[] = [];

const delivered = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve, reject) => socket.send(text, (failure) => (failure == null ? resolve() : reject(failure))));

/** One move at all tables, until the network has all of it. */
async function move(made: number): Promise<void> {
  const { frames } = recorded[made % recorded.length]!;
  await Promise.all(sockets.flatMap((socket, index) => frames[index % SEATS]!.map((text) => delivered(socket, text))));
}

async function measured(): Promise<DeflateRun> {
  const tables = sockets.length / SEATS;
  const rounds = Math.ceil(job.moves / tables);
  for (let made = 0; made < rounds / 10; made++) await move(made);
  const before = process.cpuUsage();
  for (let made = 0; made < rounds; made++) await move(made);
  const { user, system } = process.cpuUsage(before);
  const bytes = process.memoryUsage().rss - rssBefore;
  return { cpuUsPerMove: (user + system) / (rounds * tables), bytesPerSocket: bytes / sockets.length };
}

let rssBefore = 0;
server.on('connection', (socket) => {
  if (sockets.push(socket) < job.sockets) return;
  void measured().then((run) => process.send!(run, () => process.exit(0)));
});
server.on('listening', () => {
  rssBefore = process.memoryUsage().rss;
  process.send!({ port: (server.address() as AddressInfo).port });
});
