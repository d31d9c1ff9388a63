import { describe, expect, test } from 'vitest';
import { SETTING_NAMES } from '../config.js';
import { main } from './config.js';

function run(args: readonly string[], environment = {}, columns = Number.POSITIVE_INFINITY) {
  const out: string[] = [];
  const err: string[] = [];
  const exit = main(args, { out: (line) => out.push(line), err: (line) => err.push(line), columns, environment });
  return { exit, out, err };
}

describe('check', () => {
  test('says which settings are given, and that they are fine', () => {
    expect(run(['check'])).toMatchObject({ exit: 0, out: ['Fine: every setting has its default'] });
    expect(run(['check'], { PORT: '1', LOG_LEVEL: 'warn' }).out).toEqual(['Fine: PORT, LOG_LEVEL']);
  });

  test('names what is wrong on stderr, and exits with 1', () => {
    const sentence = 'PORT is "x", but must be a whole number from 0 to 65535.';
    expect(run(['check'], { PORT: 'x' })).toEqual({ exit: 1, out: [], err: [sentence] });
    expect(run(['check', '--json'], { PORT: 'x' }).out).toEqual([JSON.stringify({ ok: false, error: sentence })]);
  });
});

describe('print', () => {
  test('has a line for every setting, with its source and meaning', () => {
    const { out } = run(['print'], { RATE_LIMITS: '2' });
    expect(out.slice(1).map((line) => line.split(' ')[0])).toEqual(SETTING_NAMES);
    expect(out.find((line) => line.startsWith('RATE_LIMITS'))).toMatch(/ 2 +environment +on +at once +on, off, or/);
  });

  test('fits a narrow terminal, and never shows a secret', () => {
    const { out } = run(['print'], { ADMIN_TOKEN: 'open-sesame-open' }, 80);
    expect(Math.max(...out.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(run(['print', '--json'], { ADMIN_TOKEN: 'open-sesame-open' }).out.join()).not.toContain('sesame');
  });
});

test('bad usage exits with 2', () => {
  expect(run(['prnt']).exit).toBe(2);
  expect(run(['--help']).exit).toBe(0);
});
