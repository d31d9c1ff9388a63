import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { CHAIN_START, chainHash, contentHash } from './hash-chain.js';
import type { Entry, JournalEngine, Snapshot } from './journal.js';
import type { GamePlayerRow, GameRow, RoomRow, RowPage } from './rows.js';
import { syncFolder } from './sync-folder.js';

/**
 * One room as a file: its whole journal and its repository rows, readable without a store.
 *
 * JSON lines, compressed where the name ends in `.gz`; each line names its kind:
 * ```
 * {"kind":"header","format":"room-journal","version":1,"roomId":…,"anchorSeq":0,"anchorHash":"","closed":true,
 *  "exportedAt":…,"rows":{"rooms":…,"games":…,"gamePlayers":[…]}}
 * {"kind":"entry","seq":1,…}                     in order, without gaps behind `anchorSeq`
 * {"kind":"snapshot","seq":64,…}                 newest first
 * {"kind":"trailer","entries":99,"snapshots":2,"contentHash":…}
 * ```
 * `contentHash` is that of all lines in front of the trailer, line ends included.
 */
export interface RoomFile {
  readonly roomId: string;
  readonly anchorSeq: number; // entries up to this one are not in the file, 0: all are
  readonly anchorHash: string;
  readonly closed: boolean;
  readonly exportedAt: number; // ms since the epoch
  readonly rows: RoomFileRows;
  readonly entries: readonly Entry[];
  readonly snapshots: readonly Snapshot[]; // newest first
}

export interface RoomFileRows {
  readonly rooms: RoomRow | null;
  readonly games: GameRow | null;
  readonly gamePlayers: readonly GamePlayerRow[];
}

/** What an export needs of a store. */
export type RoomSource = Pick<JournalEngine, 'heads' | 'read' | 'snapshots' | 'row' | 'select'>;

/** A file that is not what was written. `line` counts from 1. */
export class RoomFileDamaged extends Error {
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, why: string, options?: ErrorOptions) {
    super(`${file}, line ${line}: ${why}`, options);
    this.name = 'RoomFileDamaged';
    this.file = file;
    this.line = line;
  }
}

const FORMAT = 'room-journal';
const VERSION = 1;
const PAGE_ENTRIES = 1_000;
const PAGE_SNAPSHOTS = 10;
/** A line that is longer than any state we write is not ours; without a bound it would be read into memory whole. */
const LINE_CHARS_MAX = 64 * 1024 * 1024;

const seq = z.int().nonnegative();
const count = z.int().nonnegative();
const time = z.number();

const roomRow = z.strictObject({
  roomId: z.string(),
  code: z.string(),
  status: z.enum(['waiting', 'playing', 'over', 'closed', 'archived']),
  hostName: z.string(),
  seats: z.string(),
  freeSeats: count,
  createdAt: time,
  updatedAt: time,
  creator: z.string(),
  creationKey: z.string().nullable(),
}) satisfies z.ZodType<RoomRow>;

const gameRow = z.strictObject({
  roomId: z.string(),
  code: z.string(),
  status: z.enum(['running', 'over', 'aborted']),
  startedAt: time,
  endedAt: time.nullable(),
  rounds: count,
  players: z.string(),
  totals: z.string(),
  winners: z.string(),
}) satisfies z.ZodType<GameRow>;

const gamePlayerRow = z.strictObject({
  id: z.string(),
  roomId: z.string(),
  seat: count,
  playerId: z.string().nullable(),
  name: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  rank: z.int().nullable(),
  score: z.number(),
  won: z.int(),
  perfectRounds: z.int(),
  turnsWon: z.int(),
  leftAt: time.nullable(),
}) satisfies z.ZodType<GamePlayerRow>;

