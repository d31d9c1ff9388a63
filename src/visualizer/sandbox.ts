import { stopOf } from '../../actors/history.js';
import type { Change } from '../../actors/difference.js';
import { letter } from '../../actors/envelope.js';
import { leafOf } from '../../actors/machine-chart.js';
import { Outages } from '../../actors/outages.js';
import { recover } from '../../actors/recovery.js';
import { RoomActor, type RoomOutput } from '../../actors/room-actor.js';
import { liapTui, type LiapTui, seededDeal } from '../../actors/room/liap-tui.js';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import { roomMessage, type RoomMessage, type UntimedMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { noStepMark } from '../../actors/step-mark.js';
import type { Refusal, RefusalCount, Refusals } from './flight-recorder.js';
import type { MemoryJournal } from './memory-journal.js';
import { RoomPast, type ShownSource, type StateThen } from './room-past.js';
import { EntryShower, type ShownEntry, speakerOf } from './shown-entry.js';

/** Where a sandbox comes from. */
export interface SandboxOrigin {
  readonly roomId: string;
  readonly code: string | null;
  readonly seq: number;
}

export interface SandboxMade {
  readonly id: string;
  readonly kind: 'fork' | 'script' | 'journal';
  readonly name: string;
  readonly createdAt: number; // ms since the epoch
  readonly journal: MemoryJournal;
  readonly origin: SandboxOrigin | null;
  readonly script: ScriptTold | null;
  readonly stop: { readonly seq: number; readonly why: string } | null;
  readonly order?: DealOrder; // how it deals; as the product where it is left out
  readonly refusals?: readonly Refusal[]; // oldest first
}

/** What a script says of itself. */
export interface ScriptTold {
  readonly promise: string;
  readonly message: string;
  readonly deeds: number;
  readonly refused: number;
}

export type SandboxResult =
  | { readonly kind: 'applied'; readonly seq: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly sentence: string; readonly rule: string | null }
  | { readonly kind: 'failed'; readonly error: string };

export type SandboxEntry = ShownEntry & { readonly changes: readonly Change[] | null };

/** What can't be done in a sandbox now; the sentence says why. */
export class SandboxRefused extends Error {
  override readonly name = 'SandboxRefused';
}

/** A message that no room can be sent. */
export class SandboxInvalid extends Error {
  override readonly name = 'SandboxInvalid';
}

const REFUSALS_KEPT = 50;
/** Entries that one advance of the clock makes at most. */
const ENTRIES_MAX = 500;

type Actor = RoomActor<RoomState, RoomMessage, RoomEvent, RoomView>;

/**
 * A room to try things out in: the real room actor over a journal in memory. Its clock stands still until it is moved,
 * and nothing that happens in it leaves it.
 */
export class Sandbox {
  readonly made: SandboxMade;
  readonly past: RoomPast;
  readonly source: ShownSource;
  readonly order: DealOrder;
  readonly definition: LiapTui;
  readonly forkedAt: number; // the last entry that it did not make itself
  readonly #refusals: Refusal[];
  readonly #counts = new Map<string, RefusalCount>();
  #refused = 0;
  #clock: number;
  #actor: Actor | null = null;
  #deadline: number | null = null;
  #failure: string | null = null;
  #outputs: RoomOutput<RoomState, RoomEvent>[] = [];
  #told = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(made: SandboxMade) {
    const { id, journal, order = seededDeal, refusals = [] } = made;
    this.made = made;
    this.order = order;
    this.definition = liapTui({ order });
    this.past = new RoomPast(this.definition, new EntryShower(this.definition), () => new Map());
    this.source = { key: id, roomId: journal.file.roomId, reader: journal.reader, revealed: true };
    this.forkedAt = journal.seq;
    this.#clock = journal.reader.head.at;
    this.#refusals = [];
    for (const refusal of refusals) this.#note(refusal);
  }

  get clock(): number {
    return this.#clock;
  }

  get seq(): number {
    return this.made.journal.seq;
  }

  get refusals(): Refusals {
    return { total: this.#refused, newest: this.#refusals.toReversed(), counts: [...this.#counts.values()] };
  }

  /** @throws SandboxRefused, SandboxInvalid */
  send(given: object, afterMs: number) {
    return this.#inTurn(async () => {
      const before = this.seq;
      const actor = await this.#ready();
      if (await this.#advanceTo(actor, this.#clock + afterMs)) {
        throw new SandboxRefused(`More than ${ENTRIES_MAX} entries fall due within ${afterMs} ms: advance first`);
      }
      const message = this.#spoken(given);
      const session = 'session' in message ? message.session : null;
      const cause = { correlationId: `sandbox-${++this.#told}`, session, messageId: null };
      this.#outputs = [];
      actor.tell(letter<RoomMessage>({ kind: 'message', message }, cause, { lane: 'player', bytes: 0 }));
      await actor.settled();
      const result = this.#resultOf(message, cause.correlationId);
      return { result, ...(await this.#after(before)) };
    });
  }

  /** @param next to the next deadline, if there is one @throws SandboxRefused */
  advance(by: { readonly ms: number } | { readonly next: true }) {
    return this.#inTurn(async () => {
      const before = this.seq;
      const actor = await this.#ready();
      const target = 'ms' in by ? this.#clock + by.ms : this.#deadline;
      if (target === null) throw new SandboxRefused('The room does nothing by itself: it has no deadline');
      const more = await this.#advanceTo(actor, target, 'next' in by ? 1 : ENTRIES_MAX);
      if (this.#failure !== null) throw new SandboxRefused(this.#failure);
      return { more: 'ms' in by && more, ...(await this.#after(before)) };
    });
  }

  /** One request after the other: each sees what the one before it did. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined); // told to who asked
    return mine;
  }

  async #after(before: number): Promise<{
    readonly entries: readonly SandboxEntry[];
    readonly clock: number;
    readonly state: StateThen;
  }> {
    const entries: SandboxEntry[] = [];
    const made = this.seq - before;
    const page = made === 0 ? null : await this.past.states(this.source, 'operator', before + 1, made);
    for (const { entry, changes } of page?.items ?? []) entries.push({ ...entry, changes });
    const state = await this.past.state(this.source, 'operator');
    return { entries, clock: this.#clock, state: state! };
  }

  async #ready(): Promise<Actor> {
    if (this.#failure !== null) throw new SandboxRefused(this.#failure);
    if (this.#actor !== null) return this.#actor;
    const { journal } = this.made;
    const { roomId } = this.source;
    const recovered = await recover(journal.reader, this.definition, roomId).catch((failure: unknown) => {
      throw new SandboxRefused(stopOf(failure, 0).why, { cause: failure });
    });
    if (recovered === null) throw new SandboxRefused('Nothing of the room is there to go on from');
    const actor: Actor = new RoomActor({
      roomId,
      definition: this.definition,
      journal,
      outages: new Outages(),
      now: () => this.#clock,
      elapsedMs: () => performance.now(),
      stepMark: noStepMark,
      onOutput: (output) => this.#outputs.push(output),
      onDeadline: (at) => (this.#deadline = at),
      onClosed: () => (this.#deadline = null),
      onCrash: ({ failure }) => (this.#failure = `The machine threw: ${sentenceOf(failure)}`),
    });
    actor.start(recovered);
    this.#actor = actor;
    return actor;
  }

  /** @returns whether the clock stopped before `target` because too much fell due */
  async #advanceTo(actor: Actor, target: number, entriesMax = ENTRIES_MAX): Promise<boolean> {
    for (let rung = 0; this.#deadline !== null && this.#deadline <= target && this.#failure === null; rung++) {
      if (rung === entriesMax) return true;
      this.#clock = Math.max(this.#clock, this.#deadline);
      const cause = { correlationId: `sandbox-${++this.#told}`, session: null, messageId: null };
      actor.tell(letter({ kind: 'alarm' }, cause, { lane: 'timer', bytes: 0, slot: 'deadline' }));
      await actor.settled();
    }
    this.#clock = Math.max(this.#clock, target);
    return false;
  }

  /** Whoever sits in the seat speaks for it, unless the message says otherwise. */
  #spoken(given: object): UntimedMessage {
    const parsed = roomMessage.safeParse({ session: '', ...given, at: this.#clock, key: undefined });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new SandboxInvalid(
        `${['message', ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'has another shape'}`,
      );
    }
    const { at, key, ...message } = parsed.data as RoomMessage & { readonly key?: string };
    if (message.type === 'create') throw new SandboxInvalid('The room is there: create is its first message only');
    if ('session' in given) return message;
    if (message.type === 'join') throw new SandboxInvalid('message.session: whoever joins needs one');
    if (!SPOKEN.has(message.type) || !('seat' in message)) {
      const { session, ...own } = message as typeof message & { readonly session?: string };
      return own as UntimedMessage;
    }
    const occupant = this.#actor?.durable?.snapshot.context.seats[message.seat];
    if (occupant?.kind === 'person') return { ...message, session: occupant.session } as UntimedMessage;
    throw new SandboxRefused(`No person sits in seat ${message.seat}: its bot moves when the clock is advanced`);
  }

  #resultOf(message: UntimedMessage, correlationId: string): SandboxResult {
    if (this.#failure !== null) return { kind: 'failed', error: this.#failure };
    const output = this.#outputs.find(({ cause }) => cause.correlationId === correlationId);
    switch (output?.kind) {
      case 'applied':
        return { kind: 'applied', seq: output.seq };
      case 'refused': {
        const { snapshot, refusal } = output;
        const { reason, sentence } = refusal;
        const state = leafOf(snapshot.value);
        const rule = this.past.shower.chart().ruleOf(state, message.type);
        const said = { seq: output.seq, at: output.message.at, type: message.type, reason, sentence, rule, state };
        const speaker = speakerOf({ ...message }, 'applied', snapshot.context);
        this.#note({ ...said, ...speaker, correlationId, message: output.message });
        return { kind: 'refused', reason, sentence, rule };
      }
      default:
        throw new Error(`the sandbox answered ${message.type} with ${output?.kind ?? 'nothing'}`);
    }
  }

  #note(refusal: Refusal): void {
    const { state, type: event, reason, rule } = refusal;
    this.#refused++;
    this.#refusals.push(refusal);
    if (this.#refusals.length > REFUSALS_KEPT) this.#refusals.shift();
    const kind = `${state} ${event} ${reason}`;
    const counted = this.#counts.get(kind);
    if (counted === undefined) this.#counts.set(kind, { state, event, reason, rule, count: 1 });
    else counted.count++;
  }
}

/** Messages that a person sends for a seat. */
const SPOKEN: ReadonlySet<string> = new Set<RoomMessage['type']>([
  'addBot',
  'removePlayer',
  'leave',
  'startGame',
  'connect',
  'answerRedeal',
  'declare',
  'play',
]);

function sentenceOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  return failure.cause instanceof Error ? failure.cause.message : failure.message;
}
