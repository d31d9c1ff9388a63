import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';
import { wholeNumber } from '../support/whole-number.js';
import { killRun } from './kill-run.js';

const { kills, seed, rooms, aliveMs, json } = new Command('npm run chaos:kill --')
  .description('Kills a server (SIGKILL) in the middle of games, and checks that nothing acknowledged is lost.')
  .addOption(new Option('--kills <n>', 'how often').default(50).argParser(wholeNumber))
  .addOption(new Option('--rooms <n>', 'games at the same time').default(6).argParser(wholeNumber))
  .addOption(
    new Option('--alive-ms <n>', 'the longest time in which people play before a kill')
      .default(800)
      .argParser(wholeNumber),
  )
  .addOption(
    new Option('--seed <n>', 'for the moments of the kills').default(randomInt(2 ** 20)).argParser(wholeNumber),
  )
  .addOption(new Option('--json', 'print the result as one JSON object in the last line').default(false))
  .addHelpText(
    'after',
    '\nExit code: 0 nothing lost, nothing applied twice or seen too early, all chains whole; 1 not so.',
  )
  .allowExcessArguments(false)
  .parse()
  .opts<{ kills: number; seed: number; rooms: number; aliveMs: number; json: boolean }>();

const result = await killRun({
  kills,
  seed,
  rooms,
  aliveMsMax: aliveMs,
  onKill: (kill, acknowledged) => {
    if (!json || kill % 10 === 0) process.stderr.write(`kill ${kill} of ${kills}, ${acknowledged} acknowledged\n`);
  },
});
const { lost, twice, brokenChains, notInJournal, failures, violations } = result;
const findings = [lost, twice, brokenChains, notInJournal, failures, violations];
// A run in which nobody saw anything proves nothing.
const isWell = findings.every(({ length }) => length === 0) && result.frames > 0;
for (const line of [...failures, ...violations]) process.stderr.write(`${line}\n`);
process.stdout.write(
  json
    ? `${JSON.stringify({ ...result, ok: isWell })}\n`
    : `${kills} kills, seed ${seed}: ${result.acknowledged} commands acknowledged, ${lost.length} lost, ` +
        `${twice.length} applied twice, ${result.resent} sent again; ${result.entries} entries of ${result.rooms} rooms, ` +
        `${brokenChains.length} broken chains; ${result.frames} frames seen, ${notInJournal.length} entries of them not in the journal; ` +
        `${result.games} games played to their end, ${failures.length} failed, ` +
        `${violations.length} violations of the protocol.\n`,
);
process.exitCode = isWell ? 0 : 1;
