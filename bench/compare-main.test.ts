import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from './compare-main.js';
import { reportOf } from './report-fixture.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'compare-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = main(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

test('exit code 1 says that something is worse beyond noise, and 0 that nothing is', () => {
  const slow = file('slow.json', reportOf({ values: [100, 101, 102] }));
  const fast = file('fast.json', reportOf({ values: [200, 201, 202] }));
  expect(run(slow, fast)).toMatchObject({ code: 0, err: [] });
  expect(run(slow, slow)).toMatchObject({ code: 0, err: [] });
  const { code, out } = run(fast, slow);
  expect(code).toBe(1);
  expect(out).toEqual(
    [
      'figure            before  after  change   noise   ',
      'Moves             201/s   101/s  -49.8 %  ±5.0 %  worse',
      'Moves, by raw ws  1       0.505  -49.8 %  ±5.0 %  worse',
      '',
      '2 figures and ratios: 0 better, 2 worse. Regressions: sockets.moves.',
    ].map((line) => line.trimEnd()),
  );
});

test('the last line is one JSON object with --json', () => {
  const report = file('report.json', reportOf({ values: [1] }));
  const { out } = run(report, report, '--json');
  expect(JSON.parse(out.at(-1)!)).toMatchObject({
    comparable: true,
    regressions: [],
    figures: [{ id: 'sockets.moves' }, {}],
  });
});

test('a file that is missing or no report is named in a sentence, with exit code 2', () => {
  const report = file('report.json', reportOf({ values: [1] }));
  const broken = file('broken.json', '{');
  const other = file('other.json', { version: 1 });
  const missing = join(folder, 'missing.json');
  expect(run(report, missing)).toEqual({ code: 2, out: [], err: [`${missing} could not be read.`] });
  expect(run(broken, report)).toEqual({ code: 2, out: [], err: [`${broken} is not valid JSON.`] });
  expect(run(other, report).err[0]).toMatch(`${other} is no report of npm run bench: at: `);
  expect(run(report).code).toBe(2);
});
