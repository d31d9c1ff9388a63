import type { Append, JournalEngine } from './journal.js';
import { readRoomFile, type RoomFile } from './room-file.js';
import type { RowChange } from './rows.js';

/** A room that can't be taken in; the message is a sentence for the operator. */
export class ImportRefused extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'ImportRefused';
  }
}

/** Entries in a transaction: few enough that the rooms beside it do not wait long. */
const BATCH_ENTRIES = 200;

/**
 * Takes a room's file into a store. Its rows come with the last entry, so a room whose import was cut off is in no
 * list; the same file imported again goes on where it stopped. Sums over players are not touched: `rebuildPlayers`
 * makes them where the room's seats are new in this store.
 * @returns the room's id
 * @throws RoomFileDamaged naming the line
 * @throws ImportRefused where the room or its code is there already
 */
export async function importRoom(engine: JournalEngine, file: string): Promise<string> {
  const room = await readRoomFile(file);
  const start = await startOf(engine, room);
  const appends = appendsOf(room, start);
  for (let from = 0; from < appends.length; from += BATCH_ENTRIES) {
    const batch = appends.slice(from, from + BATCH_ENTRIES);
    const verdicts = await engine.commit(batch, 0);
    const refused = verdicts.findIndex(({ kind }) => kind !== 'committed');
    if (refused === -1) continue;
    throw new ImportRefused(
      `Room ${room.roomId} changed while it was imported, at entry ${batch[refused]!.expectedSeq}`,
    );
  }
  return room.roomId;
}

/**
 * Opens the stream where there is none.
 * @returns the last entry that is there already
 */
async function startOf(engine: JournalEngine, room: RoomFile): Promise<number> {
  const { roomId, anchorSeq, anchorHash, entries } = room;
  const [head] = await engine.heads([roomId]);
  const known = await engine.row('rooms', roomId);
  if (head !== undefined) {
    const hash = head.seq === anchorSeq ? anchorHash : entries[head.seq - anchorSeq - 1]?.hash;
    const isCutOff = known === null || known.status === 'archived';
    if (!isCutOff || head.closed || head.anchorSeq !== anchorSeq || head.hash !== hash) {
      throw new ImportRefused(`Room ${roomId} is in the journal already, with ${head.seq} entries`);
    }
  }
  await assertCodeIsFree(engine, room);
  if (head !== undefined) return head.seq;
  if (anchorSeq > 0) {
    const verdict = await engine.openAt(roomId, anchorSeq, anchorHash);
    if (verdict.kind !== 'committed') throw new ImportRefused(`Room ${roomId} is in the journal already`);
  }
  return anchorSeq;
}

async function assertCodeIsFree(engine: JournalEngine, { roomId, rows }: RoomFile): Promise<void> {
  if (rows.rooms === null || rows.rooms.status === 'archived') return;
  const { code } = rows.rooms;
  const owner = await engine.roomByCode(code);
  if (owner === null || owner.roomId === roomId) return;
  throw new ImportRefused(`The code ${code} of room ${roomId} is in use by room ${owner.roomId}`);
}

function appendsOf({ roomId, anchorSeq, closed, rows, entries, snapshots }: RoomFile, start: number): Append[] {
  const bySeq = new Map(snapshots.map((snapshot) => [snapshot.seq, snapshot]));
  const plain = { roomId, fence: 0, rows: [], closes: false };
  const appends: Append[] = [];
  const first = bySeq.get(anchorSeq);
  if (first !== undefined && start === anchorSeq) {
    appends.push({ ...plain, expectedSeq: anchorSeq, entry: null, snapshot: first });
  }
  for (const entry of entries) {
    if (entry.seq <= start) continue;
    appends.push({ ...plain, expectedSeq: entry.seq - 1, entry, snapshot: bySeq.get(entry.seq) ?? null });
  }
  const last = appends.pop();
  const changes = rowChanges(rows);
  // All entries are there: what is left are the rows.
  if (last === undefined)
    return [{ ...plain, expectedSeq: start, entry: null, snapshot: null, rows: changes, closes: closed }];
  return [...appends, { ...last, rows: changes, closes: closed }];
}

function rowChanges({ rooms, games, gamePlayers }: RoomFile['rows']): RowChange[] {
  return [
    ...(rooms === null ? [] : [{ kind: 'put', table: 'rooms', key: rooms.roomId, values: rooms } as const]),
    ...(games === null ? [] : [{ kind: 'put', table: 'games', key: games.roomId, values: games } as const]),
    ...gamePlayers.map((row) => ({ kind: 'put', table: 'gamePlayers', key: row.id, values: row }) as const),
  ];
}
