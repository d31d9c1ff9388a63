import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Histogram } from 'hdr-histogram-js';
import { ServerProcess } from '../test/support/server-process.js';
import { standBack } from '../test/support/stand-back.js';
import type { CrowdTask, Heard, Joined } from './crowd.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { Party, type Driven } from './load/drive.js';
import { seatAtReplay, seatInRoom, type Seated } from './load/seating.js';
import { NAMES } from './load/table.js';
import { MEMORY_FOLDER } from './memory-folder.js';
import { spreadOf } from './statistics.js';
import { PRODUCT, WireContestants } from './wire-contestants.js';

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
/** After so many it is asked again whether the last room has heard. */
const TELLING_S = 4;
const TELLING_MAX_S = 120;
/** The longer rooms are told, the less the closing counts; this much of it is always looked at by itself, too. */
const EARLY_TELLINGS = 3;
const EARLY_S = CLOSING_S + EARLY_TELLINGS * TELLING_S;
/** Until the server has compiled what its moves need. */
const WARM_UP_S = 5;
/** After so many have come back, until their rooms are quiet again and the garbage of it is collected. */
const SETTLED_S = 12;

const PARTS = ['before', 'closing', 'telling', 'after'] as const;
type Part = Pick<Driven, 'latency' | 'sentLate' | 'unanswered' | 'unsent'>;
type Round = Readonly<Record<(typeof PARTS)[number], Part>> & {
  readonly early: Part; // of closing and telling
  readonly heard: Heard;
  readonly cutMs: number;
  readonly closedMs: number; // the killed process is gone, and its last socket closed
};

type Death = Pick<Round, 'before' | 'closing'>;

/** What is cut, and how people get to its tables. */
interface Site {
  readonly seat: (table: number) => Promise<Seated>; // of those that go on playing
  readonly open: (stay: ChildProcess, go: ChildProcess) => Promise<void>;
  readonly comeBack: (go: ChildProcess) => Promise<unknown>;
  readonly atEnd?: (party: Party) => Promise<void>;
}

/**
 * What healthy tables feel of it when very many connections drop together: the time of their moves before, while the
 * sockets end, while rooms hear of it, and after it. Beside it, a plain `ws` server that tears down its sockets at once,
 * tells its tables as fast as the product did, and appends to a plain journal; and the product while as many sockets of
 * another server end, which is stopped: what is felt of that, this machine feels of ending a process. The crowd is two
 * processes of its own; the one whose people go is killed, and closes its sockets in the time that all others leave. All
 * journals are in memory where that can be had: the noise of a disk is larger than what is looked for.
 */
export async function benchMassDisconnect(options: MassDisconnectOptions): Promise<object> {
  const rooms = Math.ceil(options.sockets / (NAMES.length - 1));
  const { rounds: product, deaths } = await roundsOfProduct(options, rooms);
  const pace = spreadOf(product.map(({ heard }) => (rooms * 1000) / (heard.lastMs - heard.firstMs))).median;
  const raw = await roundsOfRaw(options, rooms, Math.round(pace));
  return {
    sockets_dropped: rooms * (NAMES.length - 1),
    rooms,
    journals: MEMORY_FOLDER === null ? 'on the disk' : `in memory (${MEMORY_FOLDER})`,
    product: shownRounds(product),
    sockets_of_a_stopped_server: {
      rounds: deaths.map(shownDeath),
      p99_by_before: byBefore(deaths, ({ closing }) => closing),
    },
    raw_ws: { told_per_s: Math.round(pace), ...shownRounds(raw) },
  };
}

