import { chainHash, contentHash } from '../persistence/hash-chain.js';
import type { Append, Entry, JournalWriter, Outcome, RowChange, Snapshot } from '../persistence/journal.js';
import { idempotencyKey, IdempotencyWindow } from './idempotency.js';
import { MachineRunner } from './machine-runner.js';
import { type Mail, Mailbox, type MailboxOptions, type Offer } from './mailbox.js';
import type { Outages } from './outages.js';
import { encodeState, type Recovered } from './recovery.js';
import type { DomainEvent, Message, Refused, RoomDefinition, RoomSnapshot, Untimed } from './room-definition.js';

/** Who caused something, as plain data: enough to find the asker again, and nothing about sockets. */
export interface Cause {
  readonly correlationId: string;
  readonly session: string | null;
  readonly messageId: string | null; // the sender's own id of the message, for idempotency
}

/** Anything for a room: a message, the wish to look, or the alarm of its deadline. */
export interface Envelope<M extends Message> extends Mail {
  readonly body:
    | { readonly kind: 'message'; readonly message: Untimed<M> }
    | { readonly kind: 'look' }
    | { readonly kind: 'alarm' };
  readonly cause: Cause;
}

/** What leaves a room. All of it waits at the output gate until the entry it was computed from is durable. */
export type RoomOutput<S, E extends DomainEvent> =
  | {
      readonly kind: 'applied';
      readonly seq: number;
      readonly at: number;
      readonly events: readonly E[];
      readonly rows: readonly RowChange[];
      readonly snapshot: RoomSnapshot<S>;
      readonly cause: Cause;
    }
  | { readonly kind: 'refused'; readonly refusal: Refused; readonly snapshot: RoomSnapshot<S>; readonly cause: Cause }
  | { readonly kind: 'seen'; readonly seq: number; readonly snapshot: RoomSnapshot<S>; readonly cause: Cause }
  | { readonly kind: 'repeated'; readonly seq: number; readonly cause: Cause } // of the entry that applied it first
  | { readonly kind: 'unavailable'; readonly why: Unavailable; readonly cause: Cause };

/** Why a message had no effect and may be sent again. */
export type Unavailable = 'storeAway' | 'mailboxFull' | 'restarting' | 'quarantined';

export interface RoomActorPorts<S, M extends Message, E extends DomainEvent, V> {
  readonly roomId: string;
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly journal: JournalWriter;
  readonly outages: Outages;
  readonly now: () => number; // room time
  readonly onOutput: (output: RoomOutput<S, E>) => void;
  readonly onDeadline: (at: number | null) => void; // ms since the epoch
  readonly onClosed: () => void; // the room's last entry is durable
  readonly onFailure: (failure: unknown, message: M) => void; // the machine threw
  readonly mailbox?: MailboxOptions;
}

/** Entries of one room that may be on their way to the disk; then it stops taking messages. */
const IN_FLIGHT_MAX = 64;
// A snapshot is written after that much since the last one: recovery then replays at most this.
const SNAPSHOT_ENTRIES = 64;
const SNAPSHOT_BYTES = 64 * 1024;

interface InFlight<S> {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly snapshot: RoomSnapshot<S>;
  readonly id: { readonly session: string; readonly key: string } | null;
  readonly saved: boolean; // a snapshot is written with it
}

interface AtGate<S, E extends DomainEvent> {
  readonly seq: number; // opens when this entry is durable
  readonly output: RoomOutput<S, E>;
}

/**
 * One room: takes messages from its mailbox, steps the machine, hands entries to the journal and may go on before they
 * are durable; what they caused waits at the gate in order. When a commit fails the room returns to its last durable
 * state and every waiting asker is told to try again.
 */
export class RoomActor<S, M extends Message, E extends DomainEvent, V> {
  readonly #ports: RoomActorPorts<S, M, E, V>;
  readonly #mailbox: Mailbox<Envelope<M>>;
  #runner: MachineRunner<S, M, E> | null = null; // null until recovered, and once the room can't go on
  #window = new IdempotencyWindow(); // of durable entries only

