import { seededRandom } from '../../src/client/random.js';
import { CrashProbes } from './crash-probes.js';
import { Faults } from './faults.js';
import type { MakeOracle } from './oracle.js';
import { PROFILES, type ProfileName } from './profiles.js';
import { Tables } from './tables.js';
import type { Counts, Failure } from './witness.js';
import { numberOf, World, type WorldOptions } from './world.js';

export interface SimulateOptions extends Pick<WorldOptions, 'definition' | 'wrapEngine' | 'sabotage' | 'onLine'> {
  readonly seed: number;
  readonly profile?: ProfileName; // `everything` by default
  readonly hours?: number; // of virtual time in which games are begun, 0.25 by default
  readonly tables?: number; // 3 by default
  /** How many crash points to try beside the run: each forks the disk, recovers and judges. 0 by default. */
  readonly crashPoints?: number;
  readonly oracles?: readonly MakeOracle[]; // all by default
  /** Whether all is healed at last, and judged once everybody has gone. True by default. */
  readonly toTheEnd?: boolean;
}

export interface SimulationReport {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly simulatedMs: number;
  readonly elapsedMs: number; // real time
  /** Deaths of the process, each followed by a recovery under the eyes of the oracles; forked ones included. */
  readonly crashPoints: number;
  readonly forkedCrashPoints: number;
  readonly moments: number; // places at which it could have died
  readonly faults: Readonly<Record<string, number>>;
  readonly counts: Counts;
  readonly gamesFailed: number; // as their players saw it: their room was closed, or they could not come back
  readonly traceHash: string;
  readonly failure: Failure | null;
}

const MS_PER_HOUR = 3_600_000;
/** About as many moments a table has in an hour; somewhat fewer, so that there are as many crash points as asked for. */
const MOMENTS_PER_TABLE_HOUR = 20_000;

/** One run of the whole server under faults. The same options give the same run, bit for bit. */
export async function simulate({
  seed,
  profile: name = 'everything',
  hours = 0.25,
  tables: count = 3,
  crashPoints = 0,
  oracles,
  toTheEnd = true,
  ...options
}: SimulateOptions): Promise<SimulationReport> {
  const began = performance.now();
  const profile = PROFILES[name];
  const text = `${name} ${seed}`;
  const probes = new CrashProbes(
    crashPoints,
    (hours * count * MOMENTS_PER_TABLE_HOUR) / Math.max(1, crashPoints),
    text,
  );
  const world = new World({
    ...options,
    seed: text,
    pace: profile.pace,
    settings: settingsOf(text),
    ...(oracles !== undefined && { oracles }),
    onMoment: () => probes.offer(world),
  });
  world.start();
  const faults = new Faults(world, profile, text);
  const isMeddled = 'stutter' in profile.rates || 'restore' in profile.rates;
  const tables = new Tables(world, { seed: text, count, areStrict: !isMeddled });
  const end = world.clock.elapsedMs() + hours * MS_PER_HOUR;
  while (world.clock.elapsedMs() < end && !world.isBroken) {
    await world.advance(Math.min(1_000, end - world.clock.elapsedMs()));
    await probes.run(world);
  }
  faults.stop();
  tables.stop();
  if (toTheEnd && !world.isBroken) await world.finish();
  world.retire();
  const struck = Object.fromEntries(faults.counts);
  return {
    seed,
    profile: name,
    simulatedMs: Math.round(world.clock.elapsedMs() + probes.simulatedMs),
    elapsedMs: Math.round(performance.now() - began),
    crashPoints: world.starts - 1 + probes.done,
    forkedCrashPoints: probes.done,
    moments: world.moments,
    faults: struck,
    counts: world.witness.counts,
    gamesFailed: tables.gamesFailed,
    traceHash: world.witness.traceHash(),
    failure: world.witness.failure,
  };
}

/** Some servers have limits, some are in a hurry. */
function settingsOf(seed: string) {
  const random = seededRandom(numberOf(`${seed}/settings`));
  return { timeScale: random() < 0.7 ? 1 : 0.1, rateLimitFactor: random() < 0.2 ? 1 : Infinity };
}
