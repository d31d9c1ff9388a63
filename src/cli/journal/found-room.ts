import { findArchived } from '../../../persistence/archive.js';
import { type JournalEngine, StoreFailure, type JournalReader, type StreamHead } from '../../../persistence/journal.js';
import { RoomFileReader } from '../../../persistence/room-file-reader.js';
import type { RoomRow } from '../../../persistence/rows.js';
import { allRows } from '../../../actors/all-rows.js';
import type { Place } from './arguments.js';
import { BadArgument } from './exit.js';
import type { Tool } from './tool.js';

/** A room, wherever its history stands: in the journal, or in the file of an archived one. */
export interface FoundRoom {
  readonly roomId: string;
  readonly row: RoomRow | null; // null: it is in no list
  readonly reader: JournalReader;
  /** The last entry that was made at `at` or before; 0 where there is none. */
  readonly seqAt: (at: number) => Promise<number>;
  readonly archive: string | null; // the file
}

/** A room that is in the list, and whose history is nowhere. */
export class HistoryMissing extends Error {
  override readonly name = 'HistoryMissing';

  constructor(roomId: string, status: RoomRow['status']) {
    const place =
      status === 'archived' ? 'no file in the archive holds its history' : 'it has no history in the journal';
    super(`Room ${roomId} is listed as ${status}, and ${place}.`);
  }
}

const CODE = /^[0-9A-F]{6}$/i;

type FolderNamed = Pick<Tool, 'dataDir' | 'typed'>;

/**
 * @param name a room's id or its six-character code; a code that several rooms had is the newest one's
 * @throws BadArgument where there is none
 */
export async function findRoom(
  journal: JournalEngine,
  { dataDir, typed }: FolderNamed,
  name: string,
): Promise<FoundRoom> {
  const roomId = CODE.test(name) ? await idOfCode(journal, name.toUpperCase()) : name;
  const row = roomId === null ? null : await soundRow(journal, roomId);
  if (roomId !== null && (await hasStream(journal, roomId))) {
    return { roomId, row, reader: journal, seqAt: (at) => journal.seqAt(roomId, at), archive: null };
  }
  const file = roomId === null ? null : await findArchived(dataDir, roomId);
  if (roomId !== null && file !== null) {
    const reader = await RoomFileReader.open(file);
    const seqAt = (at: number): Promise<number> =>
      Promise.resolve(reader.room.entries.findLast((entry) => entry.at <= at)?.seq ?? 0);
    return { roomId, row: row ?? reader.room.rows.rooms, reader, seqAt, archive: file };
  }
  if (row !== null) throw new HistoryMissing(row.roomId, row.status);
  throw new BadArgument(
    `There is no room ${name} in ${dataDir}. A room is named by its id or its six-character code; ${typed('list')} shows them.`,
  );
}

/** The number of the entry at a place. @throws BadArgument where the room has none there */
export async function seqOf(room: FoundRoom, place: Place): Promise<number> {
  const head = await headOf(room);
  if (place.kind === 'seq') {
    if (place.seq <= head.seq && place.seq > head.anchorSeq) return place.seq;
    const from = head.anchorSeq === 0 ? '1' : `${head.anchorSeq + 1} (the ones in front were compacted)`;
    throw new BadArgument(`Room ${room.roomId} has no entry ${place.seq}; it has entries from ${from} to ${head.seq}.`);
  }
  const seq = await room.seqAt(place.at);
  if (seq > 0) return seq;
  const time = new Date(place.at).toISOString();
  throw new BadArgument(`Room ${room.roomId} has no entry at ${time} or before: it begins later.`);
}

/** Where a room's history stands. @throws StoreFailure with code ROW_DAMAGED where nothing says so */
export async function headOf({ reader, roomId }: FoundRoom): Promise<StreamHead> {
  const [head] = await reader.heads([roomId]);
  if (head === undefined) throw new BadArgument(`There is no room ${roomId}`);
  return head;
}

async function idOfCode(journal: JournalEngine, code: string): Promise<string | null> {
  const live = await journal.roomByCode(code);
  if (live !== null) return live.roomId;
  for await (const row of allRows(journal, 'roomsNewest', {}, () => undefined)) {
    if (row.status === 'archived' && row.code === code) return row.roomId;
  }
  return null;
}

async function soundRow(journal: JournalEngine, roomId: string): Promise<RoomRow | null> {
  try {
    return await journal.row('rooms', roomId);
  } catch (failure) {
    // The list is made from the journal: a room whose line is damaged can still be looked at.
    if (failure instanceof StoreFailure && failure.code === 'ROW_DAMAGED') return null;
    throw failure;
  }
}

/** Also where what says so is damaged. */
export async function hasStream(journal: JournalEngine, roomId: string): Promise<boolean> {
  try {
    return (await journal.heads([roomId])).length > 0;
  } catch (failure) {
    if (failure instanceof StoreFailure && failure.code === 'ROW_DAMAGED') return true;
    throw failure;
  }
}
