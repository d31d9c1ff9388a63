import { chainHash } from '../persistence/hash-chain.js';
import type { Append, Entry, EntryOutcome, JournalWriter, Outcome, Snapshot } from '../persistence/journal.js';
import type { HoldRow, InboxRow, RowChange } from '../persistence/rows.js';
import type { Cause, Envelope } from './envelope.js';
import { IdempotencyWindow, keyOf } from './idempotency.js';
import { Inbox, isParked } from './inbox.js';
import { MachineRunner } from './machine-runner.js';
import { type Lane, Mailbox, type MailboxOptions, type Offer } from './mailbox.js';
import type { Outages } from './outages.js';
import { type CourseChange, type Recovered, snapshotOf } from './recovery.js';
import type { DomainEvent, Message, Refused, RoomDefinition, RoomSnapshot, Untimed } from './room-definition.js';
import { marked, type StepMark } from './step-mark.js';

/** What leaves a room. All of it waits at the output gate until the entry it was computed from is durable. */
export type RoomOutput<S, E extends DomainEvent> =
  | {
      readonly kind: 'applied';
      readonly seq: number;
      readonly at: number;
      readonly message: Message;
      readonly times: StepTimes;
      readonly events: readonly E[];
      readonly rows: readonly RowChange[];
      readonly snapshot: RoomSnapshot<S>;
      readonly cause: Cause;
    }
  | {
      readonly kind: 'refused';
      readonly seq: number; // of the entry in front
      readonly message: Message;
      readonly refusal: Refused;
      readonly snapshot: RoomSnapshot<S>;
      readonly cause: Cause;
    }
  | { readonly kind: 'seen'; readonly seq: number; readonly snapshot: RoomSnapshot<S>; readonly cause: Cause }
  | { readonly kind: 'repeated'; readonly seq: number; readonly cause: Cause } // of the entry that applied it first
  | { readonly kind: 'unavailable'; readonly why: Unavailable; readonly cause: Cause };

/** How long an entry took, in ms, up to where the journal has it. */
export interface StepTimes {
  readonly waitMs: number; // in the mailbox
  readonly stepMs: number; // of the machine
  readonly steppedMs: number; // monotonic: when the step was done
}

/** Why a message had no effect. All but `failed` may be sent again: the machine threw at that one, twice. */
export type Unavailable = 'storeAway' | 'mailboxFull' | 'restarting' | 'quarantined' | 'failed' | 'paused';

/** The room can't go on as it is. */
export interface Crash<M extends Message> {
  readonly failure: unknown;
  /** What it was about, taken out of the mailbox; null where no message was in hand. */
  readonly envelope: Envelope<M> | null;
  /** It was the room's own doing, by a timer, a bot or its clocks: without it the room would stand still for ever. */
  readonly own: boolean;
}

export interface RoomActorPorts<S, M extends Message, E extends DomainEvent, V> {
  readonly roomId: string;
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly journal: JournalWriter;
  readonly outages: Outages;
  readonly now: () => number; // room time
  readonly elapsedMs: () => number; // monotonic
  readonly stepMark: StepMark;
  readonly onOutput: (output: RoomOutput<S, E>) => void;
  readonly onDeadline: (at: number | null) => void; // ms since the epoch
  readonly onClosed: () => void; // the room's last entry is durable
  readonly onCrash: (crash: Crash<M>) => void; // the room takes nothing until it is started again
  readonly mailbox?: MailboxOptions;
}

/** Entries and rows of one room that may be on their way to the disk; then it stops taking messages. */
const IN_FLIGHT_MAX = 64;
/** A snapshot is written after that many entries since the last one: recovery then replays at most this. */
export const SNAPSHOT_ENTRIES = 8;
/** Or after that much text of entries. */
export const SNAPSHOT_BYTES = 64 * 1024;

interface Durable<S> {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly version: number; // of the machine that made the entry
  readonly snapshot: RoomSnapshot<S>;
}

interface InFlight<S, M extends Message> extends Durable<S> {
  readonly id: { readonly session: string; readonly key: string } | null;
  readonly saved: boolean; // a snapshot is written with it
  readonly envelope: Envelope<M> | null;
}

interface AtGate<S, E extends DomainEvent> {
  readonly seq: number; // opens when this entry is durable
  readonly output: RoomOutput<S, E>;
}

