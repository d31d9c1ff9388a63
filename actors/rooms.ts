import { type JournalEngine, type JournalWriter, type Outcome, StoreFailure } from '../persistence/journal.js';
import type { HoldRow, InboxRow, Query, QueryValues, RowChange, RowOf, RowPage } from '../persistence/rows.js';
import { decided, writeRows } from './appends.js';
import type { Clock } from './clock.js';
import { type Cause, type Envelope, letter } from './envelope.js';
import { EVERY_ROOM, Holds, releaseRow } from './holds.js';
import { idempotencyKey } from './idempotency.js';
import type { Lane, MailboxOptions } from './mailbox.js';
import { MachineRunner } from './machine-runner.js';
import type { Outages } from './outages.js';
import { missingRows } from './projection.js';
import { JournalCorrupt, type Recovered, recover } from './recovery.js';
import { restoreAppend } from './restore.js';
import { RestartPolicy, type RestartPolicyOptions } from './restart-policy.js';
import { RoomActor, type RoomOutput, type Unavailable } from './room-actor.js';
import type {
  DomainEvent,
  Message,
  Refused,
  RoomDefinition,
  RoomSnapshot,
  Untimed,
  Viewer,
} from './room-definition.js';
import { RoomDirectory } from './room-directory.js';
import { type RandomBytes, uuidV7 } from './room-ids.js';
import { RoomSupervisor, sentenceOf } from './room-supervisor.js';
import { noStepMark, type StepMark } from './step-mark.js';
import { Timers } from './timers.js';
import { Turns } from './turns.js';

/** What a subscriber hears of a room. Everything in it is durable; a state leaves only as somebody's view. */
export type Notice<E extends DomainEvent, V> = { readonly roomId: string; readonly cause: Cause } & (
  | {
      readonly kind: 'applied' | 'repeated';
      readonly seq: number;
      readonly at: number;
      readonly events: readonly E[];
      readonly rows: readonly RowChange[];
      readonly view: (viewer: Viewer) => V;
    }
  /** An operator set the room back: what anybody saw of it counts no more. */
  | {
      readonly kind: 'restored';
      readonly seq: number;
      readonly at: number;
      readonly rows: readonly RowChange[];
      readonly view: (viewer: Viewer) => V;
    }
  | { readonly kind: 'refused'; readonly refusal: Refused; readonly view: (viewer: Viewer) => V }
  | { readonly kind: 'seen'; readonly seq: number; readonly view: (viewer: Viewer) => V }
  | { readonly kind: 'unavailable'; readonly why: Unavailable }
  | { readonly kind: 'unknownRoom' }
);

export interface RoomsPorts<S, M extends Message, E extends DomainEvent, V> {
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly engine: JournalEngine;
  readonly writer: JournalWriter;
  readonly outages: Outages;
  readonly clock: Clock;
  readonly now: () => number; // room time
  readonly random: RandomBytes;
  readonly onFailure: (roomId: string, failure: unknown) => void;
  /** Something broke that is no single room's: all of them should begin anew from the store (`restart`). */
  readonly onBroken?: (failure: unknown) => void;
  /** A room was quarantined, or something was mended: what an operator should know. */
  readonly onFinding?: (roomId: string, finding: string) => void;
  readonly stepMark?: StepMark;
  readonly mailbox?: MailboxOptions;
  readonly restarts?: RestartPolicyOptions;
  readonly idleMs?: number; // a room that nobody spoke to for so long leaves memory
}

/** An operator asked for what can't be done as things stand. Nothing changed; the message says why. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}

/** A repeated `create` is recognised for so long (design.md section 9, Idempotency). */
const CREATION_MEMORY_MS = 600_000;
/**
 * Rooms that are read at the same time. After a start thousands are wanted at once: the first of them should not wait
 * for the last, and each call to the store has only so much time.
 */
const LOADS_MAX = 32;
/** A room whose journal could not be read is tried again after that. */
const READ_AGAIN_MS = 1_000;

/**
 * All rooms of this process: the one seam through which sockets, HTTP, bots, tools and tests reach them. Whoever tells
 * a room something hears of it as a notice with the same cause.
 */
