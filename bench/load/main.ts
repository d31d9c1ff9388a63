import { pathToFileURL } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { microseconds } from '../histogram.js';
import { numberText } from '../report.js';
import { type Driven, Party } from './drive.js';
import { seatInRoom } from './seating.js';

const EXIT_FAILED = 1;
const EXIT_BAD_ARGUMENTS = 2;

const HELP = `
Each room has four people with a socket each, who make the simplest legal moves without an end. A move is due at a time
that is fixed beforehand, and its latency counts from then: a server that stalls can't slow the load down and look well.

Start the server with RATE_LIMITS=off, since all people share one address, and with TIME_SCALE=0, or rooms pause between turns.

Examples:
  npm run load                                          100 rooms, 500 moves a second, 20 s, on ws://127.0.0.1:5050
  npm run load -- --rooms 500 --rate 2000 --seconds 60
  npm run load -- --rate max --json                     as fast as the rooms can move
  npm run load -- --url wss://play.example.org          another machine: only what you may put under load

Exit code: 0 all moves were made and acknowledged, 1 not so, 2 bad arguments.`;

interface LoadOptions {
  readonly url: string;
  readonly rooms: number;
  readonly rate: number | null; // null: as fast as the rooms can move
  readonly seconds: number;
  readonly warmUp: number;
  readonly json: boolean;
}

/** Where the command writes; each text is a line without its end. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/**
 * The whole command.
 * @param args without the program's own name
 * @returns the exit code
 */
export async function main(args: readonly string[], output: Output): Promise<number> {
  let options: LoadOptions;
  try {
    options = readArguments(args, output);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_ARGUMENTS;
    throw error;
  }
  const { url, rooms, rate, seconds, warmUp, json } = options;
  let party: Party;
  try {
    output.err(`Seating ${rooms * 4} people at ${rooms} tables of ${url} …`);
    party = await Party.seat(rooms, () => seatInRoom(url));
  } catch (failure) {
    output.err(`They could not be seated: ${failure instanceof Error ? failure.message : String(failure)}.`);
    return EXIT_FAILED;
  }
  try {
    output.err(`Playing for ${warmUp} s of warm-up and ${seconds} s …`);
    const driven = await party.drive({ warmUpS: warmUp, seconds, rate });
    const summary = summarize(options, driven);
    if (json) output.out(JSON.stringify(summary));
    else for (const line of inWords(summary)) output.out(line);
    return summary.ok ? 0 : EXIT_FAILED;
  } finally {
    party.close();
  }
}

function readArguments(args: readonly string[], { out, err }: Output): LoadOptions {
  const command = new Command('npm run load --')
    .description('Puts a running server under a steady load of moves over real sockets, and ends by itself.')
    .addOption(
      new Option('--url <url>', 'server to play on').default('ws://127.0.0.1:5050').argParser((text) => {
        if (/^wss?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
        throw new InvalidArgumentError('It must look like ws://127.0.0.1:5050 or wss://example.org.');
      }),
    )
    .addOption(new Option('--rooms <n>', 'rooms of four people each').default(100).argParser(wholeNumber(1, 10_000)))
    .addOption(
      new Option('--rate <n>', 'moves a second, all rooms together, or max')
        .default(500)
        .argParser((text) => (text === 'max' ? null : wholeNumber(1, 100_000)(text))),
    )
    .addOption(new Option('--seconds <n>', 'that are counted').default(20).argParser(wholeNumber(1, 86_400)))
    .addOption(new Option('--warm-up <n>', 'seconds before them').default(3).argParser(wholeNumber(0, 3_600)))
    .addOption(new Option('--json', 'print the summary as one JSON object in the last line').default(false))
    .addHelpText('after', HELP)
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .allowExcessArguments(false)
    .exitOverride()
    .parse(args, { from: 'user' });
  return command.opts<LoadOptions>();
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function summarize(options: LoadOptions, driven: Driven) {
  const { latency, sentLate, refused, closed, unanswered, unsent, movesPerS } = driven;
  const errors = Object.values(refused).reduce((sum, count) => sum + count, 0) + closed + unanswered;
  return {
    ok: errors + unsent === 0 && latency.totalCount > 0,
    url: options.url,
    rooms: options.rooms,
    rate: options.rate,
    seconds: options.seconds,
    moves_per_s: movesPerS,
    latency_us: microseconds(latency),
    sent_late_us: microseconds(sentLate),
    errors: { refused, sockets_lost_by_tables: closed, unanswered },
    unsent,
    frames_per_move: driven.framesPerMove,
    bytes_per_move: driven.bytesPerMove,
  };
}

function inWords(summary: ReturnType<typeof summarize>): string[] {
  const { rate, moves_per_s, latency_us, sent_late_us, errors, unsent } = summary;
  const ms = (us: number): string => `${numberText(us / 1000)} ms`;
  const refused = Object.entries(errors.refused).map(([type, count]) => `${count} ${type}`);
  return [
    `${numberText(moves_per_s)} moves/s acknowledged as durable${rate === null ? '' : ` of ${rate} wanted`}.`,
    `Latency: p50 ${ms(latency_us.p50)}, p99 ${ms(latency_us.p99)}, p99.9 ${ms(latency_us.p999)}, max ${ms(latency_us.max)}.`,
    ...(rate === null
      ? []
      : [`Of that, moves were sent late by p50 ${ms(sent_late_us.p50)}, p99 ${ms(sent_late_us.p99)}.`]),
    `Errors: ${refused.length === 0 ? 'none refused' : `refused ${refused.join(', ')}`}, ` +
      `${errors.unanswered} unanswered, ${errors.sockets_lost_by_tables} tables lost a socket.`,
    ...(unsent === 0 ? [] : [`${unsent} moves found no room that waited for one: take more rooms, or a lower rate.`]),
  ];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  });
}
