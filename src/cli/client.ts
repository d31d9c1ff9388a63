import { randomInt, randomUUID } from 'node:crypto';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../actors/clock.js';
import { Account } from '../client/account.js';
import { playBrowserGame } from '../client/browser-game.js';
import type { Connect } from '../client/client-socket.js';
import type { Frame } from '../client/frame.js';
import { STALL_LIMIT_MS } from '../client/game-limits.js';
import { GameFailed, HUMAN_NAMES, playGame } from '../client/game-session.js';
import type { Violation } from '../client/protocol-watch.js';
import { seededRandom } from '../client/random.js';
import type { FinalResult } from '../client/room-view.js';
import { botStrategy, carefulStrategy, randomStrategy } from '../client/strategy.js';
import { connectOverWs, REFUSED_WITH } from '../client/ws-socket.js';
import { msgpackOfClients } from '../protocol/msgpack-codec.js';
import { endWithReader } from './end-with-reader.js';
import { isProgram } from './is-program.js';

const EXIT_FAILED = 1;
const EXIT_BAD_ARGUMENTS = 2;
const THINK_MS = 800;
const GAMES_AT_ONCE = 10;
// The server's bots and random moves lose points on average: without a careful player a game may never end.
const ROUNDS_MAX = 100;
const CONNECT_LIMIT_MS = 10_000;

const EXAMPLES = `
Examples:
  npm run client                                       one person and three bots, told line by line
  npm run client -- --humans 4 --speed 10              four people who think ten times as fast
  npm run client -- --rooms 50 --think 0 --quiet --json
                                                       load: 50 games, one JSON object at the end
  npm run client -- --as-browser --humans 2            two people at the browser frontend, its habits included
  npm run client -- --strategy random --seed 7         any legal moves; such a game may not end by itself

The pauses of the server are set there: start it with TIME_SCALE=0 for the fastest games.
Exit code: 0 all games were played and nothing was wrong, 1 not so, 2 bad arguments.`;

const STRATEGIES = { careful: carefulStrategy, bot: botStrategy, random: randomStrategy };

