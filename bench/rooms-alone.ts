// What recovery can't save on one thread: the same rooms rebuilt and moved in a loop by the product's own functions, from
// rows in memory, without threads, mailboxes, commits or timers. As cold as a start. Tells its parent how long it took.
import { readFileSync } from 'node:fs';
import { idempotencyKey } from '../actors/idempotency.js';
import { recover } from '../actors/recovery.js';
import { liapTui } from '../actors/room/liap-tui.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import { chainHash } from '../persistence/hash-chain.js';
import type { Entry, JournalReader, Snapshot } from '../persistence/journal.js';
import { JournalReader as Rows } from '../persistence/sqlite/journal-reader.js';
import { journalFile, openForReading } from '../persistence/sqlite/open.js';
import type { NextMove } from './room-history.js';

export interface RoomsAlone {
  readonly ms: number;
}

const file = journalFile(process.env['DATA_DIR']!);
const db = openForReading({ file, busyTimeoutMs: 2_000 });
const moves = JSON.parse(readFileSync(process.env['MOVES_FILE']!, 'utf8')) as [string, NextMove][];
const rows = new Rows(db);
const snapshots = new Map<string, Snapshot>();
const tails = new Map<string, readonly Entry[]>();
for (const [roomId] of moves) {
  const [snapshot] = rows.snapshots(roomId, Number.MAX_SAFE_INTEGER, 1);
  if (snapshot !== undefined) snapshots.set(roomId, snapshot);
  tails.set(roomId, rows.read(roomId, snapshot?.seq ?? 1, Number.MAX_SAFE_INTEGER));
}
db.close();

const inMemory: Pick<JournalReader, 'snapshots' | 'read'> = {
  snapshots: (roomId) => Promise.resolve([snapshots.get(roomId)].filter((found) => found !== undefined)),
  read: (roomId) => Promise.resolve(tails.get(roomId) ?? []),
};
const definition = liapTui();
const now = Date.now();
const startMs = performance.now();
const rooms = [];
for (const [roomId, { session, message }] of moves) {
  const recovered = await recover(inMemory as JournalReader, definition, roomId);
  const { runner, seq, at, hash } = recovered!;
  const key = idempotencyKey(session, 'after-the-start');
  const timed = { ...message, at: Math.max(now, at), key } as RoomMessage;
  const result = runner.step(timed);
  if (result.kind === 'refused') throw new Error(`${roomId}: ${result.sentence}`);
  const entry: Omit<Entry, 'hash'> = {
    ...{ roomId, seq: seq + 1, at: timed.at, outcome: 'applied', machineVersion: definition.version },
    message: JSON.stringify(timed),
    events: JSON.stringify(result.events),
    correlationId: `move-${roomId}`,
    nextDeadline: definition.deadline(runner.snapshot)?.at ?? null,
  };
  rooms.push({ runner, hash: chainHash(hash, entry) }); // all of them stay in memory, as in the server
}
const alone: RoomsAlone = { ms: performance.now() - startMs };
process.send!(alone, () => process.exit(0));
