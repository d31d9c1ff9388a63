import { Command, CommanderError } from 'commander';
import { ConfigError, configOf, type Environment, type Given, givenSettings, SETTING_NAMES } from '../config.js';
import { type ShownSetting, shownSetting } from '../live-config.js';
import { endWithReader } from './end-with-reader.js';
import { isProgram } from './is-program.js';
import { table } from './table.js';

interface ConfigToolPorts {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly columns: number; // of the terminal; Infinity where there is none
  readonly environment: Environment;
}

const HELP = `
Settings are environment variables, or members of the JSON file that CONFIG_FILE names; the environment wins.
A running server reads the file anew at SIGHUP, or when asked: POST /api/admin/operations/reload-config.

Exit code: 0 fine, 1 a setting is wrong, 2 bad arguments.`;

/**
 * Explains the settings of this environment.
 * @param args without the program's own name
 * @returns the exit code
 */
export function main(args: readonly string[], ports: ConfigToolPorts): number {
  const { out, err, environment, columns } = ports;
  let exit = 0;
  const program = new Command('npm run config --')
    .description('Explains every setting, where its value comes from, and what is wrong with it.')
    .addHelpText('after', HELP)
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .exitOverride();
  const command = (name: string, description: string, run: (given: Given) => Report): void => {
    program
      .command(name)
      .description(description)
      .option('--json', 'print one JSON object as the last line')
      .action(({ json = false }: { readonly json?: boolean }) => {
        const report = attempt(() => run(givenSettings(environment)));
        if (!report.ok) exit = 1;
        if (json) out(JSON.stringify({ ok: report.ok, ...report.json }));
        else for (const line of report.lines) (report.ok ? out : err)(line);
      });
  };
  command('check', 'Says whether these settings are right; folders and ports are tried by a start alone', (given) => {
    configOf(given);
    const names = Object.keys(given);
    const line = names.length === 0 ? 'Fine: every setting has its default' : `Fine: ${names.join(', ')}`;
    return { ok: true, lines: [line], json: { given: names } };
  });
  command('print', 'Shows every setting: value, source, default, unit, meaning', (given) => {
    configOf(given);
    const settings = SETTING_NAMES.map((name) => shownSetting(name, given));
    return { ok: true, lines: table(COLUMNS, settings, columns), json: { settings } };
  });
  try {
    program.parse(args, { from: 'user' });
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    return failure.exitCode === 0 ? 0 : 2;
  }
  return exit;
}

interface Report {
  readonly ok: boolean;
  readonly lines: readonly string[];
  readonly json: object;
}

function attempt(run: () => Report): Report {
  try {
    return run();
  } catch (failure) {
    if (!(failure instanceof ConfigError)) throw failure;
    return { ok: false, lines: [failure.message], json: { error: failure.message } };
  }
}

const COLUMNS = [
  { head: 'setting', cell: ({ name }: ShownSetting) => name },
  { head: 'value', cell: ({ value }: ShownSetting) => value ?? '–' },
  { head: 'unit', cell: ({ unit }: ShownSetting) => unit ?? '', drop: 2 },
  { head: 'from', cell: ({ source }: ShownSetting) => source },
  { head: 'default', cell: (setting: ShownSetting) => setting.default ?? '–', drop: 3 },
  { head: 'takes effect', cell: ({ live }: ShownSetting) => (live ? 'at once' : 'at the start'), drop: 4 },
  { head: 'what it does', cell: ({ about }: ShownSetting) => about, drop: 1 },
];

if (isProgram(import.meta.url)) {
  endWithReader();
  process.exitCode = main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    columns: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
    environment: process.env,
  });
}
