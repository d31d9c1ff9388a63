import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { checkJournal } from '../support/journal-check.js';
import type { Arena } from './arena.js';
import { AttackSucceeded, judge, type ListedAttack } from './attack.js';
import type { Bystanders } from './bystanders.js';

/** Bounds that hold for every attack. */
const RATIO_MAX = 2; // p99 of those who play beside it, by p99 without it
const RSS_MIB_MAX = 512; // of the attacked process, at any time and whatever came before
/** Where the ratio is broken the windows are measured again, so many times as long: one pause of the machine is no harm. */
const AGAIN = 3;
const SAMPLE_MS = 50;
const SETTLED_MS = 500;

export interface AttackReport {
  readonly name: string;
  readonly kind: string;
  readonly ok: boolean;
  readonly seen: readonly string[];
  readonly findings: readonly string[]; // why it is not ok
  readonly runs: number;
  readonly p99BeforeMs: number;
  readonly p99DuringMs: number;
  readonly ratio: number;
  readonly movesDuring: number;
  readonly rssBeforeMib: number;
  readonly rssPeakMib: number;
}

export interface RunOptions {
  readonly windowMs: number;
  readonly rounds: number; // of a window without and one with the attack
}

/** One attack, again and again for the time of its windows, beside people who play. */
export async function runAttack(
  arena: Arena,
  bystanders: Bystanders,
  attack: ListedAttack,
  options: RunOptions,
): Promise<AttackReport> {
  const seen = new Set<string>();
  const findings: string[] = [];
  let measured = await measure(arena, bystanders, attack, options, { seen, findings });
  if (measured.ratio > RATIO_MAX) {
    const { windowMs, rounds } = options;
    measured = await measure(arena, bystanders, attack, { windowMs, rounds: rounds * AGAIN }, { seen, findings });
  }
  const { ratio, rssPeakMib } = measured;
  if (ratio > RATIO_MAX) findings.push(`the players' p99 is ${ratio.toFixed(2)} times the one before`);
  if (rssPeakMib > RSS_MIB_MAX) findings.push(`the process took ${rssPeakMib.toFixed()} MiB`);
  const ready = await arena.statusOf('/health/ready').catch(String);
  if (ready !== '200') findings.push(`afterwards /health/ready answers ${ready}`);
  const { brokenChains, twice } = checkJournal(arena.server.dataDir, []);
  if (brokenChains.length + twice.length > 0) findings.push('afterwards the journal is not whole');
  const { name, kind } = attack;
  return { name, kind, ok: findings.length === 0, seen: [...seen], findings: [...new Set(findings)], ...measured };
}

type Measured = Omit<AttackReport, 'name' | 'kind' | 'ok' | 'seen' | 'findings'>;

async function measure(
  arena: Arena,
  bystanders: Bystanders,
  attack: ListedAttack,
  { windowMs, rounds }: RunOptions,
  { seen, findings }: { readonly seen: Set<string>; readonly findings: string[] },
): Promise<Measured> {
  const before: number[] = [];
  const during: number[] = [];
  const rssBeforeMib = rssMib(arena);
  let rssPeakMib = rssBeforeMib;
  const sampling = setInterval(() => (rssPeakMib = Math.max(rssPeakMib, rssMib(arena))), SAMPLE_MS);
  let runs = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      await setTimeout(SETTLED_MS); // what the last attack has left is taken down
      await bystanders.take();
      await setTimeout(windowMs);
      const without = await bystanders.take();
      const startMs = performance.now();
      do {
        runs++;
        await attempt(arena, attack, seen, findings);
        // Who is slow stays: opening and closing as fast as can be would be another attack.
        if (attack.kind === 'slow') await setTimeout(windowMs - (performance.now() - startMs));
        await arena.clear();
      } while (performance.now() - startMs < windowMs && findings.length === 0);
      const beside = await bystanders.take();
      before.push(...without.latenciesUs);
      during.push(...beside.latenciesUs);
      findings.push(...beside.complaints.map((complaint) => `a player: ${complaint}`));
    }
  } finally {
    clearInterval(sampling);
  }
  const [p99BeforeMs, p99DuringMs] = [p99(before) / 1000, p99(during) / 1000];
  const ratio = p99DuringMs / p99BeforeMs;
  return { runs, p99BeforeMs, p99DuringMs, ratio, movesDuring: during.length, rssBeforeMib, rssPeakMib };
}

async function attempt(arena: Arena, attack: ListedAttack, seen: Set<string>, findings: string[]): Promise<void> {
  const startMs = performance.now();
  try {
    const outcomes = new Set(await attack.run(arena, attack.sizes?.[1] ?? 1));
    for (const outcome of outcomes) seen.add(outcome);
    judge(attack, outcomes);
    arena.loot.assertEmpty();
  } catch (failure) {
    // Whatever else an attack ends by shows that the server did not answer as it should.
    const finding = failure instanceof AttackSucceeded ? failure.message : `the attack ended with ${String(failure)}`;
    // An attacker that gets no time on the processor is too slow for what it is to show.
    findings.push(`${finding} (after ${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  }
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

/** Of the server; 0 where the system does not tell (it is no Linux). */
function rssMib(arena: Arena): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${arena.server.pid}/status`, 'utf8')) ?? [];
    return Number(kib) / 1024;
  } catch {
    return 0;
  }
}
