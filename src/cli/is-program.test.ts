import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { projectRoot } from '../http/project-root.js';

const folder = mkdtempSync(join(tmpdir(), 'linked-'));
afterEach(() => rmSync(folder, { recursive: true }));

test('a command that is started through a link to its release runs', () => {
  const release = join(folder, 'room-runtime');
  symlinkSync(projectRoot(), release);
  const command = ['--import', 'tsx', join(release, 'src/cli/config.ts'), 'check'];
  const options = { cwd: projectRoot(), env: { PATH: process.env['PATH'] }, encoding: 'utf8' } as const;
  expect(execFileSync(process.execPath, command, options)).toBe('Fine: every setting has its default\n');
});
