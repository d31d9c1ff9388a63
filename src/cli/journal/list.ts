import { Option } from 'commander';
import { type JournalEngine, StoreFailure, type StreamHead } from '../../../persistence/journal.js';
import type { HoldRow, RoomRow } from '../../../persistence/rows.js';
import { allRows } from '../../../actors/all-rows.js';
import { wholeNumber } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { EXIT } from './exit.js';
import { type Column, table } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText, relativeText } from './units.js';

const STATUSES = ['playing', 'waiting', 'over', 'closed', 'archived'] as const satisfies readonly RoomRow['status'][];
const LIMIT = 50;
const EVERY_ROOM = '*';

interface ListOptions {
  readonly status?: RoomRow['status'];
  readonly limit: number;
  readonly quarantined?: boolean;
}

interface ListedRoom {
  readonly code: string;
  readonly roomId: string;
  readonly status: RoomRow['status'];
  readonly host: string;
  readonly people: number;
  readonly bots: number;
  readonly entries: number | null; // in its whole life; null where its history is not in the journal
  readonly snapshotSeq: number | null;
  readonly nextDeadline: number | null;
  readonly hold: HoldRow['kind'] | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const listCommands: CommandGroup = (program, run) => {
  program
    .command('list')
    .description('the rooms there are: running ones first, then by status, each newest first')
    .addOption(new Option('--status <status>', 'only these').choices(STATUSES))
    .addOption(new Option('--limit <n>', 'rooms to show').default(LIMIT).argParser(wholeNumber(1, 100_000)))
    .option('--quarantined', 'only rooms that are quarantined')
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- list
  npm run journal -- list --status closed --limit 10
  npm run journal -- list --quarantined --json`,
    )
    .action(run(list));
};

function list(tool: Tool, { status, limit, quarantined = false }: ListOptions): Promise<Report> {
  return reading(tool, async (journal) => {
    const damaged: string[] = [];
    const note = (key: string): void => void damaged.push(key);
    const holds = new Map<string, HoldRow>();
    for await (const hold of allRows(journal, 'holds', {}, note)) holds.set(hold.roomId, hold);
    const isAsked = (row: RoomRow): boolean => !quarantined || holds.get(row.roomId)?.kind === 'quarantined';

    const rows: RoomRow[] = [];
    for (const each of status === undefined ? STATUSES : [status]) {
      if (rows.length < limit) rows.push(...(await newest(journal, each, limit - rows.length, isAsked, note)));
    }
    const rooms: ListedRoom[] = [];
    for (const row of rows) rooms.push(listed(row, await soundHead(journal, row.roomId, note), holds.get(row.roomId)));

    const paused = holds.get(EVERY_ROOM);
    return {
      lines: [
        ...table(columns(tool.now()), rooms, tool.columns),
        '',
        countText(rooms.length, 'room') + (rooms.length === limit ? `, as many as --limit allows` : ''),
        ...(paused === undefined ? [] : [`All rooms are paused: ${paused.why}`]),
        ...damaged.map((key) => `Damaged and left out: ${key}. ${tool.typed('verify --all')} tells more.`),
      ],
      json: { rooms, limit, allPaused: paused?.why ?? null, damaged },
      exit: damaged.length === 0 ? EXIT.fine : EXIT.wrong,
    };
  });
}

async function newest(
  journal: JournalEngine,
  status: RoomRow['status'],
  limit: number,
  isAsked: (row: RoomRow) => boolean,
  damaged: (key: string) => void,
): Promise<RoomRow[]> {
  const rows: RoomRow[] = [];
  if (status === 'closed' || status === 'archived') {
    // There may be very many of these; of open ones only as many as run.
    for await (const row of allRows(journal, 'roomsNewest', {}, () => undefined)) {
      if (row.status === status && isAsked(row)) rows.push(row);
      if (rows.length === limit) break;
    }
    return rows;
  }
  for await (const row of allRows(journal, 'roomsByStatus', { status }, damaged)) if (isAsked(row)) rows.push(row);
  return rows.reverse().slice(0, limit);
}

async function soundHead(
  journal: JournalEngine,
  roomId: string,
  damaged: (key: string) => void,
): Promise<StreamHead | null> {
  try {
    return (await journal.heads([roomId]))[0] ?? null;
  } catch (failure) {
    if (!(failure instanceof StoreFailure) || failure.code !== 'ROW_DAMAGED') throw failure;
    damaged(roomId);
    return null;
  }
}

function listed(row: RoomRow, head: StreamHead | null, hold: HoldRow | undefined): ListedRoom {
  const seats = JSON.parse(row.seats) as readonly ({ readonly isPerson?: boolean } | null)[];
  const taken = seats.filter((seat) => seat !== null);
  const people = taken.filter(({ isPerson }) => isPerson === true).length;
  return {
    code: row.code,
    roomId: row.roomId,
    status: row.status,
    host: row.hostName,
    people,
    bots: taken.length - people,
    entries: head?.seq ?? null,
    snapshotSeq: head?.snapshotSeq ?? null,
    nextDeadline: head === null || head.closed ? null : head.nextDeadline,
    hold: hold?.kind ?? null,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function columns(now: number): readonly Column<ListedRoom>[] {
  const orDash = (value: number | null): string => (value === null ? '-' : String(value));
  return [
    { head: 'CODE', cell: ({ code }) => code },
    { head: 'ID', cell: ({ roomId }) => roomId, drop: 7 },
    { head: 'STATUS', cell: ({ status }) => status },
    { head: 'PLAYERS', cell: playersText, drop: 4 },
    { head: 'ENTRIES', cell: ({ entries }) => orDash(entries), align: 'right', drop: 5 },
    { head: 'SNAPSHOT', cell: ({ snapshotSeq }) => orDash(snapshotSeq), align: 'right', drop: 1 },
    {
      head: 'DEADLINE',
      cell: ({ nextDeadline }) => (nextDeadline === null ? '-' : relativeText(nextDeadline, now)),
      drop: 2,
    },
    { head: 'HOLD', cell: ({ hold }) => hold ?? '-' },
    { head: 'UPDATED', cell: ({ updatedAt }) => relativeText(updatedAt, now), drop: 3 },
  ];
}

/** `2 + 1 bot` */
function playersText({ people, bots }: ListedRoom): string {
  return bots === 0 ? String(people) : `${people} + ${countText(bots, 'bot')}`;
}
