import { build, type Histogram } from 'hdr-histogram-js';
import type { WebSocket } from 'ws';
import type { Figure, Section } from './figure.js';
import { connect, each, seatAtReplay, seatInRoom, type Seated } from './load/seating.js';
import { Table } from './load/table.js';
import { beside, interleaved } from './rounds.js';
import { mean } from './statistics.js';
import { WireContestants } from './wire-contestants.js';

export interface HotOptions {
  readonly spectators: number; // beside the four
  readonly moves: number; // that are shown to them
  readonly warmUp: number; // seconds
  readonly seconds: number; // of moves as fast as the one room makes them
  readonly rounds: number;
}

interface HotRun {
  readonly movesPerS: number;
  readonly shown: Histogram; // µs from the sending of a move until the last of all viewers has its first frame
}

const CONNECTED_AT_ONCE = 20;
/** So long nobody gets a frame: the move has been shown to all. */
const SILENCE_MS = 20;
const WARM_UP_MOVES = 20;
const BROADCAST_MS_MAX = 50;

/** One room alone: how fast it moves, and how long a move takes to reach a large audience. */
export async function benchHot({ spectators, moves, warmUp, seconds, rounds }: HotOptions): Promise<Section> {
  const wire = await WireContestants.prepare();
  try {
    const options = { tables: 1, phases: [{ warmUpS: warmUp, seconds, rate: null }] };
    const run = async (name: 'product' | 'reference' | 'raw'): Promise<HotRun> => {
      const [alone] = await wire[name](options);
      const shown = await wire.server(name, async (url) => {
        const seated = name === 'product' ? await seatWithSpectators(url, spectators) : await replayed(url, spectators);
        return showMoves(seated, moves);
      });
      return { movesPerS: alone!.movesPerS, shown };
    };
    const measured = await interleaved<HotRun>(rounds, () => run('raw'), [
      { name: 'product', run: () => run('product') },
      { name: 'reference', run: () => run('reference') },
    ]);
    const products = measured.get('product')!;
    const references = measured.get('reference')!;
    const figure = (
      id: string,
      title: string,
      of: (run: HotRun) => number,
    ): Pick<Figure, 'id' | 'title' | 'values' | 'comparisons'> => ({
      ...{ id, title, values: products.map(({ result }) => of(result)) },
      comparisons: [
        { name: 'reference', values: references.map(({ result }) => of(result)) },
        { name: 'raw ws', values: beside(products, of) },
      ],
    });
    const ms = (percentile: number) => (run: HotRun) => run.shown.getValueAtPercentile(percentile) / 1000;
    return {
      name: 'hot',
      title: 'One hot room',
      method:
        `Moves: one table of four sockets, one move under way, ${warmUp} s of warm-up, ${seconds} s counted. Audience: ${spectators} spectators beside the ` +
        `four; ${moves} moves, each after silence, timed from its sending until the last viewer has it, the first ${WARM_UP_MOVES} not counted. ` +
        `${rounds} rounds in rotated order, raw ws before and after each.`,
      figures: [
        { ...figure('hot.moves', 'Moves in one room', ({ movesPerS }) => movesPerS), unit: '/s', better: 'higher' },
        {
          ...figure('hot.shown.p99', `A move shown to all of ${spectators + 4} viewers, p99`, ms(99)),
          unit: 'ms',
          better: 'lower',
        },
      ],
      details: {
        'shown to all, p50 in ms': mean(products.map(({ result }) => ms(50)(result))),
        'shown to all, max in ms': Math.max(...products.map(({ result }) => ms(100)(result))),
        'limit in ms': BROADCAST_MS_MAX,
      },
    };
  } finally {
    wire.dispose();
  }
}

interface Watched extends Seated {
  readonly spectators: readonly WebSocket[];
}

async function seatWithSpectators(url: string, count: number): Promise<Watched> {
  const seated = await seatInRoom(url);
  const made = await each(count, CONNECTED_AT_ONCE, () => connect(`${url}/ws/${seated.code}`));
  return { ...seated, spectators: made.map(({ socket }) => socket) };
}

async function replayed(url: string, count: number): Promise<Watched> {
  const seated = await seatAtReplay(url, 0);
  const made = await each(count, CONNECTED_AT_ONCE, (index) => connect(`${url}/0/${4 + index}`));
  return { ...seated, spectators: made.map(({ socket }) => socket) };
}

/** Makes one move after the other, each when nobody gets anything any more. */
function showMoves({ sockets, spectators, start }: Watched, moves: number): Promise<Histogram> {
  const shown = build();
  const viewers = sockets.length + spectators.length;
  return new Promise((resolve) => {
    const seen = new Set<number>();
    let sentMs = 0;
    let made = 0;
    let timer: NodeJS.Timeout | undefined;
    const onFrame = (viewer: number): void => {
      if (made > 0 && seen.size < viewers && seen.add(viewer).size === viewers && made > WARM_UP_MOVES) {
        shown.recordValue(Math.round((performance.now() - sentMs) * 1000));
      }
      timer?.refresh();
    };
    spectators.forEach((socket, index) => socket.on('message', () => onFrame(sockets.length + index)));
    const table = new Table(sockets, { ready: () => undefined, answered: () => undefined, frame: onFrame });
    const next = (): void => {
      if (made === WARM_UP_MOVES + moves) {
        for (const socket of spectators) socket.terminate();
        table.close();
        resolve(shown);
        return;
      }
      timer = setTimeout(next, SILENCE_MS);
      if (!table.isReady || (made > 0 && seen.size < viewers)) return;
      seen.clear();
      made++;
      sentMs = performance.now();
      table.move();
    };
    timer = setTimeout(next, SILENCE_MS);
    start();
  });
}
