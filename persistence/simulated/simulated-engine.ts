import { assertAppend } from '../append-check.js';
import { CHAIN_START } from '../hash-chain.js';
import {
  type Append,
  type Entry,
  type JournalEngine,
  type Outage,
  type Snapshot,
  StoreFailure,
  type StoreSize,
  type StreamHead,
  type StreamPage,
  type Verdict,
} from '../journal.js';
import { PAGE_ROWS_MAX, type PageOptions } from '../row-query.js';
import type { Query, QueryValues, RoomRow, RowOf, RowPage, Rows, Table } from '../rows.js';
import { SimulatedDisk, type SimulatedStream } from './simulated-disk.js';
import { compact, openAt, rebuildPlayers, removeStream, repairSnapshot, sizeOf } from './simulated-maintenance.js';

/** The part of a clock that the engine needs; `run` is called later, never before `schedule` returns. */
export interface SimulatedEngineClock {
  readonly schedule: (delayMs: number, run: () => void) => unknown;
}

export interface SimulatedEngineOptions {
  readonly commitDelayMs?: number; // what a commit, a mark or an outage takes, one behind the other
  readonly readDelayMs?: number;
}

export type CallKind = 'write' | 'read';

const COMMITTED: Verdict = { kind: 'committed' };

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
  #restarts = 0;
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

  /** A stored row is no longer as it was written. */
  damageRow(table: Table, key: string): void {
    this.#disk.rows.damage(table, key);
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

  /** What a disk does that goes bad: a stored entry is another one from now on. */
  tamper(roomId: string, seq: number, change: (entry: Entry) => Entry): void {
    const entries = this.#disk.streams.get(roomId)!.entries;
    const index = entries.findIndex((entry) => entry.seq === seq);
    entries[index] = change(entries[index]!);
  }

  tamperSnapshot(roomId: string, seq: number, change: (snapshot: Snapshot) => Snapshot): void {
    const { snapshots } = this.#disk.streams.get(roomId)!;
    snapshots.set(seq, change(snapshots.get(seq)!));
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

  streams(which: 'open' | 'all', cursor: number): Promise<StreamPage> {
    return this.#read(({ streams }) => {
      const page: SimulatedStream[] = [];
      for (const stream of streams.values()) {
        if (stream.key <= cursor || (which === 'open' && stream.closed)) continue;
        if (page.length === PAGE_ROWS_MAX) return { items: page.map(headOf), next: page.at(-1)!.key, damaged: [] };
        page.push(stream);
      }
      return { items: page.map(headOf), next: null, damaged: [] };
    });
  }

  read(roomId: string, from: number, to: number): Promise<readonly Entry[]> {
    return this.#read(({ streams }) => {
      const { entries, anchorSeq } = streams.get(roomId) ?? NO_STREAM;
      const first = Math.max(from - anchorSeq, 1) - 1;
      return entries.slice(first, Math.min(Math.max(to - anchorSeq, 0), first + PAGE_ROWS_MAX));
    });
  }

  seqAt(roomId: string, at: number): Promise<number> {
    return this.#read(({ streams }) => {
      const { entries } = streams.get(roomId) ?? NO_STREAM;
      return entries.findLast((entry) => entry.at <= at)?.seq ?? 0;
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
    return this.#read(({ rows }) => rows.roomByCode(code));
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): Promise<RoomRow | null> {
    return this.#read(({ rows }) => rows.roomByCreation(creator, creationKey, createdSince));
  }

  row<T extends Table>(table: T, key: string): Promise<Rows[T] | null> {
    return this.#read(({ rows }) => rows.row(table, key));
  }

  select<Q extends Query>(query: Q, values: QueryValues<Q>, page: PageOptions = {}): Promise<RowPage<RowOf<Q>>> {
    return this.#read(({ rows }) => rows.select(query, values, page) as unknown as RowPage<RowOf<Q>>);
  }

  compact(roomId: string, throughSeq: number): Promise<number> {
    return this.#write(() => compact(this.#disk, roomId, throughSeq));
  }

  removeStream(roomId: string): Promise<number> {
    return this.#write(() => removeStream(this.#disk, roomId));
  }

  openAt(roomId: string, anchorSeq: number, anchorHash: string): Promise<Verdict> {
    return this.#write(() => openAt(this.#disk, roomId, anchorSeq, anchorHash));
  }

  repairSnapshot(snapshot: Snapshot): Promise<void> {
    return this.#write(() => repairSnapshot(this.#disk, snapshot));
  }

  rebuildPlayers(): Promise<number> {
    return this.#write(() => rebuildPlayers(this.#disk));
  }

  size(): Promise<StoreSize> {
    return this.#read(sizeOf);
  }

  /** Memory has no pages that could be wrong. */
  integrity(): Promise<readonly string[]> {
    return this.#read(() => []);
  }

  /** Keeps a copy of the disk under the name of the file, in `backups`. */
  backup(file: string, progress: (done: number) => void = () => undefined): Promise<void> {
    return this.#read((disk) => {
      if (disk.backups.has(file)) throw new StoreFailure('failed', 'FILE_EXISTS', `${file} is there already`);
      disk.backups.set(file, disk.copy());
      progress(1);
    });
  }

  get backups(): ReadonlyMap<string, SimulatedDisk> {
    return this.#disk.backups;
  }

  /** Nothing that is under way happens any more: writes are told that they may have, reads that they failed. */
  restart(): Promise<void> {
    if (this.#life === 'closed') return Promise.reject(closed());
    this.#restarts++;
    this.#isWriting = false;
    const message = 'The simulated store was started anew';
    for (const { reject } of this.#writes.splice(0)) reject(new StoreFailure('unknown', 'THREAD_ENDED', message));
    for (const read of this.#heldReads.splice(0)) read();
    return new Promise((resolve) => {
      this.#clock.schedule(this.#readDelayMs, () => {
        if (this.#life !== 'crashed') resolve();
      });
    });
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
    const restarts = this.#restarts;
    this.#clock.schedule(this.#commitDelayMs, () => {
      if (restarts === this.#restarts) this.#endWrite();
    });
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
    if (failure !== null) {
      reject(failure);
      return;
    }
    const answer = lost === 'notCommitted' ? () => undefined : outcomeOf(apply);
    if (lost !== undefined) reject(new StoreFailure('unknown', 'ANSWER_LOST', 'The simulated disk lost its answer'));
    else answer(resolve, reject);
  }

  #read<T>(query: (disk: SimulatedDisk) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#life === 'closed') {
        reject(closed());
        return;
      }
      const restarts = this.#restarts;
      const answer = (): void => {
        if (this.#life === 'crashed') return;
        if (restarts !== this.#restarts) {
          reject(new StoreFailure('failed', 'THREAD_ENDED', 'The simulated store was started anew'));
          return;
        }
        if (this.#isStalled) {
          this.#heldReads.push(answer);
          return;
        }
        const failure = this.#takeFailure('read');
        if (failure === null) resolve(attempt(() => query(this.#disk)));
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
      const isBuiltOnRefused = append.expectedSeq !== null && refused.has(append.roomId);
      if (isBuiltOnRefused || !fits(stream, append) || !disk.rows.change(append.rows)) {
        refused.add(append.roomId);
        return { kind: 'conflict', actualSeq: stream === undefined ? 0 : seqOf(stream) };
      }
      if (append.expectedSeq !== null) this.#store(stream ?? this.#newStream(append), append);
      return COMMITTED;
    });
    disk.aliveAt = Math.max(disk.aliveAt, aliveAt);
    return verdicts;
  }

  #newStream({ roomId, fence }: Append): SimulatedStream {
    const disk = this.#disk;
    const opened = { anchorSeq: 0, anchorHash: CHAIN_START, snapshotSeq: 0, fence, closed: false };
    const stream: SimulatedStream = { roomId, key: ++disk.lastKey, entries: [], snapshots: new Map(), ...opened };
    disk.streams.set(roomId, stream);
    return stream;
  }

  #store(stream: SimulatedStream, { fence, entry, snapshot, closes }: Append): void {
    const disk = this.#disk;
    stream.fence = fence;
    stream.closed = closes || (stream.closed && entry === null); // the entry of a closed stream opens it again
    if (snapshot !== null) {
      stream.snapshots.set(snapshot.seq, snapshot);
      stream.snapshotSeq = snapshot.seq;
    }
    if (entry === null) return;
    stream.entries.push(entry);
    disk.lastAt = Math.max(disk.lastAt, entry.at);
  }
}