const header = z.strictObject({
  kind: z.literal('header'),
  format: z.literal(FORMAT, { error: 'it is no file of a room' }),
  version: z.literal(VERSION, { error: `its version is not ${VERSION}, the only one that is known here` }),
  roomId: z.string().min(1),
  anchorSeq: seq,
  anchorHash: z.string(),
  closed: z.boolean(),
  exportedAt: time,
  rows: z.strictObject({
    rooms: roomRow.nullable(),
    games: gameRow.nullable(),
    gamePlayers: z.array(gamePlayerRow),
  }),
});

const entry = z.strictObject({
  kind: z.literal('entry'),
  seq,
  at: time,
  message: z.string(),
  outcome: z.enum(['applied', 'upgraded', 'restored']),
  events: z.string(),
  machineVersion: z.int(),
  correlationId: z.string(),
  nextDeadline: time.nullable(),
  hash: z.string(),
}) satisfies z.ZodType<Omit<Entry, 'roomId'>>;

const snapshot = z.strictObject({
  kind: z.literal('snapshot'),
  seq,
  at: time,
  machineVersion: z.int(),
  state: z.string(),
  stateHash: z.string(),
  entryHash: z.string(),
}) satisfies z.ZodType<Omit<Snapshot, 'roomId'>>;

const trailer = z.strictObject({
  kind: z.literal('trailer'),
  entries: count,
  snapshots: count,
  contentHash: z.string(),
});

const fileLine = z.discriminatedUnion('kind', [header, entry, snapshot, trailer], {
  error: 'it is of no kind that a room file has',
});

type FileLine = z.infer<typeof fileLine>;
type Trailer = z.infer<typeof trailer>;

/**
 * Writes a room to a new file, for its owner only. It appears under its name when it is complete and on the disk, in
 * place of one that was there. Snapshots that do not have their hash are left out: the entries make them anew.
 * @returns how many entries it holds
 * @throws where the room has no stream, or when a part of it was compacted while it was read
 */
export async function writeRoomFile(
  source: RoomSource,
  roomId: string,
  file: string,
  exportedAt: number,
): Promise<number> {
  const partial = `${file}.partial`;
  await rm(partial, { force: true }); // what a killed process left
  const totals = { entries: 0 };
  try {
    const lines = Readable.from(roomFileLines(source, roomId, exportedAt, totals));
    const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    if (isCompressed(file)) await pipeline(lines, createGzip(), target);
    else await pipeline(lines, target);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
  return totals.entries;
}

/** The file's text, piece by piece. */
export async function* roomFileLines(
  source: RoomSource,
  roomId: string,
  exportedAt: number,
  totals = { entries: 0 },
): AsyncGenerator<string> {
  const [head] = await source.heads([roomId]);
  if (head === undefined) throw new Error(`There is no room ${roomId} in the journal`);
  const { anchorSeq, anchorHash, closed } = head;
  const hash = createHash('sha256');
  const line = (value: FileLine): string => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    return text;
  };
  const rows = await rowsOf(source, roomId);
  yield line({
    kind: 'header',
    format: FORMAT,
    version: VERSION,
    roomId,
    anchorSeq,
    anchorHash,
    closed,
    exportedAt,
    rows,
  });

  for (let from = anchorSeq + 1; from <= head.seq; from += PAGE_ENTRIES) {
    const to = Math.min(from + PAGE_ENTRIES - 1, head.seq);
    const entries = await source.read(roomId, from, to);
    if (entries.length !== to - from + 1) {
      throw new Error(`Of room ${roomId}, the journal no longer has all entries from ${from} to ${to}`);
    }
    totals.entries += entries.length;
    yield entries.map(({ roomId: _, ...rest }) => line({ kind: 'entry', ...rest })).join('');
  }

  let snapshots = 0;
  for (let atMost = head.seq; atMost >= anchorSeq; ) {
    const page = await source.snapshots(roomId, atMost, PAGE_SNAPSHOTS);
    for (const { roomId: _, ...rest } of page) {
      if (rest.seq < anchorSeq || contentHash(rest.state) !== rest.stateHash) continue;
      snapshots++;
      yield line({ kind: 'snapshot', ...rest });
    }
    if (page.length < PAGE_SNAPSHOTS) break;
    atMost = page.at(-1)!.seq - 1;
  }
  const end: Trailer = {
    kind: 'trailer',
    entries: totals.entries,
    snapshots,
    contentHash: hash.digest('base64url'),
  };
  yield `${JSON.stringify(end)}\n`;
}

