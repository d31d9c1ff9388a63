import { createHash } from 'node:crypto';
import { roomTime } from '../../actors/clock.js';
import type { MailboxOptions } from '../../actors/mailbox.js';
import { Outages } from '../../actors/outages.js';
import { encodeState, recover } from '../../actors/recovery.js';
import type { Cause } from '../../actors/envelope.js';
import type { RestartPolicyOptions } from '../../actors/restart-policy.js';
import type { Notice } from '../../actors/notice.js';
import { Rooms } from '../../actors/rooms.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { contentHash } from '../../persistence/hash-chain.js';
import { GroupCommit } from '../../persistence/group-commit.js';
import type { DeadLetterRow } from '../../persistence/rows.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import {
  type TinyEvent,
  type TinyGame,
  tinyGame,
  type TinyMessage,
  type TinyState,
  type TinyView,
  type UntimedTinyMessage,
} from './tiny-game.js';

export type TinyNotice = Notice<TinyEvent, TinyView>;

export interface TinyRoomsOptions {
  readonly definition?: TinyGame;
  readonly commitDelayMs?: number;
  readonly mailbox?: MailboxOptions;
  readonly idleMs?: number;
  readonly restarts?: RestartPolicyOptions;
  readonly seed?: string;
}

export interface Told {
  readonly cause: Cause;
  readonly readOn: boolean; // false: the mailbox was full
  /** What the asker has heard so far. */
  readonly heard: () => readonly TinyNotice[];
}

export interface Saying {
  readonly session?: string;
  readonly id?: string; // the sender's id of the message
  readonly lane?: 'system' | 'timer' | 'player' | 'bot';
  readonly bytes?: number;
  readonly slot?: string;
}

/** What `rooms.counts` says where there is nothing. */
export const NO_ROOMS = {
  open: 0,
  inMemory: 0,
  deadlines: 0,
  mailboxMessages: 0,
  restarting: 0,
  mailboxLagMs: 0,
  paused: 0,
  quarantined: 0,
};

/** The runtime with tiny rooms on a simulated disk under a virtual clock. A crash keeps the disk. */
export class TinyRooms {
  readonly clock = new SimulatedClock();
  readonly notices: TinyNotice[] = [];
  readonly failures: { readonly roomId: string; readonly failure: unknown }[] = [];
  readonly findings: { readonly roomId: string; readonly finding: string }[] = [];
  readonly broken: unknown[] = [];
  /** Steps that fail from now on, whatever they are about: a fault that passes. */
  stepsToFail = 0;
  engine: SimulatedEngine;
  writer!: GroupCommit;
  rooms!: Rooms<TinyState, TinyMessage, TinyEvent, TinyView>;
  definition: TinyGame; // another one from the next start on: a newer program
  readonly #options: TinyRoomsOptions;
  readonly #random: (count: number) => Buffer;
  #asked = 0;

  private constructor(options: TinyRoomsOptions) {
    this.#options = options;
    this.definition = options.definition ?? tinyGame;
    this.#random = seededBytes(options.seed ?? 'tiny');
    this.engine = new SimulatedEngine(this.clock, { commitDelayMs: options.commitDelayMs ?? 5 });
  }

  static async start(options: TinyRoomsOptions = {}): Promise<TinyRooms> {
    const tiny = new TinyRooms(options);
    await tiny.#start();
    return tiny;
  }

  /** As kill -9 and a new start `downMs` later. */
  async crash({ downMs = 0, underWay }: { downMs?: number; underWay?: 'lost' | 'durable' } = {}): Promise<void> {
    this.engine.crash(underWay);
    this.rooms.stopClocks();
    await this.clock.advance(downMs);
    this.engine = this.engine.reopen();
    await this.#start();
  }

  /** A new room, durable. */
  async open(saying: Saying = {}): Promise<string> {
    const told = this.create(saying);
    await this.clock.advance(10);
    const [notice] = told.heard();
    if (notice?.kind !== 'applied') throw new Error(`no room was made: ${JSON.stringify(notice)}`);
    return notice.roomId;
  }

  create(saying: Saying = {}): Told {
    const { session = 'ann' } = saying;
    const told = this.#told(saying);
    void this.rooms.create((code, seed) => ({ type: 'open', session, code, seed }), told.cause);
    return told;
  }

