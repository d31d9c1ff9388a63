import type { HealthCheck } from './health-report.js';

/** What is seen of the parts that belong to no room. */
export interface ProcessSigns {
  readonly storeFindings: readonly string[];
  readonly diskIsLow: boolean; // one of them
  readonly lagMs: number; // of the event loop, 99th percentile
  readonly watchdogSilentMs: number;
  readonly archiveFailures: number; // of the last round that was to archive rooms
  readonly alertUndelivered: boolean; // the webhook did not take one, and it is still owed
}

const LOOP_LAG_MS = 500;
const WATCHDOG_SILENT_MS = 5_000;

/** What is the whole process's matter: somebody has to act before the disk is full, or nobody gets an answer. */
export function processChecks(signs: ProcessSigns): readonly HealthCheck[] {
  const { storeFindings, diskIsLow, lagMs, watchdogSilentMs, archiveFailures, alertUndelivered } = signs;
  const watches = watchdogSilentMs < WATCHDOG_SILENT_MS;
  return [
    {
      name: 'store',
      ok: storeFindings.length === 0,
      detail: storeFindings.length === 0 ? 'within its limits' : storeFindings.join(' '),
      ...(diskIsLow && { severity: 'critical' }),
    },
    {
      name: 'eventLoop',
      ok: lagMs < LOOP_LAG_MS,
      detail: `99 % of the timers at most ${Math.round(lagMs)} ms late`,
    },
    {
      name: 'watchdog',
      ok: watches,
      detail: watches ? 'looks' : `has not looked for ${Math.round(watchdogSilentMs / 1_000)} s`,
    },
    {
      name: 'archive',
      ok: archiveFailures === 0,
      detail: archiveFailures === 0 ? 'all done' : `${archiveFailures} failures in the last round; the log names them`,
    },
    {
      name: 'alerts',
      ok: !alertUndelivered,
      detail: alertUndelivered ? 'not delivered; the log says which and why' : 'none undelivered',
    },
  ];
}
