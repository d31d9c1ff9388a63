import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { spreadOf } from './statistics.js';

/** Where it was measured. Runs of different machines can't be compared. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly platform: string;
  readonly node: string;
  readonly fsyncUs: number; // median of a write of 4 KiB with fdatasync, in the folder of temporary files
}

const SYNCS = 300;

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    fsyncUs: Math.round(fsyncUs()),
  };
}

function fsyncUs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'fsync-'));
  const file = openSync(join(folder, 'file'), 'w');
  const block = Buffer.alloc(4096, 1);
  try {
    const times = Array.from({ length: SYNCS }, () => {
      const startMs = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return (performance.now() - startMs) * 1000;
    });
    return spreadOf(times).median;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
