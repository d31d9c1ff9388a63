import {
  type Append,
  type JournalEngine,
  type JournalWriter,
  type Outcome,
  type RowChange,
  StoreFailure,
} from '../persistence/journal.js';
import type { Clock } from './clock.js';
import { idempotencyKey } from './idempotency.js';
import type { Lane, MailboxOptions } from './mailbox.js';
import { MachineRunner } from './machine-runner.js';
import type { Outages } from './outages.js';
import { type Recovered, recover } from './recovery.js';
import { type Cause, type Envelope, RoomActor, type RoomOutput, type Unavailable } from './room-actor.js';
import type {
  DomainEvent,
  Message,
  Refused,
  RoomDefinition,
  RoomSnapshot,
  Untimed,
  Viewer,
} from './room-definition.js';
import { type RandomBytes, roomCode, uuidV7 } from './room-ids.js';
import { Timers } from './timers.js';

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
  readonly mailbox?: MailboxOptions;
  readonly idleMs?: number; // a room that nobody spoke to for so long leaves memory
}

/** A repeated `create` is recognised for so long (design.md section 9, Idempotency). */
const CREATION_MEMORY_MS = 600_000;
const CODE_TRIES = 8;
const LISTED_ROWS_MAX = 1_000_000;
/** A room whose journal could not be read is tried again after that. */
const READ_AGAIN_MS = 1_000;

/**
 * All rooms of this process: the one seam through which sockets, HTTP, bots, tools and tests reach them. Whoever tells
 * a room something hears of it as a notice with the same cause.
 */
export class Rooms<S, M extends Message, E extends DomainEvent, V> {
  readonly #ports: RoomsPorts<S, M, E, V>;
  readonly #actors = new Map<string, RoomActor<S, M, E, V>>(); // in memory
  readonly #codes = new Map<string, string>(); // code to id of every room that is not closed
  readonly #codeOf = new Map<string, string>();
  readonly #creating = new Map<string, Promise<string | null>>(); // idempotency key to id, until the room is durable
  readonly #newRooms = new Map<string, (durable: boolean) => void>(); // by id, until their first entry is decided
  readonly #deadlines: Timers;
  readonly #idle: Timers;
  readonly #idleMs: number;
  readonly #listeners: ((notice: Notice<E, V>) => void)[] = [];
  #alarms = 0;
  #isDraining = false;
  readonly #process: string; // tells this process's alarms from those of others in the journal

  constructor(ports: RoomsPorts<S, M, E, V>) {
    this.#ports = ports;
    this.#idleMs = ports.idleMs ?? 60_000;
    this.#process = ports.random(4).toString('hex');
    this.#deadlines = new Timers(ports.clock, ports.now, (roomId) => this.#alarm(roomId));
    this.#idle = new Timers(ports.clock, ports.now, (roomId) => void this.#passivate(roomId));
  }

  /** Knows every open room again and arms their deadlines. Rooms are rebuilt when they are first needed. */
  async open(): Promise<void> {
    const { engine, outages } = this.#ports;
    for (const status of ['waiting', 'playing', 'over'] as const) {
      for (const { roomId, code } of await engine.roomsByStatus(status, LISTED_ROWS_MAX)) this.#know(roomId, code);
    }
    for (let cursor: number | null = 0; cursor !== null; ) {
      const page = await engine.openStreams(cursor);
      for (const head of page.items) {
        if (head.nextDeadline !== null) {
          this.#deadlines.set(head.roomId, head.nextDeadline + outages.sinceMs(head.at));
        }
      }
      cursor = page.next;
    }
  }

  subscribe(listener: (notice: Notice<E, V>) => void): void {
    this.#listeners.push(listener);
  }

  /** The room that players call `code`, or undefined. */
  resolve(code: string): string | undefined {
    return this.#codes.get(code);
  }

  codeOf(roomId: string): string | undefined {
    return this.#codeOf.get(roomId);
  }

  get openIds(): IterableIterator<string> {
    return this.#codeOf.keys();
  }

