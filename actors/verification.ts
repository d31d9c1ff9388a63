import {
  type Append,
  type JournalEngine,
  type JournalWriter,
  type Snapshot,
  StoreFailure,
  type StreamHead,
} from '../persistence/journal.js';
import { decided, writeRows } from './appends.js';
import { checkIntegrity, type StoredRoom } from './integrity.js';
import { checkPlayerSums, type PlayerSumsVerdict } from './player-sums.js';
import { missingRows } from './projection.js';
import { recover } from './recovery.js';
import { checkReplay, type ReplayedRoom, remake } from './replay-check.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot } from './room-definition.js';
import type { ProjectionVerdict, RoomVerdict } from './verdict.js';

export interface VerifyOptions {
  /** Puts right what the entries prove wrong. Entries themselves are never touched. */
  readonly repair?: { readonly writer: JournalWriter };
  /** Whether differences may show hands and the like. */
  readonly reveal?: boolean;
  /** Gives others their turn of the event loop, every few entries. Left out, only reading does. */
  readonly breathe?: () => Promise<void>;
}

export interface VerifyAllOptions extends VerifyOptions {
  readonly onRoom?: (verdict: RoomVerdict) => void;
  readonly onProgress?: (done: number, rooms: number) => void;
}

/** What a check of the whole journal found, as plain JSON. */
export interface JournalVerdict {
  readonly sound: boolean; // nothing is wrong, or nothing is any more
  readonly rooms: number;
  readonly kinds: Readonly<Record<RoomVerdict['kind'], number>>;
  readonly notSound: readonly string[]; // ids of rooms, the first ones
  readonly players: PlayerSumsVerdict & { readonly repaired: number };
  readonly store: readonly string[]; // what the engine finds wrong with its files, one sentence each
}

const NOT_SOUND_MAX = 1_000;
/** A room that moves on while it is looked at is looked at again; after that what was seen last counts. */
const TRIES_MAX = 4;

/**
 * Checks one room: its stored bytes, what the machine makes of them, and the rows that follow. May run beside the
 * server: a room that moves on meanwhile is looked at again.
 */
export async function verifyRoom<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  options: VerifyOptions = {},
): Promise<RoomVerdict> {
  for (let tries = 1; ; tries++) {
    const { verdict, isSettled } = await verifyOnce(engine, definition, roomId, options);
    if (isSettled || tries === TRIES_MAX) return verdict;
  }
}

async function verifyOnce<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { repair, reveal = false, breathe }: VerifyOptions,
): Promise<{ readonly verdict: RoomVerdict; readonly isSettled: boolean }> {
  const stored = await checkIntegrity(engine, definition, roomId);
  if (stored === null) return { verdict: unknownRoom(roomId), isSettled: true };
  const replayed = await checkReplay(engine, definition, roomId, stored, { reveal, breathe });
  const state = replayed.state ?? (await stateWithoutReplay(engine, definition, roomId, replayed));
  const projection = await checkProjection(engine, definition, roomId, state);
  const isSound = stored.verdict.findingCount === 0 && replayed.stop === null && projection.wrong.length === 0;
  // Where something is wrong it must be wrong in a room that stood still.
  if (!isSound && (await hasMoved(engine, stored))) {
    return {
      verdict: verdictOf({ stored, replayed, projection, state, definition, mended: NOTHING }),
      isSettled: false,
    };
  }
  const mended =
    repair === undefined ? NOTHING : await mend(engine, definition, roomId, { stored, replayed, state, repair });
  return {
    verdict: verdictOf({ stored, replayed, projection, state, definition, mended }),
    isSettled: !mended.rows || !(await hasMoved(engine, stored)),
  };
}

/** A state of a version whose machine is not needed any more: nothing to replay, but there to be upcast. */
async function stateWithoutReplay<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { stop }: ReplayedRoom<S>,
): Promise<RoomSnapshot<S> | null> {
  if (stop?.why !== 'versionUnknown') return null;
  try {
    return (await recover(engine, definition, roomId))?.runner.snapshot ?? null;
  } catch (failure) {
    if (failure instanceof StoreFailure) throw failure;
    return null; // the verdict names the entry already
  }
}

async function checkProjection<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  state: RoomSnapshot<S> | null,
): Promise<ProjectionVerdict> {
  if (state === null) return { checked: 0, wrong: [], unknown: true };
  const expected = rowsOf(definition, roomId, state);
  const wrong = await missingRows(engine, expected);
  return { checked: expected.length, wrong: wrong.map(({ table, key }) => ({ table, key })), unknown: false };
}

