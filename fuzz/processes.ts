import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** The JSON in the last line of a run, as far as runs are put together. */
export interface Summary {
  readonly ok: boolean;
  readonly seed: number;
  readonly steps?: number; // these where the machine was fuzzed
  readonly rooms?: number;
  readonly turnedAway?: number;
  readonly elapsedMs?: number;
  readonly coverage?: Covered;
  readonly mailbox?: { readonly runs: number; readonly queues: number; readonly acts: number };
  readonly failure?: object;
}

/** By part of the machine; `deepest` is a round. */
type Covered = Readonly<Record<(typeof PARTS)[number], Reached>> & { readonly deepest: number };

interface Reached {
  readonly covered: number;
  readonly total: number;
  readonly missing: readonly string[];
}

export const PARTS = ['states', 'cells', 'transitions', 'guards', 'refusals'] as const;

export interface Run {
  readonly code: number;
  readonly lines: readonly string[]; // that it printed, in front of the summary
  readonly summary: Summary | null; // null: it ended before
}

/** Runs this command at once with seed after seed. @param args of each, behind its seed */
export function runAtOnce(program: readonly string[], seeds: readonly number[], args: readonly string[]) {
  return Promise.all(seeds.map((seed) => run(program, ['--seed', String(seed), '--json', ...args])));
}

async function run(program: readonly string[], args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, [...program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  const lines = printed.trimEnd().split('\n');
  const isWhole = code === 0 || code === 1;
  const summary = isWhole ? (JSON.parse(lines.pop()!) as Summary) : null;
  return { code: code ?? 2, lines, summary };
}

/** What several runs come to: counts are added up, and what one of them reached is reached. */
export function together(summaries: readonly Summary[]) {
  const sum = (of: (summary: Summary) => number | undefined): number =>
    summaries.reduce((total, summary) => total + (of(summary) ?? 0), 0);
  const elapsedMs = Math.max(...summaries.map((summary) => summary.elapsedMs ?? 0));
  const steps = sum((summary) => summary.steps);
  const covered = summaries.flatMap(({ coverage }) => coverage ?? []);
  const failures = summaries.flatMap(({ seed, failure }) => (failure === undefined ? [] : [{ seed, ...failure }]));
  return {
    ok: summaries.every(({ ok }) => ok),
    seeds: summaries.map(({ seed }) => seed),
    steps,
    rooms: sum(({ rooms }) => rooms),
    turnedAway: sum(({ turnedAway }) => turnedAway),
    elapsedMs,
    stepsPerSecond: Math.round((steps / Math.max(1, elapsedMs)) * 1_000),
    ...(covered.length > 0 && { coverage: union(covered) }),
    mailbox: {
      runs: sum(({ mailbox }) => mailbox?.runs),
      queues: sum(({ mailbox }) => mailbox?.queues),
      acts: sum(({ mailbox }) => mailbox?.acts),
    },
    ...(failures.length > 0 && { failures }),
  };
}

function union(all: readonly Covered[]): Covered {
  const part = (name: (typeof PARTS)[number]): Reached => {
    const { total, missing } = all[0]![name];
    const nowhere = missing.filter((each) => all.every((one) => one[name].missing.includes(each)));
    return { covered: total - nowhere.length, total, missing: nowhere };
  };
  const parts = Object.fromEntries(PARTS.map((name) => [name, part(name)])) as Record<(typeof PARTS)[number], Reached>;
  return { ...parts, deepest: Math.max(...all.map(({ deepest }) => deepest)) };
}
