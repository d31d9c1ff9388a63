import type { Histogram } from 'hdr-histogram-js';
import { startMetronome } from './metronome.js';
import { MoveSchedule } from './move-schedule.js';
import { each, type Seated } from './seating.js';
import { ROUND_MOVES, Table } from './table.js';

export interface Phase {
  readonly warmUpS: number; // code is compiled meanwhile, and nothing counted
  readonly seconds: number;
  /** Moves a second, all tables together, at times fixed beforehand; null: each table moves as soon as it can. */
  readonly rate: number | null;
  readonly atStart?: () => void; // of what is counted
  readonly atEnd?: () => void;
}

export interface Driven {
  readonly movesPerS: number; // answered as applied
  readonly refused: Readonly<Record<string, number>>; // by the type of the error
  readonly closed: number; // tables that lost a socket
  readonly unanswered: number; // moves that were sent and had no answer at the end
  readonly unsent: number; // moves that were due and found no table that waited for one
  readonly framesPerMove: number; // as they came in, over all four sockets
  readonly bytesPerMove: number;
  readonly latency: Histogram; // microseconds; at a rate from the time that was fixed, so that waiting counts
  readonly sentLate: Histogram; // microseconds from that time to the sending
}

const SEATED_AT_ONCE = 20;
/** After the end for the last answers to come in. */
const SETTLE_MS = 2_000;

/** Four people at each of many tables, over their own sockets. */
export class Party {
  readonly #tables: readonly Table[];
  #run: Pick<MoveSchedule<Table>, 'ready' | 'answered' | 'closed'> | null = null;

  private constructor(seated: readonly Seated[]) {
    this.#tables = seated.map(({ sockets }) => {
      return new Table(sockets, {
        ready: (table) => this.#run?.ready(table),
        answered: (table, refusal) => this.#run?.answered(table, refusal),
        closed: (table) => this.#run?.closed(table),
      });
    });
    for (const { start } of seated) start();
  }

  /** Seats all and begins their games. */
  static async seat(tables: number, seat: (table: number) => Promise<Seated>): Promise<Party> {
    return new Party(await each(tables, SEATED_AT_ONCE, seat));
  }

  /**
   * Lets the tables get ahead of each other, by a whole round from the first to the last. Tables that began together
   * would end their rounds together for ever, which real ones do not: a round's end is by far its dearest moment.
   */
  async spread(): Promise<void> {
    const left = new Map(this.#tables.map((table, index) => [table, index % ROUND_MOVES]));
    let waiting = left.size;
    await new Promise<void>((resolve, reject) => {
      const ready = (table: Table): void => {
        const moves = left.get(table)!;
        if (moves > 0) {
          left.set(table, moves - 1);
          table.move();
        } else if (--waiting === 0) resolve();
      };
      const closed = (): void => reject(new Error('a table lost a socket before it began'));
      this.#run = { ready, closed, answered: () => undefined };
      for (const table of this.#tables) if (table.isReady) ready(table);
    });
    this.#run = null;
  }

  async drive({ warmUpS, seconds, rate, atStart, atEnd }: Phase): Promise<Driven> {
    const run = new MoveSchedule<Table>(rate === null, () => performance.now());
    this.#run = run;
    for (const table of this.#tables) if (table.isReady) run.ready(table);
    const metronome = rate === null ? null : startMetronome(rate, (dueMs) => run.due(dueMs));
    try {
      const fromMs = performance.now() + warmUpS * 1000;
      const toMs = fromMs + seconds * 1000;
      run.count(fromMs, toMs);
      await pause(warmUpS * 1000);
      const before = this.#totals();
      atStart?.();
      await pause(toMs - performance.now());
      atEnd?.();
      const after = this.#totals();
      if (rate !== null) await run.settled(SETTLE_MS);
      return {
        movesPerS: run.applied / seconds,
        refused: Object.fromEntries(run.refused),
        closed: run.lost.size,
        unanswered: run.unanswered,
        unsent: run.unsent,
        framesPerMove: (after.frames - before.frames) / run.appliedInTime,
        bytesPerMove: (after.bytes - before.bytes) / run.appliedInTime,
        latency: run.latency,
        sentLate: run.sentLate,
      };
    } finally {
      metronome?.stop();
      this.#run = null;
    }
  }

  close(): void {
    this.#run = null;
    for (const table of this.#tables) table.close();
  }

  #totals(): { readonly frames: number; readonly bytes: number } {
    return {
      frames: this.#tables.reduce((sum, { frames }) => sum + frames, 0),
      bytes: this.#tables.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
