import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendOf, entriesOf, entryAfter, snapshotAt } from '../test/contract/appends.js';
import { contentHash } from './hash-chain.js';
import { ImportRefused, importRoom } from './import-room.js';
import type { Append, Entry } from './journal.js';
import { readRoomFile, writeRoomFile } from './room-file.js';
import { RoomFileReader } from './room-file-reader.js';
import type { GamePlayerRow, GameRow, RoomRow, RowChange } from './rows.js';
import { SimulatedEngine } from './simulated/simulated-engine.js';

const ALL = Number.MAX_SAFE_INTEGER;
const clock = { schedule: (_delayMs: number, run: () => void) => void setImmediate(run) };

const ROOM: RoomRow = {
  roomId: 'r1',
  code: '123456',
  status: 'closed',
  hostName: 'Ada',
  seats: '[]',
  freeSeats: 0,
  createdAt: 1,
  updatedAt: 2,
  creator: 'session-1',
  creationKey: null,
};
const GAME: GameRow = {
  roomId: 'r1',
  code: '123456',
  status: 'over',
  startedAt: 1,
  endedAt: 2,
  rounds: 3,
  players: '["Ada"]',
  totals: '[50]',
  winners: '[0]',
};
const SEAT: GamePlayerRow = {
  id: 'r1/0',
  roomId: 'r1',
  seat: 0,
  playerId: 'ada',
  name: 'Ada',
  startedAt: 1,
  endedAt: 2,
  rank: 1,
  score: 50,
  won: 1,
  perfectRounds: 0,
  turnsWon: 4,
  leftAt: null,
};
const ROWS: readonly RowChange[] = [
  { kind: 'put', table: 'rooms', key: 'r1', values: ROOM },
  { kind: 'put', table: 'games', key: 'r1', values: GAME },
  { kind: 'put', table: 'gamePlayers', key: 'r1/0', values: SEAT },
];

let folder: string;
let file: string;
let engine: SimulatedEngine;
let entries: Entry[];

/** Room r1 with snapshots at some entries, closed, and with rows. */
async function write(count: number, snapshotsAt: readonly number[]): Promise<void> {
  entries = entriesOf('r1', count);
  const batch = entries.map((entry): Append => {
    const snapshot = snapshotsAt.includes(entry.seq) ? snapshotAt(entry) : null;
    const isLast = entry.seq === count;
    return appendOf(entry, { snapshot, closes: isLast, rows: isLast ? ROWS : [] });
  });
  await engine.commit(batch, 0);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'room-file-'));
  file = join(folder, 'r1.jsonl');
  engine = new SimulatedEngine(clock);
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

