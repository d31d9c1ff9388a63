import type { HoldRow } from '../persistence/rows.js';
import { type Cause, type Envelope, letter } from './envelope.js';
import { EVERY_ROOM } from './holds.js';
import { keyOf } from './idempotency.js';
import type { Lane } from './mailbox.js';
import { MachineRunner } from './machine-runner.js';
import { recover } from './recovery.js';
import type { RoomActor, RoomOutput, Unavailable } from './room-actor.js';
import type { DomainEvent, Message, Refused, RoomSnapshot, Untimed, Viewer } from './room-definition.js';
import { roomCode, uuidV7 } from './room-ids.js';
import { type RoomCounters, RoomKeeper, type RoomsPorts } from './room-keeper.js';
import type { Notice } from './notice.js';
import { RoomOperations } from './room-operations.js';

/** A repeated `create` is recognised for so long (design.md section 9, Idempotency). */
const CREATION_MEMORY_MS = 600_000;
const CODE_TRIES = 8;

/**
 * All rooms of this process: the one seam through which sockets, HTTP, bots, tools and tests reach them. Whoever tells
 * a room something hears of it as a notice with the same cause.
 */
export class Rooms<S, M extends Message, E extends DomainEvent, V> {
  /** What operators do to rooms. */
  readonly operations: RoomOperations<S, M, E, V>;
  readonly #ports: RoomsPorts<S, M, E, V>;
  readonly #keeper: RoomKeeper<S, M, E, V>;
  readonly #creating = new Map<string, Promise<string | null>>(); // idempotency key to id, until the room is durable
  readonly #newRooms = new Map<string, (durable: boolean) => void>(); // by id, until their first entry is decided
  #listeners: readonly ((notice: Notice<E, V>) => void)[] = []; // replaced, not changed: one may leave while it is told
  #causes = 0;
  readonly #process: string; // tells this process's causes from those of others in the journal

