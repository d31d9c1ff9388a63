import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { JournalCorrupt } from '../../actors/recovery.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import { OperationRefused } from '../../actors/operation-refused.js';
import { StoreFailure } from '../../persistence/journal.js';
import { RoomFileDamaged } from '../../persistence/room-file.js';
import { OperationInvalid, TargetUnknown } from '../operations/operation.js';
import { endWithReader } from './end-with-reader.js';
import { isProgram } from './is-program.js';
import type { Run } from './journal/command-group.js';
import { BadArgument, EXIT, type ExitCode, Refused } from './journal/exit.js';
import { HistoryMissing } from './journal/found-room.js';
import { holdCommands } from './journal/holds.js';
import { listCommands } from './journal/list.js';
import { progressOn } from './journal/progress.js';
import { replayCommands } from './journal/replay.js';
import { showCommands } from './journal/show.js';
import { statsCommands } from './journal/stats.js';
import { tailCommands } from './journal/tail.js';
import { type GlobalOptions, type Report, toolFor, type ToolPorts } from './journal/tool.js';
import { transferCommands } from './journal/transfer.js';
import { upkeepCommands } from './journal/upkeep.js';
import { verifyCommands } from './journal/verify.js';
import { messageCommands } from './journal/waiting-messages.js';

const GROUPS = [
  listCommands,
  verifyCommands,
  showCommands,
  tailCommands,
  replayCommands,
  holdCommands,
  messageCommands,
  transferCommands,
  upkeepCommands,
  statsCommands,
];

const HELP = `
First steps:
  npm run journal -- list                 what is there
  npm run journal -- verify --all         is it sound
  npm run journal -- show A1B2C3          one room, by its code or its id

Reading works beside a server that runs on the folder. What changes something is done here while no server runs there,
and is otherwise asked of that server, with its admin token: ADMIN_TOKEN, or admin.token in the folder.
Times are UTC. Each command has its own --help with examples.

Exit code: 0 fine, 1 something was found wrong, 2 bad arguments, 3 refused: not possible as things stand,
4 the store failed.`;

/**
 * The whole command.
 * @param args without the program's own name
 * @returns the exit code
 */
export async function main(args: readonly string[], ports: ToolPorts): Promise<ExitCode> {
  const { out, err } = ports;
  let exit: ExitCode = EXIT.fine;
  const program = new Command('npm run journal --')
    .description('Looks into the journal of a data folder, checks it, and repairs what can be repaired.')
    .option('--data <folder>', "the server's data folder (default: DATA_DIR, or ./data)")
    .option('--json', 'print one JSON object with all that is found as the last line')
    .addHelpText('after', HELP)
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .exitOverride();
  const run: Run =
    (command) =>
    async (...given) => {
      const own = given.at(-1) as Command;
      const tool = toolFor(ports, own.optsWithGlobals<GlobalOptions>());
      const report = await command(tool, ...(given.slice(0, -1) as never));
      exit = report.exit ?? EXIT.fine;
      print(report, tool.json, out);
    };
  for (const group of GROUPS) group(program, run);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    ports.progress.end();
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.fine; // help was asked for
    const code = exitOf(error);
    const sentence = error instanceof Error ? error.message : String(error);
    if (!(error instanceof CommanderError)) err(sentence); // Commander has said it already
    if (args.includes('--json')) out(JSON.stringify({ ok: false, exit: code, error: sentence }));
    return code;
  }
}

function print({ lines, json, exit = EXIT.fine }: Report, asJson: boolean, out: (line: string) => void): void {
  if (asJson) out(JSON.stringify({ ok: exit === EXIT.fine, exit, ...json }));
  else for (const line of lines) out(line);
}

/** A store that answers, and says that a part of it is not as it was written. */
const DAMAGED: ReadonlySet<string> = new Set(['ROW_DAMAGED', 'STREAM_DAMAGED', 'SQLITE_CORRUPT']);

function exitOf(error: unknown): ExitCode {
  const isBadArgument = [BadArgument, CommanderError, OperationInvalid, TargetUnknown].some(
    (kind) => error instanceof kind,
  );
  if (isBadArgument) return EXIT.badArguments;
  const { name } = error as { readonly name?: unknown };
  if (error instanceof Refused || error instanceof OperationRefused || name === 'MachineVersionUnknown') {
    return EXIT.refused;
  }
  if (error instanceof JournalCorrupt || error instanceof RoomFileDamaged || error instanceof HistoryMissing) {
    return EXIT.wrong;
  }
  if (error instanceof StoreFailure && DAMAGED.has(error.code)) return EXIT.wrong;
  return EXIT.storeFailed;
}

if (isProgram(import.meta.url)) {
  const stopping = new AbortController();
  endWithReader();
  process.exitCode = await main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    progress: progressOn(process.stderr),
    columns: process.stdout.isTTY ? process.stdout.columns : Infinity,
    environment: process.env,
    definition: liapTui(),
    now: Date.now,
    wait: (ms) => {
      // Whatever waits ends in order at the first Ctrl-C; a second one, or one of another command, ends the process.
      if (process.listenerCount('SIGINT') === 0) process.once('SIGINT', () => stopping.abort());
      return sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined); // aborted: it ends early
    },
    stopping: stopping.signal,
    fetch,
  });
}
