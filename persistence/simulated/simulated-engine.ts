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
  /** What a commit, a mark or an outage takes until it is in the log, one behind the other. */
  readonly commitDelayMs?: Delay;
  readonly syncDelayMs?: Delay; // then, until it is durable and readers see it; 0 by default: at once
  readonly answerDelayMs?: Delay; // then, until the caller hears of it; 0 by default: at once
  readonly readDelayMs?: Delay;
  /** Told of each step of each write, before what follows from it. The engine may be crashed from within. */
  readonly onStep?: (step: WriteStep, batch: readonly Append[]) => void;
  /** Told of what has just become durable, in order. */
  readonly onDurable?: (append: Append) => void;
}

/** In ms; a function is asked each time. */
type Delay = number | (() => number);

/** A write is handed over, stands in the log, is synced (durable), is answered. */
export type WriteStep = 'begun' | 'written' | 'synced' | 'answered';

/**
 * What becomes of a write that is not synced when its thread or the machine ends. The log keeps a transaction whole or
 * not at all: of a `torn` one a part reached the disk, and the next start cuts it off.
 */
export type Fate = 'lost' | 'torn' | 'durable';

export type CallKind = 'write' | 'read';

const COMMITTED: Verdict = { kind: 'committed' };
/** The code of a write whose sync fails, as SQLite's. */
const SYNC_FAILED = 'SQLITE_IOERR_FSYNC';

interface Write {
  readonly batch: readonly Append[]; // empty for what is no commit
  readonly apply: (disk: SimulatedDisk) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: StoreFailure) => void;
}

/**
 * The journal in memory under a virtual clock: the same contract as the other engines, with a disk that fails, stalls
 * and forgets on request. Entries and snapshots are kept as they come, not copied: they are immutable.
 */
export class SimulatedEngine implements JournalEngine {
  readonly #clock: SimulatedEngineClock;
  readonly #options: SimulatedEngineOptions;
  readonly #disk: SimulatedDisk;
  readonly #writes: Write[] = []; // the first one is under way
  #heldReads: (() => void)[] = [];
  #isWriting = false;
  #isSynced = false; // the write under way is durable, and its caller does not know yet
  #unsyncable: Write | null = null; // the last write, where its sync failed: its part of the log is still there
  #ending: Promise<void> | null = null; // of a writer that was given up inside a write
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
    this.#options = options;
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

  /** Nothing goes wrong any more, of what was ordered to. */
  heal(): void {
    this.failNext(0, '', 'write');
    this.failNext(0, '', 'read');
    this.#lostAnswers = [];
    this.resume();
  }