export class Rooms<S, M extends Message, E extends DomainEvent, V> {
  readonly #ports: RoomsPorts<S, M, E, V>;
  readonly #actors = new Map<string, RoomActor<S, M, E, V>>(); // in memory
  readonly #directory = new RoomDirectory();
  readonly #holds: Holds;
  readonly #policy: RestartPolicy;
  readonly #supervisor: RoomSupervisor<M>;
  readonly #rebuilding = new Map<string, Promise<void>>();
  readonly #loads = new Turns(LOADS_MAX);
  readonly #withInbox = new Set<string>(); // rooms that may have messages on the disk which are not in memory
  readonly #creating = new Map<string, Promise<string | null>>(); // idempotency key to id, until the room is durable
  readonly #newRooms = new Map<string, (durable: boolean) => void>(); // by id, until their first entry is decided
  readonly #deadlines: Timers;
  readonly #idle: Timers;
  readonly #idleMs: number;
  readonly #listeners: ((notice: Notice<E, V>) => void)[] = [];
  #causes = 0;
  #isDraining = false;
  readonly #process: string; // tells this process's causes from those of others in the journal

  constructor(ports: RoomsPorts<S, M, E, V>) {
    this.#ports = ports;
    const { clock, now, random, writer, onFailure } = ports;
    this.#idleMs = ports.idleMs ?? 60_000;
    this.#process = random(4).toString('hex');
    this.#holds = new Holds(writer);
    this.#policy = new RestartPolicy(now, random, ports.restarts);
    this.#supervisor = new RoomSupervisor({
      policy: this.#policy,
      clock,
      now,
      random,
      writer,
      onFailure,
      onUnavailable: (roomId, why, cause) => this.#publish({ kind: 'unavailable', why, roomId, cause }),
      rebuild: (roomId) => this.#rebuild(roomId),
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

  #broken(failure: unknown): void {
    this.#ports.onFailure('', failure);
    this.#ports.onBroken?.(failure);
  }

