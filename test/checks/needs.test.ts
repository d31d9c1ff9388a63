import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../support/needs.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'needs-'));
  for (const name of ['bin', 'other']) mkdirSync(join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
  return path;
}

describe('a program', () => {
  const environment = () => ({
    PATH: ['', '/no/such/folder', join(folder, 'bin'), join(folder, 'other')].join(delimiter),
  });

  test('is found in any folder of PATH', () => {
    const path = program('other/redis-server');
    expect(findProgram('redis-server', environment())).toBe(path);
  });

  test('is found under another name, but rather under its own', () => {
    const alias = program('bin/google-chrome');
    expect(findProgram('chromium', environment())).toBe(alias);
    const path = program('other/chromium');
    expect(findProgram('chromium', environment())).toBe(path);
  });

  test('is not found where there is none, or none that we may run', () => {
    expect(findProgram('promtool', environment())).toBeUndefined();
    expect(findProgram('promtool', {})).toBeUndefined();
    program('bin/initdb', 0o644);
    expect(findProgram('initdb', environment())).toBeUndefined();
  });
});

/**
 * Goal: a missing program is never passed over in silence. Method: a project of three tests, two of which need what
 * nobody has, is run by a process of its own, as `npm test` would.
 */
describe('a run in which a program is missing', () => {
  const support = JSON.stringify(resolve('test/support')).slice(1, -1);
  const TESTS = `
    import { expect, test } from 'vitest';
    import { describeNeeding, needs } from '${support}/needs.ts';
    test('plays in a browser', () => { needs('no-such-browser'); expect(1).toBe(2); });
    test('finds node', () => { expect(needs('node')).toMatch(/node$/); });
    describeNeeding('no-such-store', 'the store', () => { test('keeps rows', () => {}); });
    test.skip('is skipped for another reason', () => {});
  `;
  const CONFIG = `
    import { MissingProgramsReporter } from '${support}/missing-programs.ts';
    export default { test: { reporters: ['verbose', new MissingProgramsReporter()] } };
  `;

  async function run(environment: Readonly<Record<string, string>>): Promise<{ code: number; lines: string[] }> {
    writeFileSync(join(folder, 'some.test.ts'), TESTS);
    writeFileSync(join(folder, 'vitest.config.ts'), CONFIG);
    rmSync(join(folder, 'node_modules'), { force: true });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    const env = { PATH: process.env['PATH'], NO_COLOR: '1', ...environment };
    const command = [resolve('node_modules/vitest/vitest.mjs'), 'run', '--root', folder];
    return new Promise((done) => {
      execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
        const lines = (stderr + stdout).split('\n').map((line) => line.trim());
        done({ code: Number(error?.code ?? 0), lines: lines.filter((line) => line !== '') });
      });
    });
  }

  test('skips by name, and says in its last line how many and for want of what', async () => {
    const { code, lines } = await run({});
    expect(lines.at(-1)).toBe('skipped for missing programs: 2 (no-such-browser, no-such-store)');
    expect(lines.find((line) => line.includes('plays in a browser'))).toContain('missing program: no-such-browser');
    expect(code).toBe(0);
  });

  test('fails where everything is required', async () => {
    const { code, lines } = await run({ REQUIRE_ALL: '1' });
    expect(lines.join('\n')).toContain('REQUIRE_ALL is set and no-such-browser is not installed');
    expect(lines.join('\n')).toContain('REQUIRE_ALL is set and no-such-store is not installed');
    expect(code).toBe(1);
  });
});
