import type { RoomVerdict } from '../../../actors/verdict.js';
import { type JournalVerdict, verifyAll, verifyRoom } from '../../../actors/verification.js';
import type { JournalEngine } from '../../../persistence/journal.js';
import { type ArchiveVerdict, verifyArchive, verifyArchives } from './archives.js';
import type { CommandGroup } from './command-group.js';
import { BadArgument, EXIT } from './exit.js';
import { findRoom } from './found-room.js';
import { changeText } from './history.js';
import { operating } from './operate.js';
import { sheet } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText } from './units.js';

interface VerifyOptions {
  readonly all?: boolean;
  readonly repair?: boolean;
  readonly reveal?: boolean;
}

export const verifyCommands: CommandGroup = (program, run) => {
  program
    .command('verify')
    .description('checks what is stored and plays it again: is every byte as it was written, does the machine agree')
    .argument('[room]', 'its id or its six-character code')
    .option('--all', 'every room, the archived ones, the sums over players and the files themselves')
    .option('--repair', 'makes snapshots, lists and sums anew where the entries prove them wrong; never an entry')
    .option('--reveal', 'show hands and seeds in what differs')
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- verify A1B2C3
  npm run journal -- verify --all                         before a new version is started on the folder
  npm run journal -- verify --all --repair

A room is
  sound       as it was written, and the machine makes of it what it says
  repaired    sound again
  scarred     damaged somewhere in its past; a snapshot behind that carries it on
  damaged     wrong: restore it to an entry in front of the damage
  unverified  of a machine version that this program does not have
Exit code 1: something is neither sound nor repaired.`,
    )
    .action(run(verify));
};

function verify(tool: Tool, name: string | undefined, options: VerifyOptions): Promise<Report> {
  const { all = false } = options;
  if (all === (name !== undefined)) throw new BadArgument('Name one room, or all of them with --all.');
  return name === undefined ? verifyEverything(tool, options) : verifyOne(tool, name, options);
}

async function verifyOne(tool: Tool, name: string, { repair = false, reveal = false }: VerifyOptions): Promise<Report> {
  const { roomId, archive } = await reading(tool, (journal) => findRoom(journal, tool, name));
  if (archive !== null) {
    const verdict = await verifyArchive(tool.definition, roomId, archive);
    return { lines: archiveLines(verdict), json: { archive: verdict }, exit: exitOf(verdict) };
  }
  const look = (): Promise<RoomVerdict> =>
    reading(tool, (journal) => verifyRoom(journal, tool.definition, roomId, { reveal }));
  const before = await look();
  const repaired = repair && isWrong(before);
  if (repaired) await operating(tool, (operate) => operate('repair', { room: roomId }));
  const verdict = repaired ? await look() : before;
  return {
    lines: [...verdictLines(verdict, tool), ...(repaired ? repairLines(before, verdict) : [])],
    json: { room: verdict, ...(repaired && { before }) },
    exit: exitOf(verdict),
  };
}

interface Everything {
  readonly journal: JournalVerdict;
  readonly wrong: readonly RoomVerdict[];
  readonly archives: readonly ArchiveVerdict[];
}

async function verifyEverything(tool: Tool, { repair = false, reveal = false }: VerifyOptions): Promise<Report> {
  const look = (): Promise<Everything> => reading(tool, (journal) => everything(tool, journal, reveal));
  const before = await look();
  const repairs = repair && (before.wrong.length > 0 || before.journal.players.wrongCount > 0);
  const refused: string[] = [];
  if (repairs) {
    await operating(tool, async (operate) => {
      for (const { roomId } of before.wrong) {
        await operate('repair', { room: roomId }).catch((error: unknown) => {
          refused.push(`Room ${roomId} could not be repaired: ${(error as Error).message}`);
        });
      }
      if (before.journal.players.wrongCount > 0) await operate('rebuild-statistics', {});
    });
  }
  const { journal, wrong, archives } = repairs ? await look() : before;
  const broken = archives.filter(isWrong);
  const { players, store } = journal;
  const isSound = journal.sound && wrong.length === 0 && broken.length === 0;
  return {
    lines: [
      ...wrong.flatMap((verdict) => [...verdictLines(verdict, tool), '']),
      ...broken.flatMap((verdict) => [...archiveLines(verdict), '']),
      ...store,
      ...(players.wrongCount === 0 ? [] : [`The sums of ${countText(players.wrongCount, 'player')} are wrong.`]),
      ...refused,
      ...(repairs
        ? [`Repaired: ${before.wrong.length - wrong.length} of ${countText(before.wrong.length, 'room')}`]
        : []),
      `${countText(journal.rooms, 'room')} checked: ${kindsText(journal)}` +
        (archives.length === 0 ? '' : `; ${archives.length} in the archive, ${broken.length} of those damaged`),
      isSound ? 'The journal is sound.' : 'Something is wrong.',
    ],
    json: { sound: isSound, journal, wrong, archives: broken, archivesChecked: archives.length, refused },
    exit: isSound ? EXIT.fine : EXIT.wrong,
  };
}

/** @throws StoreFailure */
async function everything(tool: Tool, journal: JournalEngine, reveal: boolean): Promise<Everything> {
  const { definition, dataDir, progress } = tool;
  const wrong: RoomVerdict[] = [];
  try {
    const verdict = await verifyAll(journal, definition, {
      reveal,
      onRoom: (room) => {
        if (isWrong(room)) wrong.push(room);
      },
      onProgress: (done, rooms) => progress.tell(done / rooms, `${done} of ${countText(rooms, 'room')}`),
    });
    const archives = await verifyArchives(journal, definition, dataDir, (done) =>
      progress.tell(1, countText(done, 'archived room')),
    );
    return { journal: verdict, wrong, archives };
  } finally {
    progress.end();
  }
}

function isWrong({ kind }: { readonly kind: RoomVerdict['kind'] }): boolean {
  return kind !== 'sound' && kind !== 'repaired';
}

function exitOf(verdict: { readonly kind: RoomVerdict['kind'] }): typeof EXIT.fine | typeof EXIT.wrong {
  return isWrong(verdict) ? EXIT.wrong : EXIT.fine;
}

function verdictLines(verdict: RoomVerdict, { typed }: Pick<Tool, 'typed'>): string[] {
  const { roomId, kind, seq, integrity, replay, projection, restoreBefore, sentences } = verdict;
  const { difference } = replay;
  return [
    ...sheet([
      ['room', roomId],
      ['verdict', kind],
      ['entries', `${integrity.entries} read, the last is ${seq}; ${countText(integrity.snapshots, 'snapshot')}`],
      ['replayed', `${countText(replay.recomputed, 'entry', 'entries')}, through ${replay.through}`],
      ['rows', projection.unknown ? 'could not be compared' : `${projection.checked} compared`],
    ]),
    ...sentences.map((sentence) => `- ${sentence}`),
    ...(difference === null ? [] : [`- First difference: entry ${difference.seq}, ${difference.why}`]),
    ...(difference?.changes ?? []).map((change) => `    ${changeText(change)}`),
    ...(restoreBefore !== null && restoreBefore > 1
      ? [`- What helps: ${typed(`restore ${roomId} --to ${restoreBefore - 1}`)}`]
      : []),
  ];
}

function repairLines(before: RoomVerdict, after: RoomVerdict): string[] {
  const left = new Set(after.sentences);
  const mended = before.sentences.filter((sentence) => !left.has(sentence));
  return mended.length === 0 ? ['Nothing could be repaired.'] : mended.map((sentence) => `Repaired: ${sentence}`);
}

function archiveLines({ roomId, kind, file, entries, sentences }: ArchiveVerdict): string[] {
  return [
    ...sheet([
      ['room', roomId],
      ['verdict', kind],
      ['archive', file ?? 'none'],
      ['replayed', countText(entries, 'entry', 'entries')],
    ]),
    ...sentences.map((sentence) => `- ${sentence}`),
  ];
}

function kindsText({ kinds, rooms }: JournalVerdict): string {
  const found = Object.entries(kinds).filter(([, count]) => count > 0);
  return rooms === 0 ? 'there are none' : found.map(([kind, count]) => `${count} ${kind}`).join(', ');
}
