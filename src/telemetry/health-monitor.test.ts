import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { HealthCheck, HealthReport } from './health-report.js';
import { HealthMonitor } from './health-monitor.js';

function monitored(look: () => HealthReport | Promise<HealthReport>) {
  const clock = new SimulatedClock();
  const failures: unknown[] = [];
  const onFailure = (failure: unknown): unknown => failures.push(failure);
  const monitor = new HealthMonitor({ look, clock, startedAtMs: 5, onFailure });
  return { clock, monitor, failures };
}

const reportOf = (ok: boolean): HealthReport => ({
  live: true,
  ready: ok,
  startedAtMs: 5,
  checks: [{ name: 'journal', ok, detail: ok ? 'takes writes' : 'is away' }],
});

test('what was seen answers for a second', async () => {
  let looks = 0;
  const { clock, monitor } = monitored(() => {
    looks++;
    return reportOf(true);
  });
  await Promise.all([monitor.report(), monitor.report()]);
  await clock.advance(999);
  await monitor.report();
  expect(looks).toBe(1);
  await clock.advance(1);
  await monitor.report();
  expect(looks).toBe(2);
});

test('it remembers when something went bad and when it was well again, also when nobody asks', async () => {
  let ok = true;
  const { clock, monitor } = monitored(() => reportOf(ok));
  const heard: string[] = [];
  monitor.onChange(({ name, ok: isOk }) => heard.push(`${name} ${isOk}`));
  const stop = monitor.start();
  await clock.advance(20_000);
  expect(monitor.changes).toEqual([]);
  ok = false;
  await clock.advance(20_000);
  ok = true;
  await clock.advance(20_000);
  expect(monitor.changes).toMatchObject([
    { name: 'journal', ok: true, detail: 'takes writes' },
    { name: 'journal', ok: false, detail: 'is away' },
  ]);
  expect(monitor.changes[0]!.at - monitor.changes[1]!.at).toBe(20_000);
  expect(heard).toEqual(['journal false', 'journal true']);
  stop();
});

test('a look that throws, or that gives no answer, means: not ready', async () => {
  const failing = monitored(() => {
    throw new Error('no store at hunter2');
  });
  expect(await failing.monitor.report()).toMatchObject({
    ready: false,
    checks: [{ name: 'health', ok: false, detail: 'the check itself failed; the log says why', severity: 'critical' }],
  });
  expect(String(failing.failures)).toContain('hunter2');
  const { clock, monitor } = monitored(() => new Promise(() => undefined));
  const report = monitor.report();
  await clock.advance(2_000);
  expect(await report).toMatchObject({ ready: false, checks: [{ detail: 'the check gave no answer for 2000 ms' }] });
});

test('it remembers the last 200 changes', async () => {
  let ok = true;
  const { clock, monitor } = monitored(() => reportOf((ok = !ok)));
  const stop = monitor.start();
  await clock.advance(3_000_000);
  stop();
  expect(monitor.changes).toHaveLength(200);
});

test('a check that becomes critical has changed; that it is no longer that bad is no news until it is well', async () => {
  let check: HealthCheck = { name: 'store', ok: false, detail: 'is large' };
  const { clock, monitor } = monitored(() => ({ live: true, ready: true, startedAtMs: 5, checks: [check] }));
  const stop = monitor.start();
  await clock.settle();
  check = { ...check, detail: 'its disk is nearly full', severity: 'critical' };
  await clock.advance(10_000);
  check = { name: 'store', ok: false, detail: 'is large' };
  await clock.advance(10_000);
  check = { name: 'store', ok: true, detail: 'is well' };
  await clock.advance(10_000);
  stop();
  expect(monitor.changes.filter(({ name }) => name === 'store')).toEqual([
    { name: 'store', ok: true, detail: 'is well', at: expect.any(Number) },
    {
      name: 'store',
      ok: false,
      detail: 'its disk is nearly full',
      severity: 'critical',
      at: expect.any(Number),
    },
    { name: 'store', ok: false, detail: 'is large', at: expect.any(Number) },
  ]);
});
