import {
  circuitBreaker,
  CircuitState,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  noJitterGenerator,
} from 'cockatiel';
import { assertAppend } from './append-check.js';
import {
  type Append,
  type JournalEngine,
  type JournalWriter,
  type Outage,
  type Outcome,
  StoreFailure,
  type StreamHead,
  type Verdict,
} from './journal.js';

/** Time and turns of the event loop. `schedule` and `defer` never run their function before they return. */
export interface GroupCommitClock {
  readonly now: () => number; // room time, ms since the epoch: what entries carry, never goes back
  readonly elapsedMs: () => number; // monotonic; means something only as a difference
  readonly schedule: (delayMs: number, run: () => void) => () => void; // gives the way to cancel
  readonly defer: (run: () => void) => void; // in a later turn of the event loop
}

export interface GroupCommitOptions {
  readonly batchCountMax?: number; // appends in a transaction
  readonly batchCharsMax?: number; // their texts; a single append may be longer and goes alone
  readonly failuresToOpen?: number; // failures in a row that open the breaker
  /**
   * 0 to 1, as `Math.random`: how much of each pause after a failure is waited, half of it at least, so that many
   * processes do not ask a store that comes back in one moment. Left out, each pause is whole: time is then simulated.
   */
  readonly random?: () => number;
}

type AbortReason =
  | 'storeFailed' // the commit it was in, or the one in front, failed
  | 'storeAway' // the breaker is open
  | 'builtOnLost' // an append of its room in front of it was refused
  | 'stopped';

export interface GroupCommitCounters {
  readonly batches: number; // committed
  readonly appends: number; // in those
  readonly failures: number; // commits that failed or whose outcome was unknown
  readonly lastBatchCount: number;
  readonly lastCommitMs: number;
}

/** Told when the store goes away, and when it is back; then with the outage as it was recorded. */
export type AvailabilityListener = (available: boolean, outage: Outage | null) => void;

interface Waiting {
  readonly append: Append;
  readonly chars: number;
  readonly sinceMs: number; // monotonic
  readonly decided: (outcome: Outcome) => void;
}

const BATCH_COUNT_MAX = 512;
const BATCH_CHARS_MAX = 1024 * 1024;
const FAILURES_TO_OPEN = 3;
/** The pause between two alive marks, and, with jitter, between two probes of a store that is away. */
const ALIVE_MS = 1_000;
/**
 * Pauses, before jitter, between two attempts to settle a commit whose outcome is unknown. Neither their number nor
 * the whole is bounded: without an answer nobody may be told anything. A single call is bounded by its engine.
 */
const SETTLE_BACKOFF = new ExponentialBackoff({ generator: noJitterGenerator, initialDelay: 50, maxDelay: 2_000 });
/** Texts of an append that are not its entry's or snapshot's: ids, hashes, numbers. */
const APPEND_CHARS = 200;

const COMMITTED: Outcome = { kind: 'committed' };
const LOST: Outcome = { kind: 'aborted', reason: 'storeFailed' };

/**
 * Group commit: the next batch is whatever came in during the last commit. One commit is under way at a time, so
 * batches need no timer and grow with the load.
 *
 * Nothing that was built on a lost append gets into the store. Three things see to it:
 * 1. Appends go to the store in the order in which they were offered, and the store checks each against the version
 *    it builds on. So an append on top of a lost one is a conflict, unless another with the lost one's number went in
 *    before it.
 * 2. When a commit fails, its whole batch and all that waits is aborted; when one room's append conflicts, all of that
 *    room's that wait are. What a room offers between that decision and being told of it joins the aborted ones: the
 *    room can't have known. A room is told in the order of its appends, and within the call that decides.
 * 3. A room that is told of a refusal drops what it built since its last committed append before it offers again.
 * By 2 and 3, what is offered after a room was told was built on what is durable, and all that was offered before is
 * decided: no other append with a lost one's number can pass it. This is why no generation is handed around.
 *
 * An append of rows only is built on nothing, so it is not lost with its room's others, and may be told behind a later
 * one that is. It goes to the store in the room's order all the same; where nobody can tell whether it got there, it is
 * written again before anything behind it.
 */
