import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const suspect = z.strictObject({
  roomId: z.string().min(1).nullable(), // null: the event loop was blocked outside any room's step
  at: z.int().nonnegative(), // wall clock, ms since the epoch
  blockedMs: z.number().nonnegative(),
});

/** Why the watchdog ended the process. */
export type Suspect = z.infer<typeof suspect>;

/** Written whole or not at all, and durable when this returns: the process ends right after it. */
export function writeSuspect(file: string, found: Suspect): void {
  const draft = `${file}.draft`;
  const descriptor = openSync(draft, 'w', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(found)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
  syncFolder(file);
}

/**
 * @param onBroken told why a file that is there says nothing; the start goes on without it
 * @returns what the last end of the process left, or null
 */
export function readSuspect(file: string, onBroken: (failure: unknown) => void): Suspect | null {
  try {
    return suspect.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (failure) {
    if (!(failure instanceof Error && 'code' in failure && failure.code === 'ENOENT')) onBroken(failure);
    return null;
  }
}

/** To be called once what the suspect led to is durable. */
export function clearSuspect(file: string): void {
  rmSync(file, { force: true });
  syncFolder(file);
}

/** A name is durable when its folder is. */
function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
