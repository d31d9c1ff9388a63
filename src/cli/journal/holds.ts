import { Option } from 'commander';
import type { HoldRow } from '../../../persistence/rows.js';
import { allRows } from '../../../actors/all-rows.js';
import { type Place, place } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { BadArgument, EXIT } from './exit.js';
import { findRoom, seqOf } from './found-room.js';
import { operate } from './operate.js';
import { table } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText, timeText } from './units.js';

const EVERY_ROOM = '*';

interface Which {
  readonly all?: boolean;
}

/** What stops rooms, starts them again, and sets them back. */
export const holdCommands: CommandGroup = (program, run) => {
  program
    .command('pause')
    .description('stops a room: what players send waits on the disk until it is resumed')
    .argument('[room]', 'its id or its six-character code')
    .option('--all', 'every room')
    .option('--why <text>', 'what operators read beside it')
    .addHelpText('after', examples('pause A1B2C3 --why "asked by support"', 'pause --all --why "new disk"'))
    .action(
      run((tool: Tool, room: string | undefined, { why, ...which }: Which & { readonly why?: string }) =>
        done(tool, room, which, 'pause', 'paused', why === undefined ? {} : { why }),
      ),
    );
  program
    .command('resume')
    .description('ends a pause or a quarantine; the clocks of the room go on where they stood')
    .argument('[room]', 'its id or its six-character code')
    .option('--all', 'what pause --all stopped')
    .addHelpText('after', examples('resume A1B2C3', 'resume --all'))
    .action(
      run((tool: Tool, room: string | undefined, which: Which) => done(tool, room, which, 'resume', 'resumed', {})),
    );
  program
    .command('restart')
    .description('has a running server rebuild a room from its journal; what waits for it goes on waiting')
    .argument('<room>', 'its id or its six-character code')
    .addHelpText('after', examples('restart A1B2C3'))
    .action(run((tool: Tool, room: string) => done(tool, room, {}, 'restart', 'rebuilt', {})));
  program
    .command('close')
    .description('ends a room: its players are told, and its history stays; restore takes it back')
    .argument('<room>', 'its id or its six-character code')
    .addHelpText('after', examples('close A1B2C3'))
    .action(run((tool: Tool, room: string) => done(tool, room, {}, 'close', 'closed', {})));
  program
    .command('restore')
    .description('sets a room back to an earlier entry, by a new entry: nothing is deleted, and it can be undone')
    .argument('<room>', 'its id or its six-character code')
    .addOption(
      new Option('--to <entry|time>', 'the entry it goes back to, or the last one of that time')
        .makeOptionMandatory()
        .argParser(place),
    )
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- show A1B2C3 --at 40                  first look at what it would be
  npm run journal -- restore A1B2C3 --to 40
  npm run journal -- restore A1B2C3 --to 2026-01-31T12:00:00Z

Works for rooms that are quarantined or closed as well; a quarantine ends with it, a pause does not.`,
    )
    .action(run(restore));

  const quarantine = program
    .command('quarantine')
    .description('rooms that refuse messages because something is wrong with them');
  quarantine
    .command('list')
    .description('what is held, since when and why; paused rooms too')
    .addHelpText('after', examples('quarantine list', 'quarantine list --json'))
    .action(run(listHolds));
  quarantine
    .command('release')
    .description('lets a room go on; look at it with verify first, or it may come back')
    .argument('<room>', 'its id or its six-character code')
    .addHelpText('after', examples('verify A1B2C3', 'quarantine release A1B2C3'))
    .action(run((tool: Tool, room: string) => done(tool, room, {}, 'resume', 'released', {})));
};

function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npm run journal -- ${command}`).join('\n')}`;
}

/** Rooms are named to the server by their ids: a code that a closed room had may be another's by then. */
async function done(
  tool: Tool,
  room: string | undefined,
  { all = false }: Which,
  name: 'pause' | 'resume' | 'restart' | 'close',
  word: string,
  params: { readonly why?: string },
): Promise<Report> {
  if (all === (room !== undefined)) throw new BadArgument('Name one room, or all of them with --all.');
  if (room === undefined) {
    const result = await operate(tool, name === 'pause' ? 'pause-all' : 'resume-all', params);
    return { lines: [`All rooms are ${word}.`], json: { done: word, ...result } };
  }
  const { roomId } = await reading(tool, (journal) => findRoom(journal, tool, room));
  const result = await operate(tool, name, { room: roomId, ...params });
  return { lines: [`Room ${roomId} is ${word}.`], json: { done: word, ...result } };
}

async function restore(tool: Tool, name: string, { to }: { readonly to: Place }): Promise<Report> {
  const { roomId, toSeq } = await reading(tool, async (journal) => {
    const room = await findRoom(journal, tool, name);
    if (room.archive !== null) {
      throw new BadArgument(`Room ${room.roomId} is archived. Take it back first: import ${room.archive}`);
    }
    return { roomId: room.roomId, toSeq: await seqOf(room, to) };
  });
  const result = await operate(tool, 'restore', { room: roomId, to: toSeq });
  return {
    lines: [
      `Room ${roomId} is as it was after entry ${toSeq}; its history goes on with entry ${JSON.stringify(result['seq'])}.`,
    ],
    json: { done: 'restored', ...result },
  };
}

function listHolds(tool: Tool): Promise<Report> {
  return reading(tool, async (journal) => {
    const damaged: string[] = [];
    const holds: (HoldRow & { readonly code: string | null })[] = [];
    for await (const hold of allRows(journal, 'holds', {}, (key) => damaged.push(key))) {
      const row = hold.roomId === EVERY_ROOM ? null : await journal.row('rooms', hold.roomId);
      holds.push({ ...hold, code: row?.code ?? null });
    }
    const columns = [
      {
        head: 'CODE',
        cell: ({ code, roomId }: (typeof holds)[number]) => code ?? (roomId === EVERY_ROOM ? 'all' : '-'),
      },
      { head: 'ID', cell: ({ roomId }: HoldRow) => roomId, drop: 1 },
      { head: 'HELD', cell: ({ kind }: HoldRow) => kind },
      { head: 'SINCE (UTC)', cell: ({ since }: HoldRow) => timeText(since), drop: 2 },
      { head: 'ENTRY', cell: ({ seq }: HoldRow) => (seq === null ? '-' : String(seq)) },
      { head: 'WHY', cell: ({ why }: HoldRow) => why },
    ];
    return {
      lines: [
        ...(holds.length === 0 ? [] : [...table(columns, holds, tool.columns), '']),
        countText(holds.length, 'hold'),
        ...damaged.map((key) => `Damaged and left out: the hold of ${key}`),
      ],
      json: { holds, damaged },
      exit: damaged.length === 0 ? EXIT.fine : EXIT.wrong,
    };
  });
}
