import { assertAppend } from '../append-check.js';
import {
  type Append,
  type Entry,
  type JournalEngine,
  type Outage,
  type Page,
  type RoomRow,
  type RowChange,
  type Snapshot,
  StoreFailure,
  type StreamHead,
  type Verdict,
} from '../journal.js';
import { putRecord, type RoomRecord, toRoomRow } from '../room-record.js';

/** The part of a clock that the engine needs; `run` is called later, never before `schedule` returns. */
export interface SimulatedEngineClock {
  readonly schedule: (delayMs: number, run: () => void) => unknown;
}

export interface SimulatedEngineOptions {
  readonly commitDelayMs?: number; // what a commit, a mark or an outage takes, one behind the other
  readonly readDelayMs?: number;
}

export type CallKind = 'write' | 'read';

const PAGE_ROWS_MAX = 1_000;
const COMMITTED: Verdict = { kind: 'committed' };

interface Stream {
  readonly roomId: string;
  readonly key: number;
  readonly entries: Entry[]; // entry `seq` stands at index seq - 1
  readonly snapshots: Map<number, Snapshot>;
  snapshotSeq: number;
  fence: number;
  closed: boolean;
}

/** What is durable. It outlives an engine, as a disk outlives a process. */
export class SimulatedDisk {
  readonly streams = new Map<string, Stream>(); // in order of creation
  readonly rooms = new Map<string, RoomRecord>();
  readonly roomIdsByCode = new Map<string, string>(); // of rooms that are not archived
  readonly outages = new Map<number, Outage>(); // by `from`
  aliveAt = 0;
  lastAt = 0;
}

interface Write {
  readonly apply: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: StoreFailure) => void;
}

/**
 * The journal in memory under a virtual clock: the same contract as the other engines, with a disk that fails, stalls
 * and forgets on request. Entries and snapshots are kept as they come, not copied: they are immutable.
 */
