import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Section } from './figure.js';
import type { InProcessRun } from './in-process.js';
import { runInProcess } from './moves.js';
import { beside, interleaved, type Measured } from './rounds.js';
import { mean } from './statistics.js';
import { isRoomServerInstalled, WireContestants, type WireRun } from './wire-contestants.js';

export interface SocketsOptions {
  readonly tables: number; // four people with a socket each
  readonly warmUp: number; // seconds
  readonly seconds: number;
  readonly rounds: number;
}

/** Durable moves over sockets as fast as the tables can make them, each shown to four viewers. */
export async function benchSockets({ tables, warmUp, seconds, rounds }: SocketsOptions): Promise<Section> {
  const wire = await WireContestants.prepare();
  const folder = mkdtempSync(join(tmpdir(), 'shown-'));
  try {
    const options = { tables, phases: [{ warmUpS: warmUp, seconds, rate: null }] };
    const only = async (runs: Promise<readonly WireRun[]>): Promise<WireRun> => (await runs)[0]!;
    const { recording } = wire;
    const shown = { contestant: 'shown', recording, rooms: tables, warmUpS: warmUp, seconds, rowsPerBatch: 0 } as const;
    const measured = await interleaved<WireRun | InProcessRun>(rounds, () => only(wire.raw(options)), [
      { name: 'product', run: () => only(wire.product(options)) },
      { name: 'reference', run: () => only(wire.reference(options)) },
      { name: 'shown', run: () => runInProcess(shown, folder) },
      ...(isRoomServerInstalled ? [{ name: 'room server', run: () => only(wire.roomServer(options)) }] : []),
    ]);
    const resultsOf = (name: string) => measured.get(name)!.map(({ result }) => result);
    const products = measured.get('product')! as readonly Measured<WireRun>[];
    const references = resultsOf('reference') as readonly WireRun[];
    const roomServers = isRoomServerInstalled ? (resultsOf('room server') as readonly WireRun[]) : [];
    const results = products.map(({ result }) => result);
    // A core's time for a move of the reference, and for the game's own work on it.
    const bounds = resultsOf('shown').map(({ movesPerS }, round) => 1 / (1 / movesPerS + coreS(references[round]!)));
    assertSound([...results, ...references, ...roomServers]);
    const details = (name: string, runs: readonly WireRun[]) => ({
      [`frames per move, ${name}`]: mean(runs.map(({ framesPerMove }) => framesPerMove)),
      [`bytes per move, ${name}`]: mean(runs.map(({ bytesPerMove }) => bytesPerMove)),
      [`server's cores, ${name}`]: mean(runs.map(({ serverCpu }) => serverCpu ?? Number.NaN)),
      [`its main thread, ${name}`]: mean(runs.map(({ mainThreadCpu }) => mainThreadCpu ?? Number.NaN)),
      [`generator's cores, ${name}`]: mean(runs.map(({ generatorCpu }) => generatorCpu)),
    });
    return {
      name: 'sockets',
      title: 'Durable moves over sockets, four viewers',
      method:
        `${tables} tables of four sockets, each table with one move under way; ${warmUp} s of warm-up, ${seconds} s counted, ` +
        `${rounds} rounds in rotated order, raw ws before and after each. Server and generator are processes of their own. ` +
        'The bound adds to the main thread of the reference what the machine, the entries and the frames of the product take alone.',
      figures: [
        {
          id: 'sockets.moves',
          title: 'Moves over sockets, four viewers',
          unit: '/s',
          better: 'higher',
          values: results.map(({ movesPerS }) => movesPerS),
          comparisons: [
            {
              name: 'raw ws',
              values: beside(products, ({ movesPerS }) => movesPerS),
              target: { floor: 0.4, goal: 0.6 },
            },
            { name: 'reference', values: references.map(({ movesPerS }) => movesPerS) },
            ...(isRoomServerInstalled
              ? [
                  {
                    name: 'room server' as const,
                    values: roomServers.map(({ movesPerS }) => movesPerS),
                    target: { floor: 2, goal: 3 },
                  },
                ]
              : []),
          ],
        },
        {
          id: 'sockets.bound',
          title: 'The reference, if it played and showed this game',
          unit: '/s',
          better: 'higher',
          values: bounds,
          comparisons: [{ name: 'raw ws', values: beside(products, (run) => 1 / coreS(run)) }],
        },
        {
          id: 'sockets.core',
          title: 'Moves for which a core is enough',
          unit: '/s',
          better: 'higher',
          values: results.map((run) => 1 / coreS(run)),
          comparisons: [{ name: 'raw ws', values: beside(products, (run) => 1 / coreS(run)) }],
        },
      ],
      details: {
        ...details('product', results),
        ...details('reference', references),
        ...(isRoomServerInstalled
          ? details('room server', roomServers)
          : { 'room server': 'skipped, it is not installed: npm ci --prefix bench/room-server' }),
        ...details('raw ws', [products[0]!.before, ...products.map(({ after }) => after)]),
      },
    };
  } finally {
    wire.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** Seconds of a core that a server's main thread spends on a move. */
function coreS({ movesPerS, mainThreadCpu }: WireRun): number {
  return (mainThreadCpu ?? Number.NaN) / movesPerS;
}

/** @throws where something was refused or lost: the figures would then mean something else */
export function assertSound(runs: readonly WireRun[]): void {
  for (const { refused, closed, unanswered, unsent } of runs) {
    if (Object.keys(refused).length + closed + unanswered + unsent === 0) continue;
    throw new Error(
      `moves were refused (${JSON.stringify(refused)}), ${unanswered} not answered, ${unsent} not sent in time, ` +
        `and ${closed} tables lost a socket`,
    );
  }
}