  /**
   * The process dies: this engine never answers again. What was not committed is gone; the write under way may have
   * reached the disk all the same.
   */
  crash(writeUnderWay: Fate = 'lost'): void {
    if (this.#life === 'open') this.#endUnsynced(writeUnderWay, this.#disk);
    this.#life = 'crashed';
    this.#writes.length = 0;
    this.#heldReads = [];
  }

  /** What a crash at this moment would leave on the disk, on a disk of its own. The engine goes on. */
  diskAfterCrash(writeUnderWay: Fate): SimulatedDisk {
    const disk = this.#disk.copy();
    this.#endUnsynced(writeUnderWay, disk);
    return disk;
  }

  /** Whether a write is under way that a crash may lose or keep. */
  get isUnsynced(): boolean {
    return (this.#isWriting && !this.#isSynced) || this.#unsyncable !== null;
  }

  /**
   * The writer's thread is given up inside its write: all writes end with an unknown outcome. It ends `endsAfterMs`
   * later; until then what it was writing may still become durable, and nobody is told where streams stand.
   */
  loseWriter(fate: Fate, endsAfterMs = 0): void {
    const [underWay] = this.#writes;
    const mayLand = this.#isWriting && !this.#isSynced && underWay !== undefined;
    this.#dropWrites('THREAD_ENDED', "The simulated store's writer ended");
    const end = (): void => {
      this.#ending = null;
      if (mayLand && fate === 'durable' && this.#life === 'open') this.#apply(underWay, this.#disk);
    };
    if (endsAfterMs === 0) {
      end();
      return;
    }
    this.#ending = new Promise((resolve) => {
      this.#clock.schedule(endsAfterMs, () => {
        end();
        resolve();
      });
    });
  }

  /** A new engine on the same disk, as the next process opens it. */
  reopen(): SimulatedEngine {
    if (this.#life === 'open')
      throw new Error('The journal is open: end it by close or crash before it is opened again');
    return new SimulatedEngine(this.#clock, this.#options, this.#disk);
  }

  /** The entries of a room that are durable at this moment, for oracles: takes no time and never fails. */
  durableEntries(roomId: string): readonly Entry[] {
    return this.#disk.streams.get(roomId)?.entries ?? [];
  }

  /** As `durableEntries`, of the rows of a table. */
  rowsNow<T extends Table>(table: T): readonly Rows[T][] {
    return this.#disk.rows.all(table) as unknown as readonly Rows[T][];
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
    return this.#write((disk) => this.#commit(given, aliveAt, disk), given);
  }

  markAlive(at: number): Promise<void> {
    return this.#write((disk) => {
      disk.aliveAt = Math.max(disk.aliveAt, at);
    });
  }

  recordOutage({ from, to }: Outage): Promise<void> {
    return this.#write(({ outages }) => {
      outages.set(from, { from, to: Math.max(to, outages.get(from)?.to ?? to) });
    });
  }

  async heads(roomIds: readonly string[]): Promise<readonly StreamHead[]> {
    // As the SQLite engine: the answer is final, so there is none while a write may still land.
    if (this.#ending !== null) throw new StoreFailure('failed', 'THREAD_ENDING', 'The simulated writer is ending');
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
    return this.#write((disk) => compact(disk, roomId, throughSeq));
  }

  removeStream(roomId: string): Promise<number> {
    return this.#write((disk) => removeStream(disk, roomId));
  }

  openAt(roomId: string, anchorSeq: number, anchorHash: string): Promise<Verdict> {
    return this.#write((disk) => openAt(disk, roomId, anchorSeq, anchorHash));
  }

  repairSnapshot(snapshot: Snapshot): Promise<void> {
    return this.#write((disk) => repairSnapshot(disk, snapshot));
  }

  rebuildPlayers(): Promise<number> {
    return this.#write((disk) => rebuildPlayers(disk));
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
    this.#dropWrites('THREAD_ENDED', 'The simulated store was started anew');
    for (const read of this.#heldReads.splice(0)) read();
    return new Promise((resolve) => {
      const answer = (): void => {
        this.#clock.schedule(delayOf(this.#options.readDelayMs, 0), () => {
          if (this.#life !== 'crashed') resolve();
        });
      };
      if (this.#ending === null) answer();
      else void this.#ending.then(answer);
    });
  }

  async close(): Promise<void> {
    if (this.#life !== 'open') return;
    // Behind all that was handed over. A fault that was meant for a later write ends here with the engine.
    await this.#write(() => undefined).catch(() => undefined);
    this.#life = 'closed';
  }

  #dropWrites(code: string, message: string): void {
    this.#restarts++;
    this.#isWriting = false;
    this.#isSynced = false;
    for (const { reject } of this.#writes.splice(0)) reject(new StoreFailure('unknown', code, message));
  }

  #write<T>(apply: (disk: SimulatedDisk) => T, batch: readonly Append[] = []): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#life === 'crashed') return;
      if (this.#life === 'closed') {
        reject(closed());
        return;
      }
      if (this.#ending !== null) {
        reject(new StoreFailure('failed', 'THREAD_ENDING', 'The simulated writer is ending'));
        return;
      }
      this.#writes.push({ batch, apply, resolve: resolve as (value: unknown) => void, reject });
      this.#nextWrite();
    });
  }

  /** Starts the write that waits first. One is under way at a time, as on one connection. */
  #nextWrite(): void {
    if (this.#isWriting || this.#isStalled || this.#writes.length === 0) return;
    this.#isWriting = true;
    this.#isSynced = false;
    this.#step('begun');
    this.#after(delayOf(this.#options.commitDelayMs, 1), true, () => {
      this.#step('written');
      this.#after(delayOf(this.#options.syncDelayMs, 0), false, () => this.#endWrite());
    });
  }

  #step(step: WriteStep): void {
    const [underWay] = this.#writes;
    if (underWay !== undefined) this.#options.onStep?.(step, underWay.batch);
  }

  /** Goes on with the write under way, unless that has ended otherwise. Of no time at all it is the same turn. */
  #after(delayMs: number, always: boolean, run: () => void): void {
    const restarts = this.#restarts;
    const goOn = (): void => {
      if (this.#life !== 'crashed' && restarts === this.#restarts) run();
    };
    if (delayMs > 0 || always) this.#clock.schedule(delayMs, goOn);
    else goOn();
  }

  #endWrite(): void {
    if (this.#isStalled) {
      this.#isWriting = false; // it starts again when the disk does
      return;
    }
    const [write] = this.#writes;
    const answer = this.#sync(write!);
    this.#after(delayOf(this.#options.answerDelayMs, 0), false, () => {
      this.#step('answered');
      if (this.#isCrashed) return;
      this.#isWriting = false;
      this.#isSynced = false;
      this.#writes.shift();
      answer();
      this.#nextWrite();
    });
  }

  get #isCrashed(): boolean {
    return this.#life === 'crashed';
  }

  /** Makes a write durable. @returns how its caller is told */
  #sync(write: Write): () => void {
    const { resolve, reject } = write;
    const failure = this.#takeFailure('write');
    if (failure !== null) {
      // A sync that fails leaves a whole transaction in the log: until the next write takes its place, a crash revives it.
      this.#unsyncable = failure.code === SYNC_FAILED ? write : null;
      return () => reject(failure);
    }
    this.#unsyncable = null;
    const lost = this.#lostAnswers.shift();
    const answer = lost === 'notCommitted' ? () => undefined : outcomeOf(() => this.#apply(write, this.#disk));
    this.#isSynced = true;
    this.#step('synced');
    if (lost === undefined) return () => answer(resolve, reject);
    return () => reject(new StoreFailure('unknown', 'ANSWER_LOST', 'The simulated disk lost its answer'));
  }

  #apply({ apply, batch }: Write, disk: SimulatedDisk): unknown {
    const result = apply(disk);
    if (disk !== this.#disk || batch.length === 0 || this.#options.onDurable === undefined) return result;
    const verdicts = result as readonly Verdict[];
    batch.forEach((append, index) => {
      if (verdicts[index]!.kind === 'committed') this.#options.onDurable!(append);
    });
    return result;
  }

  #endUnsynced(fate: Fate, disk: SimulatedDisk): void {
    if (fate !== 'durable') return;
    const [underWay] = this.#writes;
    if (this.#isWriting && !this.#isSynced && underWay !== undefined) this.#apply(underWay, disk);
    else if (!this.#isWriting && this.#unsyncable !== null) this.#apply(this.#unsyncable, disk);
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
      this.#clock.schedule(delayOf(this.#options.readDelayMs, 0), answer);
    });
  }

  #takeFailure(kind: CallKind): StoreFailure | null {
    const failure = this.#failures[kind];
    if (failure.count === 0) return null;
    failure.count--;
    return new StoreFailure('failed', failure.code, `The simulated disk refused a ${kind}: ${failure.code}`);
  }

  #commit(batch: readonly Append[], aliveAt: number, disk: SimulatedDisk): Verdict[] {
    const refused = new Set<string>();
    const verdicts = batch.map((append): Verdict => {
      const stream = disk.streams.get(append.roomId);
      const isBuiltOnRefused = append.expectedSeq !== null && refused.has(append.roomId);
      if (isBuiltOnRefused || !fits(stream, append) || !disk.rows.change(append.rows)) {
        refused.add(append.roomId);
        return { kind: 'conflict', actualSeq: stream === undefined ? 0 : seqOf(stream) };
      }
      if (append.expectedSeq !== null) store(disk, stream ?? newStream(disk, append), append);
      return COMMITTED;
    });
    disk.aliveAt = Math.max(disk.aliveAt, aliveAt);
    return verdicts;
  }
}

function newStream(disk: SimulatedDisk, { roomId, fence }: Append): SimulatedStream {
  const opened = { anchorSeq: 0, anchorHash: CHAIN_START, snapshotSeq: 0, fence, closed: false };
  const stream: SimulatedStream = { roomId, key: ++disk.lastKey, entries: [], snapshots: new Map(), ...opened };
  disk.streams.set(roomId, stream);
  return stream;
}

function store(disk: SimulatedDisk, stream: SimulatedStream, { fence, entry, snapshot, closes }: Append): void {
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

function delayOf(delay: Delay | undefined, otherwise: number): number {
  return typeof delay === 'function' ? delay() : (delay ?? otherwise);
}

/** What a query throws is its answer. */
function attempt<T>(query: () => T): Promise<T> {
  return new Promise((resolve) => resolve(query()));
}

function closed(): StoreFailure {
  return new StoreFailure('failed', 'CLOSED', 'The journal is closed');
}
