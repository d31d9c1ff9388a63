import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../test/support/server-process.js';
import { Party } from './load/drive.js';
import { seatInRoom } from './load/seating.js';
import { shareOfFolders, type CpuProfile } from './profile-shares.js';
import { PRODUCT } from './wire-contestants.js';

export interface ProfileOptions {
  readonly tables: number;
  readonly seconds: number;
}

/** Where the server's main thread spends its time while it is as busy as it can be, by a sampling profiler. */
export async function benchProfile({ tables, seconds }: ProfileOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  const [node, ...program] = PRODUCT.command!;
  const server = await ServerProcess.start({
    ...PRODUCT,
    command: [node!, '--cpu-prof', `--cpu-prof-dir=${folder}`, ...program],
  });
  try {
    const party = await Party.seat(tables, () => seatInRoom(server.socketUrl));
    const { movesPerS } = await party.drive({ warmUpS: 1, seconds, rate: null });
    party.close();
    await server.stop();
    return { moves_per_s: movesPerS, ...shareOfFolders(mainThreadProfile(folder)) };
  } finally {
    await server.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** Threads leave profiles too; the main one is number 0: `CPU.20260131.120000.<pid>.<thread>.001.cpuprofile`. */
function mainThreadProfile(folder: string): CpuProfile {
  const file = readdirSync(folder).find((name) => name.split('.')[4] === '0');
  if (file === undefined) throw new Error('the server left no profile of its main thread');
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
}
