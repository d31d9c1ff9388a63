import { systemClock } from '../actors/clock.js';
import { MessageMeter } from '../src/gateway/message-meter.js';
import { Traffic } from '../src/gateway/traffic.js';
import { ServerProcess } from '../test/support/server-process.js';
import { seatInRoom } from './load/seating.js';
import { spreadOf } from './statistics.js';
import { measured, PRODUCT } from './wire-contestants.js';

export interface TracesOffOptions {
  readonly tables: number;
  readonly warmUp: number; // seconds
  readonly seconds: number;
  readonly rounds: number;
}

const LOOPS = 1_000_000;
/** Of a move, where pauses are 0: its own and that of a pause's end, which every second or so causes. */
const NOTICES_PER_MOVE = 2;
const VIEWERS = 4;

/**
 * What traces cost of a server that sends none. Nothing listens and no SDK is loaded then; what is left is that the gateway
 * measures its part of each message. That runs here by itself, in turns with the server at full load.
 */
export async function benchTracesOff({ tables, warmUp, seconds, rounds }: TracesOffOptions): Promise<object> {
  measuring(); // once for the compiler
  const pairs: { readonly nsPerMove: number; readonly cpuUsPerMove: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const nsPerMove = measuring();
    pairs.push({ nsPerMove, cpuUsPerMove: await cpuUsPerMove({ tables, warmUp, seconds }) });
  }
  return {
    measuring_ns_per_move: spreadOf(pairs.map(({ nsPerMove }) => nsPerMove)),
    server_cpu_us_per_move: spreadOf(pairs.map((pair) => pair.cpuUsPerMove)),
    percent_of_a_move: spreadOf(
      pairs.map((pair) => pair.nsPerMove / 1_000 / pair.cpuUsPerMove).map((share) => share * 100),
    ),
  };
}

/** @returns CPU of the process in nanoseconds for all that the gateway measures of one move */
function measuring(): number {
  const traffic = new Traffic();
  const meter = new MessageMeter(systemClock.elapsedMs, traffic);
  let frames = 0;
  const before = process.cpuUsage();
  for (let move = 0; move < LOOPS; move++) {
    meter.frameBegun();
    const { readMs } = meter;
    meter.frameRead();
    for (let notice = 0; notice < NOTICES_PER_MOVE; notice++) {
      const { framesOut, bytesOut } = traffic;
      traffic.framesOut += VIEWERS;
      meter.told(notice === 0 ? readMs : null, VIEWERS, { framesOut, bytesOut });
      frames += meter.last.frames;
    }
  }
  const { user, system } = process.cpuUsage(before);
  if (frames !== LOOPS * NOTICES_PER_MOVE * VIEWERS) throw new Error(`${frames} frames were measured`);
  return ((user + system) * 1_000) / LOOPS;
}

async function cpuUsPerMove({ tables, warmUp, seconds }: Omit<TracesOffOptions, 'rounds'>): Promise<number> {
  const server = await ServerProcess.start(PRODUCT);
  try {
    const phases = [{ warmUpS: warmUp, seconds, rate: null }];
    const [run] = await measured(server.pid, { tables, phases }, () => seatInRoom(server.socketUrl));
    return ((run!.serverCpu ?? Number.NaN) * 1e6) / run!.movesPerS;
  } finally {
    await server.dispose();
  }
}