describe('a written room', () => {
  test('is read back with everything it had', async () => {
    await write(5, [2, 4]);
    expect(await writeRoomFile(engine, 'r1', file, 99)).toBe(5);
    expect(await readRoomFile(file)).toEqual({
      roomId: 'r1',
      anchorSeq: 0,
      anchorHash: '',
      closed: true,
      exportedAt: 99,
      rows: { rooms: ROOM, games: GAME, gamePlayers: [SEAT] },
      entries,
      snapshots: [snapshotAt(entries[3]!), snapshotAt(entries[1]!)],
    });
  });

  test('is compressed where its name says so', async () => {
    await write(3, []);
    await writeRoomFile(engine, 'r1', file, 99);
    await writeRoomFile(engine, 'r1', `${file}.gz`, 99);
    expect(gunzipSync(readFileSync(`${file}.gz`)).toString()).toBe(readFileSync(file, 'utf8'));
    expect(await readRoomFile(`${file}.gz`)).toEqual(await readRoomFile(file));
  });

  test('is for its owner only, and nothing else is left beside it', async () => {
    await write(3, []);
    writeFileSync(`${file}.partial`, 'what a killed process left');
    await writeRoomFile(engine, 'r1', file, 99);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(folder)).toEqual(['r1.jsonl']);
  });

  test('may be longer than a page, and hold characters that some take for the end of a line', async () => {
    const odd = '"\\u0000 日本 🎲 \u2028 \u2029 \u0085 \\r\\n"';
    const long: Entry[] = [];
    for (let seq = 1; seq <= 2_500; seq++) long.push(entryAfter(long.at(-1) ?? null, 'r1', { message: odd, seq }));
    await engine.commit(
      long.map((entry) => appendOf(entry)),
      0,
    );
    expect(await writeRoomFile(engine, 'r1', `${file}.gz`, 99)).toBe(2_500);
    expect((await readRoomFile(`${file}.gz`)).entries).toEqual(long);
  });

  test('goes on from its anchor where it was compacted', async () => {
    await write(10, [4, 8]);
    while ((await engine.compact('r1', ALL)) > 0);
    await writeRoomFile(engine, 'r1', file, 99);
    const room = await readRoomFile(file);
    expect(room).toMatchObject({ anchorSeq: 3, anchorHash: entries[2]!.hash });
    expect(room.entries).toEqual(entries.slice(3));
  });

  test('leaves out a snapshot that does not have its hash', async () => {
    entries = entriesOf('r1', 2);
    const broken = { ...snapshotAt(entries[0]!), stateHash: 'another' };
    await engine.commit([appendOf(entries[0]!, { snapshot: broken }), appendOf(entries[1]!)], 0);
    await writeRoomFile(engine, 'r1', file, 99);
    expect((await readRoomFile(file)).snapshots).toEqual([]);
  });

  test('leaves nothing where it could not be written', async () => {
    await expect(writeRoomFile(engine, 'r1', file, 99)).rejects.toThrow('There is no room r1 in the journal');
    await write(3, []);
    engine.failNext(1, 'SQLITE_IOERR', 'read');
    await expect(writeRoomFile(engine, 'r1', file, 99)).rejects.toMatchObject({ code: 'SQLITE_IOERR' });
    engine.damageRow('games', 'r1');
    await expect(writeRoomFile(engine, 'r1', file, 99)).rejects.toMatchObject({ code: 'ROW_DAMAGED' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a file is refused with the line at which', () => {
  let lines: string[];

  beforeEach(async () => {
    await write(4, [2]);
    await writeRoomFile(engine, 'r1', file, 99);
    lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  });

  /** Puts the lines into the file; with a trailer that fits them unless it is to be tested. */
  function put(changed: readonly string[], fits = true): void {
    const body = changed.slice(0, -1);
    const text = body.map((line) => `${line}\n`).join('');
    const kinds = body.map((line) => /"kind":"(\w+)"/.exec(line)?.[1]);
    const count = (kind: string) => kinds.filter((found) => found === kind).length;
    const trailer = {
      kind: 'trailer',
      entries: count('entry'),
      snapshots: count('snapshot'),
      contentHash: contentHash(text),
    };
    writeFileSync(file, fits ? `${text}${JSON.stringify(trailer)}\n` : changed.map((line) => `${line}\n`).join(''));
  }

  const replaced = (line: number, from: string, to: string): string[] => {
    expect(lines[line - 1]).toContain(from);
    return lines.with(line - 1, lines[line - 1]!.replace(from, to));
  };

  test('an entry was changed', async () => {
    put(replaced(3, '\\"n\\":2', '\\"n\\":9'));
    await expect(readRoomFile(file)).rejects.toThrow(
      `${file}, line 3: the hash of entry 2 does not follow from the one before`,
    );
  });

  test('an entry is missing or twice', async () => {
    put(lines.toSpliced(2, 1));
    await expect(readRoomFile(file)).rejects.toThrow('line 3: entry 3 stands where entry 2 belongs');
    put(lines.toSpliced(2, 0, lines[2]!));
    await expect(readRoomFile(file)).rejects.toThrow('line 4: entry 2 stands where entry 3 belongs');
  });

  test('the end is missing', async () => {
    put(lines.slice(0, -1), false);
    await expect(readRoomFile(file)).rejects.toThrow('line 6: the file ends without its trailer');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));
    await expect(readRoomFile(file)).rejects.toThrow("line 5: it can't be read: the last line has no end");
    writeFileSync(file, '');
    await expect(readRoomFile(file)).rejects.toThrow('line 1: the file is empty');
  });

  test('something stands behind the end', async () => {
    put([...lines, lines[1]!], false);
    await expect(readRoomFile(file)).rejects.toThrow('line 8: something stands behind the trailer');
  });

  test('the content or the counts are not those of the trailer', async () => {
    put(replaced(1, '"exportedAt":99', '"exportedAt":98'), false);
    await expect(readRoomFile(file)).rejects.toThrow('line 7: the content does not have its hash');
    put(replaced(7, '"entries":4', '"entries":5'), false);
    await expect(readRoomFile(file)).rejects.toThrow(
      'line 7: it counts 5 entries and 1 snapshots where there are 4 and 1',
    );
  });

  test('a snapshot does not belong to the room, or was changed', async () => {
    put(replaced(6, '"seq":2', '"seq":3'));
    await expect(readRoomFile(file)).rejects.toThrow('line 6: the snapshot of entry 3 does not belong to an entry');
    put(replaced(6, '\\"seq\\":2', '\\"seq\\":7'));
    await expect(readRoomFile(file)).rejects.toThrow('line 6: the snapshot of entry 2 does not have its hash');
  });

  test('a line has another shape', async () => {
    put(replaced(2, '"outcome":"applied"', '"outcome":"guessed"'));
    await expect(readRoomFile(file)).rejects.toThrow(/line 2: outcome: /);
    put(replaced(2, '"kind":"entry"', '"kind":"gossip"'));
    await expect(readRoomFile(file)).rejects.toThrow(/line 2: .*it is of no kind that a room file has/);
    put(lines.with(1, 'no JSON'));
    await expect(readRoomFile(file)).rejects.toThrow('line 2: it is not JSON');
    put(lines.toSpliced(1, 0, lines[0]!));
    await expect(readRoomFile(file)).rejects.toThrow('line 2: the header is the first line and no other');
    put(replaced(1, '"version":1', '"version":2'));
    await expect(readRoomFile(file)).rejects.toThrow('line 1: version: its version is not 1, the only one');
    put(replaced(1, '"format":"room-journal"', '"format":"diary"'));
    await expect(readRoomFile(file)).rejects.toThrow('line 1: format: it is no file of a room');
    put(replaced(1, '"gamePlayers":[{"id":"r1/0","roomId":"r1"', '"gamePlayers":[{"id":"r1/0","roomId":"r2"'));
    await expect(readRoomFile(file)).rejects.toThrow('line 1: it is of room r1 and has a row of room r2');
  });

  test('a compressed file breaks off', async () => {
    await writeRoomFile(engine, 'r1', `${file}.gz`, 99);
    const bytes = readFileSync(`${file}.gz`);
    writeFileSync(`${file}.gz`, bytes.subarray(0, bytes.length - 10));
    await expect(readRoomFile(`${file}.gz`)).rejects.toThrow(/line \d: it can't be read: unexpected end of file/);
    writeFileSync(`${file}.gz`, 'never compressed');
    await expect(readRoomFile(`${file}.gz`)).rejects.toThrow("line 1: it can't be read: incorrect header check");
  });

  test('there is no file', async () => {
    await expect(readRoomFile(join(folder, 'none.jsonl.gz'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(readRoomFile(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('a file reads like the store that it was written from', async () => {
  await write(2_100, [500, 1_500, 2_000]);
  while ((await engine.compact('r1', ALL)) > 0);
  await writeRoomFile(engine, 'r1', `${file}.gz`, 99);
  const reader = await RoomFileReader.open(`${file}.gz`);
  for (const roomIds of [[], ['r1'], ['r2', 'r1'], ['r2']]) {
    expect(await reader.heads(roomIds)).toEqual(await engine.heads(roomIds));
  }
  for (const [from, to] of [
    [1, ALL],
    [1, 1_400],
    [1_500, 1_502],
    [1_600, 2_099],
    [2_100, 2_200],
    [2_101, 2_200],
    [1_600, 1_599],
    [-5, 1_500],
  ] as const) {
    expect(await reader.read('r1', from, to)).toEqual(await engine.read('r1', from, to));
  }
  for (const [atMost, limit] of [
    [ALL, 9],
    [ALL, 1],
    [1_999, 9],
    [10, 9],
  ] as const) {
    expect(await reader.snapshots('r1', atMost, limit)).toEqual(await engine.snapshots('r1', atMost, limit));
  }
  expect(await reader.read('r2', 1, 9)).toEqual([]);
  expect(await reader.snapshots('r2', ALL, 9)).toEqual([]);
});

describe('an import', () => {
  let target: SimulatedEngine;

  beforeEach(() => {
    target = new SimulatedEngine(clock);
  });
  afterEach(() => target.close());

  async function expectSame(): Promise<void> {
    expect(await target.heads(['r1'])).toEqual(await engine.heads(['r1']));
    expect(await target.read('r1', 1, ALL)).toEqual(await engine.read('r1', 1, ALL));
    expect(await target.snapshots('r1', ALL, 99)).toEqual(await engine.snapshots('r1', ALL, 99));
    expect(await target.row('rooms', 'r1')).toEqual(ROOM);
    expect(await target.row('games', 'r1')).toEqual(GAME);
    expect(await target.row('gamePlayers', 'r1/0')).toEqual(SEAT);
  }

  test('makes the room as it was', async () => {
    await write(450, [100, 200, 400]);
    await writeRoomFile(engine, 'r1', file, 99);
    expect(await importRoom(target, file)).toBe('r1');
    await expectSame();
  });

  test('makes a compacted room behind its anchor, the snapshot of the anchor included', async () => {
    await write(450, [100, 200, 400]);
    while ((await engine.compact('r1', 100)) > 0);
    await writeRoomFile(engine, 'r1', file, 99);
    await importRoom(target, file);
    await expectSame();
    expect((await target.snapshots('r1', ALL, 99)).map(({ seq }) => seq)).toEqual([400, 200, 100]);
  });

  test('takes back a room that was archived', async () => {
    await write(3, []);
    await writeRoomFile(engine, 'r1', file, 99);
    const archived: RowChange = { kind: 'put', table: 'rooms', key: 'r1', values: { ...ROOM, status: 'archived' } };
    await target.commit([{ ...appendOf(entries[0]!), expectedSeq: null, entry: null, rows: [archived] }], 0);
    await importRoom(target, file);
    await expectSame();
  });

  test('is refused where the room is there', async () => {
    await write(3, []);
    await writeRoomFile(engine, 'r1', file, 99);
    await expect(importRoom(engine, file)).rejects.toThrow(
      new ImportRefused('Room r1 is in the journal already, with 3 entries'),
    );
  });

  test('is refused where another room has the code, and writes nothing', async () => {
    await write(3, []);
    await writeRoomFile(engine, 'r1', file, 99);
    const other: RowChange = { kind: 'put', table: 'rooms', key: 'r2', values: { ...ROOM, roomId: 'r2' } };
    await target.commit([appendOf(entriesOf('r2', 1)[0]!, { rows: [other] })], 0);
    await expect(importRoom(target, file)).rejects.toThrow('The code 123456 of room r1 is in use by room r2');
    expect(await target.heads(['r1'])).toEqual([]);
  });

  test('of a damaged file writes nothing', async () => {
    await write(3, []);
    await writeRoomFile(engine, 'r1', file, 99);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"at":1020', '"at":1021'));
    await expect(importRoom(target, file)).rejects.toThrow('line 3: the hash of entry 2');
    expect(await target.heads(['r1'])).toEqual([]);
  });

  test('that was cut off goes on where it stopped, wherever that was', async () => {
    await write(900, [300, 500, 899]);
    while ((await engine.compact('r1', ALL)) > 0);
    await writeRoomFile(engine, 'r1', file, 99);
    for (let writes = 0; ; writes++) {
      target = new SimulatedEngine(clock);
      let left = writes;
      const cutOff = new Proxy(target, {
        get: (of, name) => {
          const value: unknown = Reflect.get(of, name);
          if (typeof value !== 'function') return value;
          const call = value.bind(of) as (...args: unknown[]) => unknown;
          if (name !== 'commit' && name !== 'openAt') return call;
          return (...args: unknown[]) => (left-- > 0 ? call(...args) : Promise.reject(new Error('killed')));
        },
      });
      const failure = await importRoom(cutOff, file).catch((error: unknown) => error);
      if (failure === 'r1') break;
      expect(await target.row('rooms', 'r1')).toBeNull();
      await importRoom(target, file);
      await expectSame();
      expect(writes).toBeLessThan(10);
    }
  });
});