async function rowsOf(source: RoomSource, roomId: string): Promise<z.infer<typeof header>['rows']> {
  const gamePlayers: GamePlayerRow[] = [];
  for (let after: string | null = null; ; ) {
    const page: RowPage<GamePlayerRow> = await source.select('seatsOfGame', { roomId }, { after });
    const [damaged] = page.damaged;
    if (damaged !== undefined) throw new Error(`The row ${damaged} of room ${roomId} does not have its checksum`);
    gamePlayers.push(...page.items);
    after = page.next;
    if (after === null) break;
  }
  return { rooms: await source.row('rooms', roomId), games: await source.row('games', roomId), gamePlayers };
}

/**
 * Reads a room's file whole and checks all that can be checked without a machine: shapes, counts, the hash of the
 * content, the chain of the entries and each snapshot's place in it.
 * @throws RoomFileDamaged naming the line
 */
export async function readRoomFile(file: string): Promise<RoomFile> {
  const checked = new CheckedLines(file);
  try {
    for await (const text of linesOf(file)) checked.take(text);
  } catch (error) {
    if (error instanceof RoomFileDamaged || isMissing(error)) throw error;
    throw checked.damaged(`it can't be read: ${(error as Error).message}`, error);
  }
  return checked.end();
}

/** Lines that are checked before anybody else gets a turn. */
const LINES_AT_ONCE = 200;

/**
 * Reads the text of a room's file, as `readRoomFile` does.
 * @param name for sentences
 * @param defer runs a function in a later turn of the event loop
 * @throws RoomFileDamaged naming the line
 */
export async function parseRoomFile(name: string, text: string, defer: (run: () => void) => void): Promise<RoomFile> {
  const checked = new CheckedLines(name);
  const lines = text.split('\n');
  const rest = lines.pop();
  for (const [index, line] of lines.entries()) {
    checked.take(line);
    if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) await new Promise<void>((resolve) => defer(resolve));
  }
  if (rest !== '') throw checked.damaged('the last line has no end');
  return checked.end();
}

/** Goes line by line, so that a sentence can name the line. */
class CheckedLines {
  readonly #file: string;
  readonly #hash: Hash = createHash('sha256');
  readonly #entries: Entry[] = [];
  readonly #snapshots: Snapshot[] = [];
  #line = 0;
  #header: z.infer<typeof header> | null = null;
  #trailer: Trailer | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  damaged(why: string, cause?: unknown): RoomFileDamaged {
    return new RoomFileDamaged(this.#file, Math.max(this.#line, 1), why, cause === undefined ? undefined : { cause });
  }

