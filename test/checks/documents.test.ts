import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';

/*
 * Goal: a guide that names what is no longer there fails here, not with its reader. What one document alone promises
 * (settings, endpoints, checks, alerts, attacks) has a test of its own beside this one.
 */

const root = projectRoot();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const isThere = (path: string): boolean => existsSync(join(root, path));
const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : []));
const foldersIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((item) =>
    item.isDirectory() ? [`${folder}/${item.name}`] : [],
  );

const DOCUMENTS = ['README.md', ...markdownIn('docs'), ...markdownIn('docs/decisions')];

function wrongIn(document: string): string[] {
  const text = read(document);
  const matches = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found!);
  // A path with a placeholder or a pattern in it names no file.
  const paths = matches(/`((?:actors|persistence|src|web|test|bench|fuzz|ops|docs|\.ci)\/[^`\s*<>{…]*)`/g);
  const links = matches(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g).filter((link) => !/^\w+:/.test(link));
  const scripts = matches(/npm run ([a-z][\w:-]*)/g);
  const known = (JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }).scripts;
  return [
    ...paths.filter((path) => !isThere(path.replace(/:\d+$/, ''))),
    ...links.filter((link) => !isThere(join(dirname(document), link))),
    ...scripts.filter((script) => known[script] === undefined).map((script) => `npm run ${script}`),
  ].map((what) => `${document} names ${what}, which does not exist.`);
}

test('every path, link and script that a document names is there', () => {
  expect(DOCUMENTS.length).toBeGreaterThan(20);
  expect(DOCUMENTS.flatMap(wrongIn)).toEqual([]);
});

/** The code words in the first cells of the table behind a text. */
function rowsOf(document: string, before: string): string[] {
  const text = read(document);
  expect(text).toContain(before);
  const lines = text.slice(text.indexOf(before)).split('\n');
  const from = lines.findIndex((line) => line.startsWith('| --- '));
  const rows = lines.slice(from + 1);
  const table = rows.slice(
    0,
    rows.findIndex((line) => !line.startsWith('|')),
  );
  return table.map((row) => /^\| `([^`]+)` \|/.exec(row)![1]!);
}

test('docs/ARCHITECTURE.md has every component, and no other', () => {
  const components = [
    ...['actors', ...foldersIn('actors'), 'persistence', ...foldersIn('persistence'), ...foldersIn('src')],
    ...[...foldersIn('web'), 'bench', 'fuzz', 'ops', 'test'],
  ];
  expect(rowsOf('docs/ARCHITECTURE.md', '## Components').sort()).toEqual(components.sort());
});

test('docs/PERFORMANCE_TUNING.md has every bench, in its order, and no other', () => {
  const benches = [...read('bench/main.ts').matchAll(/^ {4}name: '([\w-]+)',$/gm)].map(([, name]) => name);
  expect(benches.length).toBeGreaterThan(10);
  expect(rowsOf('docs/PERFORMANCE_TUNING.md', 'All benches;')).toEqual(benches);
});
