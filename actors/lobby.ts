import type { JournalEngine, RoomRow, RowChange } from '../persistence/journal.js';
import type { Cancel, Clock } from './clock.js';

/** A list never holds more: joinable rooms first, by creation, then full ones. */
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
    for (const row of await engine.roomsByStatus('waiting', 1_000_000)) this.#rooms.set(row.roomId, row);
  }

  /** Takes over the durable rows of a notice. */
  apply(rows: readonly RowChange[]): void {
    for (const row of rows) {
      const listed = row.kind === 'put' ? roomRow(row) : null;
      const was = this.#rooms.has(row.key);
      if (listed?.status === 'waiting') this.#rooms.set(row.key, listed);
      else this.#rooms.delete(row.key);
      if (was || listed?.status === 'waiting') this.#changed();
    }
  }

  list(): readonly RoomRow[] {
    const joinable: RoomRow[] = [];
    const full: RoomRow[] = [];
    for (const row of this.#rooms.values()) (row.freeSeats > 0 ? joinable : full).push(row);
    return [...joinable, ...full].slice(0, LISTED_MAX);
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

function roomRow({ key, values }: Extract<RowChange, { kind: 'put' }>): RoomRow {
  return {
    roomId: key,
    code: String(values['code']),
    status: values['status'] as RoomRow['status'],
    hostName: String(values['host_name']),
    seats: String(values['seats']),
    freeSeats: Number(values['free_seats']),
    createdAt: Number(values['created_at']),
    updatedAt: Number(values['updated_at']),
    creator: String(values['creator'] ?? ''),
    creationKey: null,
  };
}
