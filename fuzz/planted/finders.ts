import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PlantedBug } from './planted-bugs.js';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
/** A finder that the bug hangs is killed. */
const LIMIT_MS = 600_000;
/** Simulations for so many messages to the machine. */
const SIMULATION_PER_STEPS = 10_000;

export const FINDERS = ['machine', 'mailbox', 'simulator'] as const;
export type FinderName = (typeof FINDERS)[number];

/** What a finder made of a bug. */
export type Finding =
  | {
      readonly kind: 'found';
      readonly finder: FinderName;
      readonly promise: string; // which one broke
      readonly seconds: number; // from the start of its process to the shrunk script
      readonly messages: number; // said before it broke
      /** After shrinking; null for the simulator, whose script is the seed of a run. */
      readonly scriptLines: number | null;
    }
  | { readonly kind: 'missed'; readonly finder: FinderName; readonly seconds: number }
  | { readonly kind: 'failed'; readonly finder: FinderName; readonly why: string };

export interface FindOptions {
  readonly seed: number;
  readonly steps: number; // messages that the fuzzer of the machine may say; the other finders get their share
}

interface Finder {
  /** Whether the file is any part of what this finder runs. */
  readonly runs: (file: string) => boolean;
  readonly command: (options: FindOptions) => readonly string[];
}

const fuzz = (part: 'machine' | 'mailbox', { seed, steps }: FindOptions): readonly string[] =>
  ['fuzz/main.ts', '--only', part, '--seed', String(seed), '--steps', String(steps), '--json', '--no-save'] as const;

const finders: Readonly<Record<FinderName, Finder>> = {
  machine: {
    runs: (file) => /^(src\/game|src\/protocol|actors\/room)\//.test(file),
    command: (options) => fuzz('machine', options),
  },
  mailbox: {
    runs: (file) => /^(actors\/[^/]+|persistence\/.+)$/.test(file),
    command: (options) => fuzz('mailbox', options),
  },
  simulator: {
    runs: () => true,
    command: ({ seed, steps }) => [
      'test/sim/main.ts',
      ...['--seed', String(seed), '--seeds', String(Math.max(1, Math.round(steps / SIMULATION_PER_STEPS)))],
      ...['--hours', '0.1', '--tables', '2', '--json', '--no-save'],
    ],
  },
};

/** The finders that run the file a bug is in, the quickest first. */
export function findersOf({ file }: PlantedBug, among: readonly FinderName[] = FINDERS): readonly FinderName[] {
  return among.filter((name) => finders[name].runs(file));
}

/**
 * Runs a finder in a process of its own, in which the bug is planted.
 * @param bug null: none is, and what is found is wrong with the product or the finder
 */
export async function find(finder: FinderName, bug: PlantedBug | null, options: FindOptions): Promise<Finding> {
  const began = performance.now();
  const plant = bug === null ? [] : ['--import', './fuzz/planted/plant.mjs'];
  const args = [...plant, '--import', 'tsx', ...finders[finder].command(options)];
  const { code, output, errors } = await ended(args, bug);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const { failure, messages = 0 } = summaryIn(output);
  if (code === 0) return { kind: 'missed', finder, seconds };
  if (code !== 1 || failure === undefined) {
    return { kind: 'failed', finder, why: `exit ${code ?? 'by a signal'}: ${whyIn(errors)}` };
  }
  const { promise, foundAfter = messages, scriptLength = null } = failure;
  return { kind: 'found', finder, promise, seconds, messages: foundAfter, scriptLines: scriptLength };
}

interface Summary {
  readonly messages?: number; // of all simulations
  readonly failure?: { readonly promise: string; readonly foundAfter?: number; readonly scriptLength?: number };
}

/** The last line of what a finder printed. */
function summaryIn(output: string): Summary {
  const line = lastLine(output);
  return line.startsWith('{') ? (JSON.parse(line) as Summary) : {};
}

/** The error that ended a process, without its stack. */
const whyIn = (errors: string): string => /^\w*Error.*$/m.exec(errors)?.[0] ?? lastLine(errors);

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

function ended(
  args: readonly string[],
  bug: PlantedBug | null,
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...(bug !== null && { PLANTED_BUG: JSON.stringify(bug) }) };
    const child = spawn(process.execPath, args, { cwd: TOP, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, errors });
    });
  });
}