  /** Knows every open room again and arms their deadlines. Rooms are rebuilt when they are first needed. */
  async open(): Promise<void> {
    const holds: HoldRow[] = [];
    for await (const row of this.#rows('holds', {})) holds.push(row);
    this.#holds.open(holds);
    for await (const { roomId } of this.#rows('inbox', {})) this.#withInbox.add(roomId);
    for (const status of ['waiting', 'playing', 'over'] as const) {
      for await (const { roomId, code } of this.#rows('roomsByStatus', { status })) this.#directory.add(roomId, code);
    }
    await this.#armDeadlines();
    this.#wakeWaiting();
  }

  /** Rooms with messages on the disk that nothing holds take them now. */
  #wakeWaiting(): void {
    for (const roomId of this.#withInbox) {
      if (this.#directory.has(roomId) && this.#holds.of(roomId) === null) this.#awake(roomId);
    }
  }

  async #armDeadlines(): Promise<void> {
    const { engine, outages } = this.#ports;
    for (let cursor: number | null = 0; cursor !== null; ) {
      const page = await engine.streams('open', cursor);
      for (const { roomId, at, nextDeadline } of page.items) {
        // The list of rooms is a projection: one whose row is damaged or missing is mended from its journal.
        if (!this.#directory.has(roomId)) await this.#mendListing(roomId);
        if (nextDeadline === null || this.#actors.has(roomId)) continue;
        this.#deadlines.set(roomId, nextDeadline + outages.sinceMs(at));
      }
      for (const roomId of page.damaged) {
        if (this.#holds.own(roomId) === null)
          await this.#quarantine(roomId, 'The head of its journal is damaged', null);
      }
      cursor = page.next;
    }
  }

  async #mendListing(roomId: string): Promise<void> {
    const { engine, definition, onFailure } = this.#ports;
    try {
      const recovered = await recover(engine, definition, roomId);
      if (recovered === null || definition.isClosed(recovered.runner.snapshot)) return;
      await this.#mendRows(roomId, recovered);
      const row = await engine.row('rooms', roomId);
      if (row !== null) this.#directory.add(roomId, row.code);
    } catch (failure) {
      onFailure(roomId, failure);
    }
  }

  subscribe(listener: (notice: Notice<E, V>) => void): void {
    this.#listeners.push(listener);
  }

  /** The room that players call `code`, or undefined. */
  resolve(code: string): string | undefined {
    return this.#directory.resolve(code);
  }

  codeOf(roomId: string): string | undefined {
    return this.#directory.codeOf(roomId);
  }

  get openIds(): IterableIterator<string> {
    return this.#directory.ids;
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
    const holds = this.#holds.list();
    return {
      open: this.#directory.size,
      inMemory: this.#actors.size,
      deadlines: this.#deadlines.size,
      mailboxMessages,
      restarting,
      mailboxLagMs: this.#ports.now() - waitsSince,
      paused: holds.filter(({ kind }) => kind === 'paused').length,
      quarantined: holds.filter(({ kind }) => kind === 'quarantined').length,
    };
  }

  /**
   * Makes a room. The asker hears `applied` with the room's first entry, or `repeated` where the same message made it
   * before.
   * @param first the first message, given the room's code and its 256-bit seed in hex
   */
  async create(first: (code: string, seed: string) => Untimed<M>, cause: Cause): Promise<void> {
    const key = creationKey(cause);
    const underWay = key === null ? undefined : this.#creating.get(key);
    if (underWay !== undefined) {
      const roomId = await underWay;
      if (roomId === null) this.#publish({ kind: 'unavailable', why: 'storeAway', roomId: '', cause });
      else await this.#repeat(roomId, 1, cause);
      return;
    }
    const making = this.#make(first, cause, key);
    if (key !== null) {
      this.#creating.set(key, making);
      const done = (): void => void this.#creating.delete(key);
      making.then(done, done);
    }
    await making;
  }

  /**
   * Makes the room and has its asker told.
   * @returns the room's id once it is durable, or null where it could not be made
   */
  async #make(
    first: (code: string, seed: string) => Untimed<M>,
    cause: Cause,
    key: string | null,
  ): Promise<string | null> {
    const { random, now, writer, engine } = this.#ports;
    if (key !== null && cause.session !== null) {
      const before = await engine.roomByCreation(cause.session, key, now() - CREATION_MEMORY_MS);
      if (before !== null) {
        await this.#repeat(before.roomId, 1, cause);
        return before.roomId;
      }
    }
    const code = this.#directory.freeCode(random);
    if (!writer.available || this.#isDraining || code === null || this.#holds.of(EVERY_ROOM) !== null) {
      this.#publish({ kind: 'unavailable', why: 'storeAway', roomId: '', cause });
      return null;
    }
    const roomId = uuidV7(now(), random);
    this.#directory.add(roomId, code);
    const durable = new Promise<boolean>((resolve) => this.#newRooms.set(roomId, resolve));
    try {
      this.#actor(roomId).create(first(code, random(32).toString('hex')), cause);
    } catch (failure) {
      this.#newRooms.delete(roomId);
      this.#forget(roomId);
      throw failure;
    }
    this.#idle.set(roomId, now() + this.#idleMs);
    return (await durable) ? roomId : null;
  }

  /**
   * Puts a message into a room's mailbox.
   * @param mail size in bytes as it came in; `slot` for messages of which only the newest counts
   * @returns false where the mailbox is full: the sender should not be read from until `whenWritable`
   */
  tell(roomId: string, message: Untimed<M>, cause: Cause, mail: MailOptions = {}): boolean {
    return this.#put(roomId, { kind: 'message', message }, cause, mail);
  }

  /** Asks for the room as it is once everything told before has taken effect; answered by `seen`. */
  look(roomId: string, cause: Cause): boolean {
    return this.#put(roomId, { kind: 'look' }, cause, {});
  }

  whenWritable(roomId: string, callback: () => void): void {
    const actor = this.#actors.get(roomId);
    if (actor === undefined) callback();
    else actor.whenWritable(callback);
  }

  /** The durable state of a room as `viewer` may see it, without touching the room; null for an unknown one. */
  async query(roomId: string, viewer: Viewer): Promise<{ readonly seq: number; readonly view: V } | null> {
    const durable = await this.#durableSnapshot(roomId);
    return durable && { seq: durable.seq, view: this.#ports.definition.view(durable.snapshot, viewer) };
  }

  /** Whether a room would take a message as things stand; null for an unknown room. Changes and wakes nothing. */
  async can(roomId: string, message: Untimed<M>): Promise<{ readonly kind: 'allowed' } | Refused | null> {
    const { definition, now } = this.#ports;
    const snapshot = await this.#durableSnapshot(roomId);
    if (snapshot === null) return null;
    return MachineRunner.can(definition, snapshot.snapshot, { ...message, at: now() });
  }

  async #durableSnapshot(roomId: string): Promise<{ readonly seq: number; readonly snapshot: RoomSnapshot<S> } | null> {
    const { definition, engine } = this.#ports;
    const live = this.#actors.get(roomId)?.durable;
    if (live != null) return live;
    // Of a journal that is damaged, everything before the damage can still be read.
    const brokenAt = this.#holds.own(roomId)?.seq ?? null;
    const room = await recover(engine, definition, roomId, brokenAt === null ? undefined : brokenAt - 1);
    return room && { seq: room.seq, snapshot: room.runner.snapshot };
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
    await Promise.all([...this.#actors.keys()].map((roomId) => this.#rebuild(roomId)));
  }

  // ---- what operators do -----------------------------------------------------------------------------------------

  /** What holds a room, or null. */
  holdOf(roomId: string): HoldRow | null {
    return this.#holds.of(roomId);
  }

  holds(): readonly HoldRow[] {
    return this.#holds.list();
  }

  /** Restarts of a room that still count towards its quarantine. */
  restartsOf(roomId: string): number {
    return this.#policy.restarts(roomId);
  }

  /** A room in memory, or null: for those who look after it. */
  statusOf(roomId: string): { readonly status: string; readonly waiting: number } | null {
    const actor = this.#actors.get(roomId);
    return actor === undefined ? null : { status: actor.status, waiting: actor.mailboxCount };
  }

  /** The room takes nothing until `resume`; what players send waits on the disk. @throws OperationRefused */
  async pause(roomId: string, why: string): Promise<void> {
    this.#mustBeOpen(roomId);
    const own = this.#holds.own(roomId);
    if (own !== null) throw new OperationRefused(`Room ${roomId} is ${own.kind} already`);
    await this.#setHold({ roomId, kind: 'paused', since: this.#ports.now(), why, seq: null });
  }

  /** Ends a pause or a quarantine. The room's clocks go on where they stood. @throws OperationRefused */
  async resume(roomId: string): Promise<void> {
    this.#mustBeOpen(roomId);
    const hold = this.#holds.own(roomId);
    if (hold === null) throw new OperationRefused(`Room ${roomId} is neither paused nor quarantined`);
    if (this.#holds.own(EVERY_ROOM) !== null) throw new OperationRefused('All rooms are paused: resume them first');
    this.#policy.forget(roomId);
    const actor = await this.#ready(roomId);
    // Before its clocks go on: its deadline may ring at once.
    this.#holds.drop(roomId);
    if (!(await actor.release(releaseRow(roomId)))) {
      this.#holds.keep(hold);
      throw new OperationRefused(`Room ${roomId} could not be released: it crashed again, or the store is away`);
    }
  }

  /**
   * Knows a room that came into the store from elsewhere, with the hold that came before it. It runs when resumed.
   * @throws OperationRefused
   */
  async adopt(hold: HoldRow): Promise<void> {
    const { roomId } = hold;
    const { engine } = this.#ports;
    const row = await engine.row('rooms', roomId);
    if (row === null) throw new OperationRefused(`There is no room ${roomId}`);
    this.#holds.keep(hold);
    this.#directory.add(roomId, row.code);
    const seen = await this.#durableSnapshot(roomId);
    if (seen === null) throw new OperationRefused(`Room ${roomId} is listed but has no journal`);
    const [head] = await engine.heads([roomId]);
    this.#publish({
      kind: 'restored',
      roomId,
      seq: seen.seq,
      at: head?.at ?? row.updatedAt,
      rows: [{ kind: 'put', table: 'rooms', key: roomId, values: row }],
      view: this.#viewer(seen.snapshot),
      cause: this.#ownCause('adopt'),
    });
  }

  /** No room takes anything until `resumeAll`. @throws OperationRefused */
  async pauseAll(why: string): Promise<void> {
    if (this.#holds.own(EVERY_ROOM) !== null) throw new OperationRefused('All rooms are paused already');
    await this.#setHold({ roomId: EVERY_ROOM, kind: 'paused', since: this.#ports.now(), why, seq: null });
  }

  /** @throws OperationRefused, StoreFailure */
  async resumeAll(): Promise<void> {
    const hold = this.#holds.own(EVERY_ROOM);
    if (hold === null) throw new OperationRefused('The rooms are not paused');
    const { engine, outages, now } = this.#ports;
    // The pause is an outage: each room moves its clocks by it when it is next touched.
    const outage = { from: hold.since, to: now() };
    await engine.recordOutage(outage);
    outages.add(outage);
    if (!(await this.#holds.release(EVERY_ROOM))) throw new OperationRefused('The store is away: nothing was resumed');
    for (const [roomId, actor] of this.#actors) {
      if (this.#holds.own(roomId) === null) void actor.release(null);
    }
    await this.#armDeadlines();
    this.#wakeWaiting();
  }

  /** Rebuilds a room from its journal; what waits for it goes on waiting. @throws OperationRefused */
  async restartRoom(roomId: string): Promise<void> {
    this.#mustBeOpen(roomId);
    const actor = this.#actors.get(roomId);
    if (actor === undefined) return; // on the disk: the next message rebuilds it anyway
    actor.suspend();
    await actor.settled();
    await this.#rebuild(roomId);
  }

  /** Writes a snapshot of a room's durable state. @throws OperationRefused */
  async snapshotRoom(roomId: string): Promise<void> {
    this.#mustBeOpen(roomId);
    const actor = await this.#ready(roomId);
    await actor.settled();
    const append = actor.snapshotAppend();
    if (append !== null) this.#mustCommit(await decided(this.#ports.writer, append));
  }

  /**
   * Sets a room back to the state after one of its entries, by an entry of its own: nothing is deleted. Its clocks are
   * moved to now. Works for rooms that are quarantined or closed as well; a quarantine ends with it.
   * @throws OperationRefused
   * @returns the number of the new entry
   */
  async restore(roomId: string, toSeq: number): Promise<{ readonly seq: number }> {
    const { engine, definition, writer, now, stepMark = noStepMark } = this.#ports;
    const live = this.#actors.get(roomId);
    live?.suspend();
    await live?.settled();
    try {
      const [head] = await engine.heads([roomId]);
      if (head === undefined) throw new OperationRefused(`There is no room ${roomId}`);
      const target = await recover(engine, definition, roomId, toSeq);
      if (target?.seq !== toSeq) throw new OperationRefused(`Room ${roomId} has no entry ${toSeq} to go back to`);
      const before = live?.durable?.snapshot ?? (await this.#stateBefore(roomId));
      stepMark.begin(roomId);
      const { append, recovered } = restoreAppend({ definition, head, target, before, now: now() });
      stepMark.end();
      const outcome = await decided(writer, append);
      if (outcome.kind === 'conflict') {
        throw new OperationRefused(`Room ${roomId} can't go back: another open room has its code, or it moved on`);
      }
      this.#mustCommit(outcome);
      this.#holds.drop(roomId);
      const { seq, at, runner } = recovered;
      const cause = this.#ownCause('restore');
      const view = this.#viewer(runner.snapshot);
      const { rows } = append;
      if (definition.isClosed(runner.snapshot)) this.#forget(roomId);
      else {
        const row = await engine.row('rooms', roomId);
        if (row !== null) this.#directory.add(roomId, row.code);
        const actor = this.#actors.get(roomId) ?? this.#actor(roomId);
        this.#idle.set(roomId, now() + this.#idleMs);
        await actor.release(null); // the entry took the hold's row with it
        actor.start(recovered);
      }
      this.#publish({ kind: 'restored', roomId, seq, at, rows, view, cause });
      return { seq };
    } catch (failure) {
      if (live !== undefined && this.#actors.get(roomId) === live) await this.#rebuild(roomId);
      throw failure;
    }
  }

  /**
   * Gives a dead letter to its room once more.
   * @throws OperationRefused
   */
  async retryDeadLetter(id: string): Promise<'applied' | 'refused' | 'deadLetter' | 'unavailable'> {
    const row = await this.#ports.engine.row('deadLetters', id);
    if (row === null) throw new OperationRefused(`There is no dead letter ${id}`);
    this.#mustBeOpen(row.roomId);
    const { session, messageId } = row;
    const cause = { ...this.#ownCause('retry'), session, messageId };
    const message = JSON.parse(row.message) as Untimed<M>;
    const envelope = letter<M>({ kind: 'message', message }, cause, { lane: 'player', bytes: row.message.length });
    envelope.settles.push({ kind: 'delete', table: 'deadLetters', key: id });
    const answer = this.#answerTo(cause);
    this.#awake(row.roomId).tell(envelope);
    const notice = await answer;
    if (notice.kind === 'applied' || notice.kind === 'repeated') return 'applied';
    if (notice.kind === 'refused') return 'refused';
    return notice.kind === 'unavailable' && notice.why === 'failed' ? 'deadLetter' : 'unavailable';
  }

  /** @throws OperationRefused */
  async dropDeadLetter(id: string): Promise<void> {
    const { engine, writer } = this.#ports;
    const row = await engine.row('deadLetters', id);
    if (row === null) throw new OperationRefused(`There is no dead letter ${id}`);
    const dropped = await writeRows(writer, row.roomId, [{ kind: 'delete', table: 'deadLetters', key: id }]);
    if (!dropped) throw new OperationRefused('The store is away: nothing was dropped');
  }

  #mustBeOpen(roomId: string): void {
    if (!this.#directory.has(roomId)) throw new OperationRefused(`There is no open room ${roomId}`);
  }

  #mustCommit(outcome: Outcome): void {
    if (outcome.kind !== 'committed') throw new OperationRefused('The store is away: nothing was written');
  }

  async #setHold(row: HoldRow): Promise<void> {
    const durable = this.#holds.set(row);
    const one = this.#actors.get(row.roomId);
    const held = row.roomId === EVERY_ROOM ? [...this.#actors.values()] : one === undefined ? [] : [one];
    for (const actor of held) actor.hold(row);
    if (await durable) {
      await Promise.all(held.map((actor) => actor.settled()));
      return;
    }
    this.#holds.drop(row.roomId);
    for (const actor of held) void actor.release(null);
    throw new OperationRefused('The store is away: nothing was paused');
  }

  /** The room's actor, rebuilt. @throws OperationRefused where that is not possible */
  async #ready(roomId: string): Promise<RoomActor<S, M, E, V>> {
    const actor = this.#awake(roomId);
    await this.#rebuilding.get(roomId);
    if (actor.status !== 'ended') return actor;
    throw new OperationRefused(
      `Room ${roomId} can't be rebuilt: ${this.#holds.of(roomId)?.why ?? 'the store is away'}`,
    );
  }

  async #stateBefore(roomId: string): Promise<RoomSnapshot<S> | null> {
    try {
      return (await this.#durableSnapshot(roomId))?.snapshot ?? null;
    } catch (failure) {
      if (failure instanceof JournalCorrupt) return null; // its rows are then made anew from the restored state
      throw failure;
    }
  }

  #answerTo(cause: Cause): Promise<Notice<E, V>> {
    return new Promise((resolve) => {
      const listener = (notice: Notice<E, V>): void => {
        if (notice.cause !== cause) return;
        this.#listeners.splice(this.#listeners.indexOf(listener), 1);
        resolve(notice);
      };
      this.#listeners.push(listener);
    });
  }

  #ownCause(what: string): Cause {
    return { correlationId: `${what}-${this.#process}-${++this.#causes}`, session: null, messageId: null };
  }

  // ---- rooms in memory -------------------------------------------------------------------------------------------

  #put(
    roomId: string,
    body: Envelope<M>['body'],
    cause: Cause,
    { bytes = 0, lane = 'player', slot }: MailOptions,
  ): boolean {
    if (!this.#directory.has(roomId)) {
      this.#publish({ kind: 'unknownRoom', roomId, cause });
      return true;
    }
    if (this.#isDraining) {
      this.#publish({ kind: 'unavailable', why: 'restarting', roomId, cause });
      return true;
    }
    if (this.#holds.own(roomId)?.kind === 'quarantined') {
      if (body.kind === 'look') void this.#seeQuarantined(roomId, cause);
      else this.#publish({ kind: 'unavailable', why: 'quarantined', roomId, cause });
      return true;
    }
    const envelope = letter<M>(body, cause, { lane, bytes, ...(slot !== undefined && { slot }) });
    const offer = this.#awake(roomId).tell(envelope);
    if (offer.kind === 'accepted') return true;
    this.#publish({ kind: 'unavailable', why: 'mailboxFull', roomId, cause });
    return false;
  }

  async #seeQuarantined(roomId: string, cause: Cause): Promise<void> {
    try {
      const seen = await this.#durableSnapshot(roomId);
      if (seen !== null) {
        this.#publish({ kind: 'seen', roomId, cause, seq: seen.seq, view: this.#viewer(seen.snapshot) });
        return;
      }
    } catch (failure) {
      this.#ports.onFailure(roomId, failure);
    }
    this.#publish({ kind: 'unavailable', why: 'quarantined', roomId, cause });
  }

  #alarm(roomId: string): void {
    // A held room's deadline stands still; its release announces it again.
    if (!this.#directory.has(roomId) || this.#holds.of(roomId) !== null) return;
    const mail = { lane: 'timer', bytes: 0, slot: 'deadline' } as const;
    this.#awake(roomId).tell(letter({ kind: 'alarm' }, this.#ownCause('alarm'), mail));
  }

  /** The room's actor; one that is not in memory is rebuilt while its mailbox fills. */
  #awake(roomId: string): RoomActor<S, M, E, V> {
    const live = this.#actors.get(roomId);
    if (live !== undefined) return live;
    const actor = this.#actor(roomId);
    this.#idle.set(roomId, this.#ports.now() + this.#idleMs);
    void this.#rebuild(roomId);
    return actor;
  }

  /** Rebuilds a room from its journal; never throws: what goes wrong is the room's state afterwards. */
  #rebuild(roomId: string): Promise<void> {
    const underWay = this.#rebuilding.get(roomId);
    if (underWay !== undefined) return underWay;
    const actor = this.#actors.get(roomId);
    if (actor === undefined) return Promise.resolve();
    const rebuilding = this.#loads.run(() => this.#load(roomId, actor)).then((start) => {
      // Before the start: at its first message the room may crash again, and is then rebuilt once more.
      this.#rebuilding.delete(roomId);
      start();
    });
    this.#rebuilding.set(roomId, rebuilding);
    return rebuilding;
  }

  /** Reads all that a room needs. @returns how it goes on */
  async #load(roomId: string, actor: RoomActor<S, M, E, V>): Promise<() => void> {
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
    this.#holds.keep({ roomId, kind: 'quarantined', since: this.#ports.now(), why, seq: null });
    this.#leaveMemory(roomId);
    actor.abandon('quarantined');
    this.#ports.onFinding?.(roomId, why);
  }

  async #quarantine(roomId: string, why: string, seq: number | null): Promise<void> {
    const { now, onFinding, onFailure } = this.#ports;
    // Its clocks stand still since it was first held.
    const since = this.#holds.own(roomId)?.since ?? now();
    const row: HoldRow = { roomId, kind: 'quarantined', since, why, seq };
    const durable = this.#holds.set(row);
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
    const rows = definition.rows(roomId, null, runner.snapshot, null).filter(({ table }) => table === 'rooms');
    const wrong = await missingRows(engine, rows);
    if (wrong.length === 0) return;
    const mended = await writeRows(writer, roomId, wrong);
    onFinding?.(roomId, `The list of rooms was wrong about it and was ${mended ? '' : 'not '}mended`);
  }