/** Sums over many rooms follow from no single state; `checkPlayerSums` looks at them. */
function rowsOf<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  state: RoomSnapshot<S>,
) {
  return definition.rows(roomId, null, state, null).filter(({ kind, table }) => kind === 'put' && table !== 'players');
}

async function hasMoved(engine: JournalEngine, { head, verdict }: StoredRoom): Promise<boolean> {
  if (head === null || verdict.entries === 0) return false;
  const [now] = await engine.heads([head.roomId]);
  return now === undefined || now.seq !== head.seq || now.anchorSeq !== head.anchorSeq;
}

interface Mended {
  readonly snapshots: ReadonlySet<number>;
  readonly rows: boolean;
  readonly closed: boolean;
  readonly sentences: readonly string[];
}

const NOTHING: Mended = { snapshots: new Set(), rows: false, closed: false, sentences: [] };

interface Mending<S> {
  readonly stored: StoredRoom;
  readonly replayed: ReplayedRoom<S>;
  readonly state: RoomSnapshot<S> | null;
  readonly repair: { readonly writer: JournalWriter };
}

async function mend<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { stored, replayed, state, repair }: Mending<S>,
): Promise<Mended> {
  const snapshots = new Set<number>();
  const sentences: string[] = [];
  for (const rewritable of stored.head === null ? [] : replayed.rewritable) {
    for await (const snapshot of remake(engine, definition, roomId, rewritable)) {
      if (!(await putSnapshot(engine, snapshot))) continue;
      snapshots.add(snapshot.seq);
      sentences.push(`Snapshot ${snapshot.seq} was made anew from the entries`);
    }
  }
  // Compared once more: the room may have put them right itself.
  const wrong = state === null ? [] : await missingRows(engine, rowsOf(definition, roomId, state));
  const rows = wrong.length > 0 && (await writeRows(repair.writer, roomId, wrong));
  if (rows) sentences.push(...wrong.map(({ table, key }) => `The row ${key} of ${table} was made anew from the state`));
  const { head } = stored;
  const staysOpen = head !== null && !head.closed && state !== null && definition.isClosed(state);
  const closed = staysOpen && (await decided(repair.writer, closing(head))).kind === 'committed';
  if (closed) sentences.push('The stream of the closed room was closed');
  return { snapshots, rows, closed, sentences };
}

/** Nobody writes to a room that is closed, so the version can't be overtaken. */
function closing({ roomId, seq }: StreamHead): Append {
  return { roomId, expectedSeq: seq, fence: 0, entry: null, snapshot: null, rows: [], closes: true };
}

/** @returns false where its entry was compacted meanwhile */
async function putSnapshot(engine: JournalEngine, snapshot: Snapshot): Promise<boolean> {
  try {
    await engine.repairSnapshot(snapshot);
    return true;
  } catch (failure) {
    if (failure instanceof StoreFailure && failure.code === 'SNAPSHOT_REFUSED') return false;
    throw failure;
  }
}

function verdictOf<S, M extends Message, E extends DomainEvent, V>(found: {
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly stored: StoredRoom;
  readonly replayed: ReplayedRoom<S>;
  readonly projection: ProjectionVerdict;
  readonly state: RoomSnapshot<S> | null;
  readonly mended: Mended;
}): RoomVerdict {
  const { definition, stored, replayed, projection, state, mended } = found;
  const { verdict: integrity, head, marks, seq } = stored;
  const { verdict: replay, stop } = replayed;
  const isPast = stop === null; // what is wrong with entries does not reach the last state
  const past: string[] = [];
  const present: string[] = [];
  for (const { about, seq: at, sentence } of integrity.findings) {
    if (about === 'snapshot' && mended.snapshots.has(at!)) continue;
    if (about === 'head' && mended.snapshots.size > 0) continue; // the head names the newest snapshot
    (about === 'entry' && isPast ? past : present).push(sentence);
  }
  if (integrity.findingCount > integrity.findings.length) {
    present.push(`${integrity.findingCount - integrity.findings.length} further findings are not listed`);
  }
  const contradicted = replay.wrongSnapshots.filter(
    (at) => !mended.snapshots.has(at) && marks.find((mark) => mark.seq === at)?.fault === null,
  );
  present.push(...contradicted.map((at) => `Snapshot ${at} is not of the state that the entries lead to`));
  const { difference } = replay;
  if (difference !== null && !contradicted.includes(difference.seq) && !mended.snapshots.has(difference.seq)) {
    (isPast ? past : present).push(`Entry ${difference.seq} can't be replayed: ${difference.why}`);
  }
  if (head !== null && state !== null && head.closed !== definition.isClosed(state) && !mended.closed) {
    present.push(`The head says that the room is ${head.closed ? 'closed' : 'open'}, its state says otherwise`);
  }
  if (!mended.rows) present.push(...projection.wrong.map(({ table, key }) => `The row ${key} of ${table} is wrong`));
  const restoreBefore = stop?.why === 'corrupt' ? stop.seq : null;
  if (restoreBefore !== null) present.push(`From entry ${restoreBefore} on the room can only be restored`);
  return {
    roomId: stored.roomId,
    kind: kindOf(present, past, stop?.why === 'versionUnknown' && state === null, mended),
    seq,
    integrity,
    replay,
    projection,
    restoreBefore,
    repaired: mended.sentences,
    sentences: [...present, ...past],
  };
}

