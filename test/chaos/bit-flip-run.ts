import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../actors/clock.js';
import { Outages } from '../../actors/outages.js';
import { Rooms } from '../../actors/rooms.js';
import { verifyAll } from '../../actors/verification.js';
import { GroupCommit } from '../../persistence/group-commit.js';
import { openSqliteEngine, type SqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { seededRandom } from '../../src/client/random.js';
import type { GameNotice } from '../../src/gateway/game-notice.js';
import type { GameRooms } from '../../src/gateway/gateway.js';
import { flipFolder, flippedGame, LOOKED_AT } from './flip-folder.js';
import { differing, nameOf, type Reading, readAll } from './flip-reading.js';

/** Who said that something is wrong. */
export type Finder =
  | 'open'
  | 'integrity'
  | 'checksum'
  | 'chain'
  | 'snapshot'
  | 'replay'
  | 'projection'
  | 'read'
  | 'server';

/**
 * `repaired`: it was named, and is as it was written once a server has looked at it. `harmless`: nobody named it, and
 * everything that can be read is as it was written. `SILENT`: nobody named it, and something reads otherwise.
 */
export type FlipKind = 'found' | 'repaired' | 'harmless' | 'SILENT';

export interface FlipVerdict {
  readonly what: string; // the byte and its bit, or the row
  readonly kind: FlipKind;
  readonly finders: readonly Finder[];
  readonly sentence: string; // the first thing that was said
  readonly differing: readonly string[]; // what read otherwise, before a server had looked at it
  /** Only a check that an operator asks for named it: a server by itself would have gone on with what it read. */
  readonly onDemandOnly: boolean;
}

/** Damages the database's bytes or, through another connection, its rows. */
export interface Damage {
  readonly what: string;
  readonly bytes?: (database: Buffer) => void;
  readonly file?: (path: string) => void;
}

/** What the undamaged folder says. */
export interface Truth {
  readonly database: Buffer;
  readonly roomIds: readonly string[];
  readonly before: Reading;
  readonly after: Reading; // once a server has looked at it
}

/** Nothing that a room waits for ever comes, so that all that happens follows from what is read. */
const stillClock: Clock = {
  nowMs: () => LOOKED_AT,
  elapsedMs: () => 0,
  schedule: () => () => undefined,
  defer: (run) => void setImmediate(run),
};
/** A look is answered in milliseconds; a room that does not answer in so long never will. */
const ANSWER_LIMIT_MS = 5_000;

export async function makeTruth(): Promise<Truth> {
  const folder = mkdtempSync(join(tmpdir(), 'flips-'));
  try {
    const database = await flipFolder(folder);
    const engine = await openSqliteEngine({ folder });
    try {
      const roomIds = (await engine.streams('all', 0)).items.map(({ roomId }) => roomId);
      const before = await readAll(engine, flippedGame(), roomIds);
      const checked = await check(engine);
      if (checked.length > 0) throw new Error(`the undamaged folder is not sound: ${checked[0]!.sentence}`);
      const said = await serve(engine, roomIds);
      if (said.length > 0) throw new Error(`a server found something in the undamaged folder: ${said[0]!.sentence}`);
      return { database, roomIds, before, after: await readAll(engine, flippedGame(), roomIds) };
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Damages a copy, checks it as an operator would, starts what a server starts on it, and compares all that can be read. */
export async function judge(truth: Truth, damage: Damage): Promise<FlipVerdict> {
  const folder = mkdtempSync(join(tmpdir(), 'flip-'));
  try {
    const database = Buffer.from(truth.database);
    damage.bytes?.(database);
    const file = join(folder, 'journal.sqlite');
    writeFileSync(file, database, { mode: 0o600 });
    damage.file?.(file);
    const { what } = damage;
    const verdict = (kind: FlipKind, said: readonly Said[], names: readonly string[], onDemandOnly = false) => ({
      what,
      kind,
      finders: [...new Set(said.map(({ by }) => by))],
      sentence: said[0]?.sentence ?? '',
      differing: names,
      onDemandOnly,
    });
    let engine: SqliteEngine;
    try {
      engine = await openSqliteEngine({ folder });
    } catch (failure) {
      return verdict('found', [{ by: 'open', sentence: nameOf(failure) }], []);
    }
    try {
      const before = await readAll(engine, flippedGame(), truth.roomIds);
      const checked = await check(engine);
      const served = await serve(engine, truth.roomIds);
      const after = await readAll(engine, flippedGame(), truth.roomIds);
      const read = [...before.named, ...after.named].map((sentence): Said => ({ by: 'read', sentence }));
      const names = differing(truth.before, before);
      const stillWrong = differing(truth.after, after);
      const said = [...checked, ...served, ...read];
      if (said.length === 0)
        return verdict(names.length + stillWrong.length === 0 ? 'harmless' : 'SILENT', said, names);
      const isRight = stillWrong.length === 0 && names.length > 0 && (await check(engine)).length === 0;
      const onDemandOnly = served.length + read.length === 0 && names.length > 0;
      return verdict(isRight ? 'repaired' : 'found', said, names, onDemandOnly);
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Said {
  readonly by: Finder;
  readonly sentence: string;
}

/** What an operator is told who has everything checked. */
async function check(engine: SqliteEngine): Promise<Said[]> {
  const said: Said[] = [];
  try {
    const { players, store } = await verifyAll(engine, flippedGame(), {
      onRoom: ({ kind, integrity, replay, projection, sentences }) => {
        if (kind === 'sound') return;
        const sentence = sentences[0] ?? kind;
        const about = new Set(integrity.findings.map((finding) => finding.about));
        if (about.has('head')) said.push({ by: 'checksum', sentence });
        if (about.has('entry')) said.push({ by: 'chain', sentence });
        if (about.has('snapshot')) said.push({ by: 'snapshot', sentence });
        if (replay.difference !== null || replay.wrongSnapshots.length > 0) said.push({ by: 'replay', sentence });
        if (projection.wrong.length > 0) said.push({ by: 'projection', sentence });
        if (integrity.findingCount === 0 && sentences.length > 0) said.push({ by: 'read', sentence });
      },
    });
    if (players.wrongCount > 0) said.push({ by: 'projection', sentence: 'sums of players are wrong' });
    for (const sentence of store)
      said.push({ by: sentence.startsWith('SQLite:') ? 'integrity' : 'checksum', sentence });
  } catch (failure) {
    said.push({ by: 'integrity', sentence: nameOf(failure) });
  }
  return said;
}

/** Opens the rooms as a server does and looks into each. @returns what the server would log */
async function serve(engine: SqliteEngine, roomIds: readonly string[]): Promise<Said[]> {
  const said: Said[] = [];
  const say = (sentence: string): void => void said.push({ by: 'server', sentence });
  try {
    const clock = stillClock;
    const now = clock.nowMs;
    const writer = new GroupCommit(engine, { ...clock, now });
    const rooms: GameRooms = new Rooms({
      definition: flippedGame(),
      engine,
      writer,
      outages: new Outages(await engine.outages()),
      clock,
      now,
      random: (bytes) => Buffer.alloc(bytes, 7),
      onFailure: (roomId, failure) => say(`${roomId}: ${nameOf(failure)}`),
      onFinding: (roomId, finding) => say(`${roomId}: ${finding}`),
    });
    await rooms.open();
    for (const roomId of roomIds) {
      if (rooms.codeOf(roomId) === undefined) continue; // closed: nobody can look at it
      const answer = await lookAt(rooms, roomId);
      if (answer === null) say(`${roomId} does not answer`);
      else if (answer.kind !== 'seen') say(`${roomId} is ${answer.kind}`);
    }
    await rooms.drain();
    await writer.stop();
  } catch (failure) {
    say(nameOf(failure));
  }
  return said;
}

async function lookAt(rooms: GameRooms, roomId: string): Promise<GameNotice | null> {
  const cause = { correlationId: `look-${roomId}`, session: null, messageId: null };
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<GameNotice | null>((resolve) => {
      timer = setTimeout(() => resolve(null), ANSWER_LIMIT_MS);
      rooms.subscribe((notice) => {
        if (notice.cause === cause) resolve(notice);
      });
      rooms.look(roomId, cause);
    });
  } finally {
    clearTimeout(timer);
  }
}

/** One bit of a byte, both by the seed; no place is taken twice. */
export function randomFlips(seed: number, count: number, bytes: number): Damage[] {
  const random = seededRandom(seed);
  const places = new Set<number>();
  while (places.size < count) places.add(Math.floor(random() * bytes * 8));
  return [...places].map((place) => flip(place >> 3, place & 7));
}

function flip(byte: number, bit: number): Damage {
  return {
    what: `byte ${byte}, bit ${bit}`,
    bytes: (database) => {
      database[byte]! ^= 1 << bit;
    },
  };
}