export class GroupCommit implements JournalWriter {
  readonly #engine: JournalEngine;
  readonly #clock: GroupCommitClock;
  readonly #batchCountMax: number;
  readonly #batchCharsMax: number;
  readonly #jitter: (pauseMs: number) => number;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #listeners = new Set<AvailabilityListener>();
  readonly #commitListeners = new Set<(count: number, tookMs: number) => void>();

  #queue: Waiting[] = [];
  #underWay: readonly Waiting[] | null = null;
  #isStartDeferred = false;
  /** Aborted where they were offered; told in the next turn, in order. */
  #refused: { readonly waiting: Waiting; readonly reason: AbortReason }[] = [];
  /** By room, its first append that is refused and of which it was not told yet. */
  readonly #untold = new Map<string, Waiting>();
  #undecidedCount = 0;

  #firstFailureAt: number | null = null; // of the failures in a row
  #failure: unknown = null; // the newest of them
  #wasAvailable = true; // what the listeners know
  #isMarking = false;
  #hasWritten = false; // since the last tick of the alive mark
  #cancelTick: (() => void) | null = null;
  #isStopped = false;
  #onDrained: (() => void)[] = [];
  #counters: GroupCommitCounters = { batches: 0, appends: 0, failures: 0, lastBatchCount: 0, lastCommitMs: 0 };

