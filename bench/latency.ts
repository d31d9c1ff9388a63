import type { Comparison, Figure, Section } from './figure.js';
import { interleaved } from './rounds.js';
import { assertSound } from './sockets.js';
import { mean } from './statistics.js';
import { isRoomServerInstalled, WireContestants, type WireRun } from './wire-contestants.js';

export interface LatencyOptions {
  readonly tables: number; // four people with a socket each
  readonly rates: readonly number[]; // moves a second, all tables together
  readonly warmUp: number; // seconds
  readonly seconds: number; // at each rate
  readonly rounds: number;
}

/** Targets at this rate. */
const RATE_OF_TARGET = 1_000;
const PERCENTILES = [50, 99] as const;

/** From the moment at which a move is due to its durable acknowledgement, at fixed rates, beside the same two as ever. */
export async function benchLatency({ tables, rates, warmUp, seconds, rounds }: LatencyOptions): Promise<Section> {
  const wire = await WireContestants.prepare();
  try {
    const phases = rates.map((rate, index) => ({ rate, seconds, warmUpS: index === 0 ? warmUp : 0.5 }));
    const options = { tables, phases };
    const measured = await interleaved<readonly WireRun[]>(rounds, () => wire.raw(options), [
      { name: 'product', run: () => wire.product(options) },
      { name: 'reference', run: () => wire.reference(options) },
      // It commits move by move, so only the lowest rate is surely within what it can do.
      ...(isRoomServerInstalled
        ? [{ name: 'room server', run: () => wire.roomServer({ tables, phases: phases.slice(0, 1) }) }]
        : []),
    ]);
    const products = measured.get('product')!;
    const references = measured.get('reference')!;
    const roomServers = measured.get('room server') ?? [];
    assertSound([...products, ...references, ...roomServers].flatMap(({ result }) => result));

    const figures = rates.flatMap((rate, phase) =>
      PERCENTILES.map((percentile): Figure => {
        const ms = (runs: readonly WireRun[]): number => runs[phase]!.latency.getValueAtPercentile(percentile) / 1000;
        const comparisons: Comparison[] = [
          {
            name: 'reference',
            values: references.map(({ result }) => ms(result)),
            ...(rate === RATE_OF_TARGET && percentile === 99 && { target: { floor: 3, goal: 1.5 } }),
          },
          { name: 'raw ws', values: products.map(({ before, after }) => mean([ms(before), ms(after)])) },
          ...(phase === 0 && isRoomServerInstalled
            ? [{ name: 'room server' as const, values: roomServers.map(({ result }) => ms(result)) }]
            : []),
        ];
        return {
          id: `latency.${rate}.p${percentile}`,
          title: `p${percentile} at ${rate.toLocaleString('en-US')} moves/s`,
          unit: 'ms',
          better: 'lower',
          values: products.map(({ result }) => ms(result)),
          comparisons,
        };
      }),
    );
    const details = rates.flatMap((rate, phase) => {
      const runs = products.map(({ result }) => result[phase]!);
      const late = (percentile: number): number => {
        return mean(runs.map(({ sentLate }) => sentLate.getValueAtPercentile(percentile)));
      };
      return [
        [`at ${rate}/s, rate reached`, mean(runs.map(({ movesPerS }) => movesPerS))],
        [`at ${rate}/s, p99.9 in ms`, mean(runs.map(({ latency }) => latency.getValueAtPercentile(99.9) / 1000))],
        [`at ${rate}/s, max in ms`, Math.max(...runs.map(({ latency }) => latency.maxValue / 1000))],
        [`at ${rate}/s, sent late by µs, p50`, late(50)],
        [`at ${rate}/s, sent late by µs, p99`, late(99)],
        [`at ${rate}/s, server's cores`, mean(runs.map(({ serverCpu }) => serverCpu ?? Number.NaN))],
      ] as const;
    });
    return {
      name: 'latency',
      title: 'From a move to its durable acknowledgement, at fixed rates',
      method:
        `${tables} tables of four sockets. Moves are due at times fixed beforehand and go to any table that waits for one; the time ` +
        `counts from when a move was due, so that waiting counts too. ${warmUp} s of warm-up, ${seconds} s at each rate, ` +
        `${rounds} rounds in rotated order, raw ws before and after each.`,
      figures,
      details: Object.fromEntries(details),
    };
  } finally {
    wire.dispose();
  }
}
