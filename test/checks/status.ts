import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Reads docs/IMPLEMENTATION_STATUS.md: one row per capability, `id | state | code path | test path`. A cell may name
 * several paths with commas between them; `-` names none. `npm run check:status` fails where the file claims what
 * can't be true.
 */
export const STATUS_FILE = 'docs/IMPLEMENTATION_STATUS.md';

const STATES = ['done', 'partial', 'open'] as const;
type State = (typeof STATES)[number];

/** How many capabilities each group of the checklist has; they are numbered from 1 without gaps. */
const GROUPS: Readonly<Record<string, number>> = {
  SM: 5,
  WS: 7,
  EV: 7,
  PS: 7,
  AP: 7,
  MQ: 7,
  CC: 7,
  MO: 7,
  RR: 7,
  TE: 7,
  DB: 9,
  ES: 9,
  CA: 7,
  RL: 8,
  LO: 8,
  ME: 9,
  HE: 9,
  MW: 9,
  WI: 9,
  IA: 8,
  CR: 22,
  DO: 13,
};

export const CAPABILITIES: readonly string[] = Object.entries(GROUPS).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, index) => `${group}-${index + 1}`),
);

interface Row {
  readonly id: string;
  readonly state: string;
  readonly code: readonly string[];
  readonly tests: readonly string[];
}

export interface StatusReport {
  readonly counts: Readonly<Record<State, number>>;
  readonly wrong: readonly string[]; // one sentence each
}

/** @param exists tells whether a path, relative to the project, is there */
export function checkStatus(markdown: string, exists: (path: string) => boolean): StatusReport {
  const rows = readRows(markdown);
  const ids = rows.map((row) => row.id);
  const wrong = [
    ...CAPABILITIES.filter((id) => !ids.includes(id)).map((id) => `${id} has no row.`),
    ...rows.flatMap((row, at) => rowFaults(row, ids.indexOf(row.id) < at, exists)),
  ];
  const count = (state: State) => rows.filter((row) => row.state === state).length;
  return { counts: { done: count('done'), partial: count('partial'), open: count('open') }, wrong };
}

function rowFaults({ id, state, code, tests }: Row, isRepeat: boolean, exists: (path: string) => boolean): string[] {
  const faults: string[] = [];
  if (!CAPABILITIES.includes(id)) faults.push(`${id} is not the id of a capability.`);
  if (isRepeat) faults.push(`${id} has more than one row.`);
  if (!STATES.some((known) => known === state)) {
    faults.push(`${id} has the state "${state}", which is none of ${STATES.join(', ')}.`);
  }
  if (state === 'done' && code.length === 0) faults.push(`${id} is done, but names no code.`);
  if (state === 'done' && tests.length === 0) faults.push(`${id} is done, but names no test.`);
  const gone = [...code, ...tests].filter((path) => !exists(path));
  return [...faults, ...gone.map((path) => `${id} names ${path}, which does not exist.`)];
}

/** Every table row but headings and rules; whatever stands in the first cell is taken for an id. */
function readRows(markdown: string): Row[] {
  const tables = markdown.split('\n').map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map(plain),
  );
  return tables
    .filter(([id, ...cells]) => cells.length > 0 && id?.toLowerCase() !== 'id' && !/^:?-+:?$/.test(id ?? ''))
    .map(([id = '', state = '', code = '', tests = '']) => ({ id, state, code: paths(code), tests: paths(tests) }));
}

function plain(cell: string): string {
  return cell.replaceAll('`', '').trim();
}

function paths(cell: string): string[] {
  return cell
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '' && !/^[-–—]$/.test(path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(process.cwd(), STATUS_FILE);
  const markdown = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { counts, wrong } = checkStatus(markdown, (path) => existsSync(join(process.cwd(), path)));
  for (const sentence of wrong) console.error(sentence);
  const states = STATES.map((state) => `${counts[state]} ${state}`).join(', ');
  console.log(`status: ${CAPABILITIES.length} capabilities, ${states}, ${wrong.length} faults`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
