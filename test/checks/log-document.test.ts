import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';

/*
 * Goal: whoever reads the log finds every member of a line in docs/MONITORING.md. Method: the first argument of each
 * `log.<level>(…)` is read from the sources; what is not written out there is listed here, by its name there.
 */

const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Members that an argument has which the call does not write out. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'src/http/app.ts line': ['method', 'path', 'status', 'tookMs', 'requestId'],
  'src/main.ts why': ['signal', 'supervisor'],
  'src/server.ts why': ['why', 'err'],
  'src/server.ts ...change': ['at', 'name', 'ok', 'detail', 'changed', 'afterRestart', 'overruled'],
  'src/telemetry/message-log.ts line': ['correlationId', 'roomId', 'why'],
  'src/telemetry/message-log.ts ...line': ['seq', 'type', 'waitMs', 'stepMs', 'commitMs', 'broadcastMs'],
  'src/telemetry/message-log.ts ...(unlogged > 0 && { unlogged })': ['unlogged'],
};

const sources = readdirSync(join(projectRoot(), 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name}`)
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));

/** Whether a call writes a line: `log.warn(…)`, `log[state === 'resolved' ? 'info' : 'warn'](…)`, `errorLine(…)`. */
function isLine({ expression: callee }: ts.CallExpression, file: ts.SourceFile): boolean {
  if (callee.getText(file) === 'errorLine') return true;
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return false;
  if (!/\blog$/.test(callee.expression.getText(file))) return false;
  return ts.isElementAccessExpression(callee) || LEVELS.has(callee.name.text);
}

/** What a file gives to the log: names of members, and the texts of what has its members elsewhere. */
function givenIn(path: string): { readonly members: string[]; readonly elsewhere: string[] } {
  const file = ts.createSourceFile(path, readFileSync(join(projectRoot(), path), 'utf8'), ts.ScriptTarget.Latest);
  const members: string[] = [];
  const elsewhere: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isLine(node, file)) {
      const [given] = node.arguments;
      if (given !== undefined && ts.isObjectLiteralExpression(given)) {
        for (const property of given.properties) {
          if (property.name === undefined) elsewhere.push(`${path} ${property.getText(file)}`);
          else members.push(property.name.getText(file));
        }
      } else if (given !== undefined) elsewhere.push(`${path} ${given.getText(file)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { members, elsewhere };
}

test('docs/MONITORING.md has every member of a line of the log, and no other', () => {
  const given = sources.map(givenIn);
  expect([...new Set(given.flatMap(({ elsewhere }) => elsewhere))].sort()).toEqual(Object.keys(ELSEWHERE).sort());
  const members = [...given.flatMap((each) => each.members), ...Object.values(ELSEWHERE).flat()];
  const ofEveryLine = ['level', 'time', 'msg'];

  const document = readFileSync(join(projectRoot(), 'docs/MONITORING.md'), 'utf8');
  const table = /\| Member \| What \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(document)![1]!;
  const told = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) => cell!.replaceAll('`', '').split(', '));
  expect(told.sort()).toEqual([...new Set([...ofEveryLine, ...members])].sort());
});