interface ClientOptions {
  readonly url: string;
  readonly rooms: number;
  readonly humans: number;
  readonly think: number;
  readonly speed: number;
  readonly gamesAtOnce: number;
  readonly roundsMax: number;
  readonly asBrowser: boolean;
  readonly binary: boolean;
  readonly strategy: keyof typeof STRATEGIES;
  readonly seed: number;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Where the command writes; each text is a line without its end. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

interface PlayedGame extends FinalResult {
  readonly roomId: string;
  readonly complete: boolean;
  readonly moves: number;
  readonly refused: number;
  readonly latenciesUs: readonly number[];
  readonly violations: readonly (Violation & { readonly human: string })[];
}

/**
 * The whole command.
 * @param args without the program's own name
 * @returns the exit code
 */
export async function main(args: readonly string[], output: Output): Promise<number> {
  let options: ClientOptions;
  try {
    options = readArguments(args, output);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_ARGUMENTS;
    throw error;
  }
  const connect = connectOverWs(options.url, options.binary ? msgpackOfClients : undefined);
  const unreachable = await whyUnreachable(connect, options.url);
  if (unreachable !== undefined) {
    output.err(unreachable);
    return EXIT_FAILED;
  }
  // The clock's timers do not keep the process alive, and between two connections nothing else does.
  const keepAlive = setInterval(() => undefined, 60_000);
  try {
    return await playAll(options, connect, output);
  } finally {
    clearInterval(keepAlive);
  }
}

function readArguments(args: readonly string[], { out, err }: Output): ClientOptions {
  const command = new Command('npm run client --')
    .description('Plays games against a running server, and watches that it keeps to the protocol and the rules.')
    .addOption(new Option('--url <url>', 'server to play on').default('ws://127.0.0.1:5050').argParser(socketUrl))
    .addOption(new Option('--rooms <n>', 'games to play').default(1).argParser(wholeNumber(1, 100_000)))
    .addOption(
      new Option('--humans <n>', 'people in each room, 1 to 4; bots take the rest')
        .default(1)
        .argParser(wholeNumber(1, 4)),
    )
    .addOption(
      new Option('--think <ms>', 'thinking time of people, on average')
        .default(THINK_MS)
        .argParser(number(0, 3_600_000)),
    )
    .addOption(
      new Option('--speed <factor>', 'divides the thinking time').default(1).argParser(number(0.001, 1_000_000)),
    )
    .addOption(
      new Option('--games-at-once <n>', 'games played at the same time')
        .default(GAMES_AT_ONCE)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(
      new Option('--rounds-max <n>', 'give a game up after so many rounds')
        .default(ROUNDS_MAX)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(new Option('--as-browser', 'behave as the browser frontend does').default(false))
    .addOption(new Option('--binary', 'speak MessagePack in place of JSON').default(false))
    .addOption(new Option('--strategy <name>', 'how people play').default('careful').choices(Object.keys(STRATEGIES)))
    .addOption(
      new Option('--seed <n>', 'for thinking times and random moves')
        .default(randomInt(2 ** 31), 'a new one')
        .argParser(wholeNumber(0, 2 ** 32 - 1)),
    )
    .addOption(new Option('--quiet', 'do not tell the games').default(false))
    .addOption(new Option('--json', 'print the summary as one JSON object in the last line').default(false))
    .addHelpText('after', EXAMPLES)
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .allowExcessArguments(false)
    .exitOverride()
    .parse(args, { from: 'user' });
  return command.opts<ClientOptions>();
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

function socketUrl(text: string): string {
  if (/^wss?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must look like ws://127.0.0.1:5050 or wss://example.org.');
}

/** Tries one handshake. @returns undefined when it went well, else a sentence */
function whyUnreachable(connect: Connect, url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect('/ws/lobby', {});
    const timer = setTimeout(() => socket.terminate(), CONNECT_LIMIT_MS);
    socket.onOpen = () => {
      clearTimeout(timer);
      resolve(undefined);
      socket.close();
    };
    socket.onClose = (code, reason, retryAfterMs) => {
      clearTimeout(timer);
      if (reason.startsWith(REFUSED_WITH)) {
        const wait = retryAfterMs === undefined ? '' : `; it says to wait ${Math.ceil(retryAfterMs / 1000)} s`;
        resolve(`The server at ${url} refuses the connection with ${reason.slice(REFUSED_WITH.length)}${wait}.`);
        return;
      }
      const why = reason === '' ? `closed with ${code}` : reason;
      resolve(`No server answers at ${url} (${why}); start one with npm start, or name another with --url.`);
    };
  });
}

async function playAll(options: ClientOptions, connect: Connect, output: Output): Promise<number> {
  const startMs = systemClock.elapsedMs();
  const played: PlayedGame[] = [];
  const failures: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < options.rooms) {
      const index = next++;
      try {
        const game = await playOne(options, index, connect, output);
        for (const { human, sentence } of game.violations)
          output.err(`Room ${game.roomId}: ${human} saw that ${sentence}`);
        played.push(game);
      } catch (error) {
        if (!(error instanceof GameFailed)) throw error;
        output.err(error.message);
        failures.push(error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.gamesAtOnce, options.rooms) }, worker));
  const summary = summarize(options, played, failures, systemClock.elapsedMs() - startMs);
  output.out(options.json ? JSON.stringify(summary) : inWords(summary));
  return failures.length === 0 && summary.violations === 0 ? 0 : EXIT_FAILED;
}

async function playOne(options: ClientOptions, index: number, connect: Connect, output: Output): Promise<PlayedGame> {
  const random = seededRandom(options.seed + index);
  const meanMs = options.think / options.speed;
  const account = new Account(HUMAN_NAMES[0]);
  let prefix = '';
  const onRoom = (roomId: string): void => {
    prefix = options.rooms > 1 ? `${roomId} ` : '';
    if (!options.quiet) output.out(`${prefix}Room ${roomId}, seed ${options.seed + index}`);
  };
  const tell = (frame: Frame): void => {
    if (options.quiet) return;
    for (const line of account.lines(frame)) output.out(prefix + line);
  };
  const common = {
    humans: options.humans,
    connect,
    clock: systemClock,
    random,
    newId: randomUUID,
    strategy: STRATEGIES[options.strategy](random),
    thinkMs: () => meanMs * (0.5 + random()),
    stallLimitMs: STALL_LIMIT_MS + 2 * meanMs,
    roundsMax: options.roundsMax,
  };
  if (options.asBrowser) {
    const observer = (human: number) => (human === 0 ? { frame: tell } : {});
    const game = await playBrowserGame({ ...common, onRoom, observer });
    return { ...game, moves: game.clicks, refused: 0 };
  }
  const frame = (human: number, seen: Frame): void => {
    if (human === 0) tell(seen);
  };
  const game = await playGame({ ...common, changePages: true, observer: { room: onRoom, frame } });
  return { ...game, moves: game.movesApplied, refused: game.movesRefused };
}

function summarize(
  options: ClientOptions,
  played: readonly PlayedGame[],
  failures: readonly string[],
  durationMs: number,
) {
  const sorted = played.flatMap(({ latenciesUs }) => latenciesUs).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    url: options.url,
    seed: options.seed,
    rooms: options.rooms,
    humans: options.humans,
    as_browser: options.asBrowser,
    strategy: options.strategy,
    completed: played.filter(({ complete }) => complete).length,
    given_up: played.filter(({ complete }) => !complete).length,
    failed: failures.length,
    failures,
    rounds: sum(played.map(({ rounds }) => rounds)),
    moves: sum(played.map(({ moves }) => moves)),
    refused: sum(played.map(({ refused }) => refused)),
    violations: sum(played.map(({ violations }) => violations.length)),
    latency_us: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 },
    duration_ms: Math.round(durationMs),
    games: played.map(({ roomId, rounds, winners, rankings }) => ({ room_id: roomId, rounds, winners, rankings })),
  };
}

function inWords(summary: ReturnType<typeof summarize>): string {
  const { completed, given_up, rooms, rounds, moves, refused, violations, latency_us, duration_ms } = summary;
  const unfinished = given_up === 0 ? '' : `${given_up} given up, `;
  const ms = (us: number): string => `${(us / 1000).toFixed(1)} ms`;
  return (
    `${completed} of ${rooms} ${rooms === 1 ? 'game' : 'games'} played in ${(duration_ms / 1000).toFixed(1)} s: ` +
    `${unfinished}${rounds} rounds, ${moves} moves acknowledged (p50 ${ms(latency_us.p50)}, p99 ${ms(latency_us.p99)}), ` +
    `${refused} refused, ${violations} violations of the protocol.`
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

if (isProgram(import.meta.url)) {
  endWithReader();
  process.exitCode = await main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  });
}
