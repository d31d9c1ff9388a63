import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CoverageReport, Part } from './coverage.js';
import { type FuzzFailure, type FuzzProgress, fuzzRoom } from './fuzz-room.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import { fuzzMailbox, type MailboxFailure, type MailboxReport } from './mailbox/fuzz-mailbox.js';
import { type Pace, paceOf } from './pace.js';
import { PARTS, runAtOnce, together } from './processes.js';
import {
  linesOf,
  mailboxRegressionOf,
  readRegression,
  type Regression,
  regressionOf,
  saveRegression,
} from './regression-file.js';
import { dealsOf, replayRegression } from './replay-regression.js';

const REGRESSIONS = fileURLToPath(new URL('regressions', import.meta.url));
const DEFAULT_S = 60;
/** Of the time; the rest is for rooms behind their mailboxes. */
const MACHINE_SHARE = 0.85;
/** Without a time: one room behind its mailbox for so many messages to the machine. */
const MAILBOX_RUN_PER_STEPS = 400;
const PROGRESS_MS = 1_000;
const PACE_STEPS = 20_000;
const PACE_ROUNDS = 5;
const PACES: Readonly<Record<keyof Pace, string>> = {
  whole: 'the whole run',
  unwatched: 'without a look at any promise',
  machine: "the room's machine alone",
  least: 'a machine of two states',
};
const SHOWN = 20; // of what was not reached

