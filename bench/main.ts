import { Command, InvalidArgumentError, Option } from 'commander';
import { benchChurn } from './churn.js';
import { benchGames } from './games.js';
import { benchIdle } from './idle.js';
import { benchLatency } from './latency.js';
import { benchMoves } from './moves.js';
import { benchRecovery } from './recovery.js';
import { benchRestore } from './restore.js';
import { benchVisualizer } from './visualizer.js';

const count = (text: string): number => {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
};

const command = new Command('npm run bench --')
  .description(
    'Measures this machine with this product. Everything stays on the loopback interface and ends by itself.',
  )
  .addHelpText('after', '\nEach bench prints its figures; with --json the last line is one JSON object.');

interface BenchOptions extends Readonly<Record<string, number | boolean | undefined>> {
  readonly json?: boolean;
}

/** Adds a bench that takes whole numbers. */
function bench(
  name: string,
  description: string,
  defaults: Readonly<Record<string, number>>,
  run: (options: Readonly<Record<string, number>>) => Promise<object>,
): void {
  const sub = command.command(name).description(description);
  for (const [option, value] of Object.entries(defaults)) {
    sub.addOption(new Option(`--${option} <n>`).default(value).argParser(count));
  }
  sub.option('--json', 'print one JSON object in the last line').action(async ({ json, ...options }: BenchOptions) => {
    const result = { bench: name, ...options, ...(await run(options as Readonly<Record<string, number>>)) };
    if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
    else console.dir(result, { depth: null });
  });
}

bench(
  'moves',
  'durable moves per second in process, beside the plain appending of the same bytes',
  { rooms: 500, seconds: 8, rounds: 3 },
  ({ rooms, seconds, rounds }) => benchMoves({ rooms: rooms!, seconds: seconds!, rounds: rounds! }),
);
bench(
  'latency',
  'from a move to its durable acknowledgement over WebSocket, at a fixed rate',
  { rooms: 100, humans: 4, rate: 500, seconds: 20 },
  ({ rooms, humans, rate, seconds }) =>
    benchLatency({ rooms: rooms!, humans: humans!, rate: rate!, seconds: seconds! }),
);
bench(
  'idle',
  'what rooms cost in which nobody acts: in memory, then passivated; sockets are counted apart',
  { rooms: 9_000, seconds: 60 },
  ({ rooms, seconds }) => benchIdle({ rooms: rooms!, seconds: seconds! }),
);
bench(
  'games',
  'full games by scripted clients, one to four people each, over real sockets',
  { games: 100, tables: 10 },
  ({ games, tables }) => benchGames({ games: games!, tables: tables! }),
);
bench(
  'recovery',
  'from the start on a killed server’s folder to a move acknowledged in each room, beside reading the rows alone',
  { rooms: 10_000, tails: 50, rounds: 3 },
  ({ rooms, tails, rounds }) => benchRecovery({ rooms: rooms!, tails: tails!, rounds: rounds! }),
);
bench(
  'restore',
  'rooms at random entries of their past: rebuilt and looked at, then durably set back to',
  { views: 2_000, restores: 300 },
  ({ views, restores }) => benchRestore({ views: views!, restores: restores! }),
);
bench(
  'churn',
  'what rooms leave in the heap: opened and closed ones, and passivated ones',
  { rooms: 100_000, passivated: 10_000 },
  ({ rooms, passivated }) => benchChurn({ rooms: rooms!, passivated: passivated! }),
);

bench(
  'visualizer',
  'what looking costs: entries of a long room, the list of many rooms, and watchers beside those who play',
  { entries: 10_000, rooms: 100_000, watchers: 50, tables: 30, rounds: 3, seconds: 8 },
  ({ entries, rooms, watchers, tables, rounds, seconds }) =>
    benchVisualizer({
      entries: entries!,
      rooms: rooms!,
      watchers: watchers!,
      tables: tables!,
      rounds: rounds!,
      seconds: seconds!,
    }),
);

await command.parseAsync();
