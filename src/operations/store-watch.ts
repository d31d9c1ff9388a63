import type { Cancel, Clock } from '../../actors/clock.js';
import type { JournalEngine } from '../../persistence/journal.js';
import type { SizeLimits } from '../../persistence/size-findings.js';
import { type StoreStatus, storeStatus } from './store-status.js';

export interface StoreWatchOptions {
  readonly engine: JournalEngine;
  readonly dataDir: string;
  readonly limits: SizeLimits;
  readonly clock: Clock;
  readonly now: () => number; // room time, ms since the epoch
  readonly everyMs: number;
  /** Told when what there is to find changes; empty: all is well again. */
  readonly onFindings: (findings: readonly string[]) => void;
}

/** Looks at the store's size now and then, for health and log. */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #findings: readonly string[] = [];
  #status: StoreStatus | null = null;
  #cancel: Cancel = () => undefined;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** What an operator should do something about, one sentence each, as of the last look. */
  get findings(): readonly string[] {
    return this.#findings;
  }

  /** Whether that is among the findings which is worse than the others: soon no move can be saved. */
  get diskIsLow(): boolean {
    const status = this.#status;
    if (status?.kind !== 'known' || status.diskFreeBytes === null) return false;
    return status.diskFreeBytes < (status.limits.diskFreeBytesMin ?? 0);
  }

  /** As of the last look that had an answer; null before it. */
  get status(): StoreStatus | null {
    return this.#status;
  }

  /** Looks, and again every so often until `stop`. Never rejects: a store that is away is the breaker's matter. */
  async look(): Promise<void> {
    const { engine, dataDir, limits, clock, now, everyMs, onFindings } = this.#options;
    this.#cancel();
    this.#cancel = clock.schedule(everyMs, () => void this.look());
    const status = await storeStatus(engine, dataDir, limits, now()).catch((failure: unknown) => failure as Error);
    if (!(status instanceof Error)) this.#status = status;
    const findings = findingsOf(status);
    if (findings.join() === this.#findings.join()) return;
    this.#findings = findings;
    onFindings(findings);
  }

  stop(): void {
    this.#cancel();
  }
}

function findingsOf(status: Awaited<ReturnType<typeof storeStatus>> | Error): readonly string[] {
  if (status instanceof Error) return [`The size of the store is not known: ${status.message}`];
  return status.kind === 'known' ? status.findings : [`The size of the store is not known: ${status.code}`];
}
