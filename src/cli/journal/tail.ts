import { Option } from 'commander';
import type { JournalEngine, Entry } from '../../../persistence/journal.js';
import type { RoomRow, RowPage } from '../../../persistence/rows.js';
import { wholeNumber } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { eventsText, messageText, type ShownEntry, shownEntry } from './entry-text.js';
import { BadArgument } from './exit.js';
import { findRoom } from './found-room.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText, timeText } from './units.js';

const INTERVAL_MS = 500;
const PAGE = 1_000;
/** Entries that the summary of --json holds at most, the newest. */
const KEPT_MAX = 1_000;

interface TailOptions {
  readonly count?: number;
  readonly last: number;
  readonly interval: number;
}

export const tailCommands: CommandGroup = (program, run) => {
  program
    .command('tail')
    .description('prints entries as they are written, of one room or of all, until Ctrl-C')
    .argument('[room]', 'its id or its six-character code')
    .addOption(new Option('--count <n>', 'end after so many').argParser(wholeNumber(1, 1_000_000_000)))
    .addOption(
      new Option('--last <n>', 'begin with so many that are there already').default(0).argParser(wholeNumber(0, PAGE)),
    )
    .addOption(
      new Option('--interval <ms>', 'between two looks').default(INTERVAL_MS).argParser(wholeNumber(10, 60_000)),
    )
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- tail                                 all rooms
  npm run journal -- tail A1B2C3 --last 5
  npm run journal -- tail A1B2C3 --count 1 --json         wait for one entry`,
    )
    .action(run(tail));
};

function tail(
  tool: Tool,
  name: string | undefined,
  { count = Infinity, last, interval }: TailOptions,
): Promise<Report> {
  if (name === undefined && last > 0) return Promise.reject(new BadArgument('--last needs a room.'));
  return reading(tool, async (journal) => {
    const only = name === undefined ? null : await findRoom(journal, tool, name);
    if (only !== null && only.archive !== null)
      throw new BadArgument(`Room ${only.roomId} is archived: nothing comes.`);
    const seen = only === null ? await headsOfAll(journal) : await headOfOne(journal, only.roomId, last);
    const kept: ShownEntry[] = [];
    let printed = 0;
    while (printed < count && !tool.stopping.aborted) {
      if (only === null) await noteNewRooms(journal, seen);
      for (const entry of await newEntries(journal, seen)) {
        if (printed === count) break;
        const shown = shownEntry(entry, false);
        if (!tool.json) tool.out(entryLine(shown, only === null));
        kept.push(shown);
        if (kept.length > KEPT_MAX) kept.shift();
        printed++;
      }
      if (printed < count) await tool.wait(interval);
    }
    return { lines: ['', `${countText(printed, 'entry', 'entries')} printed`], json: { printed, entries: kept } };
  });
}

/** By room, the last entry that was seen. */
type Seen = Map<string, number>;

async function headsOfAll(journal: JournalEngine): Promise<Seen> {
  const seen: Seen = new Map();
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page = await journal.streams('open', cursor);
    for (const { roomId, seq } of page.items) seen.set(roomId, seq);
    cursor = page.next;
  }
  return seen;
}

async function headOfOne(journal: JournalEngine, roomId: string, last: number): Promise<Seen> {
  const [head] = await journal.heads([roomId]);
  if (head === undefined) return new Map();
  return new Map([[roomId, Math.max(head.anchorSeq, head.seq - last)]]);
}

/** Rooms that were made meanwhile; they may have closed already. */
async function noteNewRooms(journal: JournalEngine, seen: Seen): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page: RowPage<RoomRow> = await journal.select('roomsNewest', {}, { after, limit: 100 });
    const unknown = page.items.filter(({ roomId, status }) => !seen.has(roomId) && status !== 'archived');
    const open = unknown.filter(({ status }) => status !== 'closed');
    for (const { roomId } of open) seen.set(roomId, 0);
    // Newest first: behind a page without a new room there is none. Closed ones were mostly closed from the start.
    if (open.length === 0 || page.next === null) return;
    after = page.next;
  }
}

async function newEntries(journal: JournalEngine, seen: Seen): Promise<Entry[]> {
  const found: Entry[] = [];
  const ids = [...seen.keys()];
  for (let start = 0; start < ids.length; start += PAGE) {
    for (const { roomId, seq } of await journal.heads(ids.slice(start, start + PAGE))) {
      for (let from = seen.get(roomId)! + 1; from <= seq; ) {
        const page = await journal.read(roomId, from, Math.min(seq, from + PAGE - 1));
        const lastRead = page.at(-1);
        if (lastRead === undefined) break;
        found.push(...page);
        from = lastRead.seq + 1;
      }
      seen.set(roomId, Math.max(seq, seen.get(roomId)!));
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

function entryLine({ roomId, seq, at, message, events }: ShownEntry, hasRoom: boolean): string {
  const caused = eventsText(events);
  const room = hasRoom ? `${roomId}  ` : '';
  return `${timeText(at)}  ${room}${String(seq).padStart(5)}  ${messageText(message)}${caused === '' ? '' : ` → ${caused}`}`;
}
