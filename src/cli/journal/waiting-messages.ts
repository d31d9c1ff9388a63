import { Option } from 'commander';
import { QueryService, type Trial } from '../../../actors/query-service.js';
import type { JournalEngine } from '../../../persistence/journal.js';
import type { DeadLetterRow, InboxRow } from '../../../persistence/rows.js';
import { allRows } from '../../../actors/all-rows.js';
import { wholeNumber } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { messageText } from './entry-text.js';
import { BadArgument, EXIT } from './exit.js';
import { findRoom } from './found-room.js';
import { operate } from './operate.js';
import { sheet, table } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText, timeText } from './units.js';

const LIMIT = 100;

interface Limited {
  readonly limit: number;
}

/** Messages that are in no room's history: those that wait for their room, and those that it could not take. */
export const messageCommands: CommandGroup = (program, run) => {
  const limit = (): Option =>
    new Option('--limit <n>', 'messages to show').default(LIMIT).argParser(wholeNumber(1, 100_000));

  program
    .command('inbox')
    .description('messages that wait on the disk for rooms which are paused or start again')
    .argument('[room]', 'of one room only')
    .addOption(limit())
    .addHelpText('after', '\nExamples:\n  npm run journal -- inbox\n  npm run journal -- inbox A1B2C3')
    .action(run(inbox));

  const letters = program
    .command('dead-letters')
    .description('messages at which a room crashed twice: they are kept here and the room went on without them');
  letters
    .command('list')
    .description('the oldest first')
    .argument('[room]', 'of one room only')
    .addOption(limit())
    .addHelpText(
      'after',
      '\nExamples:\n  npm run journal -- dead-letters list\n  npm run journal -- dead-letters list A1B2C3',
    )
    .action(run(listLetters));
  letters
    .command('show')
    .description('one of them, with the error and its stack, and what its room would make of it now')
    .argument('<id>')
    .action(run(showLetter));
  letters
    .command('retry')
    .description('gives it to its room once more, as the player sent it')
    .argument('<id>')
    .addHelpText('after', '\nExit code 1: the room refused it, or crashed again and it stays.')
    .action(run(retryLetter));
  letters.command('drop').description('removes it for good').argument('<id>').action(run(dropLetter));
};

function inbox(tool: Tool, room: string | undefined, { limit }: Limited): Promise<Report> {
  return reading(tool, async (journal) => {
    const roomId = await idOf(tool, journal, room);
    const damaged: string[] = [];
    const note = (key: string): void => void damaged.push(key);
    const rows =
      roomId === null ? allRows(journal, 'inbox', {}, note) : allRows(journal, 'inboxOfRoom', { roomId }, note);
    const messages = await some(rows, limit);
    const columns = [
      { head: 'ROOM', cell: (row: InboxRow) => row.roomId },
      { head: 'PLACE', cell: (row: InboxRow) => String(row.position), align: 'right' as const },
      { head: 'SINCE (UTC)', cell: (row: InboxRow) => timeText(row.at), drop: 1 },
      { head: 'LANE', cell: (row: InboxRow) => row.lane, drop: 2 },
      { head: 'MESSAGE', cell: (row: InboxRow) => wordsOf(row.message) },
    ];
    return listing(tool, columns, messages, { what: 'message', name: 'messages', limit, damaged });
  });
}

function listLetters(tool: Tool, room: string | undefined, { limit }: Limited): Promise<Report> {
  return reading(tool, async (journal) => {
    const roomId = await idOf(tool, journal, room);
    const damaged: string[] = [];
    const note = (key: string): void => void damaged.push(key);
    const rows =
      roomId === null
        ? allRows(journal, 'deadLetters', {}, note)
        : allRows(journal, 'deadLettersOfRoom', { roomId }, note);
    const letters = await some(rows, limit);
    const columns = [
      { head: 'ID', cell: (row: DeadLetterRow) => row.id },
      { head: 'ROOM', cell: (row: DeadLetterRow) => row.roomId, drop: 2 },
      { head: 'TIME (UTC)', cell: (row: DeadLetterRow) => timeText(row.at), drop: 1 },
      { head: 'MESSAGE', cell: (row: DeadLetterRow) => wordsOf(row.message), drop: 3 },
      { head: 'ERROR', cell: (row: DeadLetterRow) => row.error.split('\n')[0]! },
    ];
    return listing(tool, columns, letters, { what: 'dead letter', name: 'deadLetters', limit, damaged });
  });
}

