import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';
import { wholeNumber } from '../support/whole-number.js';
import { type FlipVerdict, judge, makeTruth, randomFlips } from './bit-flip-run.js';

const { flips, jobs, seed, verbose, json } = new Command('npm run chaos:flips --')
  .description('Flips single bits of copies of a data folder, and checks that none changes anything unnoticed.')
  .addOption(new Option('--flips <n>', 'how many, each in a copy of its own').default(500).argParser(wholeNumber))
  .addOption(new Option('--jobs <n>', 'copies at the same time').default(3).argParser(wholeNumber))
  .addOption(new Option('--seed <n>', 'for the places').default(randomInt(2 ** 20)).argParser(wholeNumber))
  .addOption(new Option('--verbose', 'print the verdict of every flip').default(false))
  .addOption(new Option('--json', 'print the result as one JSON object in the last line').default(false))
  .addHelpText('after', '\nExit code: 0 each was found, repaired or harmless; 1 one of them was silent.')
  .allowExcessArguments(false)
  .parse()
  .opts<{ flips: number; jobs: number; seed: number; verbose: boolean; json: boolean }>();

const startMs = performance.now();
const truth = await makeTruth();
const waiting = randomFlips(seed, flips, truth.database.length);
const verdicts: FlipVerdict[] = [];
await Promise.all(
  Array.from({ length: Math.max(1, jobs) }, async () => {
    for (let damage = waiting.shift(); damage !== undefined; damage = waiting.shift()) {
      const verdict = await judge(truth, damage);
      verdicts.push(verdict);
      const { what, kind, finders, sentence, differing } = verdict;
      if (verbose || kind === 'SILENT')
        process.stderr.write(`${what}: ${kind} ${finders.join()} ${sentence} [${differing.join('; ')}]\n`);
      if (verdicts.length % 50 === 0) process.stderr.write(`${verdicts.length} of ${flips}\n`);
    }
  }),
);

function counted(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
const kinds = { found: 0, repaired: 0, harmless: 0, SILENT: 0, ...counted(verdicts.map(({ kind }) => kind)) };
const finders = counted(verdicts.flatMap((verdict) => verdict.finders));
const onDemandOnly = verdicts.filter((verdict) => verdict.onDemandOnly).length;
const silent = verdicts.filter(({ kind }) => kind === 'SILENT');
const durationMs = Math.round(performance.now() - startMs);
process.stdout.write(
  [
    `Seed ${seed}: ${flips} single bits of ${truth.database.length} bytes, ${truth.roomIds.length} rooms, each in a copy of its own.`,
    `Verdicts      ${kinds.found} found, ${kinds.repaired} found and repaired by the server, ${kinds.harmless} harmless, ${kinds.SILENT} SILENT`,
    `Named by      ${Object.entries(finders)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')} (several may name one)`,
    `              ${onDemandOnly} changed what is read and were named by no read nor the server's start, only by verify`,
    ...silent.map(({ what, differing }) => `SILENT        ${what}: ${differing.join('; ')}`),
    '',
  ].join('\n'),
);
const ok = silent.length === 0;
if (json) {
  const bytes = truth.database.length;
  process.stdout.write(
    `${JSON.stringify({ seed, flips, bytes, rooms: truth.roomIds.length, kinds, finders, onDemandOnly, silent, durationMs, ok })}\n`,
  );
}
process.exitCode = ok ? 0 : 1;
