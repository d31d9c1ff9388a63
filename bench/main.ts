import { type Command as Sub, Command, InvalidArgumentError, Option } from 'commander';
import { benchChurn } from './churn.js';
import { benchCommits } from './commits.js';
import { benchDeflate } from './deflate.js';
import type { Section } from './figure.js';
import { isBuilt } from './fork-module.js';
import { benchFlood } from './flood.js';
import { benchGames } from './games.js';
import { benchHot } from './hot.js';
import { benchIdle } from './idle.js';
import { benchLatency } from './latency.js';
import { benchMassDisconnect } from './mass-disconnect.js';
import { benchMoves } from './moves.js';
import { benchOverload } from './overload.js';
import { benchProfile } from './profile.js';
import { benchQueries } from './queries.js';
import { benchRecovery } from './recovery.js';
import { sectionText } from './report.js';
import { benchRestore } from './restore.js';
import { benchSettings } from './settings.js';
import { benchSockets } from './sockets.js';
import { benchStorm } from './storm.js';
import { runSuite } from './suite.js';
import { benchTelemetry } from './telemetry.js';
import { benchTracesOff } from './traces-off.js';
import { benchVisualizer } from './visualizer.js';

type Numbers = Readonly<Record<string, number>>;

/** A part of the suite, or a bench that is asked for by name only. */
interface Bench {
  readonly name: string;
  readonly description: string;
  readonly defaults: Numbers; // options that take whole numbers
}

interface SuiteBench extends Bench {
  readonly quick: Numbers; // what `--quick` puts in their place
  readonly run: (options: Numbers, isQuick: boolean) => Promise<Section>;
}

interface OtherBench extends Bench {
  readonly run: (options: Numbers) => Promise<object>;
}

