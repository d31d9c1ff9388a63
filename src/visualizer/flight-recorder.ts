import type { GameNotice } from '../gateway/game-notice.js';
import type { By, EntryShower, EntryTimes } from './shown-entry.js';
import { speakerOf } from './shown-entry.js';

/** A message that the rules refused; nothing of it is in the journal. */
export interface Refusal {
  readonly seq: number; // the newest entry then
  readonly at: number; // ms since the epoch
  readonly type: string; // of the message
  readonly seat: number | null;
  readonly who: string | null;
  readonly by: By;
  readonly reason: string;
  readonly sentence: string;
  readonly rule: string | null; // the function that judged
  readonly state: string; // leaf of the machine
  readonly correlationId: string;
  readonly message: object; // whole: whoever shows it redacts it
}

/** How often a state refused a type of message for a reason. */
export interface RefusalCount {
  readonly state: string;
  readonly event: string;
  readonly reason: string;
  readonly rule: string | null;
  count: number;
}

export interface Refusals {
  readonly total: number;
  readonly newest: readonly Refusal[]; // newest first
  readonly counts: readonly RefusalCount[];
}

const REFUSALS_KEPT = 50;
/** Kinds of refusals that are counted of one room; there are fewer states, types and reasons than that. */
const KINDS_MAX = 500;
/** Rooms whose refusals are remembered; the one that was refused something longest ago is forgotten first. */
const ROOMS_MAX = 2_000;
/** Entries whose times are remembered, a power of two. */
const TIMES_MAX = 16_384;

interface RoomRefusals {
  total: number;
  readonly newest: Refusal[]; // oldest first
  readonly counts: Map<string, RefusalCount>;
}

interface Flight {
  readonly roomId: string;
  readonly seq: number;
  readonly waitMs: number;
  readonly stepMs: number;
  readonly commitMs: number;
  readonly durableMs: number; // monotonic
  broadcastMs: number;
}

/**
 * What the process remembers of the last while and the journal does not hold: refused messages, and how long each part
 * of an entry's way took. Hears every notice twice: before the gateway does and after it.
 */
export class FlightRecorder {
  readonly #elapsedMs: () => number;
  readonly #shower: EntryShower;
  readonly #rooms = new Map<string, RoomRefusals>();
  readonly #flights: Flight[] = [];
  #next = 0; // where the next flight goes

  /** @param elapsedMs monotonic */
  constructor(elapsedMs: () => number, shower: EntryShower) {
    this.#elapsedMs = elapsedMs;
    this.#shower = shower;
  }

  /** Heard first: an entry is durable. */
  durable(notice: GameNotice): void {
    if (notice.kind !== 'applied') return;
    const { waitMs, stepMs, steppedMs } = notice.times;
    const durableMs = this.#elapsedMs();
    const { roomId, seq } = notice;
    const flight = { roomId, seq, waitMs, stepMs, commitMs: durableMs - steppedMs, durableMs, broadcastMs: 0 };
    this.#flights[this.#next] = flight;
    this.#next = (this.#next + 1) % TIMES_MAX;
  }

  /** Heard last: everybody whom it concerns was told. @returns the times of an entry */
  told(notice: GameNotice): EntryTimes | null {
    if (notice.kind === 'refused') this.#refused(notice);
    if (notice.kind !== 'applied') return null;
    const flight = this.#flights[(this.#next + TIMES_MAX - 1) % TIMES_MAX];
    if (flight?.seq !== notice.seq || flight.roomId !== notice.roomId) return null; // told while another was
    flight.broadcastMs = this.#elapsedMs() - flight.durableMs;
    return timesOf(flight);
  }

  /** Without entries of long ago, and those of another process. */
  timesOf(roomId: string, from: number, to = from): ReadonlyMap<number, EntryTimes> {
    const found = new Map<number, EntryTimes>();
    for (const flight of this.#flights) {
      const { seq } = flight;
      if (flight.roomId === roomId && seq >= from && seq <= to) found.set(seq, timesOf(flight));
    }
    return found;
  }

  refusalsOf(roomId: string): Refusals {
    const known = this.#rooms.get(roomId);
    if (known === undefined) return { total: 0, newest: [], counts: [] };
    return { total: known.total, newest: known.newest.toReversed(), counts: [...known.counts.values()] };
  }

  refusedIn(roomId: string): number {
    return this.#rooms.get(roomId)?.total ?? 0;
  }

  get refusingRooms(): IterableIterator<string> {
    return this.#rooms.keys();
  }

  #refused(notice: Extract<GameNotice, { kind: 'refused' }>): void {
    const { roomId, message, refusal, cause } = notice;
    const view = notice.view('spectator');
    const { leaf } = view;
    const rule = this.#shower.chart().ruleOf(leaf, message.type);
    const room: RoomRefusals = this.#rooms.get(roomId) ?? { total: 0, newest: [], counts: new Map() };
    this.#rooms.delete(roomId);
    this.#rooms.set(roomId, room);
    if (this.#rooms.size > ROOMS_MAX) this.#rooms.delete(this.#rooms.keys().next().value!);
    room.total++;
    const { reason, sentence } = refusal;
    room.newest.push({
      seq: notice.seq,
      at: message.at,
      type: message.type,
      ...speakerOf({ ...message }, 'applied', view),
      reason,
      sentence,
      rule,
      state: leaf,
      correlationId: cause.correlationId,
      message,
    });
    if (room.newest.length > REFUSALS_KEPT) room.newest.shift();
    const kind = `${leaf} ${message.type} ${reason}`;
    const counted = room.counts.get(kind);
    if (counted !== undefined) counted.count++;
    else if (room.counts.size < KINDS_MAX) {
      room.counts.set(kind, { state: leaf, event: message.type, reason, rule, count: 1 });
    }
  }
}

function timesOf({ waitMs, stepMs, commitMs, broadcastMs }: Flight): EntryTimes {
  return { waitMs: ms(waitMs), stepMs: ms(stepMs), commitMs: ms(commitMs), broadcastMs: ms(broadcastMs) };
}

function ms(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
