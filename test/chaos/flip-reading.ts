import { encodeState, recover } from '../../actors/recovery.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import { type JournalEngine, StoreFailure } from '../../persistence/journal.js';
import { QUERIES, type Query } from '../../persistence/rows.js';

/** Everything that a store says, by what was asked: each answer as one text. */
export interface Reading {
  readonly answers: ReadonlyMap<string, string>;
  readonly named: readonly string[]; // what the store itself said is not as it was written
}

/** Values for the queries that compare one, so that each is asked with values that occur. */
const COMPARED: { readonly [Q in Query]?: readonly Readonly<Record<string, string>>[] } = {
  roomsByStatus: ['waiting', 'playing', 'over', 'closed', 'archived'].map((status) => ({ status })),
  roomsByUpdate: ['waiting', 'playing', 'over', 'closed', 'archived'].map((status) => ({ status })),
  gamesByStatus: ['running', 'over', 'aborted'].map((status) => ({ status })),
  gamesOfPlayer: ['s0', 's1', 's2', 's3'].map((playerId) => ({ playerId })),
};
const OF_ROOM: ReadonlySet<Query> = new Set<Query>(['seatsOfGame', 'inboxOfRoom', 'deadLettersOfRoom']);

/** Asks a store for all that it has, through the reads that the product uses. */
export async function readAll(
  engine: JournalEngine,
  definition: LiapTui,
  roomIds: readonly string[],
): Promise<Reading> {
  const answers = new Map<string, string>();
  const named: string[] = [];
  const ask = async (name: string, read: () => Promise<unknown>): Promise<void> => {
    try {
      answers.set(name, JSON.stringify(await read()));
    } catch (failure) {
      answers.set(name, 'could not be read');
      named.push(`${name}: ${nameOf(failure)}`);
    }
  };
  const rows = async (query: Query, values: Readonly<Record<string, string>>): Promise<unknown> => {
    const page = await engine.select(query, values);
    for (const key of page.damaged) named.push(`${query}: checksum of the row ${key}`);
    return page.items;
  };
  await ask('marks', () => engine.marks());
  await ask('outages', () => engine.outages());
  await ask('open streams', async () => (await engine.streams('open', 0)).items.map(({ roomId }) => roomId));
  for (const query of Object.keys(QUERIES) as Query[]) {
    const values = OF_ROOM.has(query) ? roomIds.map((roomId) => ({ roomId })) : (COMPARED[query] ?? [{}]);
    for (const value of values) await ask(`${query} ${Object.values(value).join()}`, () => rows(query, value));
  }
  for (const roomId of roomIds) {
    await ask(`head of ${roomId}`, () => engine.heads([roomId]));
    await ask(`entries of ${roomId}`, () => engine.read(roomId, 1, 10_000));
    await ask(`snapshots of ${roomId}`, () => engine.snapshots(roomId, 10_000, 1_000));
    await ask(`state of ${roomId}`, async () => {
      const room = await recover(engine, definition, roomId);
      for (const { seq, why } of room?.damaged ?? []) named.push(`state of ${roomId}: snapshot ${seq}: ${why}`);
      return room && [room.seq, room.at, encodeState(room.runner.snapshot, room.window.toJSON())];
    });
  }
  return { answers, named };
}

export function nameOf(failure: unknown): string {
  if (failure instanceof StoreFailure) return failure.code;
  return failure instanceof Error ? failure.message : String(failure);
}

/** What was asked of both and answered otherwise. */
export function differing(truth: Reading, found: Reading): string[] {
  return [...truth.answers].filter(([name, answer]) => found.answers.get(name) !== answer).map(([name]) => name);
}