function kindOf(
  present: readonly string[],
  past: readonly string[],
  isUnverified: boolean,
  { sentences }: Mended,
): RoomVerdict['kind'] {
  if (present.length > 0) return 'damaged';
  if (past.length > 0) return 'scarred';
  if (isUnverified) return 'unverified';
  return sentences.length > 0 ? 'repaired' : 'sound';
}

function unknownRoom(roomId: string): RoomVerdict {
  return blankVerdict(roomId, 'unknownRoom', 'There is no such room');
}

function blankVerdict(roomId: string, kind: RoomVerdict['kind'], sentence: string): RoomVerdict {
  return {
    roomId,
    kind,
    seq: 0,
    integrity: { entries: 0, snapshots: 0, brokenAt: null, findings: [], findingCount: 0 },
    replay: { recomputed: 0, through: 0, skippedThrough: 0, leftOut: [], difference: null, wrongSnapshots: [] },
    projection: { checked: 0, wrong: [], unknown: true },
    restoreBefore: null,
    repaired: [],
    sentences: [sentence],
  };
}

/** Checks every room, the players' sums and the engine's own files. Between two rooms others get their turn. */
export async function verifyAll<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  { onRoom, onProgress, ...options }: VerifyAllOptions = {},
): Promise<JournalVerdict> {
  const kinds = { sound: 0, repaired: 0, scarred: 0, damaged: 0, unverified: 0, unknownRoom: 0 };
  const notSound: string[] = [];
  const { streams } = await engine.size();
  let rooms = 0;
  for await (const roomId of roomIdsOf(engine)) {
    const verdict = await verifyReadable(engine, definition, roomId, options);
    if (verdict.kind === 'unknownRoom') continue; // archived meanwhile
    rooms++;
    kinds[verdict.kind]++;
    if (verdict.kind !== 'sound' && notSound.length < NOT_SOUND_MAX) notSound.push(roomId);
    onRoom?.(verdict);
    onProgress?.(rooms, Math.max(rooms, streams));
  }
  const sums = await checkPlayerSums(engine);
  const repaired = options.repair === undefined || sums.wrongCount === 0 ? 0 : await engine.rebuildPlayers();
  const store = await engine.integrity();
  const isRight = kinds.damaged === 0 && kinds.scarred === 0 && (sums.wrongCount === 0 || repaired > 0);
  return {
    sound: isRight && store.length === 0,
    rooms,
    kinds,
    notSound,
    players: { ...sums, repaired },
    store,
  };
}

/** A room whose place in the file can't be read keeps nobody from looking at the others. */
async function verifyReadable<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  options: VerifyOptions,
): Promise<RoomVerdict> {
  try {
    return await verifyRoom(engine, definition, roomId, options);
  } catch (failure) {
    const isDamage = failure instanceof StoreFailure && /CORRUPT|DAMAGED/.test(failure.code);
    if (!isDamage) throw failure;
    return blankVerdict(roomId, 'damaged', `It can't be read: ${failure.message}`);
  }
}

async function* roomIdsOf(engine: JournalEngine): AsyncGenerator<string> {
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page = await engine.streams('all', cursor);
    for (const { roomId } of page.items) yield roomId;
    yield* page.damaged;
    cursor = page.next;
  }
}
