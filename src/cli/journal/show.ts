import { Option } from 'commander';
import { JournalCorrupt, recover } from '../../../actors/recovery.js';
import type { Viewer } from '../../../actors/room-definition.js';
import type { RoomView } from '../../../actors/room/room-view.js';
import { type JournalEngine, type Entry, StoreFailure } from '../../../persistence/journal.js';
import type { HoldRow } from '../../../persistence/rows.js';
import { type Place, place, viewer, wholeNumber } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { HIDDEN, shownEntry } from './entry-text.js';
import { EXIT } from './exit.js';
import { type FoundRoom, findRoom, headOf, seqOf } from './found-room.js';
import { changeText, historyLines, type ShownStep, steps } from './history.js';
import { roomLines } from './room-text.js';
import { sheet } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { relativeText, timeText } from './units.js';

const ENTRIES = 10;

interface ShowOptions {
  readonly at?: Place;
  readonly as: Viewer;
  readonly entries: number;
  readonly changes?: boolean;
  readonly reveal?: boolean;
}

export const showCommands: CommandGroup = (program, run) => {
  program
    .command('show')
    .description('one room: what holds it, who sits where, how its game stands, and the last of its history')
    .argument('<room>', 'its id or its six-character code')
    .addOption(new Option('--at <entry|time>', 'as it stood then; now where it is left out').argParser(place))
    .addOption(
      new Option('--as <viewer>', 'as a seat from 0 to 3 sees it, a spectator, or the operator, who sees every hand')
        .default('operator')
        .argParser(viewer),
    )
    .addOption(new Option('--entries <n>', 'entries of its history').default(ENTRIES).argParser(wholeNumber(0, 1_000)))
    .option('--changes', 'also what each of those entries changed')
    .option('--reveal', 'also the seed of a game that is not over: all hands to come follow from it')
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- show A1B2C3
  npm run journal -- show A1B2C3 --at 40 --as 2           what seat 2 saw after entry 40
  npm run journal -- show A1B2C3 --at 2026-01-31T12:00:00Z --entries 3 --changes`,
    )
    .action(run(show));
};

interface Seen {
  readonly view: RoomView;
  readonly seed: string;
}

function show(tool: Tool, name: string, options: ShowOptions): Promise<Report> {
  return reading(tool, async (journal) => {
    const room = await findRoom(journal, tool, name);
    const head = await headOf(room);
    const seq = options.at === undefined ? head.seq : await seqOf(room, options.at);
    const reveal = options.reveal === true || isOver(room);
    const hold = await holdOf(journal, room);
    const found = await stateAt(tool, room, seq, options.as);
    const from = Math.max(head.anchorSeq + 1, seq - options.entries + 1);
    const entries: readonly Entry[] = options.entries === 0 ? [] : await room.reader.read(room.roomId, from, seq);
    const shown = entries.map((entry) => shownEntry(entry, reveal));

    const wrong = typeof found === 'string' ? [found] : [];
    const changed: ShownStep[] = [];
    if (options.changes === true && typeof found !== 'string') {
      const asked = { from, upTo: seq, viewer: options.as, reveal };
      for await (const step of steps(tool.definition, room, asked)) changed.push(step);
    }
    const seed = typeof found === 'string' ? null : reveal ? found.seed : HIDDEN;
    const at = entries.at(-1)?.at ?? head.at;
    const { row, archive } = room;
    const summary: (readonly [string, string])[] = [
      ['room', `${row?.code ?? '-'}  ${room.roomId}`],
      ['status', row?.status ?? 'in no list'],
      ['entries', entriesText(head)],
      ['shown', `after entry ${seq}, ${timeText(at)}, as ${viewerText(options.as)} sees it`],
      ['deadline', head.closed || head.nextDeadline === null ? 'none' : relativeText(head.nextDeadline, tool.now())],
      ['hold', hold === null ? 'none' : `${hold.kind} since ${timeText(hold.since)}: ${hold.why}`],
      ...(seed === null ? [] : [['seed', seed] as const]),
      ...(archive === null ? [] : [['archive', archive] as const]),
    ];
    return {
      lines: [
        ...sheet(summary),
        '',
        ...(typeof found === 'string' ? [found] : roomLines(found.view, tool.columns)),
        '',
        ...(options.changes === true && changed.length > 0
          ? changed.flatMap((step, index) => [
              ...historyLines([step], tool.columns).slice(index === 0 ? 0 : 1),
              ...step.changes.map((change) => `         ${changeText(change)}`),
            ])
          : historyLines(shown, tool.columns)),
      ],
      json: {
        roomId: room.roomId,
        row,
        head,
        hold,
        archive,
        seq,
        at,
        viewer: options.as,
        seed,
        state: typeof found === 'string' ? null : found.view,
        history: changed.length > 0 ? changed : shown,
        wrong,
      },
      exit: wrong.length === 0 ? EXIT.fine : EXIT.wrong,
    };
  });
}

/** @returns a sentence where the state can't be rebuilt */
async function stateAt(tool: Tool, { reader, roomId }: FoundRoom, seq: number, as: Viewer): Promise<Seen | string> {
  try {
    const recovered = await recover(reader, tool.definition, roomId, seq);
    if (recovered === null) return `Its state after entry ${seq} can't be rebuilt: what it follows from was compacted.`;
    const { snapshot } = recovered.runner;
    return { view: tool.definition.view(snapshot, as), seed: snapshot.context.seed };
  } catch (failure) {
    if (!(failure instanceof JournalCorrupt)) throw failure;
    return `Its state after entry ${seq} can't be rebuilt: ${failure.message}. An earlier one can: --at ${failure.seq - 1}.`;
  }
}

/** The game is over, and with it all that had to be hidden. */
export function isOver({ row }: FoundRoom): boolean {
  return row !== null && ['over', 'closed', 'archived'].includes(row.status);
}

async function holdOf(journal: JournalEngine, { roomId }: FoundRoom): Promise<HoldRow | null> {
  try {
    return await journal.row('holds', roomId);
  } catch (failure) {
    if (!(failure instanceof StoreFailure) || failure.code !== 'ROW_DAMAGED') throw failure;
    return { roomId, kind: 'quarantined', since: 0, why: 'what holds it is damaged on the disk', seq: null };
  }
}

function entriesText({ seq, anchorSeq, snapshotSeq, closed }: Awaited<ReturnType<typeof headOf>>): string {
  const cut = anchorSeq === 0 ? '' : `, of which ${anchorSeq} were compacted`;
  const saved = snapshotSeq === 0 ? 'no snapshot' : `newest snapshot at ${snapshotSeq}`;
  return `${seq}${cut}, ${saved}${closed ? ', takes no more' : ''}`;
}

function viewerText(as: Viewer): string {
  return typeof as === 'number' ? `seat ${as}` : `the ${as}`;
}
