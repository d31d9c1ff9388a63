import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess, type ServerProcessOptions } from '../test/support/server-process.js';
import { firstMessage, forkModule, isBuilt, killed } from './fork-module.js';
import { type Driven, Party, type Phase } from './load/drive.js';
import { recordMoves, type RecordedMove } from './load/recorded-moves.js';
import { seatAtReplay, seatInRoom, type Seated } from './load/seating.js';
import { processCpu, type ProcessCpu } from './process-cpu.js';

/** The server as users run it: built, and limits by number off, since one address plays for all. */
export const PRODUCT: ServerProcessOptions = {
  command: isBuilt ? [process.execPath, 'dist/src/main.js'] : [process.execPath, '--import', 'tsx', 'src/main.ts'],
  env: { TIME_SCALE: '0', RATE_LIMITS: 'off', LOG_LEVEL: 'warn' },
};

export interface WireOptions {
  readonly tables: number;
  readonly phases: readonly Pick<Phase, 'warmUpS' | 'seconds' | 'rate'>[];
}

export interface WireRun extends Driven {
  readonly serverCpu: number | null; // cores used while it was counted
  readonly mainThreadCpu: number | null; // of the server, the part of its main thread
}

/**
 * The three that are compared over sockets. Each run starts its server anew, in a process of its own, and gives one
 * result for each phase.
 */
export class WireContestants {
  readonly recorded: readonly RecordedMove[];
  readonly #folder: string;
  readonly recording: string; // file of the recorded moves

  private constructor(recorded: readonly RecordedMove[]) {
    this.recorded = recorded;
    this.#folder = mkdtempSync(join(tmpdir(), 'wire-'));
    this.recording = join(this.#folder, 'recording.json');
    writeFileSync(this.recording, JSON.stringify(recorded));
  }

  static async prepare(): Promise<WireContestants> {
    return new WireContestants(await recordMoves(PRODUCT));
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

  /** Starts one of the three for as long as `use` takes. */
  async server<T>(name: 'product' | 'raw' | 'reference', use: (url: string, pid: number) => Promise<T>): Promise<T> {
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
    const server = forkModule('reference/replay-server', { RECORDING: this.recording, JOURNAL: journal });
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
      const samples: { readonly atMs: number; readonly cpu: ProcessCpu | null }[] = [];
      const sample = (): void => void samples.push({ atMs: performance.now(), cpu: processCpu(pid) });
      const driven = await party.drive({ ...phase, atStart: sample, atEnd: sample });
      const [from, to] = samples;
      const cores = (of: (cpu: ProcessCpu) => number): number | null => {
        if (from?.cpu == null || to?.cpu == null) return null;
        return (of(to.cpu) - of(from.cpu)) / (to.atMs - from.atMs);
      };
      runs.push({ ...driven, serverCpu: cores((cpu) => cpu.totalMs), mainThreadCpu: cores((cpu) => cpu.mainThreadMs) });
    }
    return runs;
  } finally {
    party.close();
  }
}