  #actor(roomId: string): RoomActor<S, M, E, V> {
    const { definition, writer, outages, now, mailbox, onFailure, stepMark = noStepMark } = this.#ports;
    const actor: RoomActor<S, M, E, V> = new RoomActor<S, M, E, V>(
      {
        roomId,
        definition,
        journal: writer,
        outages,
        now,
        stepMark,
        onOutput: (output) => this.#publishOutput(roomId, output),
        onDeadline: (at) => this.#deadlines.set(roomId, at),
        onClosed: () => this.#forget(roomId),
        onCrash: (crash) => {
          this.#supervisor.crashed(roomId, actor, crash).catch((failure: unknown) => {
            onFailure(roomId, failure);
            this.#stop(roomId, actor, `Its supervisor failed: ${sentenceOf(failure)}`);
          });
        },
        ...(mailbox !== undefined && { mailbox }),
      },
      this.#holds.of(roomId),
    );
    this.#actors.set(roomId, actor);
    return actor;
  }

  #publishOutput(roomId: string, output: RoomOutput<S, E>): void {
    const durable = this.#newRooms.get(roomId);
    if (durable !== undefined) {
      this.#newRooms.delete(roomId);
      durable(output.kind === 'applied');
    }
    switch (output.kind) {
      case 'repeated':
        void this.#repeat(roomId, output.seq, output.cause);
        return;
      case 'unavailable':
        this.#publish({ ...output, roomId });
        return;
      default: {
        const { snapshot, ...rest } = output;
        this.#publish({ ...rest, roomId, view: this.#viewer(snapshot) });
      }
    }
  }

  /** Answers a message again as its entry answered it the first time. */
  async #repeat(roomId: string, seq: number, cause: Cause): Promise<void> {
    const { engine, definition, onFailure } = this.#ports;
    try {
      const then = await recover(engine, definition, roomId, seq);
      if (then === null) throw new Error(`room ${roomId} has no entry ${seq} to repeat`);
      const { at, events } = then;
      this.#publish({
        kind: 'repeated',
        roomId,
        seq,
        at,
        events,
        rows: [],
        view: this.#viewer(then.runner.snapshot),
        cause,
      });
    } catch (failure) {
      onFailure(roomId, failure);
      this.#publish({ kind: 'unavailable', why: 'storeAway', roomId, cause });
    }
  }

  #viewer(snapshot: RoomSnapshot<S>): (viewer: Viewer) => V {
    const seen = new Map<Viewer, V>();
    return (viewer) => {
      const known = seen.get(viewer);
      if (known !== undefined) return known;
      const view = this.#ports.definition.view(snapshot, viewer);
      seen.set(viewer, view);
      return view;
    };
  }

  #publish(notice: Notice<E, V>): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(notice);
      } catch (failure) {
        // A subscriber's fault is not the room's: the entry is durable, the other subscribers hear of it.
        this.#ports.onFailure(notice.roomId, failure);
      }
    }
  }

  #forget(roomId: string): void {
    this.#directory.remove(roomId);
    this.#policy.forget(roomId);
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

  async *#rows<Q extends Query>(query: Q, values: QueryValues<Q>): AsyncGenerator<RowOf<Q>> {
    const { engine, onFinding } = this.#ports;
    for (let after: string | null = null; ; ) {
      const page: RowPage<RowOf<Q>> = await engine.select(query, values, { after });
      for (const key of page.damaged) onFinding?.(key, `Row ${key} of ${query} is damaged and was left out`);
      yield* page.items;
      if (page.next === null) return;
      after = page.next;
    }
  }
}

const nothing = (): void => undefined;

interface MailOptions {
  readonly bytes?: number;
  readonly lane?: Lane;
  readonly slot?: string;
}

function creationKey({ session, messageId }: Cause): string | null {
  return session === null || messageId === null ? null : idempotencyKey(session, messageId);
}
