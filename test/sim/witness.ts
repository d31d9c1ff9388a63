import { createHash, type Hash } from 'node:crypto';
import type { Append } from '../../persistence/journal.js';
import { inReplyTo, readFrame } from '../../src/client/frame.js';
import type { Evidence } from './evidence.js';
import type { Socket } from './network.js';
import type { Ending, MakeOracle, Oracle, Scene, Sent, Settled } from './oracle.js';

export interface Failure {
  readonly promise: string;
  readonly message: string;
  readonly atMs: number; // virtual time since the beginning
  readonly events: readonly string[]; // what happened last, oldest first
}

export interface Counts {
  frames: number;
  messages: number; // that reached the server
  entries: number;
  acknowledgements: number; // answers that promise an entry
  rounds: number;
  gamesEnded: number;
  roomsOpened: number;
  snapshots: number;
}

export interface WitnessOptions {
  readonly traced: boolean;
  readonly verify: (token: string) => string | null;
  /** The world begins after a crash: whatever is said in it was said before. */
  readonly isAfterCrash: boolean;
  readonly onLine?: ((line: string) => void) | undefined; // of the trace
}

const TAIL_MAX = 60;
const EXCERPT_CHARS = 200;

/** Sees everything that goes over sockets and onto the disk, and has it judged by the oracles. */
export class Witness {
  failure: Failure | null = null;
  readonly counts: Counts = {
    frames: 0,
    messages: 0,
    entries: 0,
    acknowledgements: 0,
    rounds: 0,
    gamesEnded: 0,
    roomsOpened: 0,
    snapshots: 0,
  };
  readonly #scene: Scene;
  readonly #oracles: readonly Oracle[];
  readonly #trace: Hash | null;
  readonly #tail: string[] = [];
  readonly #sentIds = new Map<string, number>(); // by session and id, how often
  readonly #isAfterCrash: boolean;
  readonly #verify: (token: string) => string | null;
  readonly #onLine: ((line: string) => void) | undefined;

  constructor(scene: Scene, oracles: readonly MakeOracle[], { traced, verify, isAfterCrash, onLine }: WitnessOptions) {
    this.#scene = scene;
    this.#oracles = oracles.map((make) => make(scene));
    this.#trace = traced ? createHash('sha256') : null;
    this.#verify = verify;
    this.#isAfterCrash = isAfterCrash;
    this.#onLine = onLine;
  }

  get evidence(): Evidence {
    return this.#scene.evidence;
  }

  /** Of every frame, every durable entry and every fault so far; the same seed has the same. */
  traceHash(): string {
    return this.#trace === null ? '' : this.#trace.copy().digest('hex');
  }

  /** A fault, or anything else that decides how a run goes on. */
  note(what: string): void {
    this.#write(`* ${what}`);
  }

  break(promise: string, message: string, events: readonly string[] = this.#tail): void {
    this.failure ??= { promise, message, atMs: Math.round(this.#scene.elapsedMs()), events: [...events] };
  }

  arrived(socket: Socket, frame: string | Uint8Array): void {
    this.counts.messages++;
    const text = typeof frame === 'string' ? frame : Buffer.from(frame).toString('latin1');
    this.#write(`> ${socket.id} ${text}`);
    const read = typeof frame === 'string' ? command(frame) : null;
    if (read === null) return;
    if (read.event === 'client_ready' && read.token !== null)
      socket.session = this.#verify(read.token) ?? socket.session;
    const { event, id } = read;
    if (id === null) return;
    const name = `${socket.session} ${id}`;
    this.#sentIds.set(name, (this.#sentIds.get(name) ?? 0) + 1);
    this.#judge((oracle) => oracle.asked?.({ socket, event, id }));
  }

  sent(socket: Socket, text: string): void {
    this.counts.frames++;
    this.#write(`< ${socket.id} ${text}`);
    const read = readFrame(text);
    if (read.kind === 'unreadable') {
      this.break('every frame can be read', `${read.why}: ${text.slice(0, EXCERPT_CHARS)}`);
      return;
    }
    const { event, data } = read.frame;
    const replyTo = inReplyTo(read.frame) ?? null;
    const sentCount = this.#sentIds.get(`${socket.session} ${replyTo}`) ?? 0;
    const isRepeat = replyTo !== null && (this.#isAfterCrash || sentCount > 1);
    if (replyTo !== null && event !== 'error') this.counts.acknowledgements++;
    const sent: Sent = { socket, text, event, data, replyTo, isRepeat };
    this.#judge((oracle) => oracle.sent?.(sent));
  }

  ended(socket: Socket): void {
    this.#write(`x ${socket.id}`);
    this.#judge((oracle) => oracle.ended?.(socket));
  }

  durable(append: Append): void {
    const { entry, snapshot, rows, roomId } = append;
    this.#write(`= ${roomId} ${entry?.seq ?? '-'} ${entry?.hash ?? snapshot?.stateHash ?? JSON.stringify(rows)}`);
    if (snapshot !== null) this.counts.snapshots++;
    try {
      const step = this.evidence.take(append);
      if (step !== null) this.#count(step.events.map(({ type }) => type));
      this.#judge((oracle) => oracle.durable?.(append, step));
    } catch (failure) {
      this.break(
        'every entry follows from those in front of it',
        failure instanceof Error ? failure.message : String(failure),
      );
    }
  }

  died(how: string): void {
    this.#write(`* the process died: ${how}`);
    this.#judge((oracle) => oracle.died?.());
  }

  started(): void {
    this.#write('* a process started');
    this.#judge((oracle) => oracle.started?.());
  }

  settled(settled: Settled): void {
    this.#judge((oracle) => oracle.settled?.(settled));
  }

  finished(ending: Ending): void {
    this.#judge((oracle) => oracle.finished?.(ending));
  }

  #count(types: readonly string[]): void {
    this.counts.entries++;
    for (const type of types) {
      if (type === 'roomCreated') this.counts.roomsOpened++;
      if (type === 'roundScored') this.counts.rounds++;
      if (type === 'gameEnded') this.counts.gamesEnded++;
    }
  }

  #judge(ask: (oracle: Oracle) => string | null | undefined): void {
    if (this.failure !== null) return;
    for (const oracle of this.#oracles) {
      const wrong = ask(oracle) ?? null;
      if (wrong !== null) this.break(oracle.promise, wrong);
    }
  }

  #write(line: string): void {
    const timed = `${this.#scene.elapsedMs().toFixed(3)} ${line}`;
    this.#trace?.update(timed);
    this.#onLine?.(timed);
    this.#tail.push(timed.length > EXCERPT_CHARS ? `${timed.slice(0, EXCERPT_CHARS)}…` : timed);
    if (this.#tail.length > TAIL_MAX) this.#tail.shift();
  }
}

function command(
  text: string,
): { readonly event: string; readonly id: string | null; readonly token: string | null } | null {
  try {
    const { event, id, data } = JSON.parse(text) as {
      event?: unknown;
      id?: unknown;
      data?: { session_token?: unknown };
    };
    if (typeof event !== 'string') return null;
    const token = data?.session_token;
    return { event, id: typeof id === 'string' ? id : null, token: typeof token === 'string' ? token : null };
  } catch {
    return null; // nonsense is sent on purpose, and answered as such
  }
}
