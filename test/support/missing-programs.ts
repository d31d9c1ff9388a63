import type { Reporter, TestModule } from 'vitest/node';

/** How the reason of a skipped test begins when a program was missing; its name follows. */
export const MISSING_PROGRAM = 'missing program: ';

/** Says at the end of a run how much was not proved: `skipped for missing programs: 2 (chromium)`. */
export class MissingProgramsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const missing = modules.flatMap((module) => [...module.children.allTests('skipped')].flatMap(missingProgram));
    const names = [...new Set(missing)].sort().join(', ');
    console.log(`skipped for missing programs: ${missing.length}${names && ` (${names})`}`);
  }
}

function missingProgram(skipped: { result: () => { state: string; note?: string | undefined } }): string[] {
  const { note } = skipped.result();
  return note?.startsWith(MISSING_PROGRAM) ? [note.slice(MISSING_PROGRAM.length)] : [];
}
