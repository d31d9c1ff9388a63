import type { JournalEngine } from '../persistence/journal.js';
import type { RoomRow, RowChange } from '../persistence/rows.js';
import type { Cancel, Clock } from './clock.js';
import { pagesAhead } from './pages-ahead.js';

/** A list never holds more: joinable rooms first, by creation, of more than these the newest, then full ones. */
const LISTED_MAX = 200;
/** Changes are told at most that often. */
const COALESCE_MS = 250;

/** The rooms that wait for players, as their durable rows say. */
export class Lobby {
  readonly #rooms = new Map<string, RoomRow>();
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #pending: Cancel | null = null;

  /** @param onChange called at most once in 250 ms, some time after the list changed */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  async open(engine: JournalEngine): Promise<void> {
    const waiting = (after: string | null) => engine.select('roomsByStatus', { status: 'waiting' }, { after });
    for await (const page of pagesAhead(waiting)) for (const row of page.items) this.#rooms.set(row.roomId, row);
  }

  /** Takes over the durable rows of a notice. */
  apply(rows: readonly RowChange[]): void {
    for (const row of rows) {
      if (row.table !== 'rooms' || row.kind === 'add') continue;
      const before = this.#rooms.get(row.key);
      const after = row.kind === 'put' ? { ...before, ...row.values, roomId: row.key } : undefined;
      if (after?.status === 'waiting') this.#rooms.set(row.key, after as RoomRow);
      else this.#rooms.delete(row.key);
      if (before !== undefined || after?.status === 'waiting') this.#changed();
    }
  }

  list(): readonly RoomRow[] {
    const joinable: RoomRow[] = [];
    const full: RoomRow[] = [];
    for (const row of this.#rooms.values()) (row.freeSeats > 0 ? joinable : full).push(row);
    // Whoever fills the list hides old rooms for a while, and not every new one for as long as theirs stand.
    return [...joinable.slice(-LISTED_MAX), ...full].slice(0, LISTED_MAX);
  }

  stop(): void {
    this.#pending?.();
  }

  #changed(): void {
    this.#pending ??= this.#clock.schedule(COALESCE_MS, () => {
      this.#pending = null;
      this.#onChange();
    });
  }
}
