import { resolve } from 'node:path';
import type { LiapTui } from '../../../actors/room/liap-tui.js';
import { openReadOnlyJournal } from '../../../persistence/sqlite/read-only.js';
import { type JournalEngine, StoreFailure } from '../../../persistence/journal.js';
import type { Environment } from '../../config.js';
import { BadArgument, type ExitCode } from './exit.js';
import type { Progress } from './progress.js';

/** What the tool needs of the process it runs in. */
export interface ToolPorts {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly progress: Progress;
  readonly columns: number; // of the terminal; Infinity where there is none
  readonly environment: Environment;
  readonly definition: LiapTui;
  readonly now: () => number; // ms since the epoch
  readonly wait: (ms: number) => Promise<void>; // ends early when `stopping` is aborted
  readonly stopping: AbortSignal; // the operator wants it to end
  readonly fetch: typeof fetch;
}

/** What a command works with. */
export interface Tool extends ToolPorts {
  readonly dataDir: string; // absolute
  readonly json: boolean;
  /** How an operator types another command for the same folder: `words` are its name and arguments. */
  readonly typed: (words: string) => string;
}

/** What a command found: for people line by line, for programs as one object with the same content. */
export interface Report {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly exit?: ExitCode; // fine where it is left out
}

export interface GlobalOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export function toolFor(ports: ToolPorts, { data, json = false }: GlobalOptions): Tool {
  const named = data ?? ports.environment['DATA_DIR']?.trim();
  // What DATA_DIR or the default named, they name for the next command too.
  const start = data === undefined ? 'npm run journal --' : `npm run journal -- --data ${shellWord(resolve(data))}`;
  return {
    ...ports,
    dataDir: resolve(named === undefined || named === '' ? './data' : named),
    json,
    typed: (words) => `${start} ${words}`,
  };
}

function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Opens the folder's journal for reading, also while a server runs there. @throws BadArgument where there is none */
export async function reading<T>(tool: Tool, use: (journal: JournalEngine) => Promise<T>): Promise<T> {
  const journal = open(tool.dataDir);
  try {
    return await use(journal);
  } finally {
    await journal.close();
  }
}

function open(dataDir: string): JournalEngine {
  try {
    return openReadOnlyJournal(dataDir);
  } catch (failure) {
    if (!(failure instanceof StoreFailure) || failure.code !== 'NO_JOURNAL') throw failure;
    throw new BadArgument(`${failure.message}. Name the server's data folder with --data or DATA_DIR.`);
  }
}
