import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { enumerateCrashPoints } from './crash-enumeration.js';
import { PROFILE_NAMES, type ProfileName } from './profiles.js';
import { saveRegression } from './regression-list.js';
import { simulate, type SimulationReport } from './simulate.js';

const REGRESSIONS = fileURLToPath(new URL('regressions.json', import.meta.url));
const HOURS = 0.25;
const TAIL_LINES = 25;

const whole = (text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
};
const positive = (text: string): number => {
  const value = Number(text);
  if (value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
};

interface Options {
  readonly seed?: number;
  readonly seeds: number;
  readonly hours: number;
  readonly crashes: number;
  readonly profile?: ProfileName;
  readonly tables?: number;
  readonly determinism?: number;
  readonly exhaustive?: true;
  readonly every: number;
  readonly from: number;
  readonly json?: true;
  readonly save: boolean;
}

class Totals {
  #seeds = 0;
  #simulatedMs = 0;
  #elapsedMs = 0;
  readonly #sums: Record<string, number> = {};
  readonly #faults: Record<string, number> = {};

  add({ simulatedMs, elapsedMs, crashPoints, moments, counts, faults }: SimulationReport): void {
    this.#seeds++;
    this.#simulatedMs += simulatedMs;
    this.#elapsedMs += elapsedMs;
    for (const [name, count] of Object.entries({ crashPoints, moments, ...counts })) {
      this.#sums[name] = (this.#sums[name] ?? 0) + count;
    }
    for (const [name, count] of Object.entries(faults)) this.#faults[name] = (this.#faults[name] ?? 0) + count;
  }

  figures() {
    const hours = this.#simulatedMs / 3_600_000;
    return {
      seeds: this.#seeds,
      simulatedHours: round(hours),
      hoursPerSecond: round(hours / (this.#elapsedMs / 1000)),
      ...this.#sums,
      faults: this.#faults,
    };
  }

  sentence(): string {
    const { seeds, simulatedHours, hoursPerSecond, faults, ...sums } = this.figures();
    const told = (counts: object): string =>
      Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ');
    return (
      `${seeds} seeds, ${simulatedHours} simulated hours, ${hoursPerSecond} hours a second\n` +
      `  ${told(sums)}\n  faults: ${told(faults)}`
    );
  }
}

const command = new Command('npm run sim --')
  .description(
    'Runs the whole server in one thread, under a virtual clock, with people who play, sockets and a disk that fail, and\n' +
      'processes that die, and holds its promises against what is seen at its sockets and on its disk.\n' +
      'One seed is one run: the same seed does the same again, bit for bit.',
  )
  .option('--seed <n>', 'the first seed (default: another one each time)', whole)
  .option('--seeds <n>', 'how many seeds to run, one after the other', whole, 1)
  .option('--hours <n>', 'virtual time of each run in which games are begun', positive, HOURS)
  .option('--crashes <n>', 'crash points of each run that are tried beside it', whole, 0)
  .addOption(new Option('--profile <name>', 'what goes wrong (default: each in turn)').choices(PROFILE_NAMES))
  .option('--tables <n>', 'tables at which people play', whole)
  .option('--determinism <n>', 'instead: run so many seeds twice, and compare the hashes of their traces', whole)
  .option('--exhaustive', 'instead: try every crash point of one short game, each by playing it anew to its end')
  .option('--every <n>', 'with --exhaustive: only each so-manieth point', whole, 1)
  .option('--from <n>', 'with --exhaustive: begin at this one', whole, 0)
  .option('--json', 'print one JSON object in the last line')
  .option('--no-save', 'do not add a failure to test/sim/regressions.json')
  .addHelpText('after', '\nExit code 0: all promises held. 1: one is broken. 2: wrong usage.\nSee docs/TESTING.md.')
  .exitOverride((failure) => process.exit(failure.exitCode === 0 ? 0 : 2));

command.parse();
const options = command.opts<Options>();
const firstSeed = options.seed ?? Math.floor(Math.random() * 2 ** 20);
if (options.exhaustive === true) process.exitCode = await enumerate();
else process.exitCode = await (options.determinism === undefined ? run() : compare(options.determinism));

async function run(): Promise<number> {
  const total = new Totals();
  let failed: SimulationReport | null = null;
  for (let index = 0; index < options.seeds && failed === null; index++) {
    const report = await simulate(settingsOf(firstSeed + index));
    total.add(report);
    say(lineOf(report));
    if (report.failure !== null) failed = report;
  }
  say(total.sentence());
  if (failed !== null) tell(failed);
  if (options.json === true) {
    const { failure } = failed ?? { failure: null };
    say(JSON.stringify({ ok: failure === null, firstSeed, ...total.figures(), failure }));
  }
  return failed === null ? 0 : 1;
}

/** The claim that one seed is one run, measured. */
async function compare(count: number): Promise<number> {
  let differing = 0;
  for (let index = 0; index < count; index++) {
    const settings = { ...settingsOf(firstSeed + index), toTheEnd: false };
    const [first, second] = [await simulate(settings), await simulate(settings)];
    if (first.traceHash === second.traceHash) continue;
    differing++;
    say(`seed ${settings.seed}, ${settings.profile}: ${first.traceHash} and ${second.traceHash}`);
  }
  say(`${count} seeds run twice, ${differing} of them differ`);
  if (options.json === true) say(JSON.stringify({ ok: differing === 0, firstSeed, seeds: count, differing }));
  return differing === 0 ? 0 : 1;
}

async function enumerate(): Promise<number> {
  const began = performance.now();
  const { every, from } = options;
  const report = await enumerateCrashPoints({ every, from });
  const { failure, tried, points, moments, entries, byMoment } = report;
  const elapsedS = Math.round((performance.now() - began) / 1_000);
  say(`one game of ${entries} entries: ${moments} moments, ${points} crash points, ${tried} tried in ${elapsedS} s`);
  for (const [moment, count] of Object.entries(byMoment)) say(`  ${moment}: ${count}`);
  if (failure !== null) {
    const { promise, message, point, events } = failure;
    say(`\nBROKEN: ${promise}\n  ${message}\n  at ${JSON.stringify(point)}. What happened last:`);
    for (const line of events.slice(-TAIL_LINES)) say(`  ${line}`);
    if (point !== null) say(`again: npm run sim -- --exhaustive --from ${point.index}`);
  }
  if (options.json === true) say(JSON.stringify({ ok: failure === null, elapsedS, ...report }));
  return failure === null ? 0 : 1;
}

function settingsOf(seed: number) {
  const { hours, crashes, tables, profile = PROFILE_NAMES[seed % PROFILE_NAMES.length]! } = options;
  return { seed, profile, hours, crashPoints: crashes, ...(tables !== undefined && { tables }) };
}

function tell({ seed, profile, failure }: SimulationReport): void {
  const { promise, message, atMs, events } = failure!;
  say(`\nBROKEN: ${promise}\n  ${message}\n  seed ${seed}, profile ${profile}, after ${atMs} ms. What happened last:`);
  for (const line of events.slice(-TAIL_LINES)) say(`  ${line}`);
  const { hours, crashes, tables } = options;
  const again = `--seed ${seed} --profile ${profile} --hours ${hours}${crashes > 0 ? ` --crashes ${crashes}` : ''}`;
  say(`again: npm run sim -- ${again}${tables === undefined ? '' : ` --tables ${tables}`}`);
  if (!options.save) return;
  saveRegression(REGRESSIONS, { ...settingsOf(seed), promise });
  say('added to test/sim/regressions.json');
}

function lineOf({
  seed,
  profile,
  simulatedMs,
  elapsedMs,
  crashPoints,
  counts,
  faults,
  failure,
}: SimulationReport): string {
  const struck = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const hours = simulatedMs / 3_600_000;
  return (
    `seed ${seed} ${profile}: ${hours.toFixed(2)} h in ${(elapsedMs / 1000).toFixed(1)} s, ${crashPoints} crash points, ` +
    `${struck} faults, ${counts.gamesEnded} games ended, ${failure === null ? 'all promises held' : 'BROKEN'}`
  );
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
