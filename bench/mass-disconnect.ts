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
/** Shorter than the grace that a seat has before its room hears of it. */
const CLOSING_S = 2;

/**
 * What healthy tables feel of it when very many connections drop together: the time of their moves before, while rooms
 * hear of it, and after it. The crowd is two processes of its own; the one whose people go is killed.
 */
export async function benchMassDisconnect({ sockets, tables, rate, seconds }: MassDisconnectOptions): Promise<object> {
  const room = { SOCKETS_MAX: '100000', SOCKETS_PER_SESSION_MAX: '100000' }; // a crowd is one session
  const server = await ServerProcess.start({ ...PRODUCT, env: { ...PRODUCT.env, ...room } });
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
      const before = await party.drive({ warmUpS: 2, seconds, rate });
      let cutMs = 0;
      const cut = (): void => {
        cutMs = Date.now();
        go.kill('SIGKILL');
      };
      const closing = await party.drive({ warmUpS: 0.5, seconds: CLOSING_S, rate, atStart: cut });
      const telling = await party.drive({ warmUpS: 0, seconds, rate });
      const after = await party.drive({ warmUpS: 0.5, seconds, rate });
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
        closing: shown(closing), // their sockets end
        telling: shown(telling), // rooms hear of it, and bots move
        after: shown(after),
        p99_closing_by_before: p99(closing) / p99(before),
        p99_telling_by_before: p99(telling) / p99(before),
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
