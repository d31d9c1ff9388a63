import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure, Section } from './figure.js';
import { recordMoves } from './load/recorded-moves.js';
import { runInProcess } from './moves.js';
import { beside, interleaved } from './rounds.js';
import { mean } from './statistics.js';
import { PRODUCT } from './wire-contestants.js';

export interface CommitsOptions {
  readonly loads: readonly number[]; // rooms that move at the same time
  readonly warmUp: number; // seconds
  readonly seconds: number;
  readonly rounds: number;
}

/** How batches grow with the load, and what a commit takes, beside one connection that commits as many rows of these bytes. */
export async function benchCommits({ loads, warmUp, seconds, rounds }: CommitsOptions): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), 'commits-'));
  try {
    const recording = join(folder, 'recording.json');
    writeFileSync(recording, JSON.stringify(await recordMoves(PRODUCT)));
    const figures: Figure[] = [];
    const details: [string, number][] = [];
    for (const rooms of loads) {
      const job = { recording, rooms, warmUpS: warmUp, seconds };
      const product = () => runInProcess({ ...job, contestant: 'product', rowsPerBatch: 0 }, folder);
      const { rowsPerBatch } = await product();
      const raw = () => runInProcess({ ...job, contestant: 'raw', rowsPerBatch }, folder);
      const measured = (await interleaved(rounds, raw, [{ name: 'product', run: product }])).get('product')!;
      const results = measured.map(({ result }) => result);
      figures.push({
        id: `commits.${rooms}.ms`,
        title: `A commit, ${rooms} ${rooms === 1 ? 'room moves' : 'rooms move'}`,
        unit: 'ms',
        better: 'lower',
        values: results.map(({ commitMs }) => commitMs),
        comparisons: [{ name: 'raw SQLite', values: beside(measured, ({ commitMs }) => commitMs) }],
      });
      details.push(
        [`entries per batch, ${rooms} rooms`, mean(results.map((run) => run.rowsPerBatch))],
        [`commits per second, ${rooms} rooms`, mean(results.map((run) => run.rowsPerS / run.rowsPerBatch))],
        [`moves per second, ${rooms} rooms`, mean(results.map(({ movesPerS }) => movesPerS))],
      );
    }
    return {
      name: 'commits',
      title: 'Group commit',
      method:
        'Rooms without sockets, each with one move under way, so that their number is the load. The time of a commit runs from handing ' +
        'the batch to the writer’s thread until its outcome is known here; raw SQLite commits as many rows in its own thread. ' +
        `${warmUp} s of warm-up, ${seconds} s counted, ${rounds} rounds, raw SQLite before and after each.`,
      figures,
      details: Object.fromEntries(details),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
