import type { StoreSize } from './journal.js';

/** What a store and its disk may come to before somebody should look; a limit that is left out is not watched. */
export interface SizeLimits {
  readonly bytesMax?: number;
  readonly logBytesMax?: number;
  readonly diskFreeBytesMin?: number;
  readonly oldestEntryAgeMsMax?: number;
}

const MIB = 1024 * 1024;
/** What the server watches. The log is moved at 64 MiB, so four times that means that something keeps it. */
export const SIZE_LIMITS = { bytesMax: 16 * 1024 * MIB, logBytesMax: 256 * MIB, diskFreeBytesMin: 1024 * MIB };
const DAY_MS = 86_400_000;

/**
 * One sentence for each limit that is passed, naming both values; empty where all is well.
 * @param disk free bytes on the store's disk, null where that is not known
 * @param now ms since the epoch
 */
export function sizeFindings(
  size: StoreSize,
  limits: SizeLimits,
  disk: { readonly freeBytes: number | null },
  now: number,
): string[] {
  const { bytesMax, logBytesMax, diskFreeBytesMin, oldestEntryAgeMsMax } = limits;
  const findings: string[] = [];
  if (bytesMax !== undefined && size.bytes > bytesMax) {
    findings.push(`The store takes ${mib(size.bytes)}, more than ${mib(bytesMax)}.`);
  }
  if (logBytesMax !== undefined && size.logBytes > logBytesMax) {
    findings.push(
      `The write-ahead log takes ${mib(size.logBytes)}, more than ${mib(logBytesMax)}: something keeps it from being moved into the database.`,
    );
  }
  if (diskFreeBytesMin !== undefined && disk.freeBytes !== null && disk.freeBytes < diskFreeBytesMin) {
    findings.push(`The disk has ${mib(disk.freeBytes)} left, less than ${mib(diskFreeBytesMin)}.`);
  }
  const ageMs = size.oldestEntryAt === null ? 0 : now - size.oldestEntryAt;
  if (oldestEntryAgeMsMax !== undefined && ageMs > oldestEntryAgeMsMax) {
    findings.push(`The oldest entry is ${days(ageMs)} old, more than ${days(oldestEntryAgeMsMax)}.`);
  }
  return findings;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function days(ms: number): string {
  return `${(ms / DAY_MS).toFixed(1)} days`;
}
