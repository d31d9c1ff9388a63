import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure, Section } from './figure.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import type { InProcessJob, InProcessRun } from './in-process.js';
import { recordMoves } from './load/recorded-moves.js';
import { beside, interleaved } from './rounds.js';
import { mean } from './statistics.js';
import { PRODUCT } from './wire-contestants.js';

export interface MovesOptions {
  readonly rooms: number; // in play at the same time, four people each
  readonly warmUp: number; // seconds
  readonly seconds: number; // of each run
  readonly rounds: number;
}

/** Rooms, group commit and SQLite without sockets. */
export async function benchMoves({ rooms, warmUp, seconds, rounds }: MovesOptions): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), 'moves-'));
  try {
    const recording = join(folder, 'recording.json');
    writeFileSync(recording, JSON.stringify(await recordMoves(PRODUCT)));
    const run = (contestant: InProcessJob['contestant'], rowsPerBatch = 0): Promise<InProcessRun> =>
      runInProcess({ contestant, recording, rooms, warmUpS: warmUp, seconds, rowsPerBatch }, folder);
    // The comparison writes batches of the product's size, which is known when the product has run once.
    const { rowsPerBatch } = await run('product');
    const measured = await interleaved<InProcessRun>(rounds, () => run('raw', rowsPerBatch), [
      { name: 'product', run: () => run('product') },
      { name: 'reference', run: () => run('reference') },
      { name: 'machine', run: () => run('machine') },
      { name: 'chart', run: () => run('chart') },
    ]);
    const products = measured.get('product')!;
    const results = products.map(({ result }) => result);
    const resultsOf = (name: string): InProcessRun[] => measured.get(name)!.map(({ result }) => result);
    const references = resultsOf('reference');
    const movesOf = (runs: readonly InProcessRun[]): number[] => runs.map(({ movesPerS }) => movesPerS);
    // Nothing is stored or shown there, so these are bounds of what the product can reach, and no contestants.
    const bound = (id: string, title: string, name: string): Figure => ({
      ...{ id, title, unit: '/s', better: 'higher', values: movesOf(resultsOf(name)) },
      comparisons: [{ name: 'reference', values: movesOf(references) }],
    });
    const details = (name: string, runs: readonly InProcessRun[]) => ({
      [`rows per move, ${name}`]: mean(runs.map(({ rowsPerS, movesPerS }) => rowsPerS / movesPerS)),
      [`bytes per move, ${name}`]: mean(runs.map(({ bytesPerMove }) => bytesPerMove)),
      [`rows per batch, ${name}`]: mean(runs.map((result) => result.rowsPerBatch)),
      [`main thread busy, ${name}`]: mean(runs.map(({ mainThreadCpu }) => mainThreadCpu)),
      [`cores, ${name}`]: mean(runs.map(({ cpu }) => cpu)),
    });
    return {
      name: 'moves',
      title: 'Durable moves in process',
      method:
        `${rooms} rooms of four people with one move under way each, no sockets; ${warmUp} s of warm-up, ${seconds} s counted, ` +
        `${rounds} rounds in rotated order, raw SQLite before and after each. Each run is a process of its own.`,
      figures: [
        {
          id: 'moves.moves',
          title: 'Moves in process',
          unit: '/s',
          better: 'higher',
          values: movesOf(results),
          comparisons: [
            { name: 'reference', values: movesOf(references), target: { floor: 1, goal: 1.5 } },
            { name: 'raw SQLite', values: beside(products, ({ movesPerS }) => movesPerS) },
          ],
        },
        {
          id: 'moves.rows',
          title: 'Journal entries in process',
          unit: '/s',
          better: 'higher',
          values: results.map(({ rowsPerS }) => rowsPerS),
          comparisons: [
            { name: 'reference', values: references.map(({ rowsPerS }) => rowsPerS) },
            { name: 'raw SQLite', values: beside(products, ({ rowsPerS }) => rowsPerS) },
          ],
        },
        bound('moves.machine', "Moves of the game's machine alone", 'machine'),
        bound('moves.chart', 'Moves of an empty chart of its shape', 'chart'),
      ],
      details: {
        ...details('product', results),
        ...details('reference', references),
        ...details('raw SQLite', [products[0]!.before, ...products.map(({ after }) => after)]),
      },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One contestant in a process and a folder of its own. */
export async function runInProcess(job: Omit<InProcessJob, 'folder'>, within: string): Promise<InProcessRun> {
  const folder = mkdtempSync(join(within, 'run-'));
  const child = forkModule('in-process', { JOB: JSON.stringify({ ...job, folder } satisfies InProcessJob) });
  try {
    return await firstMessage<InProcessRun>(child);
  } finally {
    await killed(child);
    rmSync(folder, { recursive: true });
  }
}
