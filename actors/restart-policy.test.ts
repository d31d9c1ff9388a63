import { describe, expect, test } from 'vitest';
import { RestartPolicy, type RestartPolicyOptions } from './restart-policy.js';

function policyAt(options: RestartPolicyOptions, share = 0.5) {
  const time = { now: 0 };
  const random = (count: number): Buffer => {
    const bytes = Buffer.alloc(count);
    bytes.writeUInt16BE(Math.floor(share * 0x1_0000));
    return bytes;
  };
  return { time, policy: new RestartPolicy(() => time.now, random, options) };
}

const delayOf = (policy: RestartPolicy): number => {
  const verdict = policy.failed('a');
  return verdict.kind === 'restart' ? verdict.delayMs : Number.NaN;
};

describe('the pause between restarts', () => {
  test('the first restart is immediate, each further one waits twice as long, up to a bound', () => {
    const { policy } = policyAt({ delayMs: 50, delayMaxMs: 300 });
    expect([1, 2, 3, 4, 5, 6].map(() => delayOf(policy))).toEqual([0, 50, 100, 200, 300, 300]);
  });

  test('jitter makes it between half and one and a half of that', () => {
    const [low, high] = [policyAt({ delayMs: 100 }, 0), policyAt({ delayMs: 100 }, 0.999)];
    for (const { policy } of [low, high]) policy.failed('a');
    expect(delayOf(low.policy)).toBe(50);
    expect(delayOf(high.policy)).toBe(150);
  });
});

describe('intensity', () => {
  test('gives up at one restart more than is allowed within the time', () => {
    const { policy, time } = policyAt({ restartsMax: 2, withinMs: 1000 });
    policy.failed('a');
    time.now = 999;
    policy.failed('a');
    expect(policy.failed('a')).toEqual({ kind: 'giveUp', restarts: 2, withinMs: 1000 });
  });

  test('restarts that are long past count no more, one by one', () => {
    const { policy, time } = policyAt({ restartsMax: 2, withinMs: 1000 });
    policy.failed('a');
    time.now = 600;
    policy.failed('a');
    time.now = 1001;
    expect(policy.restarts('a')).toBe(1);
    expect(policy.failed('a').kind).toBe('restart');
    expect(policy.failed('a').kind).toBe('giveUp');
  });

  test('children are counted apart, and one that is forgotten begins anew', () => {
    const { policy } = policyAt({ restartsMax: 1 });
    policy.failed('a');
    expect(policy.failed('b').kind).toBe('restart');
    expect(policy.failed('a').kind).toBe('giveUp');
    policy.forget('a');
    expect(policy.failed('a').kind).toBe('restart');
  });
});
