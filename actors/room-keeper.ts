import { type JournalEngine, type JournalWriter, StoreFailure } from '../persistence/journal.js';
import type { HoldRow, InboxRow, Query, QueryValues, RowOf } from '../persistence/rows.js';
import { allRows } from './all-rows.js';
import { decided, writeRows } from './appends.js';
import type { Cancel, Clock } from './clock.js';
import { type Cause, letter } from './envelope.js';
import { Holds } from './holds.js';
import type { MailboxOptions } from './mailbox.js';
import { OperationRefused } from './operation-refused.js';
import type { Outages } from './outages.js';
import { pagesAhead } from './pages-ahead.js';
import { markOfRoom, missingRows } from './projection.js';
import { JournalCorrupt, type Recovered, recover } from './recovery.js';
import { RestartPolicy, type RestartPolicyOptions } from './restart-policy.js';
import { RoomActor, type RoomOutput, type Unavailable } from './room-actor.js';
import type { DomainEvent, Message, RoomDefinition } from './room-definition.js';
import { RoomDirectory } from './room-directory.js';
import type { RandomBytes } from './room-ids.js';
import { RoomSupervisor, sentenceOf } from './room-supervisor.js';
import { noStepMark, type StepMark } from './step-mark.js';
import { Timers } from './timers.js';
import { Turns } from './turns.js';

export interface RoomsPorts<S, M extends Message, E extends DomainEvent, V> {
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly engine: JournalEngine;
  readonly writer: JournalWriter;
  readonly outages: Outages;
  readonly clock: Clock;
  readonly now: () => number; // room time
  readonly random: RandomBytes;
  readonly onFailure: (roomId: string, failure: unknown, cause?: Cause) => void; // `cause` where one message did it
  /** Something broke that is no single room's: all of them should begin anew from the store (`restart`). */
  readonly onBroken?: (failure: unknown) => void;
  /** A room was quarantined, or something was mended: what an operator should know. */
  readonly onFinding?: (roomId: string, finding: string) => void;
  readonly stepMark?: StepMark;
  readonly mailbox?: MailboxOptions;
  readonly restarts?: RestartPolicyOptions;
  readonly idleMs?: number; // a room that nobody spoke to for so long leaves memory
}

/** What rooms went through since the start of the process. */
export interface RoomCounters {
  readonly restarts: number; // by their supervisor
  readonly quarantines: number;
  readonly rebuilds: number; // from the journal, for whatever reason
  readonly found: number; // times that a room was wanted and was in memory
  readonly missed: number; // and was not
}

/** What the keeper needs of the seam in front of it. */
interface KeeperPorts<S, M extends Message, E extends DomainEvent, V> extends RoomsPorts<S, M, E, V> {
  readonly onOutput: (roomId: string, output: RoomOutput<S, E>) => void;
  readonly onUnavailable: (roomId: string, why: Unavailable, cause: Cause) => void;
  readonly ownCause: (what: string) => Cause;
}

/**
 * Rooms that are read at the same time. After a start thousands are wanted at once: the first of them should not wait
 * for the last, and each call to the store has only so much time.
 */
const LOADS_MAX = 96;
/** The rush after a start: for so long what the start has read of the rooms' rows counts as read. */
const ROWS_READ_MS = 60_000;
/** A room whose journal could not be read is tried again after that. */
const READ_AGAIN_MS = 1_000;

/**
 * Which rooms are in memory, and how they come and go: rebuilt when they are needed, saved and dropped when they are
 * idle, restarted by their supervisor when they crash, woken by their deadlines.
 */
export class RoomKeeper<S, M extends Message, E extends DomainEvent, V> {
  readonly directory = new RoomDirectory();
  readonly holds: Holds;
  readonly policy: RestartPolicy;
  readonly #ports: KeeperPorts<S, M, E, V>;
  readonly #actors = new Map<string, RoomActor<S, M, E, V>>(); // in memory
  readonly #supervisor: RoomSupervisor<M>;
  readonly #rebuilding = new Map<string, Promise<void>>();
  readonly #loads = new Turns(LOADS_MAX);
  /** Marks of the rooms' rows as `open` read them: a rebuild soon after it need not read the row once more. */
  readonly #rowsRead = new Map<string, string>();
  #forgetRows: Cancel = () => undefined;
  readonly #withInbox = new Set<string>(); // rooms that may have messages on the disk which are not in memory
  readonly #deadlines: Timers;
  readonly #idle: Timers;
  readonly #idleMs: number;
  #isDraining = false;
  readonly #counters = { restarts: 0, quarantines: 0, rebuilds: 0, found: 0, missed: 0 };

