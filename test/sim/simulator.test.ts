import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { enumerateCrashPoints } from './crash-enumeration.js';
import { PROFILE_NAMES } from './profiles.js';
import { readRegressions } from './regression-list.js';
import { simulate } from './simulate.js';

/*
 * Goal: what the server promises, it promises under every fault, at every step. Method: short runs of the simulator with
 * fixed seeds; long ones are made by `npm run sim` (docs/TESTING.md).
 */

/** Long enough for a machine that is busy with ten other things; alone each takes a second or two. */
const LIMIT_MS = 120_000;
const REGRESSIONS = readRegressions(fileURLToPath(new URL('regressions.json', import.meta.url)));

test.each(PROFILE_NAMES)(
  'all promises hold under the faults of the profile %s',
  async (profile) => {
    const report = await simulate({ seed: 1, profile, hours: 0.01, tables: 2, crashPoints: 8 });
    expect(report.failure).toBeNull();
    expect(report.crashPoints).toBeGreaterThanOrEqual(8);
    expect(Object.keys(report.faults).length > 0).toBe(profile !== 'calm');
    expect(report.counts.acknowledgements).toBeGreaterThan(20);
  },
  LIMIT_MS,
);

test(
  'the same seed is the same run, bit for bit, and another seed is another',
  async () => {
    const hashes: string[] = [];
    for (const seed of [11, 12, 11, 12]) {
      const options = { profile: 'everything', hours: 0.01, tables: 1, crashPoints: 1, toTheEnd: false } as const;
      const { traceHash } = await simulate({ seed, ...options });
      hashes.push(traceHash);
    }
    expect(hashes.slice(2)).toEqual(hashes.slice(0, 2));
    expect(hashes[0]).not.toBe(hashes[1]);
  },
  LIMIT_MS,
);

test(
  'a game that dies at any of its moments is played to its end',
  async () => {
    const { failure, tried, moments } = await enumerateCrashPoints({ every: 180, from: 5 });
    expect(failure).toBeNull();
    expect(moments).toBeGreaterThan(500);
    expect(tried).toBeGreaterThan(4);
  },
  LIMIT_MS,
);

test.each(REGRESSIONS)(
  'seed $seed of $profile no longer breaks: $promise',
  async ({ promise: _, tables, ...settings }) => {
    const { failure } = await simulate({ ...settings, ...(tables !== undefined && { tables }) });
    expect(failure).toBeNull();
  },
);
