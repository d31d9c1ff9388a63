import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { Circuit, HealthChange, HealthReport } from '../telemetry/health-report.js';
import { projectRoot } from './project-root.js';

export interface HealthDeps {
  readonly circuits: () => readonly Circuit[];
  readonly changes: () => readonly HealthChange[]; // newest first
  readonly health: () => HealthReport | Promise<HealthReport>;
  readonly nowMs: () => number; // since the epoch
}

const PACKAGE = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

export const VERSION = PACKAGE.version;

/**
 * Answers `/health`, `/health/live`, `/health/ready`, `/health/full` and the existing system's `/api/health`. All are
 * public.
 */
export function addHealth(app: Hono, { health, circuits, changes, nowMs }: HealthDeps): void {
  app.use('/health/*', uncached);
  app.use('/api/health', uncached);

  app.get('/health', async (c) => {
    const report = await health();
    const { checks, startedAtMs } = report;
    const body = { status: statusOf(report), uptime_seconds: (nowMs() - startedAtMs) / 1000, checks };
    return c.json(body, report.live && report.ready ? 200 : 503);
  });

  app.get('/health/live', async (c) => {
    const { live } = await health();
    return c.json({ status: live ? 'live' : 'dead' }, live ? 200 : 503);
  });

  app.get('/health/ready', async (c) => {
    const { live, ready, checks } = await health();
    const ok = live && ready;
    return c.json({ status: ok ? 'ready' : 'not ready', checks }, ok ? 200 : 503);
  });

  app.get('/health/full', async (c) => {
    const report = await health();
    const { checks, startedAtMs, live, ready } = report;
    const uptime = { version: PACKAGE.version, uptime_seconds: (nowMs() - startedAtMs) / 1000 };
    const body = { status: statusOf(report), live, ready, ...uptime, checks, circuits: circuits(), changes: changes() };
    return c.json(body, live && ready ? 200 : 503);
  });

  app.get('/api/health', async (c) => {
    const common = { timestamp: nowMs() / 1000, service: PACKAGE.name };
    let report: HealthReport;
    try {
      report = await health();
    } catch {
      // Whoever polls this reads `critical`; what went wrong is on `/health`, whose failure is logged.
      return c.json({ status: 'critical', error: 'The health check failed', ...common }, 503);
    }
    const uptimeS = (nowMs() - report.startedAtMs) / 1000;
    const status = statusOf(report);
    const uptime = { uptime_seconds: uptimeS, uptime_formatted: clockFace(uptimeS) };
    return c.json({ status, ...common, ...uptime, version: PACKAGE.version }, status === 'critical' ? 503 : 200);
  });
}

async function uncached(c: { header: (name: string, value: string) => void }, next: () => Promise<void>) {
  c.header('Cache-Control', 'no-store');
  await next();
}

export function statusOf({ live, ready, checks }: HealthReport): 'healthy' | 'warning' | 'critical' {
  if (!live || !ready) return 'critical';
  return checks.every((check) => check.ok) ? 'healthy' : 'warning';
}

/** 184 s is `00:03:04`; hours go on after 99. */
function clockFace(seconds: number): string {
  const whole = Math.max(Math.floor(seconds), 0);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
