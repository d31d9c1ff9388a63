import type { Comparison, Figure } from './figure.js';
import { ratiosOf } from './figure.js';
import type { BenchReport } from './report.js';
import { spreadOf } from './statistics.js';

export type Judgement = 'better' | 'worse' | 'within noise' | 'only before' | 'only after';

/** One figure, or its ratio to a comparison, in two runs. */
export interface Compared {
  readonly id: string; // `sockets.moves`, `sockets.moves / raw ws`
  readonly title: string;
  readonly unit: string; // `ratio` for a ratio
  readonly before: number | null; // medians
  readonly after: number | null;
  readonly change: number | null; // after / before - 1
  readonly noise: number | null; // a change up to this share says nothing
  readonly judgement: Judgement;
}

export interface CompareResult {
  readonly comparable: boolean; // by machine and by length
  readonly remarks: readonly string[];
  readonly figures: readonly Compared[];
  readonly regressions: readonly string[]; // ids of the figures that are worse, the machine taken into account
}

/**
 * The least noise that is granted to a figure: three rounds may lie close together by chance. Between two runs of the same
 * build, medians of three rounds differ by up to that much.
 */
export const NOISE_MIN = 0.05;

/**
 * Judges each figure of two runs. A change counts when it is larger than the noise: half the sum of what the rounds of both
 * runs spread over, as a share of the earlier median, and `NOISE_MIN` at least. Ratios to a comparison are judged beside
 * the figures themselves: they hold where the machine was slower altogether, and tell where it was faster.
 */
export function compareReports(before: BenchReport, after: BenchReport): CompareResult {
  const remarks = remarksOn(before, after);
  const earlier = judgedValues(before);
  const later = judgedValues(after);
  const ids = [...new Set([...earlier.keys(), ...later.keys()])];
  const figures = ids.map((id) => judge(id, earlier.get(id), later.get(id)));
  const regressions = after.sections
    .flatMap((section) => section.figures)
    .filter((figure) => isRegression(figure, figures))
    .map(({ id }) => id);
  return { comparable: remarks.length === 0, remarks, figures, regressions };
}

/**
 * A figure that stands beside others is a regression when it is worse by at least one of them, and either worse itself or worse by all:
 * a slower machine makes figures worse and no ratio, a comparison that ran faster this time one ratio and no figure.
 */
function isRegression({ id, comparisons }: Figure, judged: readonly Compared[]): boolean {
  const isWorse = (wanted: string): boolean =>
    judged.some((figure) => figure.id === wanted && figure.judgement === 'worse');
  const ratios = comparisons.map(({ name }) => isWorse(`${id} / ${name}`));
  if (ratios.length === 0) return isWorse(id);
  return ratios.every(Boolean) || (isWorse(id) && ratios.some(Boolean));
}

interface JudgedValues {
  readonly title: string;
  readonly unit: string;
  readonly better: Figure['better'];
  readonly values: readonly number[];
}

function judgedValues({ sections }: BenchReport): Map<string, JudgedValues> {
  const figures = sections.flatMap((section) => section.figures);
  return new Map(
    figures.flatMap((figure) => [
      [figure.id, figure] as const,
      ...figure.comparisons.map(
        (comparison) => [`${figure.id} / ${comparison.name}`, ratio(figure, comparison)] as const,
      ),
    ]),
  );
}

function ratio(figure: Figure, comparison: Comparison): JudgedValues {
  const title = `${figure.title}, by ${comparison.name}`;
  return { title, unit: 'ratio', better: figure.better, values: ratiosOf(figure, comparison) };
}

function judge(id: string, before: JudgedValues | undefined, after: JudgedValues | undefined): Compared {
  const { title, unit, better } = (after ?? before)!;
  const earlier = before && spreadOf(before.values);
  const later = after && spreadOf(after.values);
  if (earlier === undefined || later === undefined) {
    const judgement = earlier === undefined ? 'only after' : 'only before';
    const medians = { before: earlier?.median ?? null, after: later?.median ?? null };
    return { id, title, unit, ...medians, change: null, noise: null, judgement };
  }
  const change = later.median / earlier.median - 1;
  const noise = Math.max(NOISE_MIN, (earlier.max - earlier.min + (later.max - later.min)) / 2 / earlier.median);
  const gain = better === 'higher' ? change : -change;
  const judgement = Math.abs(change) <= noise ? 'within noise' : gain > 0 ? 'better' : 'worse';
  return { id, title, unit, before: earlier.median, after: later.median, change, noise, judgement };
}

function remarksOn(before: BenchReport, after: BenchReport): string[] {
  const remarks: string[] = [];
  for (const member of ['cpu', 'cores', 'memoryGib', 'platform', 'node'] as const) {
    const [was, is] = [before.machine[member], after.machine[member]];
    if (was !== is) remarks.push(`The machines differ: ${member} was ${was} and is ${is}.`);
  }
  if (before.quick !== after.quick) remarks.push('One of the two is a quick run.');
  if (before.quick && after.quick) remarks.push('Both are quick runs, whose figures mean little.');
  if (before.built !== after.built) remarks.push('One of the two was run from source.');
  return remarks;
}
