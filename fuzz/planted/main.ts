import { Command, InvalidArgumentError, Option } from 'commander';
import { find, type FinderName, FINDERS, findersOf, type Finding } from './finders.js';
import { BUG_CLASSES, type BugClass, PLANTED_BUGS, type PlantedBug } from './planted-bugs.js';

const DEFAULT_STEPS = 300_000;

const whole = (text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
};

interface Options {
  readonly seed: number;
  readonly steps: number;
  readonly only?: string;
  readonly class?: BugClass;
  readonly finder?: FinderName;
  readonly json?: true;
}

const command = new Command('npm run fuzz:planted --')
  .description(
    'Plants one mistake after the other into a copy of the product in memory, and says which finder finds it: the fuzzer\n' +
      'of the machine, the fuzzer of the mailbox, or the simulator of the whole server.',
  )
  .option('--seed <n>', 'of the finders', whole, 1)
  .option('--steps <n>', 'messages that a finder may say before it gives up', whole, DEFAULT_STEPS)
  .option('--only <text>', 'only bugs with this in their name')
  .addOption(new Option('--class <class>', 'only bugs of this class').choices(BUG_CLASSES))
  .addOption(new Option('--finder <finder>', 'only this finder').choices(FINDERS))
  .option('--json', 'print one JSON object in the last line')
  .addHelpText(
    'after',
    '\nExit code 0: every bug was found. 1: one was not, or a finder finds something where nothing is planted. 2: wrong usage.',
  )
  .exitOverride((failure) => process.exit(failure.exitCode === 0 ? 0 : 2));

command.parse();
process.exitCode = await huntAll(command.opts<Options>());

interface Hunt {
  readonly bug: PlantedBug;
  readonly findings: readonly Finding[]; // of the finders that had a go; the last one found it, if any did
}

async function huntAll(options: Options): Promise<number> {
  const bugs = PLANTED_BUGS.filter(
    (bug) => (options.class === undefined || bug.class === options.class) && bug.name.includes(options.only ?? ''),
  );
  if (bugs.length === 0) throw new Error(`no bug is called ${options.only ?? ''}`);
  for (const name of new Set(bugs.flatMap((bug) => findersOf(bug, amongOf(options))))) {
    const finding = await find(name, null, options);
    if (finding.kind === 'missed') continue;
    const why = finding.kind === 'found' ? `breaks "${finding.promise}"` : `fails: ${finding.why}`;
    say(`With nothing planted the ${name} ${why}. What it finds in planted bugs would mean nothing.`);
    if (options.json === true) say(JSON.stringify({ ok: false, seed: options.seed, finder: name, why }));
    return 1;
  }
  say(row('class', 'bug', 'finder', 's', 'messages', 'lines', 'promise'));
  const hunts: Hunt[] = [];
  for (const bug of bugs) {
    const hunt = await huntOne(bug, options);
    hunts.push(hunt);
    say(lineOf(hunt));
  }
  const found = hunts.filter((hunt) => foundIn(hunt) !== null);
  say('');
  for (const each of BUG_CLASSES) {
    const of = hunts.filter(({ bug }) => bug.class === each);
    if (of.length > 0) say(`${each}: ${of.filter((hunt) => foundIn(hunt) !== null).length} of ${of.length}`);
  }
  say(`found ${found.length} of ${hunts.length}, longest script ${longest(found)} lines`);
  if (options.json === true) {
    const bugsTold = hunts.map(({ bug: { name, class: of }, findings }) => ({ name, class: of, findings }));
    const summary = { ok: found.length === hunts.length, seed: options.seed, planted: hunts.length };
    say(JSON.stringify({ ...summary, found: found.length, longestScript: longest(found), bugs: bugsTold }));
  }
  return found.length === hunts.length ? 0 : 1;
}

/** The finders have a go one after the other, until one finds it. */
async function huntOne(bug: PlantedBug, options: Options): Promise<Hunt> {
  const findings: Finding[] = [];
  for (const name of findersOf(bug, amongOf(options))) {
    if (process.stderr.isTTY) process.stderr.write(`\r${bug.name}: ${name} …\x1b[K`);
    const finding = await find(name, bug, options);
    findings.push(finding);
    if (finding.kind === 'found') break;
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { bug, findings };
}

function amongOf({ finder }: Options): readonly FinderName[] {
  return finder === undefined ? FINDERS : [finder];
}

function foundIn({ findings }: Hunt): Extract<Finding, { readonly kind: 'found' }> | null {
  const last = findings.at(-1);
  return last?.kind === 'found' ? last : null;
}

function lineOf(hunt: Hunt): string {
  const { bug, findings } = hunt;
  const found = foundIn(hunt);
  if (found !== null) {
    const { finder, seconds, messages, scriptLines, promise } = found;
    return row(
      bug.class,
      bug.name,
      finder,
      String(seconds),
      String(messages),
      scriptLines === null ? '–' : String(scriptLines),
      promise,
    );
  }
  const tried = findings.map((finding) =>
    finding.kind === 'failed' ? `${finding.finder} failed: ${finding.why}` : finding.finder,
  );
  return row(bug.class, bug.name, 'NOT FOUND', '', '', '', tried.length === 0 ? 'no finder' : tried.join(', '));
}

function longest(hunts: readonly Hunt[]): number {
  return hunts.reduce((most, hunt) => Math.max(most, foundIn(hunt)?.scriptLines ?? 0), 0);
}

function row(...[of, name, finder, seconds, messages, lines, promise]: readonly string[]): string {
  return [
    of!.padEnd(23),
    name!.padEnd(68),
    finder!.padEnd(10),
    seconds!.padStart(6),
    messages!.padStart(9),
    lines!.padStart(6),
    promise!,
  ].join(' ');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
