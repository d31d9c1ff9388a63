import { faultOf } from '../../actors/recovery.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { JournalEngine, Page, StreamHead } from '../../persistence/journal.js';
import type { JsonObject, Progress } from './operation.js';

export interface Compaction {
  readonly engine: JournalEngine;
  readonly definition: LiapTui;
  readonly keepSnapshots: number; // 2 at least: a damaged one falls back to the one in front
}

/** Of rooms that could not be compacted so many are named. */
const NAMED_MAX = 20;

/** Compacts one room, or all open ones. */
export async function compactRooms(
  compaction: Compaction,
  roomId: string | null,
  progress: Progress,
): Promise<JsonObject> {
  const skipped: string[] = [];
  let rooms = 0;
  let entries = 0;
  const compact = async (id: string): Promise<void> => {
    const { removed, why } = await compactRoom(compaction, id);
    if (why !== null && skipped.length < NAMED_MAX) skipped.push(`${id}: ${why}`);
    if (removed > 0) rooms++;
    entries += removed;
  };
  if (roomId !== null) await compact(roomId);
  for (let cursor: number | null = roomId === null ? 0 : null; cursor !== null; ) {
    const page: Page<StreamHead> = await compaction.engine.streams('open', cursor);
    for (const [index, head] of page.items.entries()) {
      await compact(head.roomId);
      progress(index / page.items.length, `${rooms} rooms compacted, ${entries} rows removed`);
    }
    cursor = page.next;
  }
  return { rooms, removed: entries, skipped };
}

/**
 * Removes what stands in front of the kept snapshots of a room, in pieces. Nothing is removed unless each of those
 * snapshots is sound: afterwards the room can't be rebuilt without them.
 * @returns how many rows went, and why none may, where that is so
 */
async function compactRoom(
  { engine, definition, keepSnapshots }: Compaction,
  roomId: string,
): Promise<{ readonly removed: number; readonly why: string | null }> {
  const kept = await engine.snapshots(roomId, Number.MAX_SAFE_INTEGER, keepSnapshots);
  if (kept.length < keepSnapshots) return { removed: 0, why: null };
  for (const snapshot of kept) {
    const fault = await faultOf(engine, definition, snapshot);
    if (fault !== null) return { removed: 0, why: `snapshot ${snapshot.seq}: ${fault}` };
  }
  const throughSeq = kept.at(-1)!.seq - 1;
  let removed = 0;
  for (let piece = 1; piece > 0; removed += piece) piece = await engine.compact(roomId, throughSeq);
  return { removed, why: null };
}
