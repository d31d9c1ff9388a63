import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { projectRoot } from './project-root.js';

test('the sources find the folder that holds web/', () => {
  expect(existsSync(join(projectRoot(), 'web', 'play', 'index.html'))).toBe(true);
});

test('the build finds the same folder from dist/src/', () => {
  const root = mkdtempSync(join(tmpdir(), 'root-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'dist', 'src', 'http'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  expect(projectRoot(join(root, 'dist', 'src', 'http', 'project-root.js'))).toBe(root);
});

test('without a package.json above there is no root to guess', () => {
  expect(() => projectRoot(join(parse(process.cwd()).root, 'x.js'))).toThrow(/No package\.json/);
});
