import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JournalEngine, JournalWriter, Outcome, StreamHead } from './journal.js';
import { readRoomFile, RoomFileDamaged, writeRoomFile } from './room-file.js';
import { RoomFileReader } from './room-file-reader.js';
import type { RoomRow } from './rows.js';

export interface ArchiveOptions {
  readonly engine: JournalEngine;
  readonly journal: JournalWriter;
  readonly folder: string; // the data folder; archives stand in `archive/<YYYY-MM>/<roomId>.jsonl.gz` under it
  readonly now: () => number; // ms since the epoch
}

/**
 * Moves a closed room from the journal to a file: written, read back and compared, and only then removed from the
 * journal in pieces; at last its row says `archived`, which frees its code.
 *
 * Stopped anywhere, the next call goes on: until the file is proven nothing was removed, and once it is, it is not
 * written again, so a stream that is half removed can't overwrite it.
 * @returns the file
 * @throws where a step fails; the room is then as it was before that step
 */
export async function archiveRoom(options: ArchiveOptions, room: RoomRow): Promise<string> {
  const { engine } = options;
  const { roomId } = room;
  const [head] = await engine.heads([roomId]);
  if (head !== undefined && !head.closed)
    throw new Error(`Room ${roomId} is closed by its row, and its stream is open`);
  const file = await provenFile(options, room, head);
  while ((await engine.removeStream(roomId)) > 0);
  await setArchived(options.journal, roomId);
  return file;
}

/** The archived room's file, in whatever month it is; null where there is none. */
export async function findArchived(folder: string, roomId: string): Promise<string | null> {
  // Room ids are ours and hold no separators; one that does could only name a file outside the archive.
  if (!/^[\w-]+$/.test(roomId)) return null;
  const root = join(folder, 'archive');
  for (const month of (await listOf(root)).sort().reverse()) {
    const file = join(root, month, `${roomId}.jsonl.gz`);
    if (await exists(file)) return file;
  }
  return null;
}

/** By the month in which the room ended, so that a second try finds the same place. */
function archivePath(folder: string, { roomId, updatedAt }: RoomRow): string {
  return join(folder, 'archive', new Date(updatedAt).toISOString().slice(0, 7), `${roomId}.jsonl.gz`);
}

/** A file that was read back and holds the stream to its end. */
async function provenFile(
  { engine, folder, now }: ArchiveOptions,
  room: RoomRow,
  head: StreamHead | undefined,
): Promise<string> {
  const { roomId } = room;
  const known = await findArchived(folder, roomId);
  if (known !== null && (await holds(known, roomId, head))) return known;
  if (head === undefined) {
    throw new Error(`Room ${roomId} is closed, its stream is gone, and ${known ?? 'no file'} in the archive holds it`);
  }
  const file = archivePath(folder, room);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeRoomFile(engine, roomId, file, now());
  const reader = new RoomFileReader(await readRoomFile(file));
  if (reader.head.hash !== head.hash) throw new Error(`${file} does not end where the stream of room ${roomId} ends`);
  return file;
}

/** Whether a file from an earlier try may stand for the stream. One that is damaged may not: it is written anew. */
async function holds(file: string, roomId: string, head: StreamHead | undefined): Promise<boolean> {
  try {
    const reader = await RoomFileReader.open(file);
    return reader.room.roomId === roomId && (head === undefined || reader.head.hash === head.hash);
  } catch (error) {
    if (error instanceof RoomFileDamaged) return false;
    throw error;
  }
}

async function setArchived(journal: JournalWriter, roomId: string): Promise<void> {
  const outcome = await new Promise<Outcome>((resolve) => {
    journal.append(
      {
        roomId,
        expectedSeq: null,
        fence: 0,
        entry: null,
        snapshot: null,
        rows: [{ kind: 'put', table: 'rooms', key: roomId, values: { status: 'archived' } }],
        closes: false,
      },
      resolve,
    );
  });
  if (outcome.kind === 'committed') return;
  const why = outcome.kind === 'aborted' ? outcome.reason : 'its row was refused';
  throw new Error(`Room ${roomId} is in the archive, and its row could not say so: ${why}`);
}

async function listOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // nothing was archived yet
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
