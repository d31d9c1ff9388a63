import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../actors/clock.js';
import { projectRoot } from '../../src/http/project-root.js';
import { measuredEngine } from '../../src/telemetry/measured-engine.js';
import { addServerMetrics } from '../../src/telemetry/metrics.js';
import { OperatorAlerts } from '../../src/telemetry/operator-alerts.js';
import { addProcessMetrics } from '../../src/telemetry/server-metrics.js';
import { createLog } from '../../src/telemetry/log.js';
import { needs } from '../support/needs.js';
import { SimulatedServer } from '../support/simulated-server.js';

/*
 * Goal: what operators load into Prometheus and Grafana is right, and stays so when a metric is renamed. Method:
 * Prometheus's own tool checks the rules and plays the faults of rules-test.yml; every name is looked up in a registry.
 */

const FOLDER = join(projectRoot(), 'ops/monitoring');
const read = (path: string): string => readFileSync(join(projectRoot(), path), 'utf8');
const rules = read('ops/monitoring/rules.yml');
const dashboard = read('ops/monitoring/dashboard.json');

const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
const records = [...rules.matchAll(/^ +- record: (\S+)$/gm)].map(([, name]) => name!);
const ruleExpressions = [...rules.matchAll(/^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)$)/gm)].map(
  ([, block, line]) => block ?? line!,
);
const panelExpressions = [...dashboard.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(
  ([, text]) => JSON.parse(text!) as string,
);

const KEYWORDS = new Set(['by', 'changes', 'count', 'histogram_quantile', 'increase', 'or', 'rate', 'sum', 'vector']);

/** Names of series in an expression: all words that are no label, text, time or function. */
function seriesIn(expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, ' ');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([word]) => word).filter((word) => !KEYWORDS.has(word));
}

const known = new Set(['up', ...records]);
beforeAll(async () => {
  const sim = await SimulatedServer.start();
  const registry = new Registry();
  addProcessMetrics(registry);
  measuredEngine(sim.engine, registry, () => 0);
  addServerMetrics(registry, sim.server, {
    storeWatch: { status: null, findings: [] },
    monitor: { latest: null },
    alerts: new OperatorAlerts({ url: undefined, log: createLog('silent'), clock: systemClock, random: Math.random }),
    replays: { reads: { records: { hits: 0, misses: 0 }, fairness: { hits: 0, misses: 0 } } },
  });
  for (const { name, type } of registry.getMetricsAsArray() as { name: string; type?: unknown }[]) {
    known.add(name);
    if (String(type) === 'histogram') for (const part of ['bucket', 'sum', 'count']) known.add(`${name}_${part}`);
  }
});

test('rules and configuration are as Prometheus wants them', () => {
  const promtool = needs('promtool');
  const installed = mkdtempSync(join(tmpdir(), 'prometheus-'));
  try {
    for (const name of ['prometheus.yml', 'rules.yml']) copyFileSync(join(FOLDER, name), join(installed, name));
    writeFileSync(join(installed, 'rooms.token'), 'a-token-for-tests\n');
    const said = execFileSync(promtool, ['check', 'config', 'prometheus.yml'], { cwd: installed, encoding: 'utf8' });
    expect(said).toContain(`${alerts.length + records.length} rules found`);
  } finally {
    rmSync(installed, { recursive: true });
  }
  expect(read('docs/MONITORING.md')).toContain(`SUCCESS: ${alerts.length + records.length} rules found`);
});

test('every alert fires on its fault, and none of them while all is well', () => {
  const promtool = needs('promtool');
  execFileSync(promtool, ['test', 'rules', 'rules-test.yml'], { cwd: FOLDER, stdio: 'pipe' }); // throws with what it says
  const faults = read('ops/monitoring/rules-test.yml');
  expect(alerts.length).toBeGreaterThan(12);
  for (const alert of alerts) {
    expect(faults).toContain(`alertname: ${alert}, exp_alerts: [] }`);
    expect(faults).toMatch(new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n +- exp_labels: \\{ severity:`));
  }
});

describe('names', () => {
  test.each([
    ['rules', ruleExpressions, 20],
    ['dashboard', panelExpressions, 40],
  ])('of the %s are of metrics that the server has', (_, expressions, least) => {
    const names = expressions.flatMap(seriesIn);
    expect(expressions.length).toBeGreaterThan(least);
    expect(names.length).toBeGreaterThanOrEqual(expressions.length);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('that are not there would be found', () => {
    expect(seriesIn('sum by (job) (rate(no_such_total{job="x"}[5m])) > 0.5')).toEqual(['no_such_total']);
    expect(known.has('no_such_total')).toBe(false);
  });

  test('of metrics and of alerts are all in the documents', () => {
    const endpoints = read('docs/METRICS_ENDPOINTS.md');
    const ours = [...known].filter(
      (name) => !/^(?:process_|nodejs_|up$)|:|_(?:bucket|sum|count)$/.test(name) && name !== 'game_rounds_count',
    );
    expect(ours.filter((name) => !endpoints.includes(`\`${name}\``))).toEqual([]);
    const troubleshooting = read('docs/TROUBLESHOOTING.md');
    for (const alert of alerts) {
      expect(rules).toContain(`runbook_url: docs/TROUBLESHOOTING.md#${alert.toLowerCase()}\n`);
      expect(troubleshooting).toContain(`\n## ${alert}\n`);
    }
  });
});