const whole = (text: string): number => {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
};
const count = (text: string): number => {
  const value = whole(text);
  if (value >= 1 && value <= 256) return value;
  throw new InvalidArgumentError('It must be a number from 1 to 256.');
};
const seconds = (text: string): number => {
  const value = Number(text);
  if (value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It must be a number of seconds above 0.');
};

interface Options {
  readonly seed?: number;
  readonly time?: number;
  readonly steps?: number;
  readonly only?: 'machine' | 'mailbox';
  readonly replay?: string;
  readonly processes: number;
  readonly pace?: true;
  readonly json?: true;
  readonly save: boolean;
}

const command = new Command('npm run fuzz --')
  .description(
    'Says everything that may be said to a game room, and much that may not, and looks at its promises after each message.\n' +
      'A broken promise is shrunk to a script of a few lines, printed, and saved under fuzz/regressions/.',
  )
  .option('--seed <n>', 'the same seed does the same to the same rooms (default: another one each time)', whole)
  .option('--time <seconds>', `how long to go on (default: ${DEFAULT_S}, or as long as --steps take)`, seconds)
  .option('--steps <n>', 'how many messages to say; with a seed and without --time the same run, always', whole)
  .addOption(
    new Option('--only <part>', 'the pure machine, or a room behind its mailbox on a disk that fails').choices([
      'machine',
      'mailbox',
    ]),
  )
  .option('--replay <file>', 'does again what a saved failure did, and says whether its promise still breaks')
  .option('--processes <n>', 'that many runs at once, each with a seed and a process of its own', count, 1)
  .option('--pace', `how fast a run of --steps messages is and its parts are (default: ${PACE_STEPS})`)
  .option('--json', 'print one JSON object in the last line')
  .option('--no-save', 'write no file for a failure')
  .addHelpText(
    'after',
    '\nExit code 0: all promises held. 1: one is broken. 2: wrong usage.\nHow to read the output, and the format of saved files: docs/FUZZER.md.',
  )
  .exitOverride((failure) => process.exit(failure.exitCode === 0 ? 0 : 2));

command.parse();
const options = command.opts<Options>();
process.exitCode = await (options.replay !== undefined
  ? replay(options.replay, options)
  : options.pace === true
    ? pace(options)
    : options.processes > 1
      ? fuzzAtOnce(options)
      : fuzz(options));

function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

async function fuzzAtOnce({ seed = anySeed(), processes, steps, time, only, json, save }: Options): Promise<number> {
  const args = [
    ...(steps === undefined ? [] : ['--steps', String(Math.ceil(steps / processes))]),
    ...(time === undefined ? [] : ['--time', String(time)]),
    ...(only === undefined ? [] : ['--only', only]),
    ...(save ? [] : ['--no-save']),
  ];
  const seeds = Array.from({ length: processes }, (_, index) => seed + index);
  const runs = await runAtOnce([...process.execArgv, fileURLToPath(import.meta.url)], seeds, args);
  for (const { code, lines } of runs) if (code !== 0) lines.forEach(say);
  const summaries = runs.flatMap(({ summary }) => summary ?? []);
  if (summaries.length > 0) {
    const all = together(summaries);
    const { rooms, stepsPerSecond, coverage, mailbox } = all;
    say(`seeds ${seed} to ${seeds.at(-1)}: ${all.steps} messages to ${rooms} rooms, ${stepsPerSecond}/s`);
    if (coverage !== undefined) {
      for (const part of PARTS) say(`${part}: ${coverage[part].covered} of ${coverage[part].total}`);
      say(`deepest round ${coverage.deepest}`);
    }
    if (mailbox.runs > 0) say(`${mailbox.acts} acts upon ${mailbox.runs} rooms behind their mailboxes`);
    if (json === true) say(JSON.stringify(all));
  }
  return Math.max(...runs.map(({ code }) => code));
}

async function fuzz({ seed = anySeed(), steps, time, only, json, save }: Options): Promise<number> {
  const timeMs = time === undefined ? (steps === undefined ? DEFAULT_S * 1_000 : undefined) : time * 1_000;
  say(`seed ${seed}`);
  const machine =
    only === 'mailbox' ? null : fuzzMachine(seed, steps, timeMs && timeMs * (only === undefined ? MACHINE_SHARE : 1));
  const wrong = machine?.report.failure ?? null;
  const mailbox =
    only === 'machine' || wrong !== null
      ? null
      : await fuzzMailboxes(seed, steps, timeMs && timeMs * (only === undefined ? 1 - MACHINE_SHARE : 1));
  const found =
    wrong !== null
      ? told(wrong, seed, save)
      : mailbox === null || mailbox.failure === null
        ? null
        : toldOfMailbox(mailbox.failure, mailbox.acts, seed, save);
  if (json === true) {
    const summary = {
      ok: found === null,
      seed,
      ...machine?.figures,
      ...(mailbox !== null && { mailbox: { runs: mailbox.runs, queues: mailbox.queues, acts: mailbox.acts } }),
    };
    say(JSON.stringify({ ...summary, ...(found !== null && { failure: found }) }));
  }
  return found === null ? 0 : 1;
}

function fuzzMachine(seed: number, steps: number | undefined, timeMs: number | undefined) {
  const before = process.cpuUsage();
  const report = fuzzRoom(fuzzedLiapTui(), {
    ...liapTuiSubject,
    seed,
    ...(steps !== undefined && { steps }),
    ...(timeMs !== undefined && { timeMs }),
    progress: progressLine(),
  });
  endProgress();
  const { user, system } = process.cpuUsage(before);
  const { coverage, rooms, turnedAway, elapsedMs, outcomes } = report;
  const perSecond = Math.round((report.steps / Math.max(1, elapsedMs)) * 1_000);
  const perCpuSecond = Math.round((report.steps / Math.max(1, user + system)) * 1_000_000);
  say(
    `${report.steps} messages to ${rooms} rooms, ${perSecond}/s (${perCpuSecond}/s of a core); deepest round ${coverage.deepest}`,
  );
  if (report.failure === null) for (const line of coverageLines(coverage)) say(line);
  const counts = {
    steps: report.steps,
    rooms,
    turnedAway,
    elapsedMs,
    stepsPerSecond: perSecond,
    stepsPerCpuSecond: perCpuSecond,
  };
  return { report, figures: { ...counts, outcomes: outcomes.size, coverage: counted(coverage) } };
}

async function fuzzMailboxes(
  seed: number,
  steps: number | undefined,
  timeMs: number | undefined,
): Promise<MailboxReport> {
  const report = await fuzzMailbox({
    seed,
    ...(timeMs === undefined ? { runs: Math.ceil(steps! / MAILBOX_RUN_PER_STEPS) } : { timeMs }),
  });
  say(`${report.acts} acts upon ${report.runs} rooms behind their mailboxes, and ${report.queues} mailboxes alone`);
  return report;
}

function pace({ seed = anySeed(), steps = PACE_STEPS, json }: Options): number {
  say(`seed ${seed}; messages a second, median and range of ${PACE_ROUNDS} rounds`);
  const rates = paceOf({ seed, steps, rounds: PACE_ROUNDS });
  const rounded = (Object.keys(PACES) as (keyof Pace)[]).map((part) => {
    const sorted = rates[part].map(Math.round).sort((a, b) => a - b);
    return { part, median: sorted[sorted.length >> 1]!, least: sorted[0]!, most: sorted.at(-1)! };
  });
  for (const { part, median, least, most } of rounded) say(`${PACES[part]}: ${median} (${least}–${most})`);
  const medians = Object.fromEntries(rounded.map(({ part, median }) => [part, median]));
  if (json === true) say(JSON.stringify({ ok: true, seed, steps, pace: medians }));
  return 0;
}

/** Prints and saves a failure of the machine. */
function told(failure: FuzzFailure, seed: number, save: boolean) {
  const { promise, message, script, foundAfter } = failure;
  const lines = linesOf(failure);
  say(`\nBROKEN: ${promise}\n  ${message}\n  found after ${foundAfter} messages, shrunk to ${lines.length} lines:`);
  lines.forEach((line, index) => say(`  ${index + 1}. ${line}`));
  const file = save ? saved(regressionOf('liap-tui', seed, failure, dealsOf(failure))) : null;
  const scriptLength = script.acts.length;
  return { promise, message, scriptLength, messages: failure.deeds.length, foundAfter, ...(file !== null && { file }) };
}

function toldOfMailbox(failure: MailboxFailure, foundAfter: number, seed: number, save: boolean) {
  const { promise, message, acts } = failure;
  say(`\nBROKEN: ${promise}\n  ${message}\n  shrunk to ${acts.length} lines:`);
  acts.forEach((act, index) => say(`  ${index + 1}. ${JSON.stringify(act)}`));
  const file = save ? saved(mailboxRegressionOf(seed, failure)) : null;
  return { promise, message, scriptLength: acts.length, foundAfter, ...(file !== null && { file }) };
}

function saved(found: Regression): string {
  const file = relative(process.cwd(), saveRegression(REGRESSIONS, found));
  say(`saved as ${file}; again: npm run fuzz -- --replay ${file}`);
  return file;
}

async function replay(file: string, { json }: Options): Promise<number> {
  let saved: Regression;
  try {
    saved = readRegression(file);
  } catch (failure) {
    process.stderr.write(`${file} can't be read: ${failure instanceof Error ? failure.message : String(failure)}\n`);
    return 2;
  }
  const lines = saved.format === 'room-fuzz/1' ? saved.lines : saved.acts.map((act) => JSON.stringify(act));
  say(`${saved.definition}: ${saved.promise}`);
  lines.forEach((line, index) => say(`  ${index + 1}. ${line}`));
  const broken = await replayRegression(saved);
  say(broken === null ? 'All promises hold.' : `BROKEN: ${broken.promise}\n  ${broken.message}`);
  if (json === true) say(JSON.stringify({ ok: broken === null, file, ...(broken !== null && { failure: broken }) }));
  return broken === null ? 0 : 1;
}

function progressLine(): (progress: FuzzProgress) => void {
  let shownMs = 0;
  return ({ steps, rooms, elapsedMs, coverage }) => {
    if (elapsedMs - shownMs < (process.stderr.isTTY ? PROGRESS_MS : 10 * PROGRESS_MS)) return;
    shownMs = elapsedMs;
    const { states, cells, transitions, guards, deepest } = coverage();
    const of = ({ covered, total }: Part): string => `${covered}/${total}`;
    const line =
      `${Math.round(elapsedMs / 1_000)} s  ${Math.round((steps / elapsedMs) * 1_000)} steps/s  rooms ${rooms}  ` +
      `states ${of(states)}  cells ${of(cells)}  transitions ${of(transitions)}  guards ${of(guards)}  round ${deepest}`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  };
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\n');
}

function partsOf({ states, cells, transitions, guards, refusals }: CoverageReport): Readonly<Record<string, Part>> {
  return { states, 'states × messages': cells, transitions, 'guard sides': guards, refusals };
}

function coverageLines(coverage: CoverageReport): string[] {
  return Object.entries(partsOf(coverage)).flatMap(([name, { covered, total, missing, unreachable }]) => {
    const more = missing.length > SHOWN ? [`    and ${missing.length - SHOWN} more`] : [];
    const excused = unreachable.length === 0 ? '' : `, ${unreachable.length} unreachable`;
    const open = missing.slice(0, SHOWN).map((each) => `    not reached: ${each}`);
    return [`${name}: ${covered} of ${total}${excused}`, ...open, ...more];
  });
}

function counted(coverage: CoverageReport) {
  const { states, cells, transitions, guards, refusals, deepest } = coverage;
  const plain = ({ covered, total, missing }: Part) => ({ covered, total, missing });
  return {
    states: plain(states),
    cells: plain(cells),
    transitions: plain(transitions),
    guards: plain(guards),
    refusals: plain(refusals),
    deepest,
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
