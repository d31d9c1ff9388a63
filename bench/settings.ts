import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../test/support/server-process.js';
import { seatInRoom } from './load/seating.js';
import { MEMORY_FOLDER } from './memory-folder.js';
import { beside, interleaved } from './rounds.js';
import { spreadOf } from './statistics.js';
import { measured, PRODUCT, type WireRun } from './wire-contestants.js';

export interface SettingsOptions {
  readonly tables: number;
  readonly warmUp: number; // seconds
  readonly seconds: number;
  readonly rounds: number;
}

interface Variant {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string; // for the data, in place of the folder of temporary files
}

const VARIANTS: readonly Variant[] = [
  { name: 'LOG_LEVEL=debug', env: { LOG_LEVEL: 'debug' } },
  { name: 'RATE_LIMITS=1000', env: { RATE_LIMITS: '1000' } },
  { name: 'NODE_OPTIONS=--max-semi-space-size=64', env: { NODE_OPTIONS: '--max-semi-space-size=64' } },
  ...(MEMORY_FOLDER !== null ? [{ name: `DATA_DIR on ${MEMORY_FOLDER}`, folder: MEMORY_FOLDER }] : []),
];

/** What an operator's settings do to the moves over sockets, beside the defaults before and after each round. */
export async function benchSettings({ tables, warmUp, seconds, rounds }: SettingsOptions): Promise<object> {
  const run = async ({ env, folder = tmpdir() }: Omit<Variant, 'name'>): Promise<WireRun> => {
    const dataDir = mkdtempSync(join(folder, 'settings-'));
    const server = await ServerProcess.start({ ...PRODUCT, dataDir, env: { ...PRODUCT.env, ...env } });
    try {
      const phases = [{ warmUpS: warmUp, seconds, rate: null }];
      return (await measured(server.pid, { tables, phases }, () => seatInRoom(server.socketUrl)))[0]!;
    } finally {
      await server.dispose();
      rmSync(dataDir, { recursive: true });
    }
  };
  const results = await interleaved(
    rounds,
    () => run({}),
    VARIANTS.map((variant) => ({ name: variant.name, run: () => run(variant) })),
  );
  const effects = [...results].map(([name, runs]) => {
    const defaults = beside(runs, ({ movesPerS }) => movesPerS);
    const p99 = ({ latency }: WireRun): number => latency.getValueAtPercentile(99);
    const p99Defaults = beside(runs, p99);
    return {
      setting: name,
      moves_per_s: spreadOf(runs.map(({ result }) => result.movesPerS)),
      by_defaults: spreadOf(runs.map(({ result }, round) => result.movesPerS / defaults[round]!)),
      p99_by_defaults: spreadOf(runs.map(({ result }, round) => p99(result) / p99Defaults[round]!)),
    };
  });
  return { effects };
}
