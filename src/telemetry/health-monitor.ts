import type { Cancel, Clock } from '../../actors/clock.js';
import type { HealthChange, HealthCheck, HealthReport } from './health-report.js';

export interface HealthMonitorOptions {
  /** May throw or not answer: then the server is in no state to be used. */
  readonly look: () => HealthReport | Promise<HealthReport>;
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly onFailure: (failure: unknown) => void; // of the look itself: its reason is for the log
  readonly keptMs?: number; // a report answers for so long
  readonly everyMs?: number; // it is looked that often even if nobody asks, for the history
  readonly timeoutMs?: number;
}

const KEPT_MS = 1_000;
const EVERY_MS = 10_000;
const TIMEOUT_MS = 2_000;
const CHANGES_MAX = 200;

/**
 * Looks at the server's health now and then, keeps what it saw for a moment, so that asking often costs nothing, and
 * remembers when a check turned bad or good again.
 */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #known = new Map<string, 'well' | 'warning' | 'critical'>(); // by check: the worst since it was well
  #changes: HealthChange[] = []; // oldest first
  #report: Promise<HealthReport> | null = null;
  #latest: HealthReport | null = null;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #cancel: Cancel = () => undefined;
  #listeners: readonly ((change: HealthChange) => void)[] = [];

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
  }

  /** Looks by itself from now on. @returns the way to stop */
  start(): () => void {
    const { clock, everyMs = EVERY_MS } = this.#options;
    const tick = (): void => {
      void this.report();
      this.#cancel = clock.schedule(everyMs, tick);
    };
    tick();
    return () => this.#cancel();
  }

  /** What changed, newest first. */
  get changes(): readonly HealthChange[] {
    return this.#changes.toReversed();
  }

  /** What was seen last; null before the first look. */
  get latest(): HealthReport | null {
    return this.#latest;
  }

  onChange(listener: (change: HealthChange) => void): void {
    this.#listeners = [...this.#listeners, listener];
  }

  /** Never rejects: a look that fails is a report of its own. */
  report(): Promise<HealthReport> {
    const { clock, keptMs = KEPT_MS } = this.#options;
    if (this.#report !== null && clock.elapsedMs() - this.#lookedMs < keptMs) return this.#report;
    this.#lookedMs = clock.elapsedMs();
    this.#report = this.#look().then((report) => {
      this.#latest = report;
      for (const check of report.checks) this.#note(check);
      return report;
    });
    return this.#report;
  }

  async #look(): Promise<HealthReport> {
    const { look, clock, startedAtMs, onFailure, timeoutMs = TIMEOUT_MS } = this.#options;
    const failed = (detail: string): HealthReport => ({
      live: true,
      ready: false,
      startedAtMs,
      checks: [{ name: 'health', ok: false, detail, severity: 'critical' }],
    });
    let cancel: Cancel = () => undefined;
    const late = new Promise<HealthReport>((resolve) => {
      cancel = clock.schedule(timeoutMs, () => resolve(failed(`the check gave no answer for ${timeoutMs} ms`)));
    });
    try {
      const report = await Promise.race([Promise.resolve().then(look), late]);
      const answered = report.checks.some(({ name }) => name === 'health');
      return answered
        ? report
        : { ...report, checks: [...report.checks, { name: 'health', ok: true, detail: 'looks' }] };
    } catch (failure) {
      onFailure(failure);
      return failed('the check itself failed; the log says why');
    } finally {
      cancel();
    }
  }

  #note(check: HealthCheck): void {
    const { name, ok, severity = 'warning' } = check;
    const before = this.#known.get(name) ?? 'well'; // that all is well at the start is no news
    const state = ok ? 'well' : before === 'critical' ? before : severity;
    this.#known.set(name, state);
    if (before === state) return;
    const change = { at: this.#options.clock.nowMs(), ...check };
    this.#changes = [...this.#changes.slice(1 - CHANGES_MAX), change];
    for (const listener of this.#listeners) listener(change);
  }
}
