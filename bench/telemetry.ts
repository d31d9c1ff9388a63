import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess, type ServerProcessOptions } from '../test/support/server-process.js';
import { firstMessage, forkModule, isBuilt, killed } from './fork-module.js';
import { seatInRoom } from './load/seating.js';
import { beside, interleaved } from './rounds.js';
import { spreadOf } from './statistics.js';
import { measured, PRODUCT, type WireRun } from './wire-contestants.js';

export interface TelemetryOptions {
  readonly tables: number;
  readonly warmUp: number; // seconds
  readonly seconds: number;
  readonly rounds: number;
}

interface Variant {
  readonly name: string;
  readonly counts?: false; // metrics that count nothing
  readonly scraped?: true; // /metrics is read each second
  readonly traced?: string; // share of the messages
  readonly env?: Readonly<Record<string, string>>;
}

const NONE: Variant = { name: 'none', counts: false };
const VARIANTS: readonly Variant[] = [
  { name: 'counted, as it starts', env: { LOG_LEVEL: 'info' } },
  { name: 'counted, metrics read each second', scraped: true, env: { LOG_LEVEL: 'info' } },
  {
    name: 'all: read, a line for each message, 1 % traced',
    scraped: true,
    traced: '0.01',
    env: { LOG_LEVEL: 'debug' },
  },
  { name: 'all, and each message traced', scraped: true, traced: '1', env: { LOG_LEVEL: 'debug' } },
];

const SCRAPE_MS = 1_000;

interface TelemetryRun extends WireRun {
  readonly seen: { readonly scrapes: number; readonly spans: number; readonly lines: number };
}

/** What looking at the server costs: moves over sockets at full load, beside a server that counts and tells nothing. */
export async function benchTelemetry({ tables, warmUp, seconds, rounds }: TelemetryOptions): Promise<object> {
  const receiver = forkModule('trace-receiver', {});
  const { port } = await firstMessage<{ port: number }>(receiver);
  const spansSoFar = async (): Promise<number> => {
    receiver.send('spans');
    return ((await once(receiver, 'message')) as [number])[0];
  };
  const run = async (variant: Variant): Promise<TelemetryRun> => {
    const folder = mkdtempSync(join(tmpdir(), 'telemetry-'));
    const server = await ServerProcess.start(serverOf(variant, join(folder, 'server.log'), port));
    let scrapes = 0;
    const scrape = (): void =>
      void fetch(`${server.url}/metrics`)
        .then((answer) => answer.text())
        .then(() => scrapes++);
    const timer = variant.scraped === true ? setInterval(scrape, SCRAPE_MS) : undefined;
    try {
      const before = await spansSoFar();
      const phases = [{ warmUpS: warmUp, seconds, rate: null }];
      const [wire] = await measured(server.pid, { tables, phases }, () => seatInRoom(server.socketUrl));
      clearInterval(timer);
      await server.stop(); // with its last lines and spans
      return { ...wire!, seen: { scrapes, spans: (await spansSoFar()) - before, lines: linesIn(folder) } };
    } finally {
      clearInterval(timer);
      await server.dispose();
      rmSync(folder, { recursive: true });
    }
  };
  try {
    const contestants = VARIANTS.map((variant) => ({ name: variant.name, run: () => run(variant) }));
    const results = await interleaved(rounds, () => run(NONE), contestants);
    return {
      none_moves_per_s: spreadOf(beside([...results.values()][0]!, ({ movesPerS }) => movesPerS)),
      ...effects(results),
    };
  } finally {
    await killed(receiver);
  }
}

function serverOf({ counts, traced, env }: Variant, logFile: string, port: number): ServerProcessOptions {
  const [node, ...program] = PRODUCT.command!;
  const preload = new URL(`./uncounted-metrics.${isBuilt ? 'js' : 'ts'}`, import.meta.url).href;
  return {
    command: counts === false ? [node!, '--import', preload, ...program] : [node!, ...program],
    env: {
      ...PRODUCT.env,
      LOG_FILE: logFile,
      ...env,
      ...(traced !== undefined && {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_TRACES_SAMPLER: 'traceidratio',
        OTEL_TRACES_SAMPLER_ARG: traced,
      }),
    },
  };
}

function linesIn(folder: string): number {
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0);
}

function effects(
  results: ReadonlyMap<string, readonly { result: TelemetryRun; before: TelemetryRun; after: TelemetryRun }[]>,
) {
  const effect = (runs: Parameters<typeof beside<TelemetryRun>>[0], numberOf: (run: TelemetryRun) => number) => {
    const none = beside(runs, numberOf);
    return spreadOf(runs.map(({ result }, round) => numberOf(result) / none[round]!));
  };
  return {
    effects: [...results].map(([name, runs]) => ({
      telemetry: name,
      moves_by_none: effect(runs, ({ movesPerS }) => movesPerS),
      cpu_per_move_by_none: effect(runs, ({ serverCpu, movesPerS }) => (serverCpu ?? Number.NaN) / movesPerS),
      p99_by_none: effect(runs, ({ latency }) => latency.getValueAtPercentile(99)),
      seen: runs.map(({ result }) => result.seen),
    })),
  };
}
