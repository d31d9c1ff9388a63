import { stopOf } from '../../actors/history.js';
import { leafOf } from '../../actors/machine-chart.js';
import { replay, type Stage } from '../../actors/recovery.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { PastSource } from './past.js';
import { type EntryShower, readObject, typeOf } from './shown-entry.js';

/** A place in a room's past that is worth a jump. */
export interface Turning {
  readonly kind: 'restored' | 'upgraded' | 'outage';
  readonly seq: number;
  readonly at: number; // ms since the epoch
  readonly sentence: string;
}

/** What a room did so often, counted over its whole journal. */
export interface Tally {
  readonly through: number; // the last entry that is counted
  readonly states: Readonly<Record<string, number>>; // entries that left the room in that leaf
  readonly transitions: Readonly<Record<string, number>>;
  readonly turnings: readonly Turning[];
  readonly last: Way | null;
}

interface Way {
  readonly seq: number;
  readonly from: string | null;
  readonly to: string;
  readonly transitions: readonly string[];
}

/** Rooms whose counts are kept, so that the next question counts on from there. */
const ROOMS_MAX = 32;
/** Entries between two turns of the event loop: about a millisecond. */
const PIECE = 16;
const TURNINGS_MAX = 500;

/** Counts what rooms did, entry by entry, and goes on where it ended. */
export class Tallies {
  readonly #definition: LiapTui;
  readonly #shower: EntryShower;
  readonly #counts = new Map<string, Count>(); // the least recently used first

  constructor(definition: LiapTui, shower: EntryShower) {
    this.#definition = definition;
    this.#shower = shower;
  }

  /** Where the journal is damaged it is counted as far as it goes. */
  async of(source: PastSource): Promise<Tally> {
    const count = this.#counts.get(source.key) ?? new Count();
    this.#counts.delete(source.key);
    this.#counts.set(source.key, count);
    if (this.#counts.size > ROOMS_MAX) this.#counts.delete(this.#counts.keys().next().value!);
    // Whoever asked before has heard of its failure.
    const before = count.counting.catch(() => undefined);
    count.counting = before.then(() => this.#countOn(source, count));
    await count.counting;
    return count.tally;
  }

  async #countOn({ reader, roomId }: PastSource, count: Count): Promise<void> {
    try {
      for await (const stage of replay(reader, this.#definition, roomId, { from: count.through + 1 })) {
        count.add(stage, this.#shower);
        if (stage.entry.seq % PIECE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (failure) {
      stopOf(failure, count.through); // damage is told by those who show the state
    }
  }
}

class Count {
  through = 0;
  counting: Promise<void> = Promise.resolve();
  readonly #states = new Map<string, number>();
  readonly #transitions = new Map<string, number>();
  readonly #turnings: Turning[] = [];
  #last: Way | null = null;

  get tally(): Tally {
    return {
      through: this.through,
      states: Object.fromEntries(this.#states),
      transitions: Object.fromEntries(this.#transitions),
      turnings: [...this.#turnings],
      last: this.#last,
    };
  }

  add(stage: Stage, shower: EntryShower): void {
    const { entry, before, after } = stage;
    const message = readObject(entry.message);
    const transitions = shower.transitionsOf(stage, message) ?? [];
    const to = leafOf(after.value);
    this.through = entry.seq;
    bump(this.#states, to);
    for (const way of transitions) bump(this.#transitions, way);
    this.#last = { seq: entry.seq, from: before === null ? null : leafOf(before.value), to, transitions };
    const sentence = sentenceOf(entry.outcome, message);
    if (sentence === null || this.#turnings.length >= TURNINGS_MAX) return;
    const kind = entry.outcome === 'applied' ? 'outage' : entry.outcome;
    this.#turnings.push({ kind, seq: entry.seq, at: entry.at, sentence });
  }
}

function sentenceOf(outcome: string, message: Readonly<Record<string, unknown>>): string | null {
  if (outcome === 'restored') return `Set back to entry ${String(message['toSeq'])}.`;
  if (outcome === 'upgraded') {
    return `Brought from machine version ${String(message['from'])} to ${String(message['to'])}.`;
  }
  if (typeOf(message) !== 'resumed') return null;
  return `Its clocks were moved by ${Number(message['outageMs']) / 1000} s.`;
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
