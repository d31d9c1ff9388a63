import { statfs } from 'node:fs/promises';
import { type JournalEngine, StoreFailure, type StoreSize } from '../../persistence/journal.js';
import { type SizeLimits, sizeFindings } from '../../persistence/size-findings.js';

export type { SizeLimits };

export type StoreStatus =
  | {
      readonly kind: 'known';
      readonly size: StoreSize;
      readonly diskFreeBytes: number | null; // null: not known
      readonly limits: SizeLimits;
      readonly findings: readonly string[]; // one sentence for each limit that is passed
    }
  | { readonly kind: 'away'; readonly code: string };

/** How large the store is, and what an operator should do something about. */
export async function storeStatus(
  engine: JournalEngine,
  dataDir: string,
  limits: SizeLimits,
  now: number,
): Promise<StoreStatus> {
  const diskFreeBytes = await freeBytes(dataDir);
  try {
    const size = await engine.size();
    const findings = sizeFindings(size, limits, { freeBytes: diskFreeBytes }, now);
    return { kind: 'known', size, diskFreeBytes, limits, findings };
  } catch (failure) {
    if (failure instanceof StoreFailure) return { kind: 'away', code: failure.code };
    throw failure;
  }
}

async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null; // a simulated server has no folder, and some file systems do not say
  }
}