const SUITE: readonly SuiteBench[] = [
  {
    name: 'moves',
    description: 'durable moves per second in process, beside the reference and the plain appending of the same bytes',
    defaults: { rooms: 500, warmUp: 2, seconds: 4, rounds: 3 },
    quick: { rooms: 20, warmUp: 1, seconds: 1, rounds: 1 },
    run: ({ rooms, warmUp, seconds, rounds }) =>
      benchMoves({ rooms: rooms!, warmUp: warmUp!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'sockets',
    description: 'durable moves per second over sockets with four viewers, beside a raw echo and the reference',
    defaults: { tables: 100, warmUp: 2, seconds: 4, rounds: 3 },
    quick: { tables: 10, warmUp: 1, seconds: 1, rounds: 1 },
    run: ({ tables, warmUp, seconds, rounds }) =>
      benchSockets({ tables: tables!, warmUp: warmUp!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'latency',
    description: 'from a move to its durable acknowledgement at a rate, its half and its quarter, beside the same two',
    defaults: { tables: 100, rate: 1_000, warmUp: 2, seconds: 4, rounds: 3 },
    quick: { tables: 10, rate: 200, warmUp: 1, seconds: 1, rounds: 1 },
    run: ({ tables, rate, warmUp, seconds, rounds }) => {
      const rates = [rate! / 4, rate! / 2, rate!];
      return benchLatency({ tables: tables!, rates, warmUp: warmUp!, seconds: seconds!, rounds: rounds! });
    },
  },
  {
    name: 'hot',
    description: 'one room alone: how fast it moves, and how long a move takes to reach a large audience',
    defaults: { spectators: 500, moves: 100, warmUp: 1, seconds: 2, rounds: 3 },
    quick: { spectators: 20, moves: 5, warmUp: 1, seconds: 1, rounds: 1 },
    run: ({ spectators, moves, warmUp, seconds, rounds }) =>
      benchHot({ spectators: spectators!, moves: moves!, warmUp: warmUp!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'storm',
    description: 'all players of a server come back in one moment, until everybody sees the game',
    defaults: { rooms: 300, rounds: 3 },
    quick: { rooms: 10, rounds: 1 },
    run: ({ rooms, rounds }) => benchStorm({ rooms: rooms!, rounds: rounds! }),
  },
  {
    name: 'commits',
    description: 'how batches grow with the load, and what a commit takes, beside one connection that commits as much',
    defaults: { rooms: 512, warmUp: 1, seconds: 2, rounds: 3 },
    quick: { rooms: 16, warmUp: 1, seconds: 1, rounds: 1 },
    run: ({ rooms, warmUp, seconds, rounds }) => {
      const loads = [1, Math.max(2, Math.round(Math.sqrt(rooms!))), rooms!];
      return benchCommits({ loads, warmUp: warmUp!, seconds: seconds!, rounds: rounds! });
    },
  },
  {
    name: 'recovery',
    description:
      'from the start on a killed server’s folder to a move acknowledged in each room, beside reading the rows alone',
    defaults: { rooms: 10_000, tails: 50, rounds: 3 },
    quick: { rooms: 200, tails: 50, rounds: 1 },
    run: ({ rooms, tails, rounds }) => benchRecovery({ rooms: rooms!, tails: tails!, rounds: rounds! }),
  },
  {
    name: 'restore',
    description: 'long rooms at random entries of their past: rebuilt and looked at, then durably set back to',
    defaults: { views: 1_000, restores: 100, rounds: 3 },
    quick: { views: 50, restores: 5, rounds: 1 },
    run: ({ views, restores, rounds }) => benchRestore({ views: views!, restores: restores!, rounds: rounds! }),
  },
  {
    name: 'idle',
    description: 'what rooms cost in which nobody acts: in memory, then passivated; sockets are counted apart',
    defaults: { rooms: 10_000, seconds: 7, rounds: 3 },
    quick: { rooms: 50, seconds: 1, rounds: 1 },
    run: ({ rooms, seconds, rounds }, quick) =>
      benchIdle({ rooms: rooms!, seconds: seconds!, rounds: rounds!, isCutShort: quick }),
  },
];

const OTHERS: readonly OtherBench[] = [
  {
    name: 'profile',
    description: 'where the main thread of the server spends its time under full load over sockets',
    defaults: { tables: 100, seconds: 5 },
    run: ({ tables, seconds }) => benchProfile({ tables: tables!, seconds: seconds! }),
  },
  {
    name: 'settings',
    description: 'what settings of the server do to the moves over sockets, beside the defaults',
    defaults: { tables: 100, warmUp: 2, seconds: 3, rounds: 3 },
    run: ({ tables, warmUp, seconds, rounds }) =>
      benchSettings({ tables: tables!, warmUp: warmUp!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'telemetry',
    description: 'what metrics, logs and traces cost of the moves over sockets, beside a server without them',
    defaults: { tables: 100, warmUp: 1, seconds: 3, rounds: 3 },
    run: ({ tables, warmUp, seconds, rounds }) =>
      benchTelemetry({ tables: tables!, warmUp: warmUp!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'traces-off',
    description: 'what traces cost of a server that sends none',
    defaults: { tables: 100, warmUp: 1, seconds: 3, rounds: 3 },
    run: ({ tables, warmUp, seconds, rounds }) =>
      benchTracesOff({ tables: tables!, warmUp: warmUp!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'deflate',
    description: 'what permessage-deflate saves on the wire, and what it takes of the server',
    defaults: { tables: 100, moves: 4_000, rounds: 3 },
    run: ({ tables, moves, rounds }) => benchDeflate({ tables: tables!, moves: moves!, rounds: rounds! }),
  },
  {
    name: 'games',
    description: 'full games by scripted clients, one to four people each, over real sockets',
    defaults: { games: 100, tables: 10 },
    run: ({ games, tables }) => benchGames({ games: games!, tables: tables! }),
  },
  {
    name: 'mass-disconnect',
    description: 'the moves of healthy tables while very many other connections drop in one moment, beside raw ws',
    defaults: { sockets: 10_000, tables: 50, rate: 500, seconds: 8, rounds: 4 },
    run: ({ sockets, tables, rate, seconds, rounds }) =>
      benchMassDisconnect({
        sockets: sockets!,
        tables: tables!,
        rate: rate!,
        seconds: seconds!,
        rounds: rounds!,
      }),
  },
  {
    name: 'flood',
    description: 'how long moves take while one more socket floods the server, beside the same without it',
    defaults: { tables: 50, rate: 400, flood: 1_000, seconds: 2, rounds: 12 },
    run: ({ tables, rate, flood, seconds, rounds }) =>
      benchFlood({ tables: tables!, rate: rate!, flood: flood!, seconds: seconds!, rounds: rounds! }),
  },
  {
    name: 'churn',
    description: 'what rooms leave in the heap: opened and closed ones, and passivated ones',
    defaults: { rooms: 100_000, passivated: 10_000 },
    run: ({ rooms, passivated }) => benchChurn({ rooms: rooms!, passivated: passivated! }),
  },
  {
    name: 'overload',
    description:
      'ten times as much as the server can do: what still gets done, what is answered, what it costs in memory',
    defaults: { rooms: 100, times: 10, warmUp: 5, seconds: 4 },
    run: ({ rooms, times, warmUp, seconds }) =>
      benchOverload({ rooms: rooms!, times: times!, warmUp: warmUp!, seconds: seconds! }),
  },
  {
    name: 'queries',
    description: 'every look-up and listing in a store of many rooms, while it is written to',
    defaults: { rooms: 100_000, samples: 500 },
    run: ({ rooms, samples }) => benchQueries({ rooms: rooms!, samples: samples! }),
  },
  {
    name: 'visualizer',
    description:
      'what looking costs: entries of a long room, the list of many rooms, and watchers beside those who play',
    defaults: { entries: 10_000, rooms: 100_000, watchers: 50, tables: 30, rounds: 3, seconds: 8 },
    run: ({ entries, rooms, watchers, tables, rounds, seconds }) =>
      benchVisualizer({
        entries: entries!,
        rooms: rooms!,
        watchers: watchers!,
        tables: tables!,
        rounds: rounds!,
        seconds: seconds!,
      }),
  },
];

const count = (text: string): number => {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
};

interface GivenOptions extends Readonly<Record<string, number | string | boolean | undefined>> {
  readonly json?: boolean;
  readonly quick?: boolean;
}

function addBench({ name, description, defaults }: Bench): Sub {
  const sub = command.command(name).description(description);
  for (const [option, value] of Object.entries(defaults)) {
    const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    sub.addOption(new Option(`--${flag} <n>`).default(value).argParser(count));
  }
  return sub.option('--json', 'print one JSON object in the last line');
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

const command = new Command('npm run bench --')
  .enablePositionalOptions() // a bench has options of the same names
  .description(
    'Measures this machine with this product. Everything stays on the loopback interface and ends by itself. ' +
      'Without a command all benches of the suite run and two files are written, for programs and for people.',
  )
  .option('--quick', 'only see that everything works; the figures mean little')
  .option('--out <folder>', 'for the two files', 'bench/results')
  .option('--only <names>', 'a comma list of benches')
  .option('--json', 'print one JSON object in the last line')
  .addHelpText(
    'after',
    `\nThe suite: ${SUITE.map(({ name }) => name).join(', ')}. Compare two runs with npm run bench:compare.`,
  )
  .action(async ({ quick, out, only, json }: { quick?: true; out: string; only?: string; json?: true }) => {
    const names = SUITE.map(({ name }) => name);
    const benches = only === undefined ? names : only.split(',');
    const unknown = benches.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is not one of ${names.join(', ')}.`);
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const { report, text, jsonFile, textFile, failures } = await runSuite({
      ...{ benches, quick: quick === true, folder: out, say },
    });
    write(text);
    write(`Written: ${jsonFile} and ${textFile}`);
    for (const failure of failures) process.stderr.write(`${failure}\n`);
    if (json === true) write(JSON.stringify({ json_file: jsonFile, text_file: textFile, failures, report }));
    if (failures.length > 0) process.exitCode = 1;
  });

for (const bench of SUITE) {
  addBench(bench)
    .option('--quick', 'only see that it works')
    .action(async ({ json, quick, ...given }: GivenOptions, sub: Sub) => {
      if (!isBuilt) process.stderr.write('Run from source: slower than what users run. Use npm run bench.\n');
      const isQuick = quick === true;
      const isChosen = ([name]: [string, unknown]): boolean => sub.getOptionValueSource(name) === 'cli';
      const chosen = Object.fromEntries(Object.entries(given).filter(isChosen));
      const options = { ...given, ...(isQuick && bench.quick), ...chosen } as Numbers;
      const section = await bench.run(options, isQuick);
      write(json === true ? JSON.stringify(section) : sectionText(section));
    });
}
for (const bench of OTHERS) {
  addBench(bench).action(async ({ json, ...given }: GivenOptions) => {
    const result = { bench: bench.name, ...given, ...(await bench.run(given as Numbers)) };
    if (json === true) write(JSON.stringify(result));
    else console.dir(result, { depth: null });
  });
}

await command.parseAsync();
