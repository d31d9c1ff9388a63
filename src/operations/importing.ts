import { writeRows } from '../../actors/appends.js';
import { releaseRow } from '../../actors/holds.js';
import { OperationRefused } from '../../actors/operation-refused.js';
import { importRoom, ImportRefused } from '../../persistence/import-room.js';
import { readRoomFile, type RoomFile, RoomFileDamaged } from '../../persistence/room-file.js';
import type { HoldRow } from '../../persistence/rows.js';
import { type JsonObject, type Performance, TargetUnknown } from './operation.js';
import { importPath } from './operation-files.js';

/**
 * Takes a room's file into the journal. A room that was not closed comes paused since its export: its clocks stood
 * still on the way, and its players find it again when an operator resumes it.
 */
export async function importFile(performance: Performance, name: string): Promise<JsonObject> {
  const file = importPath(performance, name);
  const room = await refusing(file, () => readRoomFile(file));
  const { roomId, closed, entries } = room;
  const hold = closed ? null : await holdFirst(performance, room);
  try {
    await refusing(file, () => importRoom(performance.engine, file));
  } catch (failure) {
    if (hold !== null) await dropHold(performance, roomId);
    throw failure;
  }
  if (hold !== null) await performance.rooms.operations.adopt(hold);
  return { room: roomId, entries: entries.length, paused: hold !== null };
}

/** Durable before the room is: a start of the process in between would let it run. Null where the room is here already. */
async function holdFirst({ engine, writer, now }: Performance, room: RoomFile): Promise<HoldRow | null> {
  const { roomId, exportedAt } = room;
  const known = await engine.row('rooms', roomId);
  if (known !== null && known.status !== 'archived') return null;
  const hold: HoldRow = {
    roomId,
    kind: 'paused',
    since: Math.min(exportedAt, now()),
    why: 'it was imported',
    seq: null,
  };
  const isDurable = await writeRows(writer, roomId, [{ kind: 'put', table: 'holds', key: roomId, values: hold }]);
  if (!isDurable) throw new OperationRefused('The store is away: nothing was imported');
  return hold;
}

/** Entries that did get in stay held: the same file imported again goes on behind them. */
async function dropHold({ engine, writer }: Performance, roomId: string): Promise<void> {
  const [head] = await engine.heads([roomId]);
  if (head === undefined) await writeRows(writer, roomId, [releaseRow(roomId)]);
}

/** What a file can be to blame for is the operator's to know, in a sentence. */
async function refusing<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') throw new TargetUnknown(`There is no file ${file}`);
    if (failure instanceof RoomFileDamaged || failure instanceof ImportRefused) {
      throw new OperationRefused(failure.message, { cause: failure });
    }
    throw failure;
  }
}
