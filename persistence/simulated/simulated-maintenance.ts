import { contentHash } from '../hash-chain.js';
import { type Snapshot, StoreFailure, type StoreSize, type Verdict } from '../journal.js';
import { rowAs } from '../row-change.js';
import type { GamePlayerRow, PlayerRow } from '../rows.js';
import type { SimulatedDisk, SimulatedStream } from './simulated-disk.js';

/** The twin of the SQLite writer's maintenance: the same pieces, in memory. */

const PIECE_ROWS_MAX = 500;

export function compact({ streams }: SimulatedDisk, roomId: string, throughSeq: number): number {
  const stream = streams.get(roomId);
  const kept = stream === undefined ? undefined : snapshotSeqs(stream).at(-2);
  return stream === undefined || kept === undefined ? 0 : cut(stream, Math.min(throughSeq, kept - 1));
}

export function removeStream({ streams }: SimulatedDisk, roomId: string): number {
  const stream = streams.get(roomId);
  if (stream === undefined) return 0;
  if (!stream.closed) throw new StoreFailure('failed', 'STREAM_OPEN', `The stream of room ${roomId} is not closed`);
  const entries = cut(stream, stream.anchorSeq + stream.entries.length);
  if (entries > 0) return entries;
  const snapshots = deleteSnapshots(stream, Number.MAX_SAFE_INTEGER);
  if (snapshots > 0) return snapshots;
  streams.delete(roomId);
  return 1;
}

export function openAt(disk: SimulatedDisk, roomId: string, anchorSeq: number, anchorHash: string): Verdict {
  const known = disk.streams.get(roomId);
  if (known !== undefined) return { kind: 'conflict', actualSeq: known.anchorSeq + known.entries.length };
  const opened = { anchorSeq, anchorHash, snapshotSeq: 0, fence: 0, closed: false };
  disk.streams.set(roomId, { roomId, key: ++disk.lastKey, entries: [], snapshots: new Map(), ...opened });
  return { kind: 'committed' };
}

export function repairSnapshot({ streams }: SimulatedDisk, snapshot: Snapshot): void {
  const { roomId, seq, state, stateHash, entryHash } = snapshot;
  const stream = streams.get(roomId);
  const stored = stream?.anchorSeq === seq ? stream.anchorHash : stream?.entries[seq - stream.anchorSeq - 1]?.hash;
  if (stream === undefined || stored !== entryHash || contentHash(state) !== stateHash) {
    const message = `The snapshot of entry ${seq} does not fit the stream of room ${roomId}`;
    throw new StoreFailure('failed', 'SNAPSHOT_REFUSED', message);
  }
  stream.snapshots.set(seq, snapshot);
  stream.snapshotSeq = Math.max(stream.snapshotSeq, seq);
}

export function rebuildPlayers({ rows }: SimulatedDisk): number {
  const seats = new Map<string, GamePlayerRow[]>();
  for (const row of rows.all('gamePlayers').map((row) => rowAs('gamePlayers', row))) {
    if (row.playerId === null || row.endedAt === null) continue;
    seats.set(row.playerId, [...(seats.get(row.playerId) ?? []), row]);
  }
  let wrong = 0;
  for (const { playerId } of rows.all('players').map((row) => rowAs('players', row))) {
    if (seats.has(playerId)) continue;
    rows.change([{ kind: 'delete', table: 'players', key: playerId }]);
    wrong++;
  }
  for (const [playerId, finished] of seats) {
    const values = sumOf(playerId, finished);
    if (rows.isSame('players', playerId, { ...values })) continue;
    rows.change([{ kind: 'put', table: 'players', key: playerId, values }]);
    wrong++;
  }
  return wrong;
}

export function sizeOf({ streams }: SimulatedDisk): StoreSize {
  let bytes = 0;
  let snapshots = 0;
  let entries = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const stream of streams.values()) {
    entries += stream.entries.length;
    snapshots += stream.snapshots.size;
    oldest = Math.min(oldest, stream.entries[0]?.at ?? oldest);
    for (const { message, events } of stream.entries) bytes += message.length + events.length;
    for (const { state } of stream.snapshots.values()) bytes += state.length;
  }
  const openStreams = [...streams.values()].filter(({ closed }) => !closed).length;
  const oldestEntryAt = Number.isFinite(oldest) ? oldest : null;
  return { bytes, logBytes: 0, freeBytes: 0, streams: streams.size, openStreams, entries, snapshots, oldestEntryAt };
}

function cut(stream: SimulatedStream, throughSeq: number): number {
  const count = Math.min(throughSeq - stream.anchorSeq, PIECE_ROWS_MAX);
  if (count <= 0) return deleteSnapshots(stream, stream.anchorSeq);
  const last = stream.entries.splice(0, count).at(-1)!;
  stream.anchorSeq = last.seq;
  stream.anchorHash = last.hash;
  return count;
}

function deleteSnapshots(stream: SimulatedStream, before: number): number {
  const seqs = snapshotSeqs(stream)
    .filter((seq) => seq < before)
    .slice(0, PIECE_ROWS_MAX);
  for (const seq of seqs) stream.snapshots.delete(seq);
  return seqs.length;
}

function snapshotSeqs({ snapshots }: SimulatedStream): number[] {
  return [...snapshots.keys()].sort((a, b) => a - b);
}

function sumOf(playerId: string, seats: readonly GamePlayerRow[]): PlayerRow {
  const sum = (member: 'won' | 'score' | 'perfectRounds' | 'turnsWon'): number =>
    seats.reduce((total, seat) => total + seat[member], 0);
  const newest = [...seats].sort((a, b) => a.endedAt! - b.endedAt! || (a.id < b.id ? -1 : 1)).at(-1)!;
  return {
    playerId,
    name: newest.name,
    games: seats.length,
    wins: sum('won'),
    score: sum('score'),
    perfectRounds: sum('perfectRounds'),
    turnsWon: sum('turnsWon'),
    lastPlayedAt: newest.endedAt!,
  };
}
