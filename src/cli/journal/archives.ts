import { JournalCorrupt, replay } from '../../../actors/recovery.js';
import type { LiapTui } from '../../../actors/room/liap-tui.js';
import type { RoomVerdict } from '../../../actors/verdict.js';
import { findArchived } from '../../../persistence/archive.js';
import type { JournalEngine } from '../../../persistence/journal.js';
import { RoomFileDamaged } from '../../../persistence/room-file.js';
import { RoomFileReader } from '../../../persistence/room-file-reader.js';
import type { RoomRow } from '../../../persistence/rows.js';
import { allRows } from '../../../actors/all-rows.js';
import { hasStream } from './found-room.js';

/** What a check of a room found whose history is not in the journal. */
export interface ArchiveVerdict {
  readonly roomId: string;
  readonly kind: Extract<RoomVerdict['kind'], 'sound' | 'damaged' | 'unverified'>;
  readonly file: string | null; // null: there is none
  readonly entries: number; // played again
  readonly sentences: readonly string[];
}

/** Reads an archived room's file whole, and plays its entries again. */
export async function verifyArchive(definition: LiapTui, roomId: string, file: string | null): Promise<ArchiveVerdict> {
  if (file === null) {
    return { roomId, kind: 'damaged', file, entries: 0, sentences: ['Its file is not in the archive'] };
  }
  let entries = 0;
  try {
    const reader = await RoomFileReader.open(file);
    for await (const { entry } of replay(reader, definition, roomId)) entries = entry.seq - reader.head.anchorSeq;
    if (entries > 0) return { roomId, kind: 'sound', file, entries, sentences: [] };
    return { roomId, kind: 'damaged', file, entries, sentences: ['Its file holds nothing that can be played again'] };
  } catch (failure) {
    const { name, message } = failure as Error;
    if (name === 'MachineVersionUnknown') return { roomId, kind: 'unverified', file, entries, sentences: [message] };
    if (!(failure instanceof JournalCorrupt) && !(failure instanceof RoomFileDamaged)) throw failure;
    return { roomId, kind: 'damaged', file, entries, sentences: [message] };
  }
}

/** All rooms that are listed and have no history in the journal: archived ones, and ones whose history was lost. */
export async function verifyArchives(
  journal: JournalEngine,
  definition: LiapTui,
  dataDir: string,
  progress: (done: number) => void,
): Promise<readonly ArchiveVerdict[]> {
  const verdicts: ArchiveVerdict[] = [];
  for await (const { roomId, status } of allRows(journal, 'roomsNewest', {}, () => undefined)) {
    if (await hasStream(journal, roomId)) continue;
    // A room that is archived at this moment loses its history in the journal before its row says so.
    const file = await findArchived(dataDir, roomId);
    const isLost = file === null && status !== 'archived';
    const verdict = isLost ? lost(roomId, status) : await verifyArchive(definition, roomId, file);
    verdicts.push(verdict);
    progress(verdicts.length);
  }
  return verdicts;
}

function lost(roomId: string, status: RoomRow['status']): ArchiveVerdict {
  const sentence = `It is listed as ${status}, and has no history in the journal`;
  return { roomId, kind: 'damaged', file: null, entries: 0, sentences: [sentence] };
}
