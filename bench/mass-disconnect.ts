import type { ChildProcess } from 'node:child_process';
import { ServerProcess } from '../test/support/server-process.js';
import type { CrowdTask, Heard } from './crowd.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { Party, type Driven } from './load/drive.js';
import { seatInRoom } from './load/seating.js';
import { NAMES } from './load/table.js';
import { PRODUCT } from './wire-contestants.js';

export interface MassDisconnectOptions {
  readonly sockets: number; // that end in one moment; three at each table, whose fourth stays
  readonly tables: number; // that go on playing, with four sockets each
  readonly rate: number; // moves a second of theirs
  readonly seconds: number; // of each part: longer than it takes until all rooms have heard
}

const P99 = 99;

/**
 * What healthy tables feel of it when very many connections drop together: the time of their moves before, while rooms
 * hear of it, and after it. The crowd is two processes of its own; the one whose people go is killed.
 */
export async function benchMassDisconnect({ sockets, tables, rate, seconds }: MassDisconnectOptions): Promise<object> {
  const server = await ServerProcess.start(PRODUCT);
  const [stay, go] = [forkModule('crowd', {}), forkModule('crowd', {})];
  try {
    const url = server.socketUrl;
    const rooms = Math.ceil(sockets / (NAMES.length - 1));
    const codes = await told<string[]>(stay, { task: 'open', url, rooms });
    const opened = await told<number>(go, { task: 'join', url, codes });
    await told(stay, { task: 'start' });
    process.stderr.write('tables: seated and measured\n');
    const party = await Party.seat(tables, () => seatInRoom(url));
    try {
      await party.spread();
      const drive = (warmUpS: number, atStart?: () => void): Promise<Driven> =>
        party.drive({ warmUpS, seconds, rate, ...(atStart !== undefined && { atStart }) });
      const before = await drive(2);
      let cutMs = 0;
      const during = await drive(0.5, () => {
        cutMs = Date.now();
        go.kill('SIGKILL');
      });
      const after = await drive(0.5);
      const heard = await told<Heard>(stay, { task: 'heard' });
      const p99 = ({ latency }: Driven): number => latency.getValueAtPercentile(P99) / 1000;
      const shown = (run: Driven) => ({
        p50_ms: run.latency.getValueAtPercentile(50) / 1000,
        p99_ms: p99(run),
        max_ms: run.latency.maxValue / 1000,
        moves_per_s: run.movesPerS,
        refused: run.refused,
        unanswered: run.unanswered,
        unsent: run.unsent,
      });
      return {
        sockets_dropped: opened,
        rooms,
        before: shown(before),
        during: shown(during),
        after: shown(after),
        p99_during_by_before: p99(during) / p99(before),
        rooms_heard: {
          players_away: heard.away,
          host_changes: heard.hosts,
          first_after_ms: heard.firstMs - cutMs,
          last_after_ms: heard.lastMs - cutMs,
          frames_in_busiest_second: heard.mostInSecond,
        },
      };
    } finally {
      party.close();
    }
  } finally {
    await Promise.all([killed(stay), killed(go)]);
    await server.dispose();
  }
}

async function told<T>(crowd: ChildProcess, task: CrowdTask): Promise<T> {
  process.stderr.write(`crowd: ${task.task}\n`);
  const answered = firstMessage<T>(crowd);
  crowd.send(task);
  return await answered;
}
