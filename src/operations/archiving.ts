import { archiveRoom } from '../../persistence/archive.js';
import type { RoomRow, RowPage } from '../../persistence/rows.js';
import type { OperationContext, Progress } from './operation.js';

/** Rooms in a page: what is read at once while they are archived one by one. */
const PAGE_ROOMS = 100;
/** Of rooms that could not be archived so many are named. */
const NAMED_MAX = 20;

/** @returns the file, relative to nothing: as it was opened */
export function archiveOne({ engine, writer, dataDir, now }: OperationContext, room: RoomRow): Promise<string> {
  return archiveRoom({ engine, journal: writer, folder: dataDir, now }, room);
}

/**
 * Archives every closed room that is old enough now. One that can't be archived is named and left as it is.
 * @returns `entries` that the journal has no more
 */
export async function archiveDue(
  context: OperationContext,
  progress: Progress,
): Promise<{ readonly archived: number; readonly entries: number; readonly failed: readonly string[] }> {
  const { engine, now, retentionMs } = context;
  const before = now() - retentionMs;
  const failed: string[] = [];
  let [archived, entries] = [0, 0];
  for (let after: string | null = null; ; ) {
    const values = { status: 'closed' } as const;
    const page: RowPage<RoomRow> = await engine.select('roomsByUpdate', values, { after, limit: PAGE_ROOMS });
    for (const room of page.items) {
      if (room.updatedAt > before) return { archived, entries, failed }; // the rest is younger
      try {
        const [head] = await engine.heads([room.roomId]);
        await archiveOne(context, room);
        archived++;
        entries += head === undefined ? 0 : head.seq - head.anchorSeq;
      } catch (failure) {
        if (failed.length < NAMED_MAX) failed.push(`${room.roomId}: ${(failure as Error).message}`);
      }
      progress(0, `${archived} rooms archived`);
    }
    after = page.next;
    if (after === null) return { archived, entries, failed };
  }
}