/**
 * `starting`: being rebuilt when it is needed, messages wait in memory. `restarting`: being rebuilt after a crash,
 * messages wait on the disk. `running`. `ended`: nothing more will come of it.
 */
type Status = 'starting' | 'restarting' | 'running' | 'ended';

/**
 * One room: takes messages from its mailbox, steps the machine, hands entries to the journal and may go on before they
 * are durable; what they caused waits at the gate in order. When a commit fails the room returns to its last durable
 * state and every waiting asker is told to try again. A room that is held takes nothing; what comes waits in the inbox.
 */
export class RoomActor<S, M extends Message, E extends DomainEvent, V> {
  readonly #ports: RoomActorPorts<S, M, E, V>;
  readonly #mailbox: Mailbox<Envelope<M>>;
  readonly #inbox: Inbox<M>;
  #runner: MachineRunner<S, M, E> | null = null; // there while the status is `running`
  #status: Status = 'starting';
  #hold: HoldRow | null = null;
  #window = new IdempotencyWindow(); // of durable entries only

  // The entry stepped last, and the last one known to be durable.
  #head = { seq: 0, at: 0, hash: '', version: 0 };
  #durable: Durable<S> | null = null;

  #snapshotSeq = 0; // of the newest snapshot, written or on its way
  #savedSeq = 0; // of the newest one known to be written
  #whenSettled: (() => void)[] = [];
  #bytesSinceSnapshot = 0;
  #inFlight: InFlight<S, M>[] = [];
  #rowsUnderWay = 0; // appends without an entry that are not decided
  #gate: AtGate<S, E>[] = [];
  #epoch = 0; // goes up with each return to the durable state: older verdicts mean nothing any more
  #running = false;
  #activeAt: number;
  #whenWritable: (() => void)[] = [];

  constructor(ports: RoomActorPorts<S, M, E, V>, hold: HoldRow | null = null) {
    this.#ports = ports;
    this.#mailbox = new Mailbox(ports.mailbox);
    this.#inbox = new Inbox(ports.roomId);
    this.#activeAt = ports.now();
    this.#hold = hold;
  }

  /** When the room was last spoken to, room time. */
  get activeAt(): number {
    return this.#activeAt;
  }

  /** Nothing waits, nothing is on its way: the room may leave memory. */
  get isQuiet(): boolean {
    return this.#mailbox.count === 0 && this.#isDecided && this.#status === 'running' && !this.#running;
  }

  get mailboxCount(): number {
    return this.#mailbox.count;
  }

