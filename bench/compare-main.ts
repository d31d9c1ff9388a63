import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { compareReports, type Compared, type CompareResult, type Judgement } from './compare.js';
import { numberText, type BenchReport } from './report.js';

const EXIT_REGRESSION = 1;
const EXIT_BAD_ARGUMENTS = 2;

/** Where the command writes; each text is a line without its end. */
interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

const values = z.array(z.number()).min(1);
const report = z.looseObject({
  version: z.literal(1),
  at: z.string(),
  commit: z.string().nullable(),
  quick: z.boolean(),
  built: z.boolean(),
  machine: z.looseObject({
    cpu: z.string(),
    cores: z.number(),
    memoryGib: z.number(),
    platform: z.string(),
    node: z.string(),
  }),
  sections: z.array(
    z.looseObject({
      figures: z.array(
        z.looseObject({
          id: z.string(),
          title: z.string(),
          unit: z.string(),
          better: z.enum(['higher', 'lower']),
          values,
          comparisons: z.array(z.looseObject({ name: z.string(), values })),
        }),
      ),
    }),
  ),
});

/**
 * The whole command.
 * @param args without the program's own name
 * @returns the exit code: 0 nothing is worse, 1 something is, 2 bad arguments or files
 */
export function main(args: readonly string[], { out, err }: Output): number {
  const command = new Command('npm run bench:compare --')
    .description('Compares two runs of npm run bench: what is better, worse, or within the noise of the rounds.')
    .argument('<before>', 'JSON file of the earlier run')
    .argument('<after>', 'JSON file of the later one')
    .option('--json', 'print one JSON object in the last line')
    .addHelpText('after', '\nExit code: 0 nothing is worse beyond noise, 1 something is, 2 bad arguments or files.')
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .allowExcessArguments(false)
    .exitOverride();
  let compared: CompareResult;
  try {
    command.parse(args, { from: 'user' });
    compared = compareReports(readReport(command.args[0]!), readReport(command.args[1]!));
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? 0 : EXIT_BAD_ARGUMENTS;
    if (!(failure instanceof BadReport)) throw failure;
    err(failure.message);
    return EXIT_BAD_ARGUMENTS;
  }
  for (const remark of compared.remarks) err(remark);
  if (command.opts<{ json?: true }>().json === true) out(JSON.stringify(compared));
  else for (const line of lines(compared)) out(line);
  return compared.regressions.length > 0 ? EXIT_REGRESSION : 0;
}

class BadReport extends Error {
  override readonly name = 'BadReport';
}

/** @throws BadReport naming the file and what is wrong with it */
function readReport(file: string): BenchReport {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new BadReport(`${file} ${cause instanceof SyntaxError ? 'is not valid JSON' : 'could not be read'}.`, {
      cause,
    });
  }
  const parsed = report.safeParse(json);
  if (parsed.success) return parsed.data as unknown as BenchReport;
  const { path, message } = parsed.error.issues[0]!;
  throw new BadReport(`${file} is no report of npm run bench: ${path.join('.')}: ${message}.`);
}

function lines({ figures, regressions }: CompareResult): string[] {
  const rows = figures.map((figure) => [
    figure.title,
    valueText(figure.before, figure.unit),
    valueText(figure.after, figure.unit),
    figure.change === null ? '' : percentText(figure.change),
    figure.noise === null ? '' : `±${percentText(figure.noise).slice(1)}`,
    figure.judgement,
  ]);
  const table = [['figure', 'before', 'after', 'change', 'noise', ''], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return [
    ...table.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
    '',
    summary(figures, regressions),
  ];
}

function summary(figures: readonly Compared[], regressions: readonly string[]): string {
  const count = (judgement: Judgement): number => figures.filter((figure) => figure.judgement === judgement).length;
  const worse = regressions.length === 0 ? 'No regression' : `Regressions: ${regressions.join(', ')}`;
  return `${figures.length} figures and ratios: ${count('better')} better, ${count('worse')} worse. ${worse}.`;
}

function valueText(value: number | null, unit: string): string {
  if (value === null) return '–';
  if (unit === 'ratio') return numberText(value);
  return unit.startsWith('/') ? `${numberText(value)}${unit}` : `${numberText(value)} ${unit}`;
}

function percentText(share: number): string {
  const text = (share * 100).toFixed(1);
  return share >= 0 ? `+${text} %` : `${text} %`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  });
}
