import { Option } from 'commander';
import type { AuditRow } from '../../../persistence/rows.js';
import type { JsonObject, JsonValue } from '../../operations/operation.js';
import { wholeNumber } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { BadArgument, EXIT } from './exit.js';
import { findRoom } from './found-room.js';
import { operate } from './operate.js';
import { table } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText, timeText } from './units.js';

interface CompactOptions {
  readonly all?: boolean;
  readonly keepSnapshots?: number;
}

/** What keeps a journal small, and what tells who did what to it. */
export const upkeepCommands: CommandGroup = (program, run) => {
  program
    .command('compact')
    .description('removes entries that the newest snapshots stand for; what is removed can never be replayed again')
    .argument('[room]', 'its id or its six-character code')
    .option('--all', 'every open room')
    .addOption(
      new Option('--keep-snapshots <n>', 'so many, and all entries behind them (default: 2)').argParser(
        wholeNumber(2, 1_000),
      ),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  npm run journal -- backup ./before.sqlite\n  npm run journal -- compact A1B2C3\n  npm run journal -- compact --all',
    )
    .action(run(compact));
  program
    .command('archive')
    .description('moves a closed room to a file in archive/; without a room all that closed more than 30 days ago')
    .argument('[room]', 'its id or its six-character code')
    .addHelpText('after', '\nExamples:\n  npm run journal -- archive\n  npm run journal -- archive A1B2C3')
    .action(run(archive));
  program
    .command('audit')
    .description('what operators did, the newest first')
    .addOption(new Option('--limit <n>', 'rows to show').default(50).argParser(wholeNumber(1, 1_000)))
    .action(run(audit));
};

async function compact(tool: Tool, name: string | undefined, options: CompactOptions): Promise<Report> {
  const { all = false, keepSnapshots } = options;
  if (all === (name !== undefined)) throw new BadArgument('Name one room, or all open ones with --all.');
  const params: JsonObject = {
    ...(name !== undefined && { room: await idOf(tool, name) }),
    ...(keepSnapshots !== undefined && { keepSnapshots }),
  };
  const result = await operate(tool, 'compact', params);
  return { lines: resultLines('Compacted', result), json: result, exit: exitOf(result) };
}

async function archive(tool: Tool, name: string | undefined): Promise<Report> {
  const result = await operate(tool, 'archive', name === undefined ? {} : { room: await idOf(tool, name) });
  return { lines: resultLines('Archived', result), json: result, exit: exitOf(result) };
}

function idOf(tool: Tool, name: string): Promise<string> {
  return reading(tool, async (journal) => (await findRoom(journal, tool, name)).roomId);
}

/** What an operation answers, member by member. */
function resultLines(what: string, result: JsonObject): string[] {
  const members = Object.entries(result).map(([name, value]) => {
    if (!isList(value)) return [`${name}: ${valueText(value)}`];
    return [value.length === 0 ? `${name}: none` : `${name}:`, ...value.map((each) => `  ${valueText(each)}`)];
  });
  return [`${what}.`, ...members.flat()];
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function valueText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** An operation over many rooms names those that it could not do. */
function exitOf({ failed, skipped }: JsonObject): typeof EXIT.fine | typeof EXIT.wrong {
  return [failed, skipped].some((named) => Array.isArray(named) && named.length > 0) ? EXIT.wrong : EXIT.fine;
}

function audit(tool: Tool, { limit }: { readonly limit: number }): Promise<Report> {
  return reading(tool, async (journal) => {
    const { items, damaged } = await journal.select('audit', {}, { limit });
    const columns = [
      { head: 'TIME (UTC)', cell: ({ at }: AuditRow) => timeText(at) },
      { head: 'BY', cell: ({ actor }: AuditRow) => actor },
      { head: 'ACTION', cell: ({ action }: AuditRow) => action },
      { head: 'TARGET', cell: ({ target }: AuditRow) => (target === '' ? '-' : target), drop: 2 },
      { head: 'DETAIL', cell: ({ detail }: AuditRow) => detail, drop: 1 },
    ];
    return {
      lines: [
        ...(items.length === 0 ? [] : [...table(columns, items, tool.columns), '']),
        countText(items.length, 'row'),
        ...damaged.map((key) => `Damaged and left out: ${key}`),
      ],
      json: { audit: items, limit, damaged },
      exit: damaged.length === 0 ? EXIT.fine : EXIT.wrong,
    };
  });
}