  // The entry stepped last, and the last one known to be durable.
  #head = { seq: 0, at: 0, hash: '' };
  #durable: {
    readonly seq: number;
    readonly at: number;
    readonly hash: string;
    readonly snapshot: RoomSnapshot<S>;
  } | null = null;

  #snapshotSeq = 0; // of the newest snapshot, written or on its way
  #savedSeq = 0; // of the newest one known to be written
  #whenSettled: (() => void)[] = [];
  #bytesSinceSnapshot = 0;
  #inFlight: InFlight<S>[] = [];
  #gate: AtGate<S, E>[] = [];
  #epoch = 0; // goes up with each return to the durable state: older verdicts mean nothing any more
  #running = false;
  #quarantined = false;
  #activeAt: number;
  #whenWritable: (() => void)[] = [];

  constructor(ports: RoomActorPorts<S, M, E, V>) {
    this.#ports = ports;
    this.#mailbox = new Mailbox(ports.mailbox);
    this.#activeAt = ports.now();
  }

  /** When the room was last spoken to, room time. */
  get activeAt(): number {
    return this.#activeAt;
  }

  /** Nothing waits, nothing is on its way: the room may leave memory. */
  get isQuiet(): boolean {
    return this.#mailbox.count === 0 && this.#inFlight.length === 0 && this.#runner !== null && !this.#running;
  }

  get mailboxCount(): number {
    return this.#mailbox.count;
  }

  get isQuarantined(): boolean {
    return this.#quarantined;
  }

  /** State of the last durable entry, for queries. */
  get durable(): { readonly seq: number; readonly snapshot: RoomSnapshot<S> } | null {
    return this.#durable;
  }

  /** Goes on from a recovered state with whatever waits in the mailbox. */
  start(recovered: Recovered<S, M, E>): void {
    const { runner, window, seq, at, hash, snapshotSeq } = recovered;
    this.#runner = runner;
    this.#window = window;
    this.#head = { seq, at, hash };
    this.#durable = { seq, at, hash, snapshot: runner.snapshot };
    this.#snapshotSeq = snapshotSeq;
    this.#savedSeq = snapshotSeq;
    this.#announceDeadline();
    this.#run();
  }

  /** The first message of a room that does not exist yet. */
  create(message: Untimed<M>, cause: Cause): void {
    const timed = this.#timed(message, cause);
    const { runner, events } = MachineRunner.create(this.#ports.definition, timed);
    this.#runner = runner;
    this.#commit(timed, events, cause);
  }

  tell(envelope: Envelope<M>): Offer {
    if (envelope.body.kind !== 'alarm') this.#activeAt = this.#ports.now();
    const offer = this.#mailbox.offer(envelope);
    if (offer.kind === 'refused') return offer;
    const { superseded } = offer;
    if (superseded?.body.kind === 'message') {
      this.#ports.onOutput({ kind: 'unavailable', why: 'restarting', cause: superseded.cause });
    }
    this.#run();
    return offer;
  }

  /** Calls back once when the mailbox has room again. */
  whenWritable(callback: () => void): void {
    if (this.#mailbox.count === 0) callback();
    else this.#whenWritable.push(callback);
  }

  /** Resolves when every entry of the room is decided. */
  async settled(): Promise<void> {
    if (this.#inFlight.length > 0) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  #announceSettled(): void {
    if (this.#inFlight.length > 0) return;
    const waiting = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of waiting) resolve();
  }

  /** A snapshot of the durable state, where the last one is older; for a room that is about to leave memory. */
  snapshotAppend(): Append | null {
    const durable = this.#durable;
    if (durable === null || durable.seq === this.#snapshotSeq) return null;
    this.#snapshotSeq = durable.seq;
    const snapshot = this.#encode(durable.seq, durable.at, durable.hash, durable.snapshot, this.#window);
    const { roomId } = this.#ports;
    return { roomId, expectedSeq: durable.seq, fence: 0, entry: null, snapshot, rows: [], closes: false };
  }

  /** Nothing more will come of this room: whoever waits is told to ask again. */
  abandon(why: Unavailable): void {
    this.#runner = null;
    this.#quarantined = why === 'quarantined';
    this.#epoch++;
    this.#inFlight = [];
    this.#dropGate(why);
    this.#refuseWaiting(why);
    this.#announceWritable();
    this.#announceSettled();
  }

  /** Reconsiders messages and deadline after the store came back. */
  wake(): void {
    this.#announceDeadline();
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#runner !== null && this.#inFlight.length < IN_FLIGHT_MAX) {
        const envelope = this.#mailbox.take();
        if (envelope === undefined) break;
        this.#handle(envelope);
      }
    } finally {
      this.#running = false;
    }
    if (this.#quarantined) this.#refuseWaiting('quarantined');
    this.#announceWritable();
  }

  #announceWritable(): void {
    if (this.#mailbox.count > 0 || this.#whenWritable.length === 0) return;
    const waiting = this.#whenWritable;
    this.#whenWritable = [];
    for (const callback of waiting) callback();
  }

  #handle({ body, cause }: Envelope<M>): void {
    if (body.kind === 'look') {
      this.#output({ kind: 'seen', seq: this.#head.seq, snapshot: this.#runner!.snapshot, cause });
      return;
    }
    const first = this.#appliedAs(cause);
    if (first !== undefined) {
      this.#output({ kind: 'repeated', seq: first, cause }, first);
      return;
    }
    if (!this.#ports.journal.available) {
      // A due alarm is held: the deadline is announced again when the store is back, and shifted.
      if (body.kind === 'message') this.#output({ kind: 'unavailable', why: 'storeAway', cause });
      return;
    }
    this.#applyOutages();
    if (this.#runner === null) {
      this.#ports.onOutput({ kind: 'unavailable', why: 'quarantined', cause });
      return;
    }
    if (body.kind === 'message') {
      this.#step(this.#timed(body.message, cause), cause);
      return;
    }
    const due = this.#ports.definition.deadline(this.#runner.snapshot);
    if (due === null) return;
    const timed = this.#timed(due.message, cause);
    if (due.at > timed.at) this.#ports.onDeadline(due.at);
    else this.#step(timed, cause);
  }

  /** Clocks that players feel stand still while nobody could act (design.md section 9, Time). */
  #applyOutages(): void {
    const { definition, outages } = this.#ports;
    const outageMs = outages.sinceMs(this.#head.at);
    if (outageMs <= 0 || definition.deadline(this.#runner!.snapshot) === null) return;
    const cause: Cause = { correlationId: `outage-${this.#head.seq + 1}`, session: null, messageId: null };
    this.#step(this.#timed(definition.resumed(outageMs), cause), cause);
  }

  #step(message: M, cause: Cause): void {
    const runner = this.#runner!;
    let result: ReturnType<typeof runner.step>;
    try {
      result = runner.step(message);
    } catch (failure) {
      this.#fail(failure, message, cause);
      return;
    }
    if (result.kind === 'refused') {
      this.#output({ kind: 'refused', refusal: result, snapshot: runner.snapshot, cause });
      return;
    }
    this.#commit(message, result.events, cause);
  }

  #commit(message: M, events: readonly E[], cause: Cause): void {
    const { definition, journal, roomId } = this.#ports;
    const snapshot = this.#runner!.snapshot;
    const deadline = definition.deadline(snapshot);
    const unhashed: Omit<Entry, 'hash'> = {
      roomId,
      seq: this.#head.seq + 1,
      at: message.at,
      message: JSON.stringify(message),
      outcome: 'applied',
      events: JSON.stringify(events),
      machineVersion: definition.version,
      correlationId: cause.correlationId,
      nextDeadline: deadline?.at ?? null,
    };
    const entry: Entry = { ...unhashed, hash: chainHash(this.#head.hash, unhashed) };
    const { seq, at, hash } = entry;
    const id =
      message.key === undefined || message.session === undefined
        ? null
        : { session: message.session, key: message.key };

    this.#head = { seq, at, hash };
    this.#bytesSinceSnapshot += entry.message.length + entry.events.length;

    const closes = definition.isClosed(snapshot);
    const saved = closes || this.#snapshotIsDue(seq);
    this.#inFlight.push({ seq, at, hash, snapshot, id, saved });
    const rows = definition.rows(roomId, message, events, snapshot);
    const append: Append = {
      roomId,
      expectedSeq: seq - 1,
      fence: 0,
      entry,
      snapshot: saved ? this.#snapshotInFlight() : null,
      rows,
      closes,
    };
    this.#output({ kind: 'applied', seq, at, events, rows, snapshot, cause });
    this.#ports.onDeadline(deadline?.at ?? null);
    const epoch = this.#epoch;
    journal.append(append, (outcome) => this.#settle(seq, outcome, epoch));
  }

  #settle(seq: number, outcome: Outcome, epoch: number): void {
    if (epoch !== this.#epoch) return;
    if (outcome.kind !== 'committed') {
      this.#rollBack();
      return;
    }
    const done = this.#inFlight.shift();
    if (done?.seq !== seq)
      throw new Error(`room ${this.#ports.roomId}: entry ${seq} was committed before ${done?.seq}`);
    this.#durable = done;
    if (done.saved) this.#savedSeq = seq;
    if (done.id !== null) this.#window.add(done.id.session, done.id.key, seq);
    this.#openGate();
    if (this.#ports.definition.isClosed(done.snapshot)) this.#ports.onClosed();
    this.#run();
    this.#announceSettled();
  }

  #openGate(): void {
    const durableSeq = this.#durable?.seq ?? 0;
    let open = 0;
    while (open < this.#gate.length && this.#gate[open]!.seq <= durableSeq) open++;
    for (const { output } of this.#gate.splice(0, open)) this.#ports.onOutput(output);
  }

  /** Nothing of what is in flight happened: back to what is certain. */
  #rollBack(): void {
    this.#epoch++;
    this.#inFlight = [];
    const durable = this.#durable;
    if (durable === null) {
      // The room's first entry was lost: there is no room.
      this.#runner = null;
      this.#dropGate('storeAway');
      this.#ports.onClosed();
      this.#announceSettled();
      return;
    }
    this.#head = { seq: durable.seq, at: durable.at, hash: durable.hash };
    this.#snapshotSeq = this.#savedSeq;
    this.#runner = MachineRunner.restore(this.#ports.definition, durable.snapshot);
    this.#dropGate('storeAway');
    this.#announceDeadline();
    this.#run();
    this.#announceSettled();
  }

  /** Reads are answered from the durable state, everything else is to be tried again. */
  #dropGate(why: Unavailable): void {
    const dropped = this.#gate;
    this.#gate = [];
    for (const { output } of dropped) {
      if (output.kind === 'seen' && this.#durable !== null) this.#ports.onOutput({ ...output, ...this.#durable });
      else this.#ports.onOutput({ kind: 'unavailable', why, cause: output.cause });
    }
  }

  #refuseWaiting(why: Unavailable): void {
    for (let waiting = this.#mailbox.take(); waiting !== undefined; waiting = this.#mailbox.take()) {
      this.#ports.onOutput({ kind: 'unavailable', why, cause: waiting.cause });
    }
  }

  /** The machine threw: whatever it did is forgotten. A player's message is set aside, the room lives on. */
  #fail(failure: unknown, message: M, cause: Cause): void {
    this.#ports.onFailure(failure, message);
    const last = this.#inFlight.at(-1)?.snapshot ?? this.#durable?.snapshot;
    if (last === undefined || cause.session === null) {
      // Without its own timers a room would stand still for ever: better to say so.
      this.abandon('quarantined');
      this.#ports.onOutput({ kind: 'unavailable', why: 'quarantined', cause });
      return;
    }
    this.#runner = MachineRunner.restore(this.#ports.definition, last);
    this.#output({ kind: 'unavailable', why: 'restarting', cause });
  }

  #output(output: RoomOutput<S, E>, seq = this.#head.seq): void {
    if (this.#gate.length === 0 && seq <= (this.#durable?.seq ?? 0)) this.#ports.onOutput(output);
    else this.#gate.push({ seq, output });
  }

  #appliedAs({ session, messageId }: Cause): number | undefined {
    if (session === null || messageId === null) return undefined;
    const key = idempotencyKey(session, messageId);
    const flying = this.#inFlight.find(({ id }) => id?.session === session && id.key === key);
    return flying?.seq ?? this.#window.find(session, key);
  }

  #timed(message: Untimed<M>, { session, messageId }: Cause): M {
    const at = Math.max(this.#ports.now(), this.#head.at);
    const key = session === null || messageId === null ? null : idempotencyKey(session, messageId);
    return { ...message, at, ...(key !== null && { key }) } as unknown as M;
  }

  #announceDeadline(): void {
    if (this.#runner === null) return;
    const { definition, outages, onDeadline } = this.#ports;
    const due = definition.deadline(this.#runner.snapshot);
    onDeadline(due === null ? null : due.at + outages.sinceMs(this.#head.at));
  }

  #snapshotIsDue(seq: number): boolean {
    return seq - this.#snapshotSeq >= SNAPSHOT_ENTRIES || this.#bytesSinceSnapshot >= SNAPSHOT_BYTES;
  }

  #snapshotInFlight(): Snapshot {
    const window = IdempotencyWindow.from(this.#window.toJSON());
    for (const { id, seq } of this.#inFlight) if (id !== null) window.add(id.session, id.key, seq);
    const { seq, at, hash } = this.#head;
    this.#snapshotSeq = seq;
    this.#bytesSinceSnapshot = 0;
    return this.#encode(seq, at, hash, this.#runner!.snapshot, window);
  }

  #encode(seq: number, at: number, entryHash: string, snapshot: RoomSnapshot<S>, window: IdempotencyWindow): Snapshot {
    const state = encodeState(snapshot, window.toJSON());
    const { roomId, definition } = this.#ports;
    return { roomId, seq, at, machineVersion: definition.version, state, stateHash: contentHash(state), entryHash };
  }
}
