import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type IFlattenedRuleSet, type IRegularForbiddenRuleType } from 'dependency-cruiser';

/**
 * Who may import whom (docs/decisions and design, "Folders"). Tests may import whatever they check.
 * `npm run check:imports` prints one line, and fails where a rule is broken or too little was looked at.
 */

const TESTS = ['\\.test\\.ts$', '^test/'];
const RUNTIME = '^actors/[^/]+\\.ts$';
const ROOM = '^actors/room/';
const JOURNAL_PORT = '^persistence/(journal|rows)\\.ts$';
/** What works over the port, whichever engine stands behind it. */
const ENGINELESS =
  '^persistence/(archive|group-commit|hash-chain|import-room|retention|room-file|room-file-reader|size-findings)\\.ts$';

type Rule = Required<Pick<IRegularForbiddenRuleType, 'name' | 'comment' | 'from' | 'to'>>;

const RULES: readonly Rule[] = [
  {
    name: 'game-stands-alone',
    comment: 'The rules of the game are pure functions and import nothing but each other.',
    from: { path: '^src/game/' },
    to: { pathNot: '^src/game/' },
  },
  {
    name: 'runtime-knows-no-game',
    comment: 'The runtime runs any room definition: it imports neither src/ nor actors/room/.',
    from: { path: RUNTIME },
    to: { path: ['^src/', ROOM] },
  },
  {
    name: 'runtime-sees-the-journal-port-only',
    comment: 'The runtime knows the journal port, the hash chain and group commit, and no engine.',
    from: { path: RUNTIME },
    to: { path: '^persistence/', pathNot: [JOURNAL_PORT, '^persistence/(hash-chain|group-commit)\\.ts$'] },
  },
  {
    name: 'room-is-pure',
    comment: 'A room imports the rules of the game, xstate, zod, node:crypto and the shape of a room definition.',
    from: { path: ROOM },
    to: {
      pathNot: [
        ROOM,
        '^src/game/',
        '^actors/(room-definition|clock)\\.ts$',
        JOURNAL_PORT,
        '^(node:)?crypto$',
        '(^|/)node_modules/(xstate|zod)/',
      ],
    },
  },
  {
    name: 'room-has-no-clock',
    comment: 'Of the clock and of the journal a room may know the types.',
    from: { path: ROOM },
    to: { path: ['^actors/clock\\.ts$', JOURNAL_PORT], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'persistence-stands-alone',
    comment: 'Persistence knows bytes, ids and versions: it imports nothing from actors/ or src/.',
    from: { path: '^persistence/' },
    to: { path: '^(actors|src)/' },
  },
  {
    name: 'stores-are-built-in-one-place',
    comment: 'Only the composition root and the command lines choose an engine.',
    from: { path: '^src/', pathNot: ['^src/(server|main)\\.ts$', '^src/cli/'] },
    to: { path: '^persistence/', pathNot: [JOURNAL_PORT, ENGINELESS] },
  },
  {
    name: 'xstate-under-actors-only',
    comment:
      "The next major version of xstate is one folder's work. The benchmark's reference is a plain machine of its own.",
    from: { pathNot: ['^actors/', '^bench/reference/'] },
    to: { path: '(^|/)node_modules/xstate/' },
  },
  {
    name: 'client-knows-no-server',
    comment: 'The client library knows the rules of the game, a clock, and the schemas of messages.',
    from: { path: '^src/client/' },
    to: {
      path: '^(actors|persistence|src)/',
      pathNot: ['^src/(client|game)/', '^src/protocol/client-message\\.ts$', '^actors/(clock|simulated-clock)\\.ts$'],
    },
  },
  {
    name: 'web-is-for-browsers',
    comment: 'The pages are served, never imported.',
    from: {},
    to: { path: '^web/' },
  },
  {
    name: 'product-imports-no-tests',
    comment: 'What runs in production lies outside the tests.',
    from: { path: '^(actors|persistence|src)/' },
    to: { path: TESTS },
  },
  { name: 'no-cycles', comment: 'Modules can be read in one order.', from: {}, to: { circular: true } },
  {
    name: 'every-import-resolves',
    comment: 'An import that leads nowhere escapes every other rule.',
    from: {},
    to: { couldNotResolve: true },
  },
];

const FOLDERS = ['actors', 'persistence', 'src', 'test', 'bench', 'fuzz'];

/** A program that the benches stand beside, with packages of its own that nothing else installs. */
const NOT_OURS = '^bench/room-server/';

/** Fewer modules than this, and the tool has not understood the sources (it passes when it finds none). */
const MODULES_MIN = 20;

export interface Breach {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface ImportReport {
  readonly modules: number;
  readonly breaches: readonly Breach[];
}

/** Looks at every module under `root`; paths in the report are relative to it. */
export async function checkImports(root: string): Promise<ImportReport> {
  const ruleSet: IFlattenedRuleSet = { forbidden: RULES.map(forTheProduct) };
  const { output } = await cruise(
    FOLDERS.filter((folder) => existsSync(join(root, folder))),
    {
      baseDir: root,
      validate: true,
      ruleSet,
      tsPreCompilationDeps: true,
      doNotFollow: 'node_modules',
      exclude: NOT_OURS,
    },
    { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  );
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with a text: ${output}`);
  const own = output.modules.filter(({ source }) => FOLDERS.some((folder) => source.startsWith(`${folder}/`)));
  const breaches = output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { modules: own.length, breaches };
}

/** What is wrong, one sentence each; empty when all is well. */
export function sentences({ modules, breaches }: ImportReport): string[] {
  if (modules < MODULES_MIN) return [`Only ${modules} modules were found: the check has not seen the sources.`];
  return breaches.map(({ rule, from, to }) => {
    const comment = RULES.find(({ name }) => name === rule)?.comment ?? '';
    return `${from} must not import ${to} (${rule}). ${comment}`;
  });
}

function forTheProduct({ from, ...rule }: Rule) {
  const pathNot = [...TESTS, ...[from.pathNot ?? []].flat()];
  return { ...rule, severity: 'error' as const, from: { ...from, pathNot } };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = await checkImports(process.cwd());
  const wrong = sentences(report);
  for (const sentence of wrong) console.error(sentence);
  console.log(`imports: ${report.modules} modules, ${RULES.length} rules, ${wrong.length} breaches`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
