/** One part of the server, and how it is. `detail` is public: no addresses, no secrets. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly severity?: 'critical'; // where it is not well and somebody should act at once
}

export interface HealthReport {
  readonly live: boolean; // false: only a restart helps
  readonly ready: boolean; // false: send no new players here
  readonly checks: readonly HealthCheck[];
  readonly startedAtMs: number; // since the epoch
}

/** What stands between the server and something that may fail. */
export interface Circuit {
  readonly name: string;
  readonly state: 'closed' | 'open'; // open: it is not asked, so that it can recover
  readonly failures: number; // since the start
}

/** A check that has changed, or has become critical. */
export interface HealthChange extends HealthCheck {
  readonly at: number; // ms since the epoch
}
