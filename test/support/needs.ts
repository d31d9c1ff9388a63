import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, TestRunner, test } from 'vitest';
import { MISSING_PROGRAM } from './missing-programs.js';

/** Programs that have other names on some systems. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** The path of a program that is installed, looked for in PATH. */
export function findProgram(name: string, environment: Environment = process.env): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const names = ALIASES[name] ?? [name];
  return names.flatMap((alias) => folders.map((folder) => join(folder, alias))).find(isExecutable);
}

/**
 * For use inside a test: the path of the program, or the end of this test, which is then skipped by name. With
 * REQUIRE_ALL=1, as in continuous integration, the test fails instead: there a skip would hide what was not proved.
 */
export function needs(name: string): string {
  const path = findProgram(name);
  if (path !== undefined) return path;
  refuseWhereAllIsRequired(name);
  const current = TestRunner.getCurrentTest();
  if (current === undefined)
    throw new Error(`needs('${name}') is for the inside of a test; around it use describeNeeding`);
  return current.context.skip(MISSING_PROGRAM + name);
}

/** A suite whose hooks need the program already. Without it the suite is one skipped test. */
export function describeNeeding(name: string, title: string, suite: (path: string) => void): void {
  const path = findProgram(name);
  describe(title, () => {
    if (path !== undefined) suite(path);
    else test(`needs ${name}`, () => void needs(name));
  });
}

function refuseWhereAllIsRequired(name: string): void {
  if (process.env['REQUIRE_ALL'] !== '1') return;
  throw new Error(
    `REQUIRE_ALL is set and ${name} is not installed (looked for ${(ALIASES[name] ?? [name]).join(', ')})`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us: the next folder may have it
  }
}
