// Goal: what real games leave behind is sound to the last row, on the simulated disk and in SQLite, and reading the past
// of a game that is played gives no hand away.
import { expect, test } from 'vitest';
import { changesOf } from '../../actors/history.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import { verifyAll } from '../../actors/verification.js';
import type { Append, JournalEngine, StreamHead } from '../../persistence/journal.js';
import type { Rows, Table } from '../../persistence/rows.js';
import { playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { carefulStrategy } from '../../src/client/strategy.js';
import { sqliteStore } from '../contract/stores.js';
import { SimulatedServer } from '../support/simulated-server.js';

const GAMES = 4;
const definition = liapTui();

async function begin() {
  const sim = await SimulatedServer.start({ seed: 'histories' });
  let ids = 0;
  const games = Promise.all(
    Array.from({ length: GAMES }, (_, game) => {
      const random = seededRandom(game);
      const strategy = carefulStrategy(random);
      const thinkMs = () => 200 + 800 * random();
      const { connect, clock } = sim;
      const newId = () => `m${++ids}`;
      return playGame({ humans: 1 + game, connect, clock, random, newId, strategy, thinkMs, changePages: false });
    }),
  );
  return { sim, games };
}

async function allHeads(engine: JournalEngine): Promise<readonly StreamHead[]> {
  return (await engine.streams('all', 0)).items;
}

const LEFT = { sound: true, rooms: GAMES, kinds: { sound: GAMES }, store: [], players: { wrongCount: 0 } };

test('games are sound while they are played and afterwards, and their history hides hands until the end', async () => {
  const { sim, games } = await begin();
  await sim.clock.advance(120_000);
  expect(await sim.until(verifyAll(sim.engine, definition))).toMatchObject(LEFT);
  let hands = 0;
  for (const { roomId } of await sim.until(allHeads(sim.engine))) {
    const range = { limit: 500 };
    const hidden = await sim.until(changesOf(sim.engine, definition, roomId, range));
    expect(hidden).toMatchObject({ revealed: false, stop: null });
    for (const { changes } of hidden!.items) {
      for (const { path, after } of changes!) {
        if (path.startsWith('/game/hands')) expect([after].flat(2).filter((piece) => piece !== null)).toEqual([]);
        if (path === '/game')
          expect((after as { hands?: unknown } | null)?.hands ?? []).not.toContainEqual(expect.any(Array));
      }
    }
    const shown = await sim.until(changesOf(sim.engine, definition, roomId, { ...range, reveal: true }));
    hands += shown!.items
      .flatMap(({ changes }) => changes!)
      .filter(({ path }) => path.startsWith('/game/hands')).length;
  }
  expect(hands, 'an operator sees them').toBeGreaterThan(0);

  await sim.until(games, 100 * 3_600_000);
  const verdict = await sim.until(verifyAll(sim.engine, definition));
  expect(verdict).toMatchObject(LEFT);
  expect(verdict.players.players, 'people, each in one game').toBe(1 + 2 + 3 + 4);

  const store = await sqliteStore();
  try {
    await copy(sim, store.engine);
    expect(await verifyAll(store.engine, definition)).toMatchObject(LEFT);
  } finally {
    await store.dispose();
  }
}, 120_000);

/** All that is stored, in another store. */
async function copy(sim: SimulatedServer, to: JournalEngine): Promise<void> {
  const { engine } = sim;
  for (const { roomId, seq, closed } of await sim.until(allHeads(engine))) {
    const snapshots = new Map((await sim.until(engine.snapshots(roomId, seq, 1_000))).map((one) => [one.seq, one]));
    const plain = { roomId, fence: 0, rows: [], closes: false };
    const appends = engine.durableEntries(roomId).map((entry): Append => {
      return { ...plain, expectedSeq: entry.seq - 1, entry, snapshot: snapshots.get(entry.seq) ?? null };
    });
    appends.push({ ...plain, expectedSeq: seq, entry: null, snapshot: null, rows: [], closes: closed });
    await to.commit(appends, 0);
  }
  for (const table of ['rooms', 'games', 'gamePlayers', 'players'] as const) await copyTable(sim, to, table);
}

const LISTINGS = {
  rooms: ['roomsNewest', {}],
  players: ['leaderboard', {}],
  games: ['gamesByStatus', { status: 'over' }],
} as const;

async function copyTable(
  sim: SimulatedServer,
  to: JournalEngine,
  table: keyof typeof LISTINGS | 'gamePlayers',
): Promise<void> {
  const rows: { readonly key: string; readonly values: Partial<Rows[Table]> }[] = [];
  if (table === 'gamePlayers') {
    for (const { roomId } of await sim.until(allHeads(sim.engine))) {
      const { items } = await sim.until(sim.engine.select('seatsOfGame', { roomId }));
      rows.push(...items.map((values) => ({ key: values.id, values })));
    }
  } else {
    const [query, values] = LISTINGS[table];
    const { items } = await sim.until(sim.engine.select(query, values));
    rows.push(...items.map((row) => ({ key: 'playerId' in row ? row.playerId : row.roomId, values: row })));
  }
  const changes = rows.map((row) => ({ kind: 'put', table, ...row }) as Append['rows'][number]);
  const append = { roomId: '', expectedSeq: null, fence: 0, entry: null, snapshot: null, rows: changes, closes: false };
  const [verdict] = await to.commit([append], 0);
  expect(verdict).toEqual({ kind: 'committed' });
}
