import { Command, InvalidArgumentError, Option } from 'commander';
import { type Column, table } from '../../src/cli/table.js';
import { runToEnd } from '../support/server-process.js';
import { standBack } from '../support/stand-back.js';
import { startArguments } from '../support/start-command.js';
import { wholeNumber } from '../support/whole-number.js';
import { Arena } from './arena.js';
import { KINDS, type ListedAttack } from './attack.js';
import { attackTable } from './attack-table.js';
import { ATTACKS } from './attacks.js';
import { Bystanders } from './bystanders.js';
import { type AttackReport, runAttack } from './run-attack.js';

const WARM_UP_MOVES = 2_000;
const VERIFY_LIMIT_MS = 300_000;

interface Options {
  readonly only?: readonly ListedAttack[];
  readonly list: boolean;
  readonly table: boolean;
  readonly windowMs: number;
  readonly rounds: number;
  readonly json: boolean;
}

const {
  only,
  list,
  table: asTable,
  windowMs,
  rounds,
  json,
} = new Command('npm run attack --')
  .description(
    'Attacks a server of its own on the loopback interface, built and with the limits that users run it with, beside ' +
      'four people who play, and ends by itself. All attacks take more than an hour.',
  )
  .addOption(new Option('--only <names>', 'attacks and kinds, a comma list').argParser(named))
  .option('--list', 'only say which attacks there are', false)
  .option('--table', 'only print the table of docs/SECURITY.md', false)
  .addOption(
    new Option('--window-ms <n>', 'for so long without and with an attack in turn')
      .default(1_500)
      .argParser(wholeNumber),
  )
  .addOption(new Option('--rounds <n>', 'so often').default(2).argParser(wholeNumber))
  .option('--json', 'print the result as one JSON object in the last line', false)
  .addHelpText(
    'after',
    '\nExit code: 0 each attack was refused as it should be, the players hardly noticed, memory stayed bounded and the\n' +
      'journal is whole; 1 not so.',
  )
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

function named(text: string): readonly ListedAttack[] {
  return text.split(',').flatMap((name) => {
    const found = ATTACKS.filter((attack) => attack.name === name || attack.kind === name);
    if (found.length === 0) throw new InvalidArgumentError(`There is no attack and no kind of attacks "${name}".`);
    return found;
  });
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const whole = (value: number): string => value.toFixed();
const COLUMNS: readonly Column<AttackReport>[] = [
  { head: '', cell: ({ ok }) => (ok ? 'refused' : 'FAILED') },
  { head: 'attack', cell: ({ name }) => name },
  { head: 'runs', cell: ({ runs }) => String(runs), align: 'right', drop: 1 },
  { head: 'p99 before, ms', cell: ({ p99BeforeMs }) => p99BeforeMs.toFixed(1), align: 'right' },
  { head: 'during', cell: ({ p99DuringMs }) => p99DuringMs.toFixed(1), align: 'right' },
  { head: 'ratio', cell: ({ ratio }) => ratio.toFixed(2), align: 'right' },
  { head: 'MiB before', cell: ({ rssBeforeMib }) => whole(rssBeforeMib), align: 'right' },
  { head: 'peak', cell: ({ rssPeakMib }) => whole(rssPeakMib), align: 'right' },
  { head: 'the attacker sees', cell: ({ seen }) => seen.join('; '), drop: 2 },
];

async function main(attacks: readonly ListedAttack[]): Promise<number> {
  const arena = await Arena.start({
    command: [process.execPath, ...startArguments()],
    env: { LOG_LEVEL: 'info' },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void arena.dispose().then(() => process.exit(1)));
  }
  const reports: AttackReport[] = [];
  let journal = 'not verified';
  try {
    const bystanders = new Bystanders(arena.server.socketUrl);
    standBack(process.pid); // attackers have machines of their own elsewhere
    await bystanders.warmUp(WARM_UP_MOVES);
    for (const attack of attacks) {
      const report = await runAttack(arena, bystanders, attack, { windowMs, rounds });
      reports.push(report);
      if (json) continue;
      process.stderr.write(`${report.ok ? 'refused' : 'FAILED '} ${attack.name} ${report.ratio.toFixed(2)}\n`);
      for (const finding of report.findings.slice(0, 5)) process.stderr.write(`        ${finding}\n`);
    }
    await bystanders.stop();
    const { code } = await arena.server.stop();
    const tool = [process.execPath, 'dist/src/cli/journal.js', 'verify', '--all', '--data', arena.server.dataDir];
    const verified = await runToEnd({}, tool, VERIFY_LIMIT_MS);
    journal =
      code === 0 && verified.code === 0 ? 'sound' : `stopped with ${code}; ${verified.stdout}${verified.stderr}`;
  } finally {
    await arena.dispose();
  }
  const ok = journal === 'sound' && reports.every((report) => report.ok);
  if (json) say(JSON.stringify({ ok, journal, attacks: reports }));
  else {
    for (const line of table(COLUMNS, reports, process.stdout.isTTY ? process.stdout.columns : Infinity)) say(line);
    const ratios = reports.map(({ ratio }) => ratio);
    const peaks = reports.map(({ rssPeakMib }) => rssPeakMib);
    say(
      `${reports.length} attacks, ${reports.filter((report) => !report.ok).length} of them not refused as they should be; ` +
        `the players' p99 at most ${Math.max(...ratios).toFixed(2)} times the one before, the process at ` +
        `${whole(Math.max(...peaks))} MiB at most; the journal: ${journal}.`,
    );
  }
  return ok ? 0 : 1;
}

const chosen = only ?? ATTACKS;
if (asTable) say(attackTable());
else if (list) {
  for (const [kind, title] of Object.entries(KINDS)) {
    const listed = chosen.filter((attack) => attack.kind === kind);
    if (listed.length > 0) say(`${title} (${kind})`);
    for (const { name, does, isSlow } of listed) say(`  ${name}${isSlow === true ? ' (slow)' : ''}: ${does}`);
  }
} else process.exitCode = await main(chosen);
