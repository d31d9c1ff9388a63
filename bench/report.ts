import { type Comparison, type Figure, ratiosOf, type Section, type Target, type Unit } from './figure.js';
import type { Machine } from './machine.js';
import { spreadOf } from './statistics.js';

/** What a run leaves as JSON. */
export interface BenchReport {
  readonly version: 1;
  readonly at: string; // ISO, of the start
  readonly commit: string | null;
  readonly quick: boolean; // too short to be quoted
  readonly built: boolean; // compiled, as users run it
  readonly machine: Machine;
  readonly sections: readonly Section[];
}

const TABLE_HEAD = [
  '| figure | product | beside it | ratio | target (floor, goal) |',
  '| --- | --- | --- | --- | --- |',
];

/** The same for people, as Markdown. */
export function reportText({ at, commit, quick, built, machine, sections }: BenchReport): string {
  const { cpu, cores, memoryGib, platform, node, fsyncUs } = machine;
  return [
    `# Benchmark, ${at}`,
    '',
    ...(quick ? ['**Quick run: the figures show that everything works, and no more.**', ''] : []),
    ...(built ? [] : ['**Run from source: code that is compiled on the fly is slower than what users run.**', '']),
    `Commit ${commit ?? 'unknown'}; ${cpu}, ${cores} cores, ${memoryGib} GiB, ${platform}, Node ${node}; ` +
      `a write of 4 KiB with fdatasync takes ${fsyncUs} µs (median).`,
    'A figure is the median of its rounds, with the least and the greatest in brackets; a ratio is figure by comparison, round by round.',
    '',
    ...TABLE_HEAD,
    ...sections.flatMap(({ figures }) => figures.flatMap(rowsOf)),
    ...sections.flatMap((section) => ['', ...methodLines(section)]),
  ].join('\n');
}

/** One bench alone. */
export function sectionText(section: Section): string {
  return [...TABLE_HEAD, ...section.figures.flatMap(rowsOf), '', ...methodLines(section)].join('\n');
}

function rowsOf(figure: Figure): string[] {
  const { title, unit, values, comparisons, target } = figure;
  const own = `${title} | ${spreadText(values, unit)}`;
  if (comparisons.length === 0) return [`| ${own} | – | – | ${targetText(target, unit)} |`];
  return comparisons.map((comparison, index) => {
    const beside = `${comparison.name} ${spreadText(comparison.values, unit)} | ${ratioText(figure, comparison)}`;
    const wanted =
      comparison.target === undefined && index === 0
        ? targetText(target, unit)
        : targetText(comparison.target, `of ${comparison.name}`);
    return `| ${index === 0 ? own : ' | '} | ${beside} | ${wanted} |`;
  });
}

function targetText(target: Target | undefined, unit: string): string {
  return target === undefined ? '' : `${numberText(target.floor)}, ${numberText(target.goal)} ${unit}`;
}

function ratioText(figure: Figure, comparison: Comparison): string {
  const { min, median, max } = spreadOf(ratiosOf(figure, comparison));
  return figure.values.length === 1
    ? numberText(median)
    : `${numberText(median)} (${numberText(min)}–${numberText(max)})`;
}

function spreadText(values: readonly number[], unit: Unit): string {
  const { min, median, max } = spreadOf(values);
  const own = unit.startsWith('/') ? `${numberText(median)}${unit}` : `${numberText(median)} ${unit}`;
  return values.length === 1 ? own : `${own} (${numberText(min)}–${numberText(max)})`;
}

/** Three digits that mean something: `12,345`, `456`, `1.23`, `0.0123`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 99.95) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function methodLines({ title, method, details }: Section): string[] {
  const lines = Object.entries(details).map(
    ([name, value]) => `- ${name}: ${typeof value === 'number' ? numberText(value) : value}`,
  );
  return [`## ${title}`, '', method, ...(lines.length > 0 ? ['', ...lines] : [])];
}