  /** What waits, by lane. */
  get mailbox(): { readonly bytes: number; readonly lanes: Readonly<Record<Lane, number>> } {
    return { bytes: this.#mailbox.bytes, lanes: this.#mailbox.lanes };
  }

  get status(): Status {
    return this.#status;
  }

  /** Since when the message that waits longest waits, room time; null where none does, or where it waits for an operator. */
  get waitsSince(): number | null {
    if (this.#hold !== null) return null;
    let since: number | null = null;
    for (const { waitsSince } of this.#mailbox.waiting()) since = Math.min(since ?? waitsSince, waitsSince);
    return since;
  }

  /** State of the last durable entry, for queries. */
  get durable(): { readonly seq: number; readonly snapshot: RoomSnapshot<S> } | null {
    return this.#durable;
  }

  /** Goes on from a recovered state with whatever waits in the mailbox. */
  start(recovered: Recovered<S, M, E>): void {
    const { runner, window, seq, at, hash, snapshotSeq, savedVersion } = recovered;
    this.#runner = runner;
    this.#status = 'running';
    this.#window = window;
    this.#head = { seq, at, hash, version: savedVersion };
    this.#durable = { ...this.#head, snapshot: runner.snapshot };
    this.#snapshotSeq = snapshotSeq;
    this.#savedSeq = snapshotSeq;
    this.#bytesSinceSnapshot = 0;
    if (this.#hold !== null) this.hold(this.#hold); // whoever wanted to look can be answered now
    this.#announceDeadline();
    this.#run();
  }

  /** Whether `load` was called: all that waits on the disk is in the mailbox too. */
  get hasInbox(): boolean {
    return this.#inbox.isLoaded;
  }

  /** Messages that wait in the inbox from before; they stand in front of those that came meanwhile. */
  load(rows: readonly InboxRow[]): void {
    for (const envelope of this.#inbox.load(rows).reverse()) {
      envelope.offeredMs = this.#ports.elapsedMs();
      this.#putBack(envelope);
    }
  }

  /** The first message of a room that does not exist yet. @throws what the machine throws */
  create(message: Untimed<M>, cause: Cause): void {
    const { definition } = this.#ports;
    const timed = this.#timed(message, keyOf(cause));
    this.load([]);
    const takenMs = this.#ports.elapsedMs();
    const { runner, events } = this.#marked(() => MachineRunner.create<S, M, E>(definition, timed));
    this.#runner = runner;
    this.#status = 'running';
    this.#head = { ...this.#head, version: definition.version };
    this.#commit({ message: timed, events, before: null, cause, envelope: null, takenMs });
  }

  tell(envelope: Envelope<M>): Offer {
    const { body, cause } = envelope;
    envelope.waitsSince = this.#ports.now();
    envelope.offeredMs = this.#ports.elapsedMs();
    if (body.kind !== 'alarm') this.#activeAt = envelope.waitsSince;
    if (this.#hold !== null) {
      // Reads go on, from what is durable. A deadline stands still: it is announced again at the release.
      if (body.kind === 'alarm') return ACCEPTED;
      if (body.kind === 'look' && this.#durable !== null) {
        this.#ports.onOutput({ kind: 'seen', ...this.#durable, cause });
        return ACCEPTED;
      }
      if (this.#hold.kind === 'quarantined') {
        this.#ports.onOutput({ kind: 'unavailable', why: 'quarantined', cause });
        return ACCEPTED;
      }
    }
    const offer = this.#mailbox.offer(envelope);
    if (offer.kind === 'refused') return offer;
    if (offer.superseded !== undefined) this.#supersede(offer.superseded, envelope);
    if (this.#waitsOnDisk) this.#park(envelope);
    this.#run();
    return offer;
  }

  /** Calls back once when the mailbox has room again. */
  whenWritable(callback: () => void): void {
    if (this.#mailbox.count === 0) callback();
    else this.#whenWritable.push(callback);
  }

  /** Resolves when everything that the room handed to the journal is decided. */
  async settled(): Promise<void> {
    if (!this.#isDecided) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  /** Takes nothing more until `release`. What waits is written to the inbox. */
  hold(hold: HoldRow): void {
    this.#hold = hold;
    for (const envelope of [...this.#mailbox.waiting()]) {
      if (envelope.body.kind === 'message') {
        this.#park(envelope);
      } else {
        this.#mailbox.remove(envelope);
        if (envelope.body.kind === 'look') this.tell(envelope);
      }
    }
  }

  /**
   * Takes messages again. Clocks that players feel stood still meanwhile; the entry that moves them takes the hold's
   * row with it.
   * @param row the change that ends the hold on the disk, null where something else ends it
   * @returns whether that is durable
   */
  async release(row: RowChange | null): Promise<boolean> {
    const hold = this.#hold;
    if (hold === null) return true;
    this.#hold = null;
    const { definition, outages, now, journal } = this.#ports;
    const heldMs = outages.sinceMs(this.#head.at, { from: hold.since, to: now() });
    const isTimed = this.#runner !== null && this.#deadline() !== null;
    if (row !== null && heldMs > 0 && isTimed && journal.available) {
      try {
        this.#upgrade();
        this.#stepOwn(definition.resumed(heldMs), `release-${this.#head.seq + 1}`, [row]);
      } catch (failure) {
        this.#hold = hold;
        this.#crash(failure, null, true);
        return false;
      }
      const moved = this.#head.seq;
      await this.settled();
      if ((this.#durable?.seq ?? 0) >= moved) return true;
      this.#hold = hold;
      return false;
    }
    const released = row === null || (await this.#write([row], null));
    if (!released) this.#hold = hold;
    this.wake();
    return released;
  }

  /** Nothing is handled until the room is started again; entries in flight are still decided. */
  suspend(): void {
    if (this.#status === 'ended') return;
    this.#runner = null;
    this.#status = 'restarting';
    for (const envelope of [...this.#mailbox.waiting()]) if (envelope.body.kind === 'message') this.#park(envelope);
  }

  /** A message at which the room crashed is tried once more, before all that waits in its lane. */
  tryAgain(envelope: Envelope<M>): void {
    this.#putBack(envelope);
    if (this.#waitsOnDisk) this.#park(envelope);
  }

  /** A snapshot of the durable state, where the last one is older; for a room that is about to leave memory. */
  snapshotAppend(): Append | null {
    const durable = this.#durable;
    // A state that was only brought to a newer version in memory is not that of its entry.
    if (durable === null || durable.seq === this.#snapshotSeq || durable.version !== this.#ports.definition.version) {
      return null;
    }
    this.#snapshotSeq = durable.seq;
    const { roomId } = this.#ports;
    const snapshot = snapshotOf({ roomId, ...durable }, durable.version, durable.snapshot, this.#window);
    return { roomId, expectedSeq: durable.seq, fence: 0, entry: null, snapshot, rows: [], closes: false };
  }

  /** Nothing more will come of this room: whoever waits is told to ask again; what is in the inbox stays there. */
  abandon(why: Unavailable): void {
    this.#runner = null;
    this.#status = 'ended';
    this.#epoch++;
    this.#inFlight = [];
    this.#dropGate(why, new Set());
    for (let waiting = this.#mailbox.take(); waiting !== undefined; waiting = this.#mailbox.take()) {
      if (!isParked(waiting)) this.#ports.onOutput({ kind: 'unavailable', why, cause: waiting.cause });
    }
    this.#announceWritable();
    this.#announceSettled();
  }

  /** Reconsiders messages and deadline after the store came back. */
  wake(): void {
    this.#announceDeadline();
    this.#run();
  }

  get #isDecided(): boolean {
    return this.#underWay === 0;
  }

  /** What the journal is yet to decide. */
  get #underWay(): number {
    return this.#inFlight.length + this.#rowsUnderWay;
  }

  get #waitsOnDisk(): boolean {
    return this.#hold !== null || this.#status === 'restarting';
  }

  #announceSettled(): void {
    if (!this.#isDecided) return;
    const waiting = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of waiting) resolve();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#runner !== null && this.#hold === null && this.#underWay < IN_FLIGHT_MAX) {
        const envelope = this.#mailbox.take();
        if (envelope === undefined) break;
        if (this.#mustWait(envelope)) {
          this.#putBack(envelope);
          break;
        }
        this.#handle(envelope);
      }
    } finally {
      this.#running = false;
    }
    this.#announceWritable();
  }

  /** A message of the inbox goes on waiting while the store is away; its sender was never told to send it again. */
  #mustWait(envelope: Envelope<M>): boolean {
    return isParked(envelope) && !this.#ports.journal.available;
  }

  #announceWritable(): void {
    if (this.#mailbox.count > 0 || this.#whenWritable.length === 0) return;
    const waiting = this.#whenWritable;
    this.#whenWritable = [];
    for (const callback of waiting) callback();
  }

  #handle(envelope: Envelope<M>): void {
    const { body, cause } = envelope;
    let own =
      body.kind === 'alarm' || (body.kind === 'message' && cause.session === null && envelope.lane !== 'system');
    try {
      if (body.kind === 'look') {
        this.#output({ kind: 'seen', seq: this.#head.seq, snapshot: this.#runner!.snapshot, cause });
        return;
      }
      const key = keyOf(cause);
      const first = this.#appliedAs(cause.session, key);
      if (first !== undefined) {
        this.#output({ kind: 'repeated', seq: first, cause }, first);
        if (envelope.settles.length > 0) void this.#write(envelope.settles, null);
        return;
      }
      if (!this.#ports.journal.available) {
        // A due alarm is held: the deadline is announced again when the store is back, and shifted.
        if (body.kind === 'message') this.#output({ kind: 'unavailable', why: 'storeAway', cause });
        return;
      }
      const lifecycle = own;
      own = true;
      this.#upgrade();
      this.#applyOutages();
      own = lifecycle;
      if (body.kind === 'message') {
        this.#step(this.#timed(body.message, key), envelope);
        return;
      }
      const due = this.#deadline();
      if (due === null) return;
      const timed = this.#timed(due.message, null);
      if (due.at > timed.at) this.#ports.onDeadline(due.at);
      else this.#step(timed, envelope);
    } catch (failure) {
      this.#crash(failure, envelope, own);
    }
  }

  #deadline() {
    return this.#ports.definition.deadline(this.#runner!.snapshot);
  }

  /** A state of an older machine version becomes the current one's by an entry of its own, before anything else does. */
  #upgrade(): void {
    const { definition } = this.#ports;
    const from = this.#head.version;
    if (from === definition.version) return;
    const { at } = this.#head; // no later: the outage since then is still to be applied
    const { stateHash } = this.#snapshotInFlight();
    const change: CourseChange<M> = { type: 'upgraded', at, from, to: definition.version, stateHash };
    this.#enter({
      outcome: 'upgraded',
      at,
      message: change,
      events: [],
      correlationId: `upgrade-${this.#head.seq + 1}`,
    });
  }

  /** Clocks that players feel stand still while nobody could act (design.md section 9, Time). */
  #applyOutages(): void {
    const { definition, outages } = this.#ports;
    const outageMs = outages.sinceMs(this.#head.at);
    if (outageMs <= 0 || this.#deadline() === null) return;
    this.#stepOwn(definition.resumed(outageMs), `outage-${this.#head.seq + 1}`, []);
  }

  #stepOwn(message: Untimed<M>, correlationId: string, settles: readonly RowChange[]): void {
    const cause: Cause = { correlationId, session: null, messageId: null };
    const before = this.#runner!.snapshot;
    const timed = this.#timed(message, null);
    const takenMs = this.#ports.elapsedMs();
    const result = this.#marked(() => this.#runner!.step(timed));
    if (result.kind === 'refused') throw new Error(`the room refused ${timed.type} of its own: ${result.reason}`);
    this.#commit({ message: timed, events: result.events, before, cause, envelope: null, settles, takenMs });
  }

  #step(message: M, envelope: Envelope<M>): void {
    const runner = this.#runner!;
    const { cause, settles } = envelope;
    const before = runner.snapshot;
    const takenMs = this.#ports.elapsedMs();
    const result = this.#marked(() => runner.step(message));
    if (result.kind === 'applied') {
      this.#commit({ message, events: result.events, before, cause, envelope, settles, takenMs });
      return;
    }
    const output: RoomOutput<S, E> = {
      kind: 'refused',
      seq: this.#head.seq,
      message,
      refusal: result,
      snapshot: before,
      cause,
    };
    if (settles.length === 0) this.#output(output);
    else void this.#settleRefused(envelope, output);
  }

  /** A refusal is final once the message no longer waits on the disk: otherwise it might be taken after a crash. */
  async #settleRefused(envelope: Envelope<M>, output: RoomOutput<S, E>): Promise<void> {
    if (await this.#write(envelope.settles, this.#head.seq)) this.#ports.onOutput(output);
    else this.#putBack(envelope);
  }

  #marked<T>(step: () => T): T {
    return marked(this.#ports.stepMark, this.#ports.roomId, step);
  }

  #commit(step: {
    readonly message: M;
    readonly events: readonly E[];
    readonly before: RoomSnapshot<S> | null;
    readonly cause: Cause;
    readonly envelope: Envelope<M> | null;
    readonly settles?: readonly RowChange[];
    readonly takenMs: number; // monotonic
  }): void {
    const { definition, roomId, elapsedMs } = this.#ports;
    const { message, events, before, cause, envelope, settles = [], takenMs } = step;
    const steppedMs = elapsedMs();
    const waitMs = envelope === null ? 0 : takenMs - envelope.offeredMs;
    const times: StepTimes = { waitMs, stepMs: steppedMs - takenMs, steppedMs };
    const snapshot = this.#runner!.snapshot;
    const rows = definition.rows(roomId, before, snapshot, message);
    const id =
      message.key === undefined || message.session === undefined
        ? null
        : { session: message.session, key: message.key };
    const { correlationId } = cause;
    this.#enter(
      { outcome: 'applied', at: message.at, message, events, correlationId },
      { rows: settles.length === 0 ? rows : [...rows, ...settles], id, envelope },
      (seq) => this.#output({ kind: 'applied', seq, at: message.at, message, times, events, rows, snapshot, cause }),
    );
  }

  /** Hands the room's next entry to the journal. */
  #enter(
    written: {
      readonly outcome: EntryOutcome;
      readonly at: number;
      readonly message: M | CourseChange<M>;
      readonly events: readonly E[];
      readonly correlationId: string;
    },
    with_: {
      readonly rows: readonly RowChange[];
      readonly id: InFlight<S, M>['id'];
      readonly envelope: Envelope<M> | null;
    } = { rows: [], id: null, envelope: null },
    output: (seq: number) => void = () => undefined,
  ): void {
    const { definition, journal, roomId } = this.#ports;
    const { outcome, at, correlationId } = written;
    const { version } = definition;
    const snapshot = this.#runner!.snapshot;
    const deadline = definition.deadline(snapshot);
    const closes = definition.isClosed(snapshot);
    const seq = this.#head.seq + 1;
    const unhashed: Omit<Entry, 'hash'> = {
      roomId,
      seq,
      at,
      message: JSON.stringify(written.message),
      outcome,
      events: JSON.stringify(written.events),
      machineVersion: version,
      correlationId,
      nextDeadline: deadline?.at ?? null,
    };
    const entry: Entry = { ...unhashed, hash: chainHash(this.#head.hash, unhashed) };
    const { hash } = entry;

    this.#head = { seq, at, hash, version };
    this.#bytesSinceSnapshot += entry.message.length + entry.events.length;
    const saved = closes || outcome !== 'applied' || this.#snapshotIsDue(seq);
    const { rows, id, envelope } = with_;
    this.#inFlight.push({ seq, at, hash, version, snapshot, id, saved, envelope });
    const append: Append = {
      roomId,
      expectedSeq: seq - 1,
      fence: 0,
      entry,
      snapshot: saved ? this.#snapshotInFlight() : null,
      rows,
      closes,
    };
    if (saved) {
      this.#snapshotSeq = seq;
      this.#bytesSinceSnapshot = 0;
    }
    output(seq);
    this.#ports.onDeadline(deadline?.at ?? null);
    const epoch = this.#epoch;
    journal.append(append, (decided) => this.#settle(seq, decided, epoch));
  }

  /** The state as of the newest entry, durable or not. */
  #snapshotInFlight(): Snapshot {
    const flying = this.#inFlight.flatMap(({ id, seq }) => (id === null ? [] : [{ ...id, seq }]));
    const { roomId, definition } = this.#ports;
    return snapshotOf({ roomId, ...this.#head }, definition.version, this.#runner!.snapshot, this.#window.with(flying));
  }

  #settle(seq: number, outcome: Outcome, epoch: number): void {
    if (epoch !== this.#epoch) return;
    try {
      if (outcome.kind === 'committed') this.#committed(seq);
      else this.#rollBack();
    } catch (failure) {
      // Not the machine's fault but ours: the room alone pays for it, and is rebuilt from what is certain.
      this.#crash(failure, null, false);
    }
    this.#announceSettled();
  }

  #committed(seq: number): void {
    const done = this.#inFlight.shift();
    if (done?.seq !== seq)
      throw new Error(`room ${this.#ports.roomId}: entry ${seq} was committed before ${done?.seq}`);
    this.#durable = done;
    if (done.saved) this.#savedSeq = seq;
    if (done.id !== null) this.#window.add(done.id.session, done.id.key, seq);
    this.#openGate();
    if (this.#ports.definition.isClosed(done.snapshot)) this.#ports.onClosed();
    this.#run();
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
    const lost = this.#inFlight;
    this.#inFlight = [];
    const durable = this.#durable;
    if (durable === null) {
      // The room's first entry was lost: there is no room.
      this.#runner = null;
      this.#status = 'ended';
      this.#dropGate('storeAway', new Set());
      this.#ports.onClosed();
      return;
    }
    // What still waits on the disk was not lost: it is taken again, and nobody is told to repeat it.
    const waiting = lost.flatMap(({ envelope }) => (envelope !== null && isParked(envelope) ? [envelope] : []));
    for (const envelope of waiting.reverse()) this.#putBack(envelope);
    const { seq, at, hash, version, snapshot } = durable;
    this.#head = { seq, at, hash, version };
    this.#snapshotSeq = this.#savedSeq;
    if (this.#runner !== null) this.#runner = MachineRunner.restore(this.#ports.definition, snapshot);
    this.#dropGate('storeAway', new Set(waiting.map(({ cause }) => cause)));
    if (this.#runner === null) return;
    this.#announceDeadline();
    this.#run();
  }

  /** Reads are answered from the durable state, everything else is to be tried again. */
  #dropGate(why: Unavailable, untold: ReadonlySet<Cause>): void {
    const dropped = this.#gate;
    this.#gate = [];
    for (const { output } of dropped) {
      if (untold.has(output.cause)) continue;
      if (output.kind === 'seen' && this.#durable !== null) this.#ports.onOutput({ ...output, ...this.#durable });
      else this.#ports.onOutput({ kind: 'unavailable', why, cause: output.cause });
    }
  }

  /** Whatever the machine did in hand is forgotten; the supervisor rebuilds the room. */
  #crash(failure: unknown, envelope: Envelope<M> | null, own: boolean): void {
    if (envelope !== null) envelope.crashes++;
    this.suspend();
    this.#ports.onCrash({ failure, envelope, own });
  }

  #putBack(envelope: Envelope<M>): void {
    if (this.#status === 'ended') return;
    this.#mailbox.putBack(envelope);
  }

  /** The newer message of a slot stands for the older one. */
  #supersede(older: Envelope<M>, newer: Envelope<M>): void {
    newer.crashes = older.crashes;
    if (older.body.kind !== 'message') return;
    const answer: RoomOutput<S, E> = { kind: 'unavailable', why: 'restarting', cause: older.cause };
    if (older.settles.length === 0) this.#ports.onOutput(answer);
    else void this.#settleSuperseded(older, answer);
  }

  /** Told once it no longer waits on the disk: otherwise it might be taken after a crash. */
  async #settleSuperseded(older: Envelope<M>, answer: RoomOutput<S, E>): Promise<void> {
    if (await this.#write(older.settles, null)) {
      this.#ports.onOutput(answer);
      return;
    }
    this.#putBack(older);
    this.#run();
  }

  /** Writes a waiting message to the inbox. If that fails its sender is told, and it waits no more. */
  #park(envelope: Envelope<M>): void {
    if (isParked(envelope) || envelope.body.kind !== 'message') return;
    if (!this.#inbox.isLoaded) return; // it waits in memory for a moment: the start parks it behind those of before
    const row = this.#inbox.put(envelope, this.#ports.now());
    void this.#write([row], null).then((written) => {
      if (written || !this.#mailbox.remove(envelope)) return;
      this.#ports.onOutput({ kind: 'unavailable', why: 'storeAway', cause: envelope.cause });
    });
  }

  /**
   * Writes rows without an entry.
   * @param expectedSeq the entry they follow from, null where they follow from none
   * @returns whether they are durable
   */
  #write(rows: readonly RowChange[], expectedSeq: number | null): Promise<boolean> {
    const { journal, roomId } = this.#ports;
    this.#rowsUnderWay++;
    return new Promise((resolve) => {
      const append: Append = { roomId, expectedSeq, fence: 0, entry: null, snapshot: null, rows, closes: false };
      journal.append(append, (outcome) => {
        this.#rowsUnderWay--;
        resolve(outcome.kind === 'committed');
        this.#announceSettled();
        queueMicrotask(() => this.#run()); // behind whoever waited for it: a refusal is told before the next message is taken
      });
    });
  }

  #output(output: RoomOutput<S, E>, seq = this.#head.seq): void {
    if (this.#gate.length === 0 && seq <= (this.#durable?.seq ?? 0)) this.#ports.onOutput(output);
    else this.#gate.push({ seq, output });
  }

  /** The entry that applied a message before, durable or not, or undefined. */
  #appliedAs(session: string | null, key: string | null): number | undefined {
    if (session === null || key === null) return undefined;
    const flying = this.#inFlight.find(({ id }) => id?.session === session && id.key === key);
    return flying?.seq ?? this.#window.find(session, key);
  }

  #timed(message: Untimed<M>, key: string | null): M {
    const at = Math.max(this.#ports.now(), this.#head.at);
    const timed = key === null ? { ...message, at } : { ...message, at, key };
    return timed as unknown as M;
  }

  #announceDeadline(): void {
    if (this.#runner === null || this.#hold !== null) return;
    const due = this.#deadline();
    this.#ports.onDeadline(due === null ? null : due.at + this.#ports.outages.sinceMs(this.#head.at));
  }

  #snapshotIsDue(seq: number): boolean {
    return seq - this.#snapshotSeq >= SNAPSHOT_ENTRIES || this.#bytesSinceSnapshot >= SNAPSHOT_BYTES;
  }
}

const ACCEPTED = { kind: 'accepted' } as const;