async function roundsOfProduct(options: MassDisconnectOptions, rooms: number) {
  const dataDir = mkdtempSync(join(MEMORY_FOLDER ?? tmpdir(), 'mass-disconnect-'));
  const room = { SOCKETS_MAX: '100000', SOCKETS_PER_SESSION_MAX: '100000' }; // a crowd is one session
  const server = await ServerProcess.start({ ...PRODUCT, dataDir, env: { ...PRODUCT.env, ...room } });
  const url = server.socketUrl;
  let codes: readonly string[] = [];
  let cookie = '';
  const deaths: Death[] = [];
  try {
    const rounds = await roundsAt(options, {
      seat: () => seatInRoom(url),
      open: async (stay, go) => {
        codes = await told<string[]>(stay, { task: 'open', url, rooms });
        ({ cookie } = await told<Joined>(go, { task: 'join', url, codes }));
        await told(stay, { task: 'start' });
      },
      comeBack: (go) => told(go, { task: 'return', url, codes, cookie }),
      atEnd: async (party) => void deaths.push(...(await deathsElsewhere(options, rooms, party))),
    });
    return { rounds, deaths };
  } finally {
    await server.dispose();
    rmSync(dataDir, { recursive: true });
  }
}

async function roundsOfRaw(options: MassDisconnectOptions, rooms: number, toldPerS: number): Promise<readonly Round[]> {
  const wire = await WireContestants.prepare(MEMORY_FOLDER ?? undefined);
  const use = (url: string): Promise<readonly Round[]> => {
    const join = (go: ChildProcess) => told(go, { task: 'sit', url, tables: rooms, seats: [1, 2, 3] });
    return roundsAt(options, {
      seat: (table) => seatAtReplay(url, table),
      open: async (stay, go) => {
        await told(stay, { task: 'sit', url, tables: rooms, seats: [0] });
        await join(go);
      },
      comeBack: join,
    });
  };
  try {
    return await wire.server('reference', use, { TABLES_TOLD_PER_S: String(toldPerS) });
  } finally {
    wire.dispose();
  }
}

/** Nobody hears of these ends: all that the tables feel is a process that dies with its sockets. */
async function deathsElsewhere(
  { rate, rounds, seconds }: MassDisconnectOptions,
  rooms: number,
  party: Party,
): Promise<readonly Death[]> {
  const wire = await WireContestants.prepare();
  const death = async (url: string, pid: number): Promise<Death> => {
    const go = forkModule('crowd', {});
    await told(go, { task: 'sit', url, tables: rooms, seats: [1, 2, 3] });
    process.kill(pid, 'SIGSTOP');
    standBack(go.pid!);
    const before = await party.drive({ warmUpS: SETTLED_S, seconds, rate });
    const atStart = (): void => void go.kill('SIGKILL');
    return { before, closing: await party.drive({ warmUpS: 0.5, seconds: CLOSING_S, rate, atStart }) };
  };
  try {
    const deaths: Death[] = [];
    for (let round = 0; round < rounds; round++) deaths.push(await wire.server('raw', death));
    return deaths;
  } finally {
    wire.dispose();
  }
}

async function roundsAt(options: MassDisconnectOptions, site: Site): Promise<readonly Round[]> {
  const stay = forkModule('crowd', {});
  let go = forkModule('crowd', {});
  try {
    await site.open(stay, go);
    const party = await Party.seat(options.tables, site.seat);
    process.stderr.write('tables: seated\n');
    const rounds: Round[] = [];
    try {
      await party.spread();
      await party.drive({ warmUpS: WARM_UP_S, seconds: 0, rate: options.rate });
      for (let round = 0; round < options.rounds; round++) {
        if (round > 0) {
          go = forkModule('crowd', {});
          await site.comeBack(go);
        }
        rounds.push(await dropped(go, stay, party, options));
      }
      await site.atEnd?.(party);
    } finally {
      party.close();
    }
    return rounds;
  } finally {
    await Promise.all([killed(stay), killed(go)]);
  }
}

