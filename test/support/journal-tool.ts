import { liapTui } from '../../actors/room/liap-tui.js';
import { main } from '../../src/cli/journal.js';
import type { ToolPorts } from '../../src/cli/journal/tool.js';
import { STARTED_AT } from './room-driver.js';

/** What a run of the tool left. */
export interface ToolRun {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly progress: readonly string[];
  /** The last line, which with --json is one object. */
  readonly json: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- a test knows its own answer
}

/** Runs the journal tool in this process, a virtual minute after the rooms of `journalFolders` began. */
export async function runTool(args: readonly string[], ports: Partial<ToolPorts> = {}): Promise<ToolRun> {
  const out: string[] = [];
  const err: string[] = [];
  const progress: string[] = [];
  const exit = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    progress: { tell: (_done, text) => progress.push(text), end: () => undefined },
    columns: Infinity,
    environment: {},
    definition: liapTui(),
    now: () => STARTED_AT + 60_000,
    wait: () => Promise.resolve(),
    stopping: new AbortController().signal,
    fetch: () => Promise.reject(new Error('no server is expected to be asked')),
    ...ports,
  });
  const last = out.at(-1) ?? '';
  return { exit, out, err, progress, json: last.startsWith('{') ? (JSON.parse(last) as Record<string, never>) : {} };
}
