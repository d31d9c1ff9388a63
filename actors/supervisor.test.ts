import { expect, test } from 'vitest';
import { RestartPolicy } from './restart-policy.js';
import { SimulatedClock } from './simulated-clock.js';
import { Supervisor } from './supervisor.js';

function tree({ restartsMax = 3, restartMs = 10 } = {}) {
  const clock = new SimulatedClock(0);
  const log: string[] = [];
  const broken = new Set<string>();
  const part = (name: string) => ({
    name,
    restart: async () => {
      log.push(`${name} begins`);
      await new Promise<void>((resolve) => clock.schedule(restartMs, resolve));
      if (broken.has(name)) throw new Error(`${name} does not come up`);
      log.push(`${name} is up`);
    },
  });
  const supervisor = new Supervisor([part('journal'), part('rooms'), part('gateway')], {
    clock,
    policy: new RestartPolicy(
      () => clock.nowMs(),
      (count) => Buffer.alloc(count),
      { restartsMax },
    ),
    onRestart: (name) => log.push(`${name} failed`),
    onGiveUp: (name) => log.push(`gave up at ${name}`),
  });
  return { clock, log, broken, supervisor };
}

test('a part that fails is restarted, and after it what depends on it, in order; what it depends on is left alone', async () => {
  const { clock, log, supervisor } = tree();
  supervisor.failed('rooms', new Error('why'));
  await clock.advance(100);
  expect(log).toEqual(['rooms failed', 'rooms begins', 'rooms is up', 'gateway begins', 'gateway is up']);
});

test('a failure in a part that is about to be restarted anyway is not another one', async () => {
  const { clock, log, supervisor } = tree();
  supervisor.failed('journal', new Error('why'));
  supervisor.failed('gateway', new Error('of course'));
  await clock.advance(100);
  expect(log.filter((line) => line.endsWith('failed'))).toEqual(['journal failed']);
  expect(log.at(-1)).toBe('gateway is up');
});

test('a failure further up begins again from there', async () => {
  const { clock, log, supervisor } = tree();
  supervisor.failed('gateway', new Error('why'));
  await clock.advance(5);
  supervisor.failed('journal', new Error('deeper'));
  await clock.advance(500);
  expect(log.slice(-6)).toEqual([
    'journal begins',
    'journal is up',
    'rooms begins',
    'rooms is up',
    'gateway begins',
    'gateway is up',
  ]);
});

test('a part that does not come up is tried again, and beyond the intensity the tree gives up for good', async () => {
  const { clock, log, broken, supervisor } = tree({ restartsMax: 2 });
  broken.add('rooms');
  supervisor.failed('rooms', new Error('why'));
  await clock.advance(60_000);
  expect(log).toEqual(['rooms failed', 'rooms begins', 'rooms failed', 'rooms begins', 'gave up at rooms']);
  supervisor.failed('rooms', new Error('again'));
  await clock.advance(1000);
  expect(log).toHaveLength(5);
});

test('a stopped supervisor restarts nothing', async () => {
  const { clock, log, supervisor } = tree();
  supervisor.failed('rooms', new Error('why'));
  supervisor.stop();
  await clock.advance(100);
  expect(log).toEqual(['rooms failed']);
});

test('a part that is not in the tree is a mistake of ours', () => {
  expect(() => tree().supervisor.failed('disk', new Error('why'))).toThrow('the supervisor has no part disk');
});
