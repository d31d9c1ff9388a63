import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { PROFILE_NAMES, type ProfileName } from './profiles.js';

/** A run that broke a promise once. The seed and its settings are the whole script. */
const regression = z.strictObject({
  seed: z.number().int().nonnegative(),
  profile: z.enum(PROFILE_NAMES as [ProfileName, ...ProfileName[]]),
  hours: z.number().positive(),
  crashPoints: z.number().int().nonnegative(),
  tables: z.number().int().positive().optional(),
  promise: z.string(), // the one that was broken
});

export type SimRegression = z.infer<typeof regression>;

export function readRegressions(file: string): readonly SimRegression[] {
  return existsSync(file) ? z.array(regression).parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

export function saveRegression(file: string, found: SimRegression): void {
  const known = readRegressions(file);
  writeFileSync(file, `${JSON.stringify([...known, found], null, 1)}\n`);
}