  get counts() {
    let waiting = 0;
    let quarantined = 0;
    for (const actor of this.#actors.values()) {
      waiting += actor.mailboxCount;
      if (actor.isQuarantined) quarantined++;
    }
    return {
      open: this.#codeOf.size,
      inMemory: this.#actors.size,
      deadlines: this.#deadlines.size,
      mailboxMessages: waiting,
      quarantined,
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
    const code = this.#freeCode();
    if (!writer.available || this.#isDraining || code === null) {
      this.#publish({ kind: 'unavailable', why: 'storeAway', roomId: '', cause });
      return null;
    }
    const roomId = uuidV7(now(), random);
    this.#know(roomId, code);
    const decided = new Promise<boolean>((resolve) => this.#newRooms.set(roomId, resolve));
    this.#actor(roomId).create(first(code, random(32).toString('hex')), cause);
    this.#idle.set(roomId, now() + this.#idleMs);
    return (await decided) ? roomId : null;
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
    return MachineRunner.can(definition, snapshot.snapshot, { ...message, at: now() } as unknown as M);
  }

  async #durableSnapshot(roomId: string): Promise<{ readonly seq: number; readonly snapshot: RoomSnapshot<S> } | null> {
    const { definition, engine } = this.#ports;
    const live = this.#actors.get(roomId)?.durable;
    if (live != null) return live;
    const room = await recover(engine, definition, roomId);
    return room && { seq: room.seq, snapshot: room.runner.snapshot };
  }

  /** The store is back (or has gone): rooms reconsider what they held. */
  wake(): void {
    for (const actor of this.#actors.values()) actor.wake();
  }

  /** Stops all clocks, lets entries in flight land, and writes snapshots so that the next start is quick. */
  async drain(): Promise<void> {
    this.stopClocks();
    this.#isDraining = true;
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

  #put(
    roomId: string,
    body: Envelope<M>['body'],
    cause: Cause,
    { bytes = 0, lane = 'player', slot }: MailOptions,
  ): boolean {
    if (!this.#codeOf.has(roomId)) {
      this.#publish({ kind: 'unknownRoom', roomId, cause });
      return true;
    }
    if (this.#isDraining) {
      this.#publish({ kind: 'unavailable', why: 'restarting', roomId, cause });
      return true;
    }
    const actor = this.#awake(roomId);
    const offer = actor.tell({ body, cause, lane, bytes, ...(slot !== undefined && { slot }) });
    if (offer.kind === 'accepted') return true;
    this.#publish({ kind: 'unavailable', why: 'mailboxFull', roomId, cause });
    return false;
  }

  #alarm(roomId: string): void {
    if (!this.#codeOf.has(roomId)) return;
    const cause: Cause = { correlationId: `alarm-${this.#process}-${++this.#alarms}`, session: null, messageId: null };
    this.#awake(roomId).tell({ body: { kind: 'alarm' }, cause, lane: 'timer', bytes: 0, slot: 'deadline' });
  }

  /** The room's actor; one that is not in memory is rebuilt while its mailbox fills. */
  #awake(roomId: string): RoomActor<S, M, E, V> {
    const live = this.#actors.get(roomId);
    if (live !== undefined) return live;
    const actor = this.#actor(roomId);
    this.#idle.set(roomId, this.#ports.now() + this.#idleMs);
    void this.#rebuild(roomId, actor);
    return actor;
  }

  async #rebuild(roomId: string, actor: RoomActor<S, M, E, V>): Promise<void> {
    const { engine, definition, onFailure } = this.#ports;
    let recovered: Recovered<S, M, E> | null;
    try {
      recovered = await recover(engine, definition, roomId);
      if (recovered === null) throw new Error(`room ${roomId} is listed but has no journal`);
    } catch (failure) {
      onFailure(roomId, failure);
      if (failure instanceof StoreFailure) this.#postpone(roomId, actor);
      else actor.abandon('quarantined');
      return;
    }
    actor.start(recovered);
  }

  /** The journal can't be read just now: the room stays on the disk, and whatever it had to do is tried again. */
  #postpone(roomId: string, actor: RoomActor<S, M, E, V>): void {
    this.#actors.delete(roomId);
    this.#idle.set(roomId, null);
    this.#deadlines.set(roomId, this.#ports.now() + READ_AGAIN_MS);
    actor.abandon('storeAway');
  }

  #actor(roomId: string): RoomActor<S, M, E, V> {
    const { definition, writer, outages, now, onFailure, mailbox } = this.#ports;
    const actor = new RoomActor<S, M, E, V>({
      roomId,
      definition,
      journal: writer,
      outages,
      now,
      onOutput: (output) => this.#publishOutput(roomId, output),
      onDeadline: (at) => this.#deadlines.set(roomId, at),
      onClosed: () => this.#forget(roomId),
      onFailure: (failure) => onFailure(roomId, failure),
      ...(mailbox !== undefined && { mailbox }),
    });
    this.#actors.set(roomId, actor);
    return actor;
  }

  #publishOutput(roomId: string, output: RoomOutput<S, E>): void {
    const decided = this.#newRooms.get(roomId);
    if (decided !== undefined) {
      this.#newRooms.delete(roomId);
      decided(output.kind === 'applied');
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
    for (const listener of this.#listeners) {
      try {
        listener(notice);
      } catch (failure) {
        // A subscriber's fault is not the room's: the entry is durable, the other subscribers hear of it.
        this.#ports.onFailure(notice.roomId, failure);
      }
    }
  }

  #freeCode(): string | null {
    for (let tries = 0; tries < CODE_TRIES; tries++) {
      const code = roomCode(this.#ports.random);
      if (!this.#codes.has(code)) return code;
    }
    return null;
  }

  #know(roomId: string, code: string): void {
    this.#codes.set(code, roomId);
    this.#codeOf.set(roomId, code);
  }

  #forget(roomId: string): void {
    const code = this.#codeOf.get(roomId);
    if (code !== undefined) this.#codes.delete(code);
    this.#codeOf.delete(roomId);
    this.#actors.get(roomId)?.abandon('restarting');
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
}

interface MailOptions {
  readonly bytes?: number;
  readonly lane?: Lane;
  readonly slot?: string;
}

function decided(writer: JournalWriter, append: Append): Promise<Outcome> {
  return new Promise((resolve) => writer.append(append, resolve));
}

function creationKey({ session, messageId }: Cause): string | null {
  return session === null || messageId === null ? null : idempotencyKey(session, messageId);
}