  tell(roomId: string, message: UntimedTinyMessage, saying: Saying = {}): Told {
    const { lane, bytes, slot } = saying;
    const mail = {
      ...(lane !== undefined && { lane }),
      ...(bytes !== undefined && { bytes }),
      ...(slot !== undefined && { slot }),
    };
    const told = this.#told(saying);
    return { ...told, readOn: this.rooms.tell(roomId, message, told.cause, mail) };
  }

  add(roomId: string, n: number, saying: Saying = {}): Told {
    return this.tell(roomId, { type: 'add', session: saying.session ?? 'ann', n }, saying);
  }

  /** Sets the room's egg timer: its deadline. */
  wind(roomId: string, ms: number): Told {
    return this.tell(roomId, { type: 'wind', session: 'ann', ms });
  }

  close(roomId: string): Told {
    return this.tell(roomId, { type: 'close', session: 'ann' });
  }

  look(roomId: string): Told {
    const told = this.#told({});
    return { ...told, readOn: this.rooms.look(roomId, told.cause) };
  }

  async count(roomId: string): Promise<number> {
    return (await this.until(this.rooms.query(roomId, 'operator')))!.view.count;
  }

  /** The durable state as one text and its hash, rebuilt from the disk. */
  async durable(
    roomId: string,
    upTo?: number,
  ): Promise<{ readonly seq: number; readonly text: string; readonly hash: string }> {
    const room = await this.until(recover(this.engine, this.definition, roomId, upTo));
    const text = encodeState(room!.runner.snapshot, room!.window.toJSON());
    return { seq: room!.seq, text, hash: contentHash(text) };
  }

  /** Names of the durable events of a room, in order. */
  events(roomId: string): string[] {
    return this.engine
      .durableEntries(roomId)
      .flatMap(({ events }) => (JSON.parse(events) as TinyEvent[]).map((event) => event.type));
  }

  /** Lets virtual time pass until the promise settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    done.catch(() => undefined); // thrown to the caller below
    await this.clock.runUntil(() => settled, 60_000);
    return done;
  }

  /** The room's waiting messages on the disk, in order. */
  async inbox(roomId: string): Promise<readonly string[]> {
    const page = await this.until(this.engine.select('inboxOfRoom', { roomId }));
    return page.items.map(({ message }) => message);
  }

  async deadLetters(): Promise<readonly DeadLetterRow[]> {
    return (await this.until(this.engine.select('deadLetters', {}))).items;
  }

  #failStep(): void {
    if (this.stepsToFail === 0) return;
    this.stepsToFail--;
    throw new Error('the step was made to fail');
  }

  #told({ session = 'ann', id }: Saying): Told {
    const correlationId = `ask-${++this.#asked}`;
    return {
      cause: { correlationId, session, messageId: id ?? null },
      readOn: true,
      heard: () => this.notices.filter(({ cause }) => cause.correlationId === correlationId),
    };
  }

  async #start(): Promise<void> {
    const { clock, engine } = this;
    await this.until(
      (async () => {
        const { aliveAt, lastAt } = await engine.marks();
        const now = roomTime(clock, Math.max(aliveAt, lastAt));
        if (aliveAt > 0 && now() > aliveAt) await engine.recordOutage({ from: aliveAt, to: now() });
        const outages = new Outages(await engine.outages());
        this.writer = new GroupCommit(engine, {
          now,
          elapsedMs: clock.elapsedMs,
          schedule: clock.schedule,
          defer: clock.defer,
        });
        const { definition, writer } = this;
        const { mailbox, idleMs, restarts } = this.#options;
        this.rooms = new Rooms({
          definition,
          engine,
          writer,
          outages,
          clock,
          now,
          random: this.#random,
          onFailure: (roomId, failure) => this.failures.push({ roomId, failure }),
          onFinding: (roomId, finding) => this.findings.push({ roomId, finding }),
          onBroken: (failure) => this.broken.push(failure),
          stepMark: { begin: () => this.#failStep(), end: () => undefined },
          ...(restarts !== undefined && { restarts }),
          ...(mailbox !== undefined && { mailbox }),
          ...(idleMs !== undefined && { idleMs }),
        });
        const { rooms } = this;
        this.writer.onAvailability((available, outage) => {
          if (outage !== null) outages.add(outage);
          if (available) rooms.wake();
        });
        rooms.subscribe((notice) => this.notices.push(notice));
        await rooms.open();
      })(),
    );
  }
}

/** Bytes that follow from the seed. */
function seededBytes(seed: string): (count: number) => Buffer {
  let counter = 0;
  return (count) => createHash('sha512').update(`${seed}/${counter++}`).digest().subarray(0, count);
}
