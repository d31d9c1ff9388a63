import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreFailure } from '../journal.js';
import { syncFolder } from '../sync-folder.js';
import type { LongJobs } from './long-job.js';

/**
 * Copies the database to a file of its own, for its owner only: a complete one, which opens as the `journal.sqlite` of
 * a data folder. It is written beside its name and gets it when all of it is on the disk; a failed one is removed.
 * @throws StoreFailure where the file is there already or the copy fails
 */
export async function writeBackup(jobs: LongJobs, file: string, progress: (done: number) => void): Promise<void> {
  if (existsSync(file)) throw new StoreFailure('failed', 'FILE_EXISTS', `${file} is there already and is not replaced`);
  const partial = `${file}.partial`;
  await removePartial(partial); // what a killed process left
  try {
    await jobs.run({ kind: 'backup', to: partial }, progress);
    await rename(partial, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await removePartial(partial);
    if (error instanceof StoreFailure) throw error;
    const { code = 'UNEXPECTED', message } = error as NodeJS.ErrnoException;
    throw new StoreFailure('failed', code, `The backup failed: ${message}`, { cause: error });
  }
  progress(1);
}

async function removePartial(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(`${partial}-journal`, { force: true });
}
