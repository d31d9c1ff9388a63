import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'hdr-histogram-js';
import { ServerProcess } from '../test/support/server-process.js';
import type { CrowdTask, Heard, Joined } from './crowd.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { Party, type Driven } from './load/drive.js';
import { seatInRoom } from './load/seating.js';
import { NAMES } from './load/table.js';
import { MEMORY_FOLDER } from './memory-folder.js';
import { spreadOf } from './statistics.js';
import { PRODUCT } from './wire-contestants.js';

export interface MassDisconnectOptions {
  readonly sockets: number; // that end in one moment; three at each table, whose fourth stays
  readonly tables: number; // that go on playing, with four sockets each
  readonly rate: number; // moves a second of theirs
  readonly seconds: number; // before and after; rooms are told for as long as it takes
  readonly rounds: number; // all sockets come back in between
}

const P99 = 99;
/** Shorter than the grace that a seat has before its room hears of it. */
const CLOSING_S = 2;
/** Rooms that are told in a second (room-pace.ts); some more, so that the last is among them. */
const ROOMS_PER_S = 270;
/** The grace, less what has gone by of it. */
const GRACE_LEFT_S = 1;
/** Until the server has compiled what its moves need. */
const WARM_UP_S = 5;
/** After so many have come back, until their rooms are quiet again and the garbage of it is collected. */
const SETTLED_S = 12;

const PARTS = ['before', 'closing', 'telling', 'after'] as const;
type Round = Readonly<Record<(typeof PARTS)[number], Driven>> & { readonly heard: Heard; readonly cutMs: number };

/**
 * What healthy tables feel of it when very many connections drop together: the time of their moves before, while the
 * sockets end, while rooms hear of it, and after it. The crowd is two processes of its own; the one whose people go is
 * killed. The journal is in memory where that can be had: the noise of a disk is larger than what is looked for.
 */
export async function benchMassDisconnect(options: MassDisconnectOptions): Promise<object> {
  const dataDir = mkdtempSync(join(MEMORY_FOLDER ?? tmpdir(), 'mass-disconnect-'));
  const room = { SOCKETS_MAX: '100000', SOCKETS_PER_SESSION_MAX: '100000' }; // a crowd is one session
  const server = await ServerProcess.start({ ...PRODUCT, dataDir, env: { ...PRODUCT.env, ...room } });
  const stay = forkModule('crowd', {});
  let go = forkModule('crowd', {});
  try {
    const url = server.socketUrl;
    const rooms = Math.ceil(options.sockets / (NAMES.length - 1));
    const codes = await told<string[]>(stay, { task: 'open', url, rooms });
    const { sockets, cookie } = await told<Joined>(go, { task: 'join', url, codes });
    await told(stay, { task: 'start' });
    process.stderr.write('tables: seated and measured\n');
    const party = await Party.seat(options.tables, () => seatInRoom(url));
    const rounds: Round[] = [];
    try {
      await party.spread();
      await party.drive({ warmUpS: WARM_UP_S, seconds: 0, rate: options.rate });
      for (let round = 0; round < options.rounds; round++) {
        if (round > 0) {
          go = forkModule('crowd', {});
          await told(go, { task: 'return', url, codes, cookie });
        }
        rounds.push(await dropped(go, stay, party, { ...options, rooms }));
      }
    } finally {
      party.close();
    }
    const journal = MEMORY_FOLDER === null ? 'on the disk' : `in memory (${MEMORY_FOLDER})`;
    return { sockets_dropped: sockets, rooms, journal, rounds: rounds.map(shown), from_cut_until_told: events(rounds) };
  } finally {
    await Promise.all([killed(stay), killed(go)]);
    await server.dispose();
    rmSync(dataDir, { recursive: true });
  }
}

async function dropped(
  go: ChildProcess,
  stay: ChildProcess,
  party: Party,
  { rate, seconds, rooms }: MassDisconnectOptions & { readonly rooms: number },
): Promise<Round> {
  await told(stay, { task: 'heard' }); // what was before counts no more
  const before = await party.drive({ warmUpS: SETTLED_S, seconds, rate });
  let cutMs = 0;
  const cut = (): void => {
    cutMs = Date.now();
    go.kill('SIGKILL');
  };
  const closing = await party.drive({ warmUpS: 0.5, seconds: CLOSING_S, rate, atStart: cut });
  const telling = await party.drive({ warmUpS: 0, seconds: GRACE_LEFT_S + Math.ceil(rooms / ROOMS_PER_S), rate });
  const after = await party.drive({ warmUpS: 0.5, seconds, rate });
  return { before, closing, telling, after, heard: await told<Heard>(stay, { task: 'heard' }), cutMs };
}

const p99Of = ({ latency }: Driven): number => latency.getValueAtPercentile(P99) / 1000;

function shown({ heard, cutMs, ...parts }: Round): object {
  const part = (run: Driven) => ({
    p50_ms: run.latency.getValueAtPercentile(50) / 1000,
    p99_ms: p99Of(run),
    max_ms: run.latency.maxValue / 1000,
    p99_sent_late_ms: run.sentLate.getValueAtPercentile(P99) / 1000, // by the generator: of that the server knows nothing
    moves_per_s: run.movesPerS,
    refused: run.refused,
    unanswered: run.unanswered,
    unsent: run.unsent,
  });
  return {
    ...Object.fromEntries(PARTS.map((name) => [name, part(parts[name])])),
    rooms_heard: {
      players_away: heard.away,
      host_changes: heard.hosts,
      first_after_ms: heard.firstMs - cutMs,
      last_after_ms: heard.lastMs - cutMs,
      frames_in_busiest_second: heard.mostInSecond,
    },
  };
}

/** From the cut until every room has heard, beside before. */
function events(rounds: readonly Round[]): object {
  const ratios = rounds.map(({ before, closing, telling }) => {
    const event = build();
    event.add(closing.latency);
    event.add(telling.latency);
    return event.getValueAtPercentile(P99) / 1000 / p99Of(before);
  });
  return { p99_by_before: ratios, median: spreadOf(ratios).median };
}

async function told<T>(crowd: ChildProcess, task: CrowdTask): Promise<T> {
  const fromMs = performance.now();
  const answered = firstMessage<T>(crowd);
  crowd.send(task);
  const answer = await answered;
  process.stderr.write(`crowd: ${task.task}, ${Math.round(performance.now() - fromMs)} ms\n`);
  return answer;
}