  constructor(ports: KeeperPorts<S, M, E, V>) {
    this.#ports = ports;
    const { clock, now, random, writer, onFailure, onUnavailable } = ports;
    this.#idleMs = ports.idleMs ?? 60_000;
    this.holds = new Holds(writer);
    this.policy = new RestartPolicy(now, random, ports.restarts);
    this.#supervisor = new RoomSupervisor({
      policy: this.policy,
      clock,
      now,
      random,
      writer,
      onFailure,
      onUnavailable,
      rebuild: (roomId) => {
        this.#count('restarts');
        return this.rebuild(roomId);
      },
      quarantine: (roomId, why) => this.#quarantine(roomId, why, null),
    });
    this.#deadlines = new Timers(clock, now, (roomId) => {
      try {
        this.#alarm(roomId);
      } catch (failure) {
        this.#broken(failure);
      }
    });
    this.#idle = new Timers(clock, now, (roomId) => {
      this.#passivate(roomId).catch((failure: unknown) => this.#broken(failure));
    });
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Rooms in memory. */
  get live(): ReadonlyMap<string, RoomActor<S, M, E, V>> {
    return this.#actors;
  }

  /** The room's actor, a new one with nothing in it where there is none; it leaves memory when it has been idle. */
  admit(roomId: string): RoomActor<S, M, E, V> {
    const actor = this.#actors.get(roomId) ?? this.#actor(roomId);
    this.#idle.set(roomId, this.#ports.now() + this.#idleMs);
    return actor;
  }

  #broken(failure: unknown): void {
    this.#ports.onFailure('', failure);
    this.#ports.onBroken?.(failure);
  }

  /** Knows every open room again and arms their deadlines. Rooms are rebuilt when they are first needed. */
  async open(): Promise<void> {
    this.#rowsRead.clear();
    this.#forgetRows();
    const holds: HoldRow[] = [];
    for await (const row of this.#rows('holds', {})) holds.push(row);
    this.holds.open(holds);
    for await (const { roomId } of this.#rows('inbox', {})) {
      if (!this.#actors.has(roomId)) this.#withInbox.add(roomId); // one in memory has its messages in its mailbox
    }
    for (const status of ['waiting', 'playing', 'over'] as const) {
      for await (const row of this.#rows('roomsByStatus', { status })) {
        this.directory.add(row.roomId, row.code);
        if (!this.#actors.has(row.roomId)) this.#rowsRead.set(row.roomId, markOfRoom(row));
      }
    }
    if (this.#rowsRead.size > 0) {
      this.#forgetRows = this.#ports.clock.schedule(ROWS_READ_MS, () => this.#rowsRead.clear());
    }
    const unlisted = new Set(this.directory.ids);
    await this.armDeadlines((roomId) => unlisted.delete(roomId));
    await this.#armUnlisted([...unlisted]);
    this.wakeWaiting();
  }

  /** Rooms with messages on the disk that nothing holds take them now. */
  wakeWaiting(): void {
    for (const roomId of this.#withInbox) {
      if (this.directory.has(roomId) && this.holds.of(roomId) === null) this.awake(roomId);
    }
  }

  /** Sets the alarm of every room that has a deadline and is not in memory, where it would be known already. */
  async armDeadlines(onOpen: (roomId: string) => void = nothing): Promise<void> {
    const { engine, outages } = this.#ports;
    for await (const page of pagesAhead((cursor: number | null) => engine.streams('open', cursor ?? 0))) {
      for (const { roomId, at, nextDeadline } of page.items) {
        onOpen(roomId);
        // The list of rooms is a projection: one whose row is damaged or missing is mended from its journal.
        if (!this.directory.has(roomId)) await this.#mendListing(roomId);
        if (nextDeadline === null || this.#actors.has(roomId)) continue;
        this.#deadlines.set(roomId, nextDeadline + outages.sinceMs(at));
      }
      for (const roomId of page.damaged) {
        if (this.holds.own(roomId) === null) await this.#quarantine(roomId, 'The head of its journal is damaged', null);
      }
    }
  }

  /** Rooms whose rows say that they are open and whose streams do not: the journal's end decides. */
  async #armUnlisted(roomIds: readonly string[]): Promise<void> {
    const { engine, outages, onFinding, onFailure } = this.#ports;
    for (const roomId of roomIds) {
      if (this.holds.own(roomId) !== null) continue;
      onFinding?.(roomId, 'Its row says that it is open, and its stream that it is not');
      try {
        const [head] = await engine.heads([roomId]);
        if (head === undefined || head.closed) await this.#mendListing(roomId);
        else if (head.nextDeadline !== null) {
          this.#deadlines.set(roomId, head.nextDeadline + outages.sinceMs(head.at));
        }
      } catch (failure) {
        onFailure(roomId, failure);
      }
    }
  }

  async #mendListing(roomId: string): Promise<void> {
    const { engine, definition, onFailure } = this.#ports;
    try {
      const recovered = await recover(engine, definition, roomId);
      if (recovered === null) return;
      await this.#mendRows(roomId, recovered);
      const row = await engine.row('rooms', roomId);
      if (definition.isClosed(recovered.runner.snapshot)) this.directory.remove(roomId);
      else if (row !== null) this.directory.add(roomId, row.code);
    } catch (failure) {
      onFailure(roomId, failure);
    }
  }

  get counts() {
    let mailboxMessages = 0;
    let restarting = 0;
    let waitsSince = this.#ports.now();
    for (const actor of this.#actors.values()) {
      mailboxMessages += actor.mailboxCount;
      if (actor.status === 'restarting') restarting++;
      waitsSince = Math.min(waitsSince, actor.waitsSince ?? waitsSince);
    }
    const holds = this.holds.list();
    return {
      open: this.directory.size,
      inMemory: this.#actors.size,
      deadlines: this.#deadlines.size,
      mailboxMessages,
      restarting,
      mailboxLagMs: this.#ports.now() - waitsSince,
      paused: holds.filter(({ kind }) => kind === 'paused').length,
      quarantined: holds.filter(({ kind }) => kind === 'quarantined').length,
    };
  }

  /** Since the start of the process. */
  get counters(): RoomCounters {
    return { ...this.#counters };
  }

  #count(what: keyof RoomCounters): void {
    this.#counters[what]++;
  }

  /** A room was wanted, to be told something or to be read. */
  wanted(wasInMemory: boolean): void {
    this.#count(wasInMemory ? 'found' : 'missed');
  }

  /** The store is back (or has gone): rooms reconsider what they held. */
  wake(): void {
    for (const actor of this.#actors.values()) actor.wake();
  }

  /** Stops all clocks, lets entries in flight land, and writes snapshots so that the next start is quick. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.stopClocks();
    const { writer } = this.#ports;
    const actors = [...this.#actors.values()];
    await Promise.all(actors.map((actor) => actor.settled()));
    const snapshots = actors.map((actor) => actor.snapshotAppend()).filter((append) => append !== null);
    await Promise.all(snapshots.map((append) => decided(writer, append)));
  }

  /** No room does anything by itself any more. */
  stopClocks(): void {
    this.#deadlines.stop();
    this.#idle.stop();
    this.#forgetRows();
  }

  /**
   * Begins anew from the store, as after a start of the process; what waits in mailboxes is kept.
   * @throws StoreFailure
   */
  async restart(): Promise<void> {
    const actors = [...this.#actors.entries()];
    for (const [, actor] of actors) actor.suspend();
    await Promise.all(actors.map(([, actor]) => actor.settled()));
    for (const [roomId, actor] of actors) {
      if (actor.mailboxCount === 0 && this.#actors.get(roomId) === actor) this.#leaveMemory(roomId);
    }
    await this.open();
    await Promise.all([...this.#actors.keys()].map((roomId) => this.rebuild(roomId)));
  }

  #alarm(roomId: string): void {
    // A held room's deadline stands still; its release announces it again.
    if (!this.directory.has(roomId) || this.holds.of(roomId) !== null) return;
    const mail = { lane: 'timer', bytes: 0, slot: 'deadline' } as const;
    this.awake(roomId).tell(letter({ kind: 'alarm' }, this.#ports.ownCause('alarm'), mail));
  }

  /** The room's actor; one that is not in memory is rebuilt while its mailbox fills. */
  awake(roomId: string): RoomActor<S, M, E, V> {
    const live = this.#actors.get(roomId);
    this.wanted(live !== undefined);
    if (live !== undefined) return live;
    const actor = this.admit(roomId);
    void this.rebuild(roomId);
    return actor;
  }

  /** The room's actor, rebuilt. @throws OperationRefused where that is not possible */
  async ready(roomId: string): Promise<RoomActor<S, M, E, V>> {
    const actor = this.awake(roomId);
    await this.#rebuilding.get(roomId);
    if (actor.status !== 'ended') return actor;
    throw new OperationRefused(`Room ${roomId} can't be rebuilt: ${this.holds.of(roomId)?.why ?? 'the store is away'}`);
  }

  /**
   * The room's actor, which takes nothing until it is started or rebuilt; what waits for the room is in its mailbox.
   * @throws StoreFailure
   */
  async halt(roomId: string): Promise<RoomActor<S, M, E, V>> {
    const underWay = this.#rebuilding.get(roomId);
    if (underWay !== undefined) {
      await underWay;
      return this.halt(roomId);
    }
    this.#rowsRead.delete(roomId); // it may go on without a rebuild
    const actor = this.admit(roomId);
    actor.suspend();
    try {
      await actor.settled();
      if (!actor.hasInbox) {
        actor.load(this.#withInbox.has(roomId) ? await this.#inboxOf(roomId) : []);
        this.#withInbox.delete(roomId);
      }
    } catch (failure) {
      // Suspended, and started by nobody, it would stand still for ever.
      if (this.directory.has(roomId)) void this.rebuild(roomId);
      else this.forget(roomId);
      throw failure;
    }
    return actor;
  }

  /** Rebuilds a room from its journal; never throws: what goes wrong is the room's state afterwards. */
  rebuild(roomId: string): Promise<void> {
    const underWay = this.#rebuilding.get(roomId);
    if (underWay !== undefined) return underWay;
    const actor = this.#actors.get(roomId);
    if (actor === undefined) return Promise.resolve();
    const rebuilding = this.#loads
      .run(() => this.#load(roomId, actor))
      .then((start) => {
        // Before the start: at its first message the room may crash again, and is then rebuilt once more.
        this.#rebuilding.delete(roomId);
        start();
      });
    this.#rebuilding.set(roomId, rebuilding);
    return rebuilding;
  }

  /** Reads all that a room needs. @returns how it goes on */
  async #load(roomId: string, actor: RoomActor<S, M, E, V>): Promise<() => void> {
    this.#count('rebuilds');
    const { engine, definition, onFailure } = this.#ports;
    let recovered: Recovered<S, M, E> | null;
    let waiting: readonly InboxRow[] = [];
    try {
      recovered = await recover(engine, definition, roomId);
      if (recovered === null) throw new JournalCorrupt(roomId, 1, 'the room is listed but has no journal');
      if (this.#withInbox.has(roomId)) waiting = await this.#inboxOf(roomId);
      await this.#mend(roomId, recovered);
    } catch (failure) {
      onFailure(roomId, failure);
      if (this.#actors.get(roomId) !== actor) return nothing;
      if (failure instanceof StoreFailure) this.#postpone(roomId, actor);
      else if (failure instanceof JournalCorrupt) await this.#quarantine(roomId, sentenceOf(failure), failure.seq);
      else this.#stop(roomId, actor, sentenceOf(failure));
      return nothing;
    }
    const found = recovered;
    return () => {
      if (this.#actors.get(roomId) !== actor) return;
      this.#withInbox.delete(roomId);
      actor.load(waiting);
      actor.start(found);
    };
  }

  async #inboxOf(roomId: string): Promise<readonly InboxRow[]> {
    const rows: InboxRow[] = [];
    for await (const row of this.#rows('inboxOfRoom', { roomId })) rows.push(row);
    return rows;
  }

  /** The journal can't be read just now: the room stays on the disk, and whatever it had to do is tried again. */
  #postpone(roomId: string, actor: RoomActor<S, M, E, V>): void {
    this.#leaveMemory(roomId);
    this.#deadlines.set(roomId, this.#ports.now() + READ_AGAIN_MS);
    actor.abandon('storeAway');
  }

  /** This program can't run the room, though nothing is wrong with it: held for as long as the process lives. */
  #stop(roomId: string, actor: RoomActor<S, M, E, V>, why: string): void {
    this.holds.keep({ roomId, kind: 'quarantined', since: this.#ports.now(), why, seq: null });
    this.#leaveMemory(roomId);
    actor.abandon('quarantined');
    this.#ports.onFinding?.(roomId, why);
  }

  async #quarantine(roomId: string, why: string, seq: number | null): Promise<void> {
    this.#count('quarantines');
    const { now, onFinding, onFailure } = this.#ports;
    // Its clocks stand still since it was first held.
    const since = this.holds.own(roomId)?.since ?? now();
    const row: HoldRow = { roomId, kind: 'quarantined', since, why, seq };
    const durable = this.holds.set(row);
    onFinding?.(roomId, `Quarantined: ${why}`);
    const actor = this.#actors.get(roomId);
    if (!(await durable)) onFailure(roomId, new Error('the quarantine is not on the disk: the store is away'));
    await actor?.settled();
    if (actor === undefined || this.#actors.get(roomId) !== actor) return;
    this.#leaveMemory(roomId);
    actor.abandon('quarantined');
  }

  /** Puts right what the journal proves wrong: snapshots and the room's row. */
  async #mend(roomId: string, recovered: Recovered<S, M, E>): Promise<void> {
    const { engine, onFinding } = this.#ports;
    for (const { seq, why, repaired } of recovered.damaged) {
      if (repaired !== null) await engine.repairSnapshot(repaired);
      const done = repaired === null ? 'and could not be made anew' : 'and was made anew';
      onFinding?.(roomId, `Snapshot ${seq} was damaged (${why}) ${done}`);
    }
    await this.#mendRows(roomId, recovered);
  }

  async #mendRows(roomId: string, { runner }: Recovered<S, M, E>): Promise<void> {
    const { engine, definition, writer, onFinding } = this.#ports;
    const rows = definition.rows(roomId, null, runner.snapshot, null).filter((row) => row.table === 'rooms');
    const asRead = this.#rowsRead.get(roomId);
    this.#rowsRead.delete(roomId); // of what happens to the row from now on it does not tell
    if (rows.every((row) => row.kind === 'put' && markOfRoom(row.values) === asRead)) return;
    const wrong = await missingRows(engine, rows);
    if (wrong.length === 0) return;
    const mended = await writeRows(writer, roomId, wrong);
    onFinding?.(roomId, `The list of rooms was wrong about it and was ${mended ? '' : 'not '}mended`);
  }

  #actor(roomId: string): RoomActor<S, M, E, V> {
    const {
      definition,
      writer,
      outages,
      clock,
      now,
      mailbox,
      onFailure,
      onOutput,
      stepMark = noStepMark,
    } = this.#ports;
    const actor: RoomActor<S, M, E, V> = new RoomActor<S, M, E, V>(
      {
        roomId,
        definition,
        journal: writer,
        outages,
        now,
        elapsedMs: clock.elapsedMs,
        stepMark,
        onOutput: (output) => onOutput(roomId, output),
        onDeadline: (at) => this.#deadlines.set(roomId, at),
        onClosed: () => this.forget(roomId),
        onCrash: (crash) => {
          this.#supervisor.crashed(roomId, actor, crash).catch((failure: unknown) => {
            onFailure(roomId, failure);
            this.#stop(roomId, actor, `Its supervisor failed: ${sentenceOf(failure)}`);
          });
        },
        ...(mailbox !== undefined && { mailbox }),
      },
      this.holds.of(roomId),
    );
    this.#actors.set(roomId, actor);
    return actor;
  }

  /** The room is closed, or was never made: nothing of it stays in memory. */
  forget(roomId: string): void {
    this.directory.remove(roomId);
    this.policy.forget(roomId);
    const actor = this.#actors.get(roomId);
    this.#leaveMemory(roomId);
    this.#withInbox.delete(roomId);
    actor?.abandon('restarting');
  }

  #leaveMemory(roomId: string): void {
    if ((this.#actors.get(roomId)?.mailboxCount ?? 0) > 0) this.#withInbox.add(roomId);
    this.#actors.delete(roomId);
    this.#deadlines.set(roomId, null);
    this.#idle.set(roomId, null);
  }

  /** A room that nobody speaks to leaves memory once its state is saved; its deadline stays armed. */
  async #passivate(roomId: string): Promise<void> {
    const actor = this.#actors.get(roomId);
    if (actor === undefined) return;
    const { now, writer } = this.#ports;
    // While the store is away a room may hold an alarm that has rung: only in memory it is heard of again.
    const stays = (): boolean => now() < actor.activeAt + this.#idleMs || !actor.isQuiet || !writer.available;
    if (!stays()) {
      const append = actor.snapshotAppend();
      const saved = append === null || (await decided(writer, append)).kind === 'committed';
      if (saved && !stays() && this.#actors.get(roomId) === actor) {
        this.#actors.delete(roomId);
        return;
      }
    }
    if (this.#actors.get(roomId) === actor) {
      this.#idle.set(roomId, Math.max(actor.activeAt, now() - this.#idleMs / 2) + this.#idleMs);
    }
  }

  #rows<Q extends Query>(query: Q, values: QueryValues<Q>): AsyncGenerator<RowOf<Q>> {
    const { engine, onFinding } = this.#ports;
    return allRows(engine, query, values, (key) =>
      onFinding?.(key, `Row ${key} of ${query} is damaged and was left out`),
    );
  }
}

const nothing = (): void => undefined;