async function dropped(
  go: ChildProcess,
  stay: ChildProcess,
  party: Party,
  { rate, seconds, sockets }: MassDisconnectOptions,
): Promise<Round> {
  await told(stay, { task: 'listen' });
  standBack(go.pid!);
  const before = await party.drive({ warmUpS: SETTLED_S, seconds, rate });
  let [cutMs, closedMs] = [0, Number.NaN];
  go.once('exit', () => (closedMs = Date.now()));
  const cut = (): void => {
    cutMs = Date.now();
    go.kill('SIGKILL');
  };
  const closing = await party.drive({ warmUpS: 0.5, seconds: CLOSING_S, rate, atStart: cut });
  const telling: Driven[] = [];
  let heard: Heard;
  do {
    if (telling.length * TELLING_S >= TELLING_MAX_S) throw new Error('rooms were not told of everybody who went');
    telling.push(await party.drive({ warmUpS: 0, seconds: TELLING_S, rate }));
    heard = await told<Heard>(stay, { task: 'heard' });
  } while (heard.away < sockets);
  const after = await party.drive({ warmUpS: 0.5, seconds, rate });
  const early = together([closing, ...telling.slice(0, EARLY_TELLINGS)]);
  return { before, closing, telling: together(telling), after, early, heard, cutMs, closedMs };
}

function together(parts: readonly Part[]): Part {
  const merged = (of: (part: Part) => Histogram): Histogram => {
    const all = build();
    for (const part of parts) all.add(of(part));
    return all;
  };
  return {
    latency: merged(({ latency }) => latency),
    sentLate: merged(({ sentLate }) => sentLate),
    unanswered: parts.reduce((sum, { unanswered }) => sum + unanswered, 0),
    unsent: parts.reduce((sum, { unsent }) => sum + unsent, 0),
  };
}

const p99Of = ({ latency }: Part): number => latency.getValueAtPercentile(P99) / 1000;

/** The parts by the one before, and both from the cut until the last room was told. */
function shownRounds(rounds: readonly Round[]): object {
  return {
    rounds: rounds.map(shown),
    p99_by_before: {
      closing: byBefore(rounds, ({ closing }) => closing),
      telling: byBefore(rounds, ({ telling }) => telling),
      [`first_${EARLY_S}_s`]: byBefore(rounds, ({ early }) => early),
      from_cut_until_told: byBefore(rounds, ({ closing, telling }) => together([closing, telling])),
    },
  };
}

function byBefore<T extends Pick<Round, 'before'>>(rounds: readonly T[], of: (round: T) => Part): object {
  const ratios = rounds.map((round) => p99Of(of(round)) / p99Of(round.before));
  return { each: ratios, ...spreadOf(ratios) };
}

function shownDeath({ before, closing }: Death): object {
  return { before: shownPart(before), closing: shownPart(closing) };
}

function shownPart(run: Part): object {
  return {
    moves: run.latency.totalCount,
    p50_ms: run.latency.getValueAtPercentile(50) / 1000,
    p99_ms: p99Of(run),
    max_ms: run.latency.maxValue / 1000,
    p99_sent_late_ms: run.sentLate.getValueAtPercentile(P99) / 1000, // by the generator: of that the server knows nothing
    unanswered: run.unanswered,
    unsent: run.unsent,
  };
}

function shown({ heard, cutMs, closedMs, ...parts }: Round): object {
  return {
    closed_after_ms: closedMs - cutMs,
    ...Object.fromEntries(PARTS.map((name) => [name, shownPart(parts[name])])),
    rooms_heard: {
      players_away: heard.away,
      host_changes: heard.hosts,
      first_after_ms: heard.firstMs - cutMs,
      last_after_ms: heard.lastMs - cutMs,
      frames_in_busiest_second: heard.mostInSecond,
    },
  };
}

async function told<T>(crowd: ChildProcess, task: CrowdTask): Promise<T> {
  const fromMs = performance.now();
  const answered = firstMessage<T>(crowd);
  crowd.send(task);
  const answer = await answered;
  if (performance.now() - fromMs > 1000)
    process.stderr.write(`crowd: ${task.task}, ${Math.round(performance.now() - fromMs)} ms\n`);
  return answer;
}
