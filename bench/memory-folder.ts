import { existsSync } from 'node:fs';

const SHARED_MEMORY = '/dev/shm';

/** A file system in memory, or null where there is none: what is left is the time that a disk takes. */
export const MEMORY_FOLDER: string | null = existsSync(SHARED_MEMORY) ? SHARED_MEMORY : null;
