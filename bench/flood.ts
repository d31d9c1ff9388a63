import { once } from 'node:events';
import { ServerProcess } from '../test/support/server-process.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { type Driven, Party } from './load/drive.js';
import { seatInRoom } from './load/seating.js';
import { spreadOf } from './statistics.js';
import { PRODUCT } from './wire-contestants.js';

export interface FloodOptions {
  readonly tables: number; // four people with a socket each
  readonly rate: number; // their moves a second, all tables together
  readonly flood: number; // messages a second of one more socket, which looks on at one of the tables
  readonly seconds: number; // of each part
  readonly rounds: number; // without the flood and with it once each, in changing order
}

interface Flooded {
  readonly sent: number;
  readonly answers: number;
  readonly sentAway: number;
}

/** What one socket that floods takes from those who play on the same server, with limits on as users have them. */
export async function benchFlood({ tables, rate, flood, seconds, rounds }: FloodOptions): Promise<object> {
  const server = await ServerProcess.start({
    ...PRODUCT,
    env: { ...PRODUCT.env, RATE_LIMITS: 'on', LOG_LEVEL: 'error' },
  });
  const codes: string[] = [];
  const party = await Party.seat(tables, async () => {
    const seated = await seatInRoom(server.socketUrl);
    codes.push(seated.code);
    return seated;
  });
  const url = `${server.socketUrl}/ws/${codes[0]!}`;
  const flooder = forkModule('flooder', { FLOOD_URL: url, FLOOD_PER_SECOND: String(flood) });
  try {
    await firstMessage(flooder);
    await party.spread();
    await party.drive({ warmUpS: 2, seconds: 1, rate });
    const parts = { quiet: [] as Driven[], flooded: [] as Driven[] };
    let flooded: Flooded = { sent: 0, answers: 0, sentAway: 0 };
    const quiet = async (): Promise<void> => {
      parts.quiet.push(await party.drive({ warmUpS: 0.5, seconds, rate }));
    };
    const withFlood = async (): Promise<void> => {
      flooder.send('begin');
      parts.flooded.push(await party.drive({ warmUpS: 0.5, seconds, rate }));
      flooder.send('end');
      [flooded] = (await once(flooder, 'message')) as [Flooded];
    };
    for (let round = 0; round < rounds; round++) {
      await (round % 2 === 0 ? quiet().then(withFlood) : withFlood().then(quiet));
    }
    const all = [...parts.quiet, ...parts.flooded];
    return {
      p50_ms: percentiles(parts, 50),
      p99_ms: percentiles(parts, 99),
      lost: all.reduce((sum, { closed, unanswered, unsent }) => sum + closed + unanswered + unsent, 0),
      refused: all.map(({ refused }) => refused).filter((refused) => Object.keys(refused).length > 0),
      flooder: flooded,
    };
  } finally {
    party.close();
    await killed(flooder);
    await server.dispose();
  }
}

function percentiles({ quiet, flooded }: Readonly<Record<'quiet' | 'flooded', readonly Driven[]>>, percentile: number) {
  const of = (runs: readonly Driven[]): number[] => {
    return runs.map(({ latency }) => latency.getValueAtPercentile(percentile) / 1000);
  };
  const [before, during] = [of(quiet), of(flooded)];
  return {
    quiet: before,
    flooded: during,
    ratio: Math.round((spreadOf(during).median / spreadOf(before).median) * 1000) / 1000,
  };
}