export class SimulatedEngine implements JournalEngine {
  readonly #clock: SimulatedEngineClock;
  readonly #commitDelayMs: number;
  readonly #readDelayMs: number;
  readonly #disk: SimulatedDisk;
  readonly #writes: Write[] = []; // the first one is under way
  #heldReads: (() => void)[] = [];
  #isWriting = false;
  #isStalled = false;
  #life: 'open' | 'closed' | 'crashed' = 'open';
  readonly #failures: Record<CallKind, { count: number; code: string }> = {
    write: { count: 0, code: '' },
    read: { count: 0, code: '' },
  };
  #lostAnswers: ('committed' | 'notCommitted')[] = [];

  constructor(clock: SimulatedEngineClock, options: SimulatedEngineOptions = {}, disk = new SimulatedDisk()) {
    this.#clock = clock;
    this.#commitDelayMs = options.commitDelayMs ?? 1;
    this.#readDelayMs = options.readDelayMs ?? 0;
    this.#disk = disk;
  }

  /** The next `count` writes (or reads) fail and write nothing. */
  failNext(count: number, code: string, kind: CallKind = 'write'): void {
    this.#failures[kind] = { count, code };
  }

  /** The next write's answer is lost (outcome `unknown`), with or without the write itself. Queues up when repeated. */
  loseNextAnswer(what: 'committed' | 'notCommitted'): void {
    this.#lostAnswers.push(what);
  }

  /** Nothing is answered and nothing gets durable until `resume`. */
  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    const reads = this.#heldReads;
    this.#heldReads = [];
    for (const read of reads) read();
    this.#nextWrite();
  }

  /**
   * The process dies: this engine never answers again. What was not committed is gone; the write under way may have
   * reached the disk all the same.
   */
  crash(writeUnderWay: 'lost' | 'durable' = 'lost'): void {
    if (this.#life === 'open' && this.#isWriting && writeUnderWay === 'durable') this.#writes[0]?.apply();
    this.#life = 'crashed';
    this.#writes.length = 0;
    this.#heldReads = [];
  }

  /** A new engine on the same disk, as the next process opens it. */
  reopen(): SimulatedEngine {
    if (this.#life === 'open')
      throw new Error('The journal is open: end it by close or crash before it is opened again');
    const options = { commitDelayMs: this.#commitDelayMs, readDelayMs: this.#readDelayMs };
    return new SimulatedEngine(this.#clock, options, this.#disk);
  }

  /** The entries of a room that are durable at this moment, for oracles: takes no time and never fails. */
  durableEntries(roomId: string): readonly Entry[] {
    return this.#disk.streams.get(roomId)?.entries ?? [];
  }

  async commit(batch: readonly Append[], aliveAt: number): Promise<readonly Verdict[]> {
    batch.forEach(assertAppend);
    const given = [...batch];
    return this.#write(() => this.#commit(given, aliveAt));
  }

  markAlive(at: number): Promise<void> {
    return this.#write(() => {
      this.#disk.aliveAt = Math.max(this.#disk.aliveAt, at);
    });
  }

  recordOutage({ from, to }: Outage): Promise<void> {
    return this.#write(() => {
      const { outages } = this.#disk;
      outages.set(from, { from, to: Math.max(to, outages.get(from)?.to ?? to) });
    });
  }

  heads(roomIds: readonly string[]): Promise<readonly StreamHead[]> {
    return this.#read(({ streams }) =>
      roomIds.flatMap((roomId) => {
        const stream = streams.get(roomId);
        return stream === undefined ? [] : [headOf(stream)];
      }),
    );
  }

  openStreams(cursor: number): Promise<Page<StreamHead>> {
    return this.#read(({ streams }) => {
      const page: Stream[] = [];
      for (const stream of streams.values()) {
        if (stream.key <= cursor || stream.closed) continue;
        if (page.length === PAGE_ROWS_MAX) return { items: page.map(headOf), next: page.at(-1)!.key };
        page.push(stream);
      }
      return { items: page.map(headOf), next: null };
    });
  }

  read(roomId: string, from: number, to: number): Promise<readonly Entry[]> {
    return this.#read(({ streams }) => {
      const first = Math.max(from, 1) - 1;
      return streams.get(roomId)?.entries.slice(first, Math.min(Math.max(to, 0), first + PAGE_ROWS_MAX)) ?? [];
    });
  }

  snapshots(roomId: string, atMost: number, limit: number): Promise<readonly Snapshot[]> {
    return this.#read(({ streams }) =>
      [...(streams.get(roomId)?.snapshots.values() ?? [])]
        .filter(({ seq }) => seq <= atMost)
        .sort((a, b) => b.seq - a.seq)
        .slice(0, limit),
    );
  }

  marks(): Promise<{ readonly aliveAt: number; readonly lastAt: number }> {
    return this.#read(({ aliveAt, lastAt }) => ({ aliveAt, lastAt }));
  }

  outages(): Promise<readonly Outage[]> {
    return this.#read(({ outages }) => [...outages.values()].sort((a, b) => a.from - b.from));
  }

  roomByCode(code: string): Promise<RoomRow | null> {
    return this.#read(({ roomIdsByCode, rooms }) => {
      const roomId = roomIdsByCode.get(code);
      return roomId === undefined ? null : toRoomRow(rooms.get(roomId)!);
    });
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): Promise<RoomRow | null> {
    return this.#read(({ rooms }) => {
      const [newest] = [...rooms.values()]
        .filter(
          (room) => room.creator === creator && room.creation_key === creationKey && room.created_at >= createdSince,
        )
        .sort((a, b) => b.created_at - a.created_at);
      return newest === undefined ? null : toRoomRow(newest);
    });
  }

  roomsByStatus(status: RoomRow['status'], limit: number): Promise<readonly RoomRow[]> {
    return this.#read(({ rooms }) =>
      [...rooms.values()]
        .filter((room) => room.status === status)
        .sort((a, b) => a.created_at - b.created_at || (a.room_id < b.room_id ? -1 : 1))
        .slice(0, limit)
        .map(toRoomRow),
    );
  }

  async close(): Promise<void> {
    if (this.#life !== 'open') return;
    // Behind all that was handed over. A fault that was meant for a later write ends here with the engine.
    await this.#write(() => undefined).catch(() => undefined);
    this.#life = 'closed';
  }

  #write<T>(apply: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#life === 'crashed') return;
      if (this.#life === 'closed') {
        reject(closed());
        return;
      }
      this.#writes.push({ apply, resolve: resolve as (value: unknown) => void, reject });
      this.#nextWrite();
    });
  }

  /** Starts the write that waits first. One is under way at a time, as on one connection. */
  #nextWrite(): void {
    if (this.#isWriting || this.#isStalled || this.#writes.length === 0) return;
    this.#isWriting = true;
    this.#clock.schedule(this.#commitDelayMs, () => this.#endWrite());
  }

  #endWrite(): void {
    this.#isWriting = false;
    // Stalled meanwhile: it starts again when the disk does.
    if (this.#isStalled || this.#life === 'crashed') return;
    const write = this.#writes.shift()!;
    this.#settle(write);
    this.#nextWrite();
  }

  #settle({ apply, resolve, reject }: Write): void {
    const failure = this.#takeFailure('write');
    const lost = failure === null ? this.#lostAnswers.shift() : undefined;
    const value = failure !== null || lost === 'notCommitted' ? undefined : apply();
    if (failure !== null) reject(failure);
    else if (lost !== undefined)
      reject(new StoreFailure('unknown', 'ANSWER_LOST', 'The simulated disk lost its answer'));
    else resolve(value);
  }

  #read<T>(query: (disk: SimulatedDisk) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#life === 'closed') {
        reject(closed());
        return;
      }
      const answer = (): void => {
        if (this.#life === 'crashed') return;
        if (this.#isStalled) {
          this.#heldReads.push(answer);
          return;
        }
        const failure = this.#takeFailure('read');
        if (failure === null) resolve(query(this.#disk));
        else reject(failure);
      };
      this.#clock.schedule(this.#readDelayMs, answer);
    });
  }

  #takeFailure(kind: CallKind): StoreFailure | null {
    const failure = this.#failures[kind];
    if (failure.count === 0) return null;
    failure.count--;
    return new StoreFailure('failed', failure.code, `The simulated disk refused a ${kind}: ${failure.code}`);
  }

  #commit(batch: readonly Append[], aliveAt: number): Verdict[] {
    const disk = this.#disk;
    const refused = new Set<string>();
    const verdicts = batch.map((append): Verdict => {
      const stream = disk.streams.get(append.roomId);
      const conflict: Verdict = { kind: 'conflict', actualSeq: stream?.entries.length ?? 0 };
      if (refused.has(append.roomId) || !this.#fits(stream, append) || !this.#changeRows(append.rows)) {
        refused.add(append.roomId);
        return conflict;
      }
      this.#store(stream, append);
      return COMMITTED;
    });
    disk.aliveAt = Math.max(disk.aliveAt, aliveAt);
    return verdicts;
  }

  #fits(stream: Stream | undefined, { expectedSeq, fence, entry }: Append): boolean {
    if (stream === undefined) return expectedSeq === 0;
    return stream.entries.length === expectedSeq && stream.fence <= fence && !(stream.closed && entry !== null);
  }

  #store(known: Stream | undefined, { roomId, fence, entry, snapshot, closes }: Append): void {
    const disk = this.#disk;
    let stream = known;
    if (stream === undefined) {
      const key = disk.streams.size + 1;
      stream = { roomId, key, entries: [], snapshots: new Map(), snapshotSeq: 0, fence, closed: false };
      disk.streams.set(roomId, stream);
    }
    stream.fence = fence;
    stream.closed ||= closes;
    if (snapshot !== null) {
      stream.snapshots.set(snapshot.seq, snapshot);
      stream.snapshotSeq = snapshot.seq;
    }
    if (entry === null) return;
    stream.entries.push(entry);
    disk.lastAt = Math.max(disk.lastAt, entry.at);
  }

  /** @returns whether the rows took the changes; if not, none of them is left */
  #changeRows(rows: readonly RowChange[]): boolean {
    const before: [string, RoomRecord | undefined][] = [];
    for (const row of rows) {
      const old = this.#disk.rooms.get(row.key);
      const record = row.kind === 'delete' ? undefined : putRecord(row.key, old, row.values);
      const owner = record === undefined ? undefined : this.#disk.roomIdsByCode.get(record.code);
      const isTaken = record?.status !== 'archived' && owner !== undefined && owner !== row.key;
      if (isTaken || (row.kind === 'put' && record === undefined)) {
        for (const [key, record] of before.reverse()) this.#setRoom(key, record);
        return false;
      }
      before.push([row.key, old]);
      this.#setRoom(row.key, record);
    }
    return true;
  }

  #setRoom(roomId: string, record: RoomRecord | undefined): void {
    const { rooms, roomIdsByCode } = this.#disk;
    const old = rooms.get(roomId);
    if (old !== undefined && roomIdsByCode.get(old.code) === roomId) roomIdsByCode.delete(old.code);
    if (record === undefined) {
      rooms.delete(roomId);
      return;
    }
    rooms.set(roomId, record);
    if (record.status !== 'archived') roomIdsByCode.set(record.code, roomId);
  }
}

function headOf({ roomId, entries, snapshotSeq, closed }: Stream): StreamHead {
  const { seq, at, hash, nextDeadline } = entries.at(-1)!; // a stream is opened by an entry
  return { roomId, seq, at, hash, nextDeadline, snapshotSeq, closed };
}

function closed(): StoreFailure {
  return new StoreFailure('failed', 'CLOSED', 'The journal is closed');
}
