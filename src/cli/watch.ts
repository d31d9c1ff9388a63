import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readServerFile } from '../http/server-file.js';
import { endWithReader } from './end-with-reader.js';
import { isProgram } from './is-program.js';
import { eventLine } from './watch/event-lines.js';
import { follow, type FollowPorts, WatchRefused } from './watch/follow.js';

const EXIT_FINE = 0;
const EXIT_BAD_ARGUMENTS = 2;
const EXIT_REFUSED = 3;
/** Rooms whose last entry is remembered, so that none is printed twice after a restart of the server. */
const ROOMS_MAX = 10_000;

const HELP = `
Examples:
  npm run watch -- D11438                        one room, by its code or its id
  npm run watch -- D11438 --from 1               from its first entry on
  npm run watch -- --all --types play,refused    what all rooms play and refuse
  npm run watch -- --all --player Hana --json    one JSON object a line

It asks the server of the data folder, finds it again after a restart, and goes on where it ended. The token is --token,
ADMIN_TOKEN, or admin.token in the folder. Ctrl-C ends it.
Exit code: 0 ended by Ctrl-C or --count, 2 bad arguments, 3 refused.`;

interface WatchOptions {
  readonly all?: boolean;
  readonly data?: string;
  readonly url?: string;
  readonly token?: string;
  readonly types?: string;
  readonly player?: string;
  readonly from?: number;
  readonly count?: number;
  readonly reveal?: boolean;
  readonly json?: boolean;
}

export interface WatchPorts extends Omit<FollowPorts, 'note'> {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly colours: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @param args without the program's own name @returns the exit code */
export async function watch(args: readonly string[], ports: WatchPorts): Promise<number> {
  const { out, err } = ports;
  let exit = EXIT_FINE;
  const command = new Command('npm run watch --')
    .description('Prints what happens in a room, or in all rooms, as it happens.')
    .argument('[room]', 'its six-character code or its id')
    .option('--all', 'all rooms')
    .option('--types <list>', 'message types, or refused, restored, failed: a comma list')
    .option('--player <name>', 'only what this player does')
    .addOption(new Option('--from <seq>', 'first the entries from this one on').argParser(count))
    .addOption(new Option('--count <n>', 'end after so many events').argParser(count))
    .option('--reveal', 'show what is hidden while a game runs')
    .option('--url <url>', "the server (default: what its data folder's server.json says)")
    .option('--data <folder>', "the server's data folder (default: DATA_DIR, or ./data)")
    .option('--token <token>', 'the admin token')
    .option('--json', 'one JSON object a line, the last one a summary')
    .addHelpText('after', HELP)
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .exitOverride()
    .action(async (room: string | undefined, options: WatchOptions) => {
      if ((room === undefined) !== (options.all === true)) command.error('error: name a room, or --all');
      await print(room ?? null, options, ports);
    });
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? EXIT_FINE : EXIT_BAD_ARGUMENTS;
    if (!(failure instanceof WatchRefused)) throw failure;
    err(failure.message);
    exit = EXIT_REFUSED;
  }
  return exit;
}

async function print(room: string | null, options: WatchOptions, ports: WatchPorts): Promise<void> {
  const { out, err, colours, environment } = ports;
  const folder = resolve(options.data ?? (environment['DATA_DIR']?.trim() || './data'));
  const json = options.json === true;
  const max = options.count ?? Infinity;
  const lastSeqs = new Map<string, number>();
  let printed = 0;
  const address = (): URL => addressOf(room, options, folder);
  const token = (): string => tokenOf(options, folder, environment);
  const note = (text: string): void => err(`${text}; trying again`);
  for await (const { event, data } of follow(address, token, { ...ports, note })) {
    const told = JSON.parse(data) as Readonly<Record<string, unknown>>;
    if (event === 'entry' && isKnown(lastSeqs, String(told['roomId']), Number(told['seq']))) continue;
    const line = json
      ? JSON.stringify({ event, ...told })
      : eventLine(event, told, { hasRoom: room === null, colours });
    if (line === null) continue;
    out(line);
    if (event !== 'hello' && event !== 'state') printed++;
    if (printed >= max) break;
  }
  if (json) out(JSON.stringify({ ok: true, printed }));
}

/** The server repeats the entries of a second after its restart. */
function isKnown(lastSeqs: Map<string, number>, roomId: string, seq: number): boolean {
  if (seq <= (lastSeqs.get(roomId) ?? 0)) return true;
  lastSeqs.delete(roomId);
  lastSeqs.set(roomId, seq);
  if (lastSeqs.size > ROOMS_MAX) lastSeqs.delete(lastSeqs.keys().next().value!);
  return false;
}

function addressOf(room: string | null, { url, types, player, from, reveal }: WatchOptions, folder: string): URL {
  const base = url ?? readServerFile(folder)?.url;
  if (base === undefined) throw new Error(`no server.json in ${folder} says where the server is`);
  const path = room === null ? 'stream' : `rooms/${encodeURIComponent(room)}/stream`;
  const address = new URL(`/api/visualizer/${path}`, base);
  if (types !== undefined) address.searchParams.set('types', types);
  if (player !== undefined) address.searchParams.set('player', player);
  if (from !== undefined && room !== null) address.searchParams.set('from', String(from));
  if (reveal === true) address.searchParams.set('reveal', 'true');
  return address;
}

function tokenOf({ token }: WatchOptions, folder: string, environment: WatchPorts['environment']): string {
  const given = token ?? environment['ADMIN_TOKEN']?.trim();
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync(join(folder, 'admin.token'), 'utf8').trim();
  } catch (cause) {
    throw new WatchRefused(`Set ADMIN_TOKEN or give --token: ${join(folder, 'admin.token')} can't be read`, { cause });
  }
}

function count(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

if (isProgram(import.meta.url)) {
  const stopping = new AbortController();
  endWithReader();
  process.once('SIGINT', () => stopping.abort()); // a second one ends the process at once
  process.exitCode = await watch(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    colours: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    environment: process.env,
    fetch,
    wait: (ms) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined), // aborted: it ends early
    stopping: stopping.signal,
  });
}