  constructor(ports: RoomsPorts<S, M, E, V>) {
    this.#ports = ports;
    this.#process = ports.random(4).toString('hex');
    const ownCause = (what: string): Cause => this.ownCause(what);
    this.#keeper = new RoomKeeper({
      ...ports,
      ownCause,
      onOutput: (roomId, output) => this.#publishOutput(roomId, output),
      onUnavailable: (roomId, why, cause) => this.#publish({ kind: 'unavailable', why, roomId, cause }),
    });
    this.operations = new RoomOperations({
      ...ports,
      ownCause,
      keeper: this.#keeper,
      durableSnapshot: (roomId) => this.#durableSnapshot(roomId),
      publish: (notice) => this.#publish(notice),
      subscribe: (listener) => this.subscribe(listener),
      viewer: (snapshot) => this.#viewer(snapshot),
    });
  }

  /** Knows every open room again and arms their deadlines. Rooms are rebuilt when they are first needed. */
  open(): Promise<void> {
    return this.#keeper.open();
  }

  /**
   * Begins anew from the store, as after a start of the process; what waits in mailboxes is kept.
   * @throws StoreFailure
   */
  restart(): Promise<void> {
    return this.#keeper.restart();
  }

  /** Stops all clocks, lets entries in flight land, and writes snapshots so that the next start is quick. */
  drain(): Promise<void> {
    return this.#keeper.drain();
  }

  /** No room does anything by itself any more. */
  stopClocks(): void {
    this.#keeper.stopClocks();
  }

  /** The store is back (or has gone): rooms reconsider what they held. */
  wake(): void {
    this.#keeper.wake();
  }

  get counts() {
    return this.#keeper.counts;
  }

  /** Since the start of the process. */
  get counters(): RoomCounters {
    return this.#keeper.counters;
  }

  /** @returns the way to stop listening */
  subscribe(listener: (notice: Notice<E, V>) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener));
  }

  /** The room that players call `code`, or undefined. */
  resolve(code: string): string | undefined {
    return this.#keeper.directory.resolve(code);
  }

  codeOf(roomId: string): string | undefined {
    return this.#keeper.directory.codeOf(roomId);
  }

  get openIds(): IterableIterator<string> {
    return this.#keeper.directory.ids;
  }

  /**
   * Makes a room. The asker hears `applied` with the room's first entry, or `repeated` where the same message made it
   * before.
   * @param first the first message, given the room's code and its 256-bit seed in hex
   */
  async create(first: (code: string, seed: string) => Untimed<M>, cause: Cause): Promise<void> {
    const key = keyOf(cause);
    const underWay = key === null ? undefined : this.#creating.get(key);
    if (underWay !== undefined) {
      const roomId = await underWay;
      if (roomId === null) this.#publish({ kind: 'unavailable', why: this.#whyNoRoom(), roomId: '', cause });
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
    const isOpen = (): boolean => writer.available && !this.#keeper.isDraining && this.holdOf(EVERY_ROOM) === null;
    const code = isOpen() ? await this.#freeCode() : null;
    if (code === null || !isOpen()) {
      this.#publish({ kind: 'unavailable', why: this.#whyNoRoom(), roomId: '', cause });
      return null;
    }
    const roomId = uuidV7(now(), random);
    this.#keeper.directory.add(roomId, code);
    const durable = new Promise<boolean>((resolve) => this.#newRooms.set(roomId, resolve));
    try {
      this.#keeper.admit(roomId).create(first(code, random(32).toString('hex')), cause);
    } catch (failure) {
      this.#newRooms.delete(roomId);
      this.#keeper.forget(roomId);
      throw failure;
    }
    return (await durable) ? roomId : null;
  }

  #whyNoRoom(): Unavailable {
    return this.holdOf(EVERY_ROOM) === null ? 'storeAway' : 'paused';
  }

  /** A code that no room has, or null where luck runs out. Closed rooms keep theirs until they are archived. */
  async #freeCode(): Promise<string | null> {
    const { random, engine } = this.#ports;
    for (let tries = 0; tries < CODE_TRIES; tries++) {
      const code = roomCode(random);
      if (this.resolve(code) === undefined && (await engine.roomByCode(code)) === null) return code;
    }
    return null;
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
    const actor = this.#keeper.live.get(roomId);
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
    const live = this.#keeper.live.get(roomId)?.durable;
    this.#keeper.wanted(live != null);
    if (live != null) return live;
    // Of a journal that is damaged, everything before the damage can still be read.
    const brokenAt = this.#keeper.holds.own(roomId)?.seq ?? null;
    const room = await recover(engine, definition, roomId, brokenAt === null ? undefined : brokenAt - 1);
    return room && { seq: room.seq, snapshot: room.runner.snapshot };
  }

  /** For what this process tells a room by itself: no other one ever has the same, and it may wait beyond a restart. */
  ownCause(what: string): Cause {
    return { correlationId: `${what}-${this.#process}-${++this.#causes}`, session: null, messageId: null };
  }

  /** What holds a room, or null. */
  holdOf(roomId: string): HoldRow | null {
    return this.#keeper.holds.of(roomId);
  }

  holds(): readonly HoldRow[] {
    return this.#keeper.holds.list();
  }

  /** Restarts of a room that still count towards its quarantine. */
  restartsOf(roomId: string): number {
    return this.#keeper.policy.restarts(roomId);
  }

  /** A room in memory, or null: for those who look after it. */
  statusOf(roomId: string): RoomMemory | null {
    const actor = this.#keeper.live.get(roomId);
    return actor === undefined ? null : this.#memoryOf(actor);
  }

  /** What a room in memory does next by itself, as of its newest durable entry; undefined for one that is on the disk. */
  dueOf(roomId: string): { readonly at: number; readonly message: Untimed<M> } | null | undefined {
    const durable = this.#keeper.live.get(roomId)?.durable;
    return durable == null ? undefined : this.#ports.definition.deadline(durable.snapshot);
  }

  /** Every room in memory. */
  *inMemory(): IterableIterator<{ readonly roomId: string } & RoomMemory> {
    for (const [roomId, actor] of this.#keeper.live) yield { roomId, ...this.#memoryOf(actor) };
  }

  #memoryOf({ status, mailboxCount, mailbox, waitsSince }: RoomActor<S, M, E, V>): RoomMemory {
    const lagMs = waitsSince === null ? 0 : Math.max(0, this.#ports.now() - waitsSince);
    return { status, waiting: mailboxCount, lagMs, ...mailbox };
  }

  #put(
    roomId: string,
    body: Envelope<M>['body'],
    cause: Cause,
    { bytes = 0, lane = 'player', slot }: MailOptions,
  ): boolean {
    if (!this.#keeper.directory.has(roomId)) {
      this.#publish({ kind: 'unknownRoom', roomId, cause });
      return true;
    }
    if (this.#keeper.isDraining) {
      this.#publish({ kind: 'unavailable', why: 'restarting', roomId, cause });
      return true;
    }
    if (this.#keeper.holds.own(roomId)?.kind === 'quarantined') {
      if (body.kind === 'look') void this.#seeQuarantined(roomId, cause);
      else this.#publish({ kind: 'unavailable', why: 'quarantined', roomId, cause });
      return true;
    }
    const envelope = letter<M>(body, cause, { lane, bytes, ...(slot !== undefined && { slot }) });
    const offer = this.#keeper.awake(roomId).tell(envelope);
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
      this.#ports.onFailure(roomId, failure, cause);
    }
    this.#publish({ kind: 'unavailable', why: 'quarantined', roomId, cause });
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
      case 'applied': {
        const { kind, seq, at, message, times, events, rows, snapshot, cause } = output;
        const view = this.#viewer(snapshot);
        this.#publish({ kind, roomId, cause, seq, at, message, times, events, rows, view });
        return;
      }
      case 'refused': {
        const { kind, seq, message, refusal, snapshot, cause } = output;
        this.#publish({ kind, roomId, cause, seq, message, refusal, view: this.#viewer(snapshot) });
        return;
      }
      case 'seen': {
        const { kind, seq, snapshot, cause } = output;
        this.#publish({ kind, roomId, cause, seq, view: this.#viewer(snapshot) });
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
      onFailure(roomId, failure, cause);
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
    for (const listener of this.#listeners) {
      try {
        listener(notice);
      } catch (failure) {
        // A subscriber's fault is not the room's: the entry is durable, the other subscribers hear of it.
        this.#ports.onFailure(notice.roomId, failure, notice.cause);
      }
    }
  }
}

/** How a room in memory fares. */
export interface RoomMemory {
  readonly status: 'starting' | 'restarting' | 'running' | 'ended';
  readonly waiting: number; // messages
  readonly lagMs: number; // for how long the oldest of them waits
  readonly bytes: number; // of them
  readonly lanes: Readonly<Record<Lane, number>>;
}

interface MailOptions {
  readonly bytes?: number;
  readonly lane?: Lane;
  readonly slot?: string;
}
