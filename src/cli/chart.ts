import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { plainBots } from '../../actors/room/bots.js';
import { seededDeal } from '../../actors/room/liap-tui.js';
import { roomMachine } from '../../actors/room/room-machine.js';
import { isProgram } from './is-program.js';

const BEGIN = '<!-- chart: begin, made by `npm run chart` -->';
const END = '<!-- chart: end -->';
const DOCUMENT = fileURLToPath(new URL('../../docs/STATE_MACHINE.md', import.meta.url));
const EXIT_DIFFERS = 1;
const EXIT_BAD_ARGUMENTS = 2;

/** What a chart needs of a state of the machine. */
export interface ChartState {
  readonly path: readonly string[];
  readonly tags: readonly string[];
  readonly states: Readonly<Record<string, ChartState>>;
  readonly initial: { readonly target: readonly ChartState[] | undefined };
  readonly transitions: ReadonlyMap<string, readonly ChartTransition[]>;
  readonly always?: readonly ChartTransition[] | undefined;
}

interface ChartTransition {
  readonly target: readonly ChartState[] | undefined;
  readonly guard?: unknown;
}

interface Step {
  readonly event: string; // '' for a transition that needs none
  readonly guard: string; // '' where it is always taken
  readonly target: ChartState | null; // null stays
}

/** The states that the machine can rest in, or pass through, with nothing inside them. */
export function leavesOf(root: ChartState): { readonly path: string; readonly tags: readonly string[] }[] {
  const inner = Object.values(root.states);
  if (inner.length === 0) return [{ path: root.path.join('.'), tags: root.tags }];
  return inner.flatMap(leavesOf);
}

/** The machine as a mermaid diagram: states with the messages that they take, steps with their guards. */
export function chartOf(root: ChartState): string {
  const lines = ['```mermaid', 'stateDiagram-v2', ...statesOf(root, '  ')];
  const all = [root, ...descendants(root)];
  for (const state of all) {
    for (const { event, guard, target } of stepsOf(state)) {
      if (target === null || state === root) continue;
      lines.push(`  ${idOf(state)} --> ${idOf(target)}${labelled(label(event, guard))}`);
    }
  }
  const closings = stepsOf(root).filter(({ target }) => target !== null);
  const anywhere = closings.map(({ event, guard }) => label(event, guard)).join(', ');
  lines.push(
    '```',
    '',
    `From every state but \`closed\`: ${anywhere} leads to \`closed\`, and \`resumed\` shifts the clocks.`,
  );
  return lines.join('\n');
}

function statesOf(state: ChartState, indent: string): string[] {
  const first = state.initial.target?.[0];
  const lines = first === undefined ? [] : [`${indent}[*] --> ${idOf(first)}`];
  for (const inner of Object.values(state.states)) {
    const stays = stepsOf(inner)
      .filter(({ target }) => target === null)
      .map(({ event, guard }) => label(event, guard));
    if (Object.keys(inner.states).length > 0) {
      lines.push(`${indent}state ${idOf(inner)} {`, ...statesOf(inner, `${indent}  `), `${indent}}`);
      if (stays.length > 0) lines.push(`${indent}note right of ${idOf(inner)} : stays on ${stays.join(', ')}`);
    } else {
      lines.push(`${indent}${idOf(inner)} : ${inner.path.at(-1)!}`);
      for (const stay of stays) lines.push(`${indent}${idOf(inner)} : ${stay}`);
    }
  }
  return lines;
}

/** Without refusals: the last resort of a message whose guard said no, guards that only refuse, and the wildcard. */
function stepsOf(state: ChartState): Step[] {
  const steps = (state.always ?? []).map((step) => ({ event: '', guard: nameOf(step.guard), target: targetOf(step) }));
  for (const [event, transitions] of state.transitions) {
    if (event === '*') continue;
    for (const [index, step] of transitions.entries()) {
      const isRefusal = step.guard === undefined && step.target === undefined && index > 0;
      if (isRefusal || nameOf(step.guard).startsWith('refuse')) continue;
      steps.push({ event, guard: nameOf(step.guard), target: targetOf(step) });
    }
  }
  return steps;
}

function targetOf({ target }: ChartTransition): ChartState | null {
  return target?.[0] ?? null;
}

function nameOf(guard: unknown): string {
  return typeof guard === 'function' ? guard.name : '';
}

function idOf(state: ChartState): string {
  return state.path.join('_');
}

function label(event: string, guard: string): string {
  return [event, guard === '' ? '' : `[${guard}]`].filter((part) => part !== '').join(' ');
}

function labelled(text: string): string {
  return text === '' ? '' : ` : ${text}`;
}

function descendants(state: ChartState): ChartState[] {
  return Object.values(state.states).flatMap((inner) => [inner, ...descendants(inner)]);
}

/** The document with the machine's chart between its marks. @throws where the marks are missing */
export function withChart(document: string, chart = chartOf(roomMachine(seededDeal, plainBots).root)): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the document has no place for the chart: ${BEGIN} … ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${chart}\n\n${document.slice(end)}`;
}

/** Writes the chart, or with `--check` says whether it is the machine's. @returns the exit code */
export function runChart(args: readonly string[], out: (line: string) => void, document = DOCUMENT): number {
  const command = new Command('chart')
    .description("Writes the room machine's chart into docs/STATE_MACHINE.md.")
    .option('--check', 'change nothing; exit with 1 where document and machine differ')
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => out(text.trimEnd()) });
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_ARGUMENTS;
    throw error;
  }
  const { check = false, json = false } = command.opts<{ check?: boolean; json?: boolean }>();
  const before = readFileSync(document, 'utf8');
  const after = withChart(before);
  const isEqual = before === after;
  if (!check && !isEqual) writeFileSync(document, after);
  out(isEqual ? 'The chart is the machine’s.' : check ? 'The chart differs: npm run chart' : 'The chart is written.');
  if (json) out(JSON.stringify({ equal: isEqual, written: !check && !isEqual }));
  return check && !isEqual ? EXIT_DIFFERS : 0;
}

const isMain = isProgram(import.meta.url);
if (isMain) process.exitCode = runChart(process.argv.slice(2), console.log);
