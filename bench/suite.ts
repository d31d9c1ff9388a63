import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Section } from './figure.js';
import { isBuilt } from './fork-module.js';
import { machine } from './machine.js';
import { type BenchReport, reportText } from './report.js';

export interface SuiteOptions {
  readonly benches: readonly string[]; // in this order
  readonly quick: boolean;
  readonly folder: string; // for the two files
  readonly say: (line: string) => void;
}

export interface SuiteResult {
  readonly report: BenchReport;
  readonly text: string; // for people
  readonly jsonFile: string;
  readonly textFile: string;
  readonly failures: readonly string[]; // benches that gave no figures, and why
}

/** Runs each bench in a process of its own, one after the other, and writes JSON and Markdown. */
export async function runSuite({ benches, quick, folder, say }: SuiteOptions): Promise<SuiteResult> {
  const at = new Date().toISOString();
  const sections: Section[] = [];
  const failures: string[] = [];
  for (const [index, name] of benches.entries()) {
    say(`${index + 1} of ${benches.length}: ${name}`);
    const startMs = performance.now();
    try {
      sections.push(await runBench(name, quick));
      say(`   ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    } catch (failure) {
      failures.push(`${name}: ${failure instanceof Error ? failure.message : String(failure)}`);
      say(`   failed`);
    }
  }
  const report: BenchReport = { version: 1, at, commit: commit(), quick, built: isBuilt, machine: machine(), sections };
  mkdirSync(folder, { recursive: true });
  const jsonFile = join(folder, `${at.replaceAll(':', '-')}.json`);
  const textFile = jsonFile.replace(/json$/, 'md');
  writeFileSync(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  const text = reportText(report);
  writeFileSync(textFile, `${text}\n`);
  return { report, text, jsonFile, textFile, failures };
}

/** @throws with what the bench said last where it failed */
async function runBench(name: string, quick: boolean): Promise<Section> {
  const args = [...process.execArgv, process.argv[1]!, name, '--json', ...(quick ? ['--quick'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
  let last = '';
  createInterface(child.stdout).on('line', (line) => (last = line));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(said.trim());
  return JSON.parse(last) as Section;
}

function commit(): string | null {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}