  /** @param text the line without its end */
  take(text: string): void {
    this.#line++;
    if (this.#trailer !== null) throw this.damaged('something stands behind the trailer');
    const line = this.#parse(text);
    if ((line.kind === 'header') !== (this.#line === 1))
      throw this.damaged('the header is the first line and no other');
    switch (line.kind) {
      case 'header':
        this.#takeHeader(line);
        break;
      case 'entry':
        this.#takeEntry(line);
        break;
      case 'snapshot':
        this.#takeSnapshot(line);
        break;
      case 'trailer':
        this.#takeTrailer(line);
        return;
    }
    this.#hash.update(`${text}\n`);
  }

  end(): RoomFile {
    if (this.#header === null) throw this.damaged('the file is empty');
    if (this.#trailer === null) throw this.damaged('the file ends without its trailer, so a part of it is missing');
    const { roomId, anchorSeq, anchorHash, closed, exportedAt, rows } = this.#header;
    const entries = this.#entries;
    const snapshots = this.#snapshots;
    return { roomId, anchorSeq, anchorHash, closed, exportedAt, rows, entries, snapshots };
  }

  #parse(text: string): FileLine {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw this.damaged('it is not JSON', error);
    }
    const parsed = fileLine.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw this.damaged(`${where === '' ? '' : `${where}: `}${issue?.message ?? 'it has another shape'}`);
  }

  #takeHeader(line: z.infer<typeof header>): void {
    if (line.anchorSeq === 0 && line.anchorHash !== CHAIN_START) {
      throw this.damaged('it begins with entry 1, and yet names a hash in front of it');
    }
    const { rooms, games, gamePlayers } = line.rows;
    const stranger = [rooms, games, ...gamePlayers].find((row) => row !== null && row.roomId !== line.roomId);
    if (stranger) throw this.damaged(`it is of room ${line.roomId} and has a row of room ${stranger.roomId}`);
    this.#header = line;
  }

  #takeEntry({ kind: _, ...fields }: z.infer<typeof entry>): void {
    const { roomId, anchorSeq, anchorHash } = this.#header!;
    if (this.#snapshots.length > 0) throw this.damaged('an entry stands behind the snapshots');
    const previous = this.#entries.at(-1);
    const expected = (previous?.seq ?? anchorSeq) + 1;
    if (fields.seq !== expected) throw this.damaged(`entry ${fields.seq} stands where entry ${expected} belongs`);
    const found = { roomId, ...fields };
    if (chainHash(previous?.hash ?? anchorHash, found) !== found.hash) {
      throw this.damaged(`the hash of entry ${fields.seq} does not follow from the one before`);
    }
    this.#entries.push(found);
  }

  #takeSnapshot({ kind: _, ...fields }: z.infer<typeof snapshot>): void {
    const { roomId, anchorSeq, anchorHash } = this.#header!;
    const newer = this.#snapshots.at(-1);
    if (newer !== undefined && newer.seq <= fields.seq) throw this.damaged('the snapshots are not newest first');
    const entryHash = fields.seq === anchorSeq ? anchorHash : this.#entries[fields.seq - anchorSeq - 1]?.hash;
    if (fields.entryHash !== entryHash) {
      throw this.damaged(`the snapshot of entry ${fields.seq} does not belong to an entry of this room`);
    }
    if (contentHash(fields.state) !== fields.stateHash) {
      throw this.damaged(`the snapshot of entry ${fields.seq} does not have its hash`);
    }
    this.#snapshots.push({ roomId, ...fields });
  }

  #takeTrailer(line: Trailer): void {
    if (line.entries !== this.#entries.length || line.snapshots !== this.#snapshots.length) {
      throw this.damaged(
        `it counts ${line.entries} entries and ${line.snapshots} snapshots where there are ` +
          `${this.#entries.length} and ${this.#snapshots.length}`,
      );
    }
    if (line.contentHash !== this.#hash.digest('base64url')) throw this.damaged('the content does not have its hash');
    const isAnchored = this.#header!.anchorSeq > 0;
    if (isAnchored && this.#snapshots.length === 0) {
      throw this.damaged(
        'the first entries were compacted and no snapshot stands for them, so it can never be replayed',
      );
    }
    if (!isAnchored && this.#entries.length === 0) throw this.damaged('the room has no entries');
    this.#trailer = line;
  }
}

/** The lines of a file. Split at line feeds only: JSON may hold every other character that some take for a line's end. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const bytes = createReadStream(file);
  // Piped by hand, an error of the file would leave the decompressor waiting.
  const plain: Readable = isCompressed(file) ? bytes.pipe(createGunzip()) : bytes;
  if (plain !== bytes) bytes.once('error', (error) => plain.destroy(error));
  plain.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of plain as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      if (rest.length > LINE_CHARS_MAX) throw new Error(`a line is longer than ${LINE_CHARS_MAX} characters`);
      yield* lines;
    }
  } finally {
    bytes.destroy();
  }
  if (rest !== '') throw new Error('the last line has no end');
}

function isCompressed(file: string): boolean {
  return file.endsWith('.gz');
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