  constructor(engine: JournalEngine, clock: GroupCommitClock, options: GroupCommitOptions = {}) {
    this.#engine = engine;
    this.#clock = clock;
    this.#batchCountMax = options.batchCountMax ?? BATCH_COUNT_MAX;
    this.#batchCharsMax = options.batchCharsMax ?? BATCH_CHARS_MAX;
    const random = options.random ?? (() => 1);
    this.#jitter = (pauseMs) => (pauseMs / 2) * (1 + random());
    this.#breaker = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(options.failuresToOpen ?? FAILURES_TO_OPEN),
      // Always past: the probe's own schedule says when the store is tried again, and the breaker's look at the wall
      // clock, which may jump and is not the simulated one, decides nothing.
      halfOpenAfter: Number.NEGATIVE_INFINITY,
    });
  }

  /** Whether the store takes writes, as far as is known. */
  get available(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /** Appends that are not decided yet. */
  get undecidedCount(): number {
    return this.#undecidedCount;
  }

  get counters(): GroupCommitCounters {
    return this.#counters;
  }

  /** For how long the oldest undecided append has waited, in ms; 0 where none waits. */
  get lagMs(): number {
    const oldest = this.#underWay?.[0] ?? this.#queue[0];
    return oldest === undefined ? 0 : this.#clock.elapsedMs() - oldest.sinceMs;
  }

  /** Why the store could not be written to, the newest of the failures since it last could; null where it can. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Offers one room's part of the next batch.
   * @param decided called once, never before `append` returns, in journal order, when the append is durable or can't
   *   become so any more. Must not throw: that ends the process, since the appends behind would never be decided
   * @throws TypeError for an append that no store could take
   */
  append(append: Append, decided: (outcome: Outcome) => void): void {
    assertAppend(append);
    const waiting = { append, decided, chars: charsOf(append), sinceMs: this.#clock.elapsedMs() };
    this.#undecidedCount++;
    // An append may be refused at once only where nothing of its room is undecided: a room learns in order.
    const isIdle = this.#underWay === null && this.#queue.length === 0;
    if (this.#isStopped && isIdle) this.#refuse(waiting, 'stopped');
    else if (!this.available && isIdle) this.#refuse(waiting, 'storeAway');
    else if (isVersioned(append) && this.#untold.has(append.roomId)) this.#refuse(waiting, 'builtOnLost');
    else this.#enqueue(waiting);
  }

  /** @returns the way to stop listening */
  onAvailability(listener: AvailabilityListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told of each commit that succeeded: how many appends it held and how long it took. @returns the way to stop listening */
  onCommit(listener: (count: number, tookMs: number) => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  /** Begins to write an alive mark each second in which nothing else was written. */
  start(): void {
    this.#isMarking = true;
    this.#armTick();
  }

  /**
   * Writes no further marks, and refuses appends once all that were offered are decided; then it resolves.
   * While the store is away and an outcome unknown that does not happen: the caller bounds how long it waits.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isMarking = false;
    this.#cancelTick?.();
    this.#cancelTick = null;
    if (this.#undecidedCount === 0) return;
    await new Promise<void>((resolve) => this.#onDrained.push(resolve));
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    if (this.#underWay !== null || this.#isStartDeferred) return;
    this.#isStartDeferred = true;
    this.#clock.defer(() => {
      this.#isStartDeferred = false;
      if (this.#underWay !== null || this.#queue.length === 0) return;
      if (this.available) this.#startCommit();
      else this.#decide([], [], 'storeAway');
    });
  }

  /** Aborts what was just offered, in the next turn. */
  #refuse(waiting: Waiting, reason: AbortReason): void {
    this.#holdBack(waiting);
    this.#refused.push({ waiting, reason });
    if (this.#refused.length > 1) return;
    this.#clock.defer(() => {
      const refused = this.#refused;
      this.#refused = [];
      for (const { waiting, reason } of refused) this.#tell(waiting, { kind: 'aborted', reason });
    });
  }

  #startCommit(): void {
    const batch = this.#takeBatch();
    this.#underWay = batch;
    void this.#commit(batch);
  }

  #takeBatch(): readonly Waiting[] {
    let chars = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      chars += waiting.chars;
      if (count === this.#batchCountMax || (count > 0 && chars > this.#batchCharsMax)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const startedMs = this.#clock.elapsedMs();
    const appends = batch.map(({ append }) => append);
    let verdicts: readonly Verdict[];
    try {
      verdicts = await this.#breaker.execute(() => this.#engine.commit(appends, this.#clock.now()));
    } catch (error) {
      this.#counters = { ...this.#counters, failures: this.#counters.failures + 1 };
      this.#noteFailure(error);
      if (error instanceof StoreFailure && error.outcome === 'failed')
        this.#decideLost(
          batch.map(() => LOST),
          batch,
        );
      else await this.#decideUnknown(batch); // an error that is no StoreFailure promises nothing either
      return;
    }
    this.#noteWritten();
    this.#counters = {
      ...this.#counters,
      batches: this.#counters.batches + 1,
      appends: this.#counters.appends + batch.length,
      lastBatchCount: batch.length,
      lastCommitMs: this.#clock.elapsedMs() - startedMs,
    };
    for (const listener of this.#commitListeners) listener(batch.length, this.#counters.lastCommitMs);
    this.#decide(batch, verdicts, this.available ? null : 'storeAway');
  }

  /**
   * The outcome of a commit is unknown: what is in the store with our hash is committed, rows that nothing proves are
   * written again, the rest is lost.
   */
  async #decideUnknown(batch: readonly Waiting[]): Promise<void> {
    this.#announce(null);
    const appends = batch.map(({ append }) => append);
    const committed = await this.#untilAnswered(() => this.#askCommitted(appends));
    const again = appends.filter((append) => !isVersioned(append) && !committed.has(append));
    const verdicts = await this.#writeAgain(again);
    const outcomes = appends.map((append) => (committed.has(append) ? COMMITTED : (verdicts.get(append) ?? LOST)));
    if (outcomes.includes(LOST)) {
      this.#decideLost(outcomes, batch);
      return;
    }
    this.#decide(batch, outcomes, this.available ? null : 'storeAway');
    this.#announce(null);
  }

  async #writeAgain(appends: readonly Append[]): Promise<ReadonlyMap<Append, Verdict>> {
    if (appends.length === 0) return new Map();
    const verdicts = await this.#untilAnswered(() => this.#engine.commit(appends, this.#clock.now()));
    return new Map(appends.map((append, index) => [append, verdicts[index]!]));
  }

  #decideLost(outcomes: readonly Outcome[], batch: readonly Waiting[]): void {
    this.#decide(batch, outcomes, 'storeFailed');
    this.#announce(null);
  }

  /**
   * Ends the commit that is under way.
   * @param abortsQueue why all that waits is aborted with it, but rows that the store can still take; null: the next
   *   commit starts, without what waits of rooms that were refused here
   */
  #decide(batch: readonly Waiting[], outcomes: readonly Outcome[], abortsQueue: AbortReason | null): void {
    const refused = batch.filter((_, index) => outcomes[index]!.kind !== 'committed');
    const aborted = this.available ? this.#takeBuiltOn(abortsQueue === null ? refused : null) : this.#queue.splice(0);
    for (const waiting of [...refused, ...aborted]) this.#holdBack(waiting);
    // The store goes on while this thread shows the outcomes.
    this.#underWay = null;
    if (this.#queue.length > 0) this.#startCommit();

    batch.forEach((waiting, index) => this.#tell(waiting, outcomes[index]!));
    const outcome: Outcome = { kind: 'aborted', reason: abortsQueue ?? 'builtOnLost' };
    for (const waiting of aborted) this.#tell(waiting, outcome);
  }

  /**
   * What waits and is built on a version.
   * @param refused whose rooms are meant; null: all of them
   */
  #takeBuiltOn(refused: readonly Waiting[] | null): Waiting[] {
    if (refused?.length === 0) return [];
    const roomIds = refused && new Set(refused.map(({ append }) => append.roomId));
    const isTaken = ({ append }: Waiting): boolean =>
      isVersioned(append) && (roomIds === null || roomIds.has(append.roomId));
    const taken = this.#queue.filter(isTaken);
    this.#queue = this.#queue.filter((waiting) => !isTaken(waiting));
    return taken;
  }

  /** From now until its room is told of this refusal, what the room offers is built on what is lost. */
  #holdBack(waiting: Waiting): void {
    const { roomId } = waiting.append;
    if (!this.#untold.has(roomId)) this.#untold.set(roomId, waiting);
  }

  #tell(waiting: Waiting, outcome: Outcome): void {
    const { roomId } = waiting.append;
    this.#undecidedCount--;
    // Before the call: what the room offers in it is built on what is durable.
    if (this.#untold.get(roomId) === waiting) this.#untold.delete(roomId);
    waiting.decided(outcome);
    if (this.#undecidedCount > 0) return;
    for (const drained of this.#onDrained.splice(0)) drained();
  }

  /** Asks until there is an answer. Failures count for the breaker, whose probe goes on meanwhile. */
  async #untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    for (let backoff = SETTLE_BACKOFF.next(); ; backoff = backoff.next(undefined)) {
      try {
        return await ask();
      } catch (error) {
        this.#noteFailure(error);
        if (this.available) await this.#breaker.execute(() => Promise.reject(error as Error)).catch(() => undefined);
        this.#announce(null);
        await new Promise<void>((resolve) => {
          this.#clock.schedule(this.#jitter(backoff.duration), resolve);
        });
      }
    }
  }

  /**
   * Which of a batch's appends are in the store. It is asked as the store judges: a room's appends in order, none
   * that is built on a version behind one that was refused. Rows that came with nothing else leave no trace: they are
   * there if what follows is.
   */
  async #askCommitted(appends: readonly Append[]): Promise<Set<Append>> {
    const byRoom = new Map<string, Append[]>();
    for (const append of appends) {
      const ofRoom = byRoom.get(append.roomId);
      if (ofRoom === undefined) byRoom.set(append.roomId, [append]);
      else ofRoom.push(append);
    }
    const committed = new Set<Append>();
    for (const { roomId, seq, snapshotSeq } of await this.#finalHeads([...byRoom.keys()])) {
      const ofRoom = byRoom.get(roomId)!;
      const first = ofRoom.find(isVersioned);
      if (first === undefined) continue;
      const stored = await this.#engine.read(roomId, first.expectedSeq + 1, seq);
      const hashes = new Map(stored.map((entry) => [entry.seq, entry.hash]));
      let untraceable: Append[] = [];
      for (const append of ofRoom) {
        const { entry, snapshot } = append;
        if (entry === null && snapshot === null) {
          untraceable.push(append);
          continue;
        }
        const isThere = entry === null ? snapshotSeq >= snapshot!.seq : hashes.get(entry.seq) === entry.hash;
        if (!isThere) break;
        if (entry !== null) hashes.delete(entry.seq); // the same entry offered twice is there once
        for (const proven of [...untraceable, append]) committed.add(proven);
        untraceable = [];
      }
    }
    return committed;
  }

  /** Where the streams stand, and no commit under way can change it. A damaged head proves nothing, its entries do. */
  async #finalHeads(
    roomIds: readonly string[],
  ): Promise<readonly Pick<StreamHead, 'roomId' | 'seq' | 'snapshotSeq'>[]> {
    try {
      return await this.#engine.heads(roomIds);
    } catch (error) {
      if (!(error instanceof StoreFailure) || error.code !== 'ROW_DAMAGED') throw error;
      if (roomIds.length === 1) return [{ roomId: roomIds[0]!, seq: Number.MAX_SAFE_INTEGER, snapshotSeq: 0 }];
      return (await Promise.all(roomIds.map((roomId) => this.#finalHeads([roomId])))).flat();
    }
  }

  #noteWritten(): void {
    this.#hasWritten = true;
    this.#noteSuccess();
  }

  #noteFailure(failure: unknown): void {
    this.#firstFailureAt ??= this.#clock.now();
    this.#failure = failure;
  }

  #noteSuccess(): void {
    if (!this.available) return; // while the breaker is open, only its probe ends the outage
    this.#firstFailureAt = null;
    this.#failure = null;
  }

  #announce(outage: Outage | null): void {
    const { available } = this;
    if (!available) this.#armTick();
    if (available === this.#wasAvailable) return;
    this.#wasAvailable = available;
    for (const listener of this.#listeners) listener(available, outage);
  }

  /** The tick writes the alive mark, and while the store is away it probes. Otherwise there is none. */
  #armTick(): void {
    const { available } = this;
    if (this.#cancelTick !== null || this.#isStopped || (available && !this.#isMarking)) return;
    this.#cancelTick = this.#clock.schedule(available ? ALIVE_MS : this.#jitter(ALIVE_MS), () => {
      void this.#tick().then(() => {
        this.#cancelTick = null;
        this.#armTick();
      });
    });
  }

  async #tick(): Promise<void> {
    const isIdle = this.#underWay === null && !this.#hasWritten;
    this.#hasWritten = false;
    if (!this.available) await this.#probe();
    else if (this.#isMarking && isIdle) await this.#markAlive();
  }

  async #markAlive(): Promise<void> {
    try {
      await this.#breaker.execute(() => this.#engine.markAlive(this.#clock.now()));
      this.#noteSuccess();
    } catch (failure) {
      // The breaker counted it; nobody waits for the mark.
      this.#noteFailure(failure);
      this.#announce(null);
    }
  }

  /** Tries the store. It counts as back when it has also written down how long it was away. */
  async #probe(): Promise<void> {
    const outage = { from: this.#firstFailureAt ?? this.#clock.now(), to: this.#clock.now() };
    try {
      await this.#breaker.execute(async () => {
        await this.#engine.markAlive(outage.to);
        await this.#engine.recordOutage(outage);
      });
      this.#noteSuccess();
      this.#announce(outage);
    } catch (failure) {
      // Still away: the next tick probes again, with the same beginning, which the store keeps as one outage.
      this.#noteFailure(failure);
    }
  }
}

function isVersioned(append: Append): append is Append & { readonly expectedSeq: number } {
  return append.expectedSeq !== null;
}

function charsOf({ entry, snapshot, rows }: Append): number {
  const entryChars = entry === null ? 0 : entry.message.length + entry.events.length;
  const rowChars = rows.length === 0 ? 0 : JSON.stringify(rows).length;
  return APPEND_CHARS + entryChars + (snapshot?.state.length ?? 0) + rowChars;
}
