import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess, type ServerProcessOptions } from '../test/support/server-process.js';
import { startArguments } from '../test/support/start-command.js';
import { firstMessage, forkModule, isBuilt, killed } from './fork-module.js';
import { type Driven, Party, type Phase } from './load/drive.js';
import { recordMoves, type RecordedMove } from './load/recorded-moves.js';
import { seatAtRoomServer } from './load/room-server-seating.js';
import { seatAtReplay, seatInRoom, type Seated } from './load/seating.js';
import { processCpu, type ProcessCpu } from './process-cpu.js';

/** The server as users run it: built, and limits by number off, since one address plays for all. */
export const PRODUCT: ServerProcessOptions = {
  command: isBuilt ? [process.execPath, ...startArguments()] : [process.execPath, '--import', 'tsx', 'src/main.ts'],
  env: { TIME_SCALE: '0', RATE_LIMITS: 'off', LOG_LEVEL: 'warn' },
};

/** Has packages of its own, which are no part of the product and which nothing else installs. */
const ROOM_SERVER = 'bench/room-server';
export const isRoomServerInstalled = existsSync(join(ROOM_SERVER, 'node_modules'));

export interface WireOptions {
  readonly tables: number;
  readonly phases: readonly Pick<Phase, 'warmUpS' | 'seconds' | 'rate'>[];
}

export interface WireRun extends Driven {
  readonly serverCpu: number | null; // cores used while it was counted
  readonly mainThreadCpu: number | null; // of the server, the part of its main thread
  readonly generatorCpu: number; // cores
}

/**
 * Those that are compared over sockets. Each run starts its server anew, in a process of its own, and gives one
 * result for each phase.
 */
export class WireContestants {
  readonly recorded: readonly RecordedMove[];
  readonly #folder: string;
  readonly recording: string; // file of the recorded moves

  private constructor(recorded: readonly RecordedMove[], parent: string) {
    this.recorded = recorded;
    this.#folder = mkdtempSync(join(parent, 'wire-'));
    this.recording = join(this.#folder, 'recording.json');
    writeFileSync(this.recording, JSON.stringify(recorded));
  }

  /** @param parent of the folder of their journals */
  static async prepare(parent = tmpdir()): Promise<WireContestants> {
    return new WireContestants(await recordMoves(PRODUCT), parent);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }

  product(options: WireOptions): Promise<WireRun[]> {
    return this.server('product', (url, pid) => measured(pid, options, () => seatInRoom(url)));
  }

  /** An echo: nothing but the product's frames. */
  raw(options: WireOptions): Promise<WireRun[]> {
    return this.server('raw', (url, pid) => measured(pid, options, (table) => seatAtReplay(url, table)));
  }

  /** The plainest thing that is durable. */
  reference(options: WireOptions): Promise<WireRun[]> {
    return this.server('reference', (url, pid) => measured(pid, options, (table) => seatAtReplay(url, table)));
  }

  /** A popular room server that commits each move. */
  roomServer(options: WireOptions): Promise<WireRun[]> {
    return this.server('room server', (url, pid) => measured(pid, options, () => seatAtRoomServer(url)));
  }

  /** Starts one of them for as long as `use` takes. */
  async server<T>(
    name: 'product' | 'raw' | 'reference' | 'room server',
    use: (url: string, pid: number) => Promise<T>,
    settings: Readonly<Record<string, string>> = {}, // of the replaying ones
  ): Promise<T> {
    if (name === 'product') {
      const server = await ServerProcess.start(PRODUCT);
      try {
        return await use(server.socketUrl, server.pid);
      } finally {
        await server.dispose();
      }
    }
    const folder = mkdtempSync(join(this.#folder, 'journal-'));
    const journal = name === 'raw' ? 'none' : join(folder, 'journal.sqlite');
    const env = { RECORDING: this.recording, JOURNAL: journal, ...settings };
    const server =
      name === 'room server'
        ? fork(join(ROOM_SERVER, 'room-server.mjs'), { execArgv: [], env: { ...process.env, ...env } })
        : forkModule('reference/replay-server', env);
    try {
      const { port } = await firstMessage<{ port: number }>(server);
      return await use(`ws://127.0.0.1:${port}`, server.pid!);
    } finally {
      await killed(server);
      rmSync(folder, { recursive: true });
    }
  }
}

export async function measured(
  pid: number,
  { tables, phases }: WireOptions,
  seat: (table: number) => Promise<Seated>,
): Promise<WireRun[]> {
  const party = await Party.seat(tables, seat);
  try {
    await party.spread();
    const runs: WireRun[] = [];
    for (const phase of phases) {
      const samples: { readonly atMs: number; readonly cpu: ProcessCpu | null; readonly ownMs: number }[] = [];
      const sample = (): void => {
        const { user, system } = process.cpuUsage();
        samples.push({ atMs: performance.now(), cpu: processCpu(pid), ownMs: (user + system) / 1000 });
      };
      const driven = await party.drive({ ...phase, atStart: sample, atEnd: sample });
      const [from, to] = samples;
      const cores = (of: (cpu: ProcessCpu) => number): number | null => {
        if (from?.cpu == null || to?.cpu == null) return null;
        return (of(to.cpu) - of(from.cpu)) / (to.atMs - from.atMs);
      };
      runs.push({
        ...driven,
        serverCpu: cores((cpu) => cpu.totalMs),
        mainThreadCpu: cores((cpu) => cpu.mainThreadMs),
        generatorCpu: (to!.ownMs - from!.ownMs) / (to!.atMs - from!.atMs),
      });
    }
    return runs;
  } finally {
    party.close();
  }
}