function showLetter(tool: Tool, id: string): Promise<Report> {
  return reading(tool, async (journal) => {
    const letter = await journal.row('deadLetters', id);
    const tried = await new QueryService({ engine: journal, definition: tool.definition }).deadLetter(id);
    if (letter === null || tried === null)
      throw new BadArgument(`There is no dead letter ${id}; dead-letters list shows them.`);
    const { roomId, at, seq, message, correlationId, error } = letter;
    return {
      lines: [
        ...sheet([
          ['dead letter', id],
          ['room', roomId],
          ['time', timeText(at)],
          ['after entry', String(seq)],
          ['correlation', correlationId],
          ['message', wordsOf(message)],
          ['now', trialText(tried.now)],
        ]),
        '',
        ...error.split('\n'),
      ],
      json: { deadLetter: letter, now: tried.now },
    };
  });
}

function trialText(trial: Trial): string {
  switch (trial.kind) {
    case 'allowed':
      return 'the room would take it';
    case 'refused':
      return `the room would refuse it: ${trial.sentence}`;
    case 'throws':
      return `the room would crash at it again: ${trial.sentence}`;
    case 'unknown':
      return `not known: ${trial.sentence}`;
    default:
      return trial satisfies never;
  }
}

const OUTCOMES: Readonly<Record<string, string>> = {
  applied: 'The room took it.',
  refused: 'The room refused it by its rules, and it is gone.',
  deadLetter: 'The room crashed at it again: it stays a dead letter.',
  unavailable: 'The room could not take it now: it stays a dead letter.',
};

async function retryLetter(tool: Tool, id: string): Promise<Report> {
  const result = await operate(tool, 'dead-letter-retry', { id });
  const outcome = typeof result['outcome'] === 'string' ? result['outcome'] : 'unavailable';
  return {
    lines: [OUTCOMES[outcome] ?? outcome],
    json: result,
    exit: outcome === 'applied' ? EXIT.fine : outcome === 'unavailable' ? EXIT.refused : EXIT.wrong,
  };
}

async function dropLetter(tool: Tool, id: string): Promise<Report> {
  const result = await operate(tool, 'dead-letter-drop', { id });
  return { lines: [`Dead letter ${id} is removed.`], json: result };
}

function listing<R>(
  tool: Tool,
  columns: Parameters<typeof table<R>>[0],
  rows: readonly R[],
  { what, name, limit, damaged }: { what: string; name: string; limit: number; damaged: readonly string[] },
): Report {
  return {
    lines: [
      ...(rows.length === 0 ? [] : [...table(columns, rows, tool.columns), '']),
      countText(rows.length, what) + (rows.length === limit ? ', as many as --limit allows' : ''),
      ...damaged.map((key) => `Damaged and left out: ${key}`),
    ],
    json: { [name]: rows, limit, damaged },
    exit: damaged.length === 0 ? EXIT.fine : EXIT.wrong,
  };
}

async function idOf(tool: Tool, journal: JournalEngine, name: string | undefined): Promise<string | null> {
  return name === undefined ? null : (await findRoom(journal, tool, name)).roomId;
}

async function some<R>(rows: AsyncIterable<R>, limit: number): Promise<R[]> {
  const taken: R[] = [];
  for await (const row of rows) {
    taken.push(row);
    if (taken.length === limit) break;
  }
  return taken;
}

/** Stored without their times: as `play seat=0 indices=[1,2]`. */
function wordsOf(message: string): string {
  return messageText(JSON.parse(message) as Record<string, unknown>);
}
