import type { JournalEngine } from '../../persistence/journal.js';
import type { RoomRow, RowPage } from '../../persistence/rows.js';

/** How many there are, of rooms that are not closed. */
export interface RoomCensus {
  readonly rooms: number;
  readonly games: number; // rooms whose game runs
  readonly players: number; // seats of people, those who are away too
}

const PAGE_ROOMS = 1_000;
/** Rooms that are counted; with more of them the figures stay at this one. */
const ROOMS_MAX = 20_000;
/** Everybody may ask, so the store is asked at most that often. */
const FRESH_MS = 5_000;

/** Counts as the lobby's rows have it, for all who ask within a few seconds at once. */
export function roomCensus(engine: Pick<JournalEngine, 'select'>, elapsedMs: () => number): () => Promise<RoomCensus> {
  let latest: Promise<RoomCensus> | null = null;
  let countedMs = 0;
  return () => {
    if (latest === null || elapsedMs() - countedMs >= FRESH_MS) {
      countedMs = elapsedMs();
      const counting = count(engine);
      latest = counting;
      counting.catch(() => {
        if (latest === counting) latest = null; // whoever waits for it hears why; the next one counts again
      });
    }
    return latest;
  };
}

async function count(engine: Pick<JournalEngine, 'select'>): Promise<RoomCensus> {
  const census = { rooms: 0, games: 0, players: 0 };
  for (const status of ['waiting', 'playing', 'over'] as const) {
    for (let after: string | null = null; ; ) {
      const page: RowPage<RoomRow> = await engine.select('roomsByStatus', { status }, { after, limit: PAGE_ROOMS });
      census.rooms += page.items.length;
      if (status === 'playing') census.games += page.items.length;
      for (const { seats } of page.items) census.players += peopleIn(seats);
      after = page.next;
      if (after === null || census.rooms >= ROOMS_MAX) break;
    }
  }
  return census;
}

function peopleIn(seats: string): number {
  const views = JSON.parse(seats) as readonly ({ readonly isPerson: boolean } | null)[];
  return views.filter((seat) => seat?.isPerson === true).length;
}