const NO_STREAM: Pick<SimulatedStream, 'entries' | 'anchorSeq'> = { entries: [], anchorSeq: 0 };

function fits(stream: SimulatedStream | undefined, { expectedSeq, fence, entry }: Append): boolean {
  if (stream === undefined) return expectedSeq === null || expectedSeq === 0;
  if (stream.fence > fence) return false;
  const isOpen = !stream.closed || entry === null || entry.outcome === 'restored';
  return expectedSeq === null || (seqOf(stream) === expectedSeq && isOpen);
}

function seqOf({ anchorSeq, entries }: SimulatedStream): number {
  return anchorSeq + entries.length;
}

function headOf({ roomId, entries, anchorSeq, anchorHash, snapshotSeq, closed }: SimulatedStream): StreamHead {
  const { seq, at, hash, nextDeadline } = entries.at(-1) ?? {
    seq: anchorSeq,
    at: 0,
    hash: anchorHash,
    nextDeadline: null,
  };
  return { roomId, seq, at, hash, nextDeadline, snapshotSeq, closed, anchorSeq, anchorHash };
}

/** Runs a write, and gives the way to answer with what it returned or threw. */
function outcomeOf(apply: () => unknown): (resolve: Write['resolve'], reject: Write['reject']) => void {
  try {
    const value = apply();
    return (resolve) => resolve(value);
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return (_, reject) => reject(error);
  }
}

/** What a query throws is its answer. */
function attempt<T>(query: () => T): Promise<T> {
  return new Promise((resolve) => resolve(query()));
}

function closed(): StoreFailure {
  return new StoreFailure('failed', 'CLOSED', 'The journal is closed');
}
