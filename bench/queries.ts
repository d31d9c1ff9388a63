import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Histogram } from 'hdr-histogram-js';
import type { Append, JournalEngine } from '../persistence/journal.js';
import { QUERIES, type Query, type QueryValues, type RowChange } from '../persistence/rows.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { microseconds } from './histogram.js';

export interface QueriesOptions {
  readonly rooms: number; // with a game, four seats, two players' sums and a line of each other listing
  readonly samples: number; // of each query
}

const LIMIT_MS = 100;
const COMMIT_ROWS = 1_000;
const PAGE_ROWS = 1_000; // the most that the store gives at once
const START = Date.UTC(2030, 0, 1);
const STATUSES = ['waiting', 'playing', 'over', 'closed'] as const;

/**
 * How long every look-up and every listing takes in a large store while another thread commits all the time. Each
 * listing is asked for its largest page, the first one and those behind it in turn.
 */
export async function benchQueries({ rooms, samples }: QueriesOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'queries-'));
  try {
    const engine = await openSqliteEngine({ folder });
    await fill(engine, rooms);
    const writing = keepWriting(engine, rooms);
    let overLimit = 0;
    const times = new Map<string, Histogram>();
    const timed = async <T>(name: string, ask: () => Promise<T>): Promise<T> => {
      const histogram = times.get(name) ?? build();
      times.set(name, histogram);
      const startMs = performance.now();
      const answer = await ask();
      const tookMs = performance.now() - startMs;
      histogram.recordValue(Math.round(tookMs * 1_000));
      if (tookMs > LIMIT_MS) overLimit++;
      return answer;
    };
    for (let sample = 0; sample < samples; sample++) {
      const room = (sample * 7_919) % rooms;
      await timed('row by key', () => engine.row('rooms', roomIdOf(room)));
      await timed('room by code', () => engine.roomByCode(codeOf(room)));
      await timed('room by creation', () => engine.roomByCreation(playerOf(room), `key-${room}`, 0));
    }
    for (const query of Object.keys(QUERIES) as Query[]) {
      let after: string | null = null;
      for (let sample = 0; sample < samples; sample++) {
        const page: { readonly next: string | null } = await timed(query, () =>
          engine.select(query, valuesOf(query, sample % rooms), { after, limit: PAGE_ROWS }),
        );
        // The values of a listing by room or player change from sample to sample, and a place in it with them.
        after = QUERIES[query].equals.every((column) => column === 'status') ? page.next : null;
      }
    }
    const commits = await writing.stop();
    await engine.close();
    const all = [...times.values()];
    return {
      commits_meanwhile: commits,
      over_100_ms: overLimit,
      queries: all.reduce((sum, histogram) => sum + histogram.totalCount, 0),
      us: Object.fromEntries([...times].map(([name, histogram]) => [name, microseconds(histogram)])),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const roomIdOf = (room: number): string => `room-${String(room).padStart(8, '0')}`;
const codeOf = (room: number): string => room.toString(16).toUpperCase().padStart(6, '0');
const playerOf = (room: number): string => `player-${room}`;

function valuesOf<Q extends Query>(query: Q, sample: number): QueryValues<Q> {
  const known = { status: STATUSES[3], roomId: roomIdOf(sample), playerId: playerOf(sample % 10) };
  const values = query === 'gamesByStatus' ? { ...known, status: 'over' } : known;
  const { equals } = QUERIES[query];
  return Object.fromEntries(equals.map((column) => [column, values[column as keyof typeof known]])) as QueryValues<Q>;
}

async function fill(engine: JournalEngine, rooms: number): Promise<void> {
  let rows: RowChange[] = [];
  for (let room = 0; room < rooms; room++) {
    rows.push(...rowsOf(room));
    if (rows.length < COMMIT_ROWS && room + 1 < rooms) continue;
    await engine.commit([appendOf(rows)], START);
    rows = [];
  }
}

function appendOf(rows: readonly RowChange[]): Append {
  return { roomId: '', expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
}

/** What one room leaves, and as much for every other listing. Ten players have many games, the others one. */
function rowsOf(room: number): RowChange[] {
  const roomId = roomIdOf(room);
  const at = START + room * 1_000;
  const code = codeOf(room);
  const id = `${roomId}/0`;
  const message = '{"type":"play","seat":0,"indices":[0]}';
  const sent = { session: 's', messageId: 'm', correlationId: `c-${room}` };
  const status = STATUSES[room % STATUSES.length]!;
  const listed = { roomId, code, status, hostName: 'Hana', seats: '[]', freeSeats: 0, createdAt: at, updatedAt: at };
  return [
    {
      ...{ kind: 'put', table: 'rooms', key: roomId },
      values: { ...listed, creator: playerOf(room), creationKey: `key-${room}` },
    },
    {
      ...{ kind: 'put', table: 'games', key: roomId },
      values: { roomId, code, status: 'over', startedAt: at, endedAt: at, rounds: 20, players: '["a","b","c","d"]' },
    },
    ...[0, 1, 2, 3].map((seat): RowChange => {
      const playerId = seat === 0 ? playerOf(room % 10) : seat === 1 ? playerOf(room) : null;
      const values = { id: `${roomId}/${seat}`, roomId, seat, playerId, name: 'Hana', startedAt: at, endedAt: at };
      return { kind: 'put', table: 'gamePlayers', key: `${roomId}/${seat}`, values };
    }),
    {
      ...{ kind: 'put', table: 'players', key: playerOf(room) },
      values: {
        playerId: playerOf(room),
        name: 'Hana',
        games: 1,
        wins: room % 97,
        score: room % 1_009,
        lastPlayedAt: at,
      },
    },
    {
      ...{ kind: 'put', table: 'inbox', key: id },
      values: { id, roomId, position: 0, at, lane: 'player', bytes: message.length, message, ...sent },
    },
    {
      ...{ kind: 'put', table: 'deadLetters', key: id },
      values: { id, roomId, at, seq: 1, message, ...sent, error: 'Error: it failed\n    at step' },
    },
    {
      ...{ kind: 'put', table: 'holds', key: roomId },
      values: { roomId, kind: 'paused', since: at, why: 'an operator', seq: null },
    },
    {
      ...{ kind: 'put', table: 'audit', key: id },
      values: { id, at, actor: 'tool', action: 'pause', target: roomId, detail: '{}' },
    },
  ];
}

/** Commits one room's rows after the other. */
function keepWriting(engine: JournalEngine, rooms: number): { readonly stop: () => Promise<number> } {
  const stopping = new AbortController();
  let commits = 0;
  const written = (async (): Promise<void> => {
    for (let room = rooms; !stopping.signal.aborted; room++, commits++)
      await engine.commit([appendOf(rowsOf(room))], START);
  })();
  return {
    stop: async () => {
      stopping.abort();
      await written;
      return commits;
    },
  };
}
