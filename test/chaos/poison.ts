import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';
import { wholeNumber } from '../support/whole-number.js';
import { poisonRun } from './poison-run.js';

interface Options {
  readonly rooms: number;
  readonly faults: number;
  readonly windows: number;
  readonly windowSeconds: number;
  readonly poisonSeconds: number;
  readonly seed: number;
  readonly json: boolean;
}

const number = (flags: string, text: string, fallback: number): Option =>
  new Option(flags, text).default(fallback).argParser(wholeNumber);

const { rooms, faults, windows, windowSeconds, poisonSeconds, seed, json } = new Command('npm run chaos:poison --')
  .description('Has rooms throw in the middle of games, and checks that others do not notice and nothing is lost.')
  .addOption(number('--rooms <n>', 'games at the same time', 200))
  .addOption(number('--faults <n>', 'throws that are injected', 1_000))
  .addOption(number('--windows <n>', 'stretches of time with faults, and as many without', 10))
  .addOption(number('--window-seconds <n>', 'length of each', 6))
  .addOption(number('--poison-seconds <n>', 'how long 1 % of the rooms throw at everything', 60))
  .addOption(number('--seed <n>', 'for the choice of steps', randomInt(2 ** 20)))
  .addOption(new Option('--json', 'print the result as one JSON object in the last line').default(false))
  .addHelpText('after', '\nExit code: 0 nothing lost, all sound, p99 of healthy rooms at most doubled; 1 not so.')
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

const result = await poisonRun({
  rooms,
  faults,
  windows,
  windowMs: windowSeconds * 1_000,
  poisonMs: poisonSeconds * 1_000,
  seed,
  onProgress: (text) => process.stderr.write(`${text}\n`),
});
const { lost, twice, brokenChains, notSound, quarantined, calm, faulty } = result;
const isWell =
  [lost, twice, brokenChains, notSound].every(({ length }) => length === 0) &&
  result.unhandled + result.giveUps === 0 &&
  result.faults >= faults && // a run in which less was thrown proves less
  result.goOn === quarantined.poisoned + quarantined.others &&
  result.p99Ratio <= 2;
const table = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
process.stdout.write(
  [
    `Seed ${seed}: ${rooms} games at a time, ${result.roomsPlayed} rooms, ${result.gamesOver} games played to their end.`,
    `Faults        ${result.faults} injected, ${result.throws} throws with those of ${result.poisoned} rooms poisoned for ${poisonSeconds} s (${table(result.byKind)})`,
    `  by message  ${table(result.byMessage)}`,
    `  by phase    ${table(result.byPhase)}`,
    `Outcome       ${result.restarts} restarts, ${result.deadLetters} dead letters, ${quarantined.poisoned} of ${result.poisoned} poisoned rooms and ${quarantined.others} others quarantined`,
    `              ${result.released} released, ${result.goOn} of them went on; ${result.unhandled} errors that nobody took`,
    `Acknowledged  ${result.acknowledged}, ${lost.length} lost, ${twice.length} applied twice, ${brokenChains.length} broken chains, ${notSound.length} rooms that replay otherwise`,
    `Moves         without faults p50 ${calm.p50Ms} ms, p99 ${calm.p99Ms} ms (${calm.count}); healthy rooms beside faults p50 ${faulty.p50Ms} ms, p99 ${faulty.p99Ms} ms (${faulty.count}): ${result.p99Ratio} times`,
    '',
  ].join('\n'),
);
if (json) process.stdout.write(`${JSON.stringify({ ...result, ok: isWell })}\n`);
process.exitCode = isWell ? 0 : 1;
