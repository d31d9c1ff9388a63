import { chainHash, CHAIN_START, contentHash } from '../persistence/hash-chain.js';
import type { Entry, JournalReader, Snapshot } from '../persistence/journal.js';
import { IdempotencyWindow, type PairedWindow, type SavedWindow } from './idempotency.js';
import { MachineRunner } from './machine-runner.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot } from './room-definition.js';
import { machineOf, upcastEvent, upcastSnapshot } from './versions.js';

/** Entries are read in pages, each its own transaction. */
const PAGE_ENTRIES = 1000;

/** A room as it stood after entry `seq`, of the current machine version, ready to go on. */
export interface Recovered<S, M extends Message, E extends DomainEvent> {
  readonly runner: MachineRunner<S, M, E>;
  readonly window: IdempotencyWindow;
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly snapshotSeq: number; // of the newest snapshot that is sound, 0: none
  readonly events: readonly E[]; // of entry `seq`
  readonly savedVersion: number; // of the machine that made entry `seq`; an older one is still to be journaled as upgraded
  readonly damaged: readonly DamagedSnapshot[];
}

/** A snapshot that can't be true, and the one to put in its place where the replay came by. */
export interface DamagedSnapshot {
  readonly seq: number;
  readonly why: string;
  readonly repaired: Snapshot | null;
}

/** What a journal says cannot be true. `seq` is the first entry, or the snapshot, that does not fit. */
export class JournalCorrupt extends Error {
  readonly roomId: string;
  readonly seq: number;
  readonly parted: Parted | null; // where two values can be held against each other

  constructor(roomId: string, seq: number, why: string, options: ErrorOptions & { readonly parted?: Parted } = {}) {
    super(`room ${roomId}, entry ${seq}: ${why}`, options);
    this.name = 'JournalCorrupt';
    this.roomId = roomId;
    this.seq = seq;
    this.parted = options.parted ?? null;
  }
}

/** What a replay comes to, and what stands in the journal instead: hashes, or JSON of the events. */
export interface Parted {
  readonly of: 'hash' | 'events';
  readonly expected: string;
  readonly found: string;
}

/** The message of an entry that no machine was given: the room's own history changed course. */
export type CourseChange<M> =
  | {
      readonly type: 'upgraded';
      readonly at: number;
      readonly from: number;
      readonly to: number;
      readonly stateHash: string;
    }
  | {
      readonly type: 'restored';
      readonly at: number;
      readonly toSeq: number;
      readonly shift: M | null; // what moved the clocks of the restored state to `at`
      readonly stateHash: string;
    };

/** One stage of a replay: the room after an entry, as the machine of that entry's version left it. */
export interface Stage {
  readonly entry: Entry;
  readonly before: RoomSnapshot<unknown> | null; // null at the first stage: a snapshot, or the room's beginning
  readonly after: RoomSnapshot<unknown>;
  readonly beforeVersion: number;
  readonly version: number;
  readonly window: IdempotencyWindow; // lives on: as of this entry only until the next stage is asked for
  readonly events: readonly unknown[];
  readonly runner: AnyRunner; // likewise
}

type AnyRunner = MachineRunner<unknown, Message, DomainEvent>;

/** Where a replay stands. */
interface Standing {
  readonly version: number;
  readonly runner: AnyRunner;
  readonly window: IdempotencyWindow;
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
}

/** The state of a room as one text, and back: machine and idempotency window together (checklist PS-1). */
export function encodeState<S>(snapshot: RoomSnapshot<S>, window: SavedWindow | PairedWindow): string {
  return JSON.stringify({ value: snapshot.value, context: snapshot.context, window });
}

interface SavedState {
  readonly value: unknown;
  readonly context: unknown;
  readonly window: SavedWindow | PairedWindow;
}

/** The hash that a state is saved with; the one in `found` where it was saved with ids in pairs. */
export function stateHashOf<S>(snapshot: RoomSnapshot<S>, window: IdempotencyWindow, found: string): string {
  const hash = contentHash(encodeState(snapshot, window.toJSON()));
  if (hash === found) return hash;
  return contentHash(encodeState(snapshot, window.inPairs())) === found ? found : hash;
}

/**
 * Rebuilds a room from its newest sound snapshot and the entries behind it, checking the chain, each entry's events and
 * the snapshots' hashes on the way. A state of an older machine version is brought to the current one.
 * @param upTo last entry to apply; the newest where it is left out
 * @returns null for a room that does not exist, or whose entries up to there are gone
 * @throws JournalCorrupt naming the entry at which journal and machine part
 * @throws MachineVersionUnknown
 */
export async function recover<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<Recovered<S, M, E> | null> {
  const { sound, damaged, page } = await newestSnapshot(reader, definition, roomId, upTo);
  const unrepaired = new Map(damaged.map((found) => [found.seq, found]));
  let last: Stage | null = null;
  for await (const stage of replayFrom(reader, definition, roomId, sound, upTo, page)) {
    last = stage;
    const found = unrepaired.get(stage.entry.seq);
    if (found === undefined) continue;
    const { entry, after, version, window } = stage;
    unrepaired.set(entry.seq, { ...found, repaired: snapshotOf(entry, version, after, window) });
  }
  if (last === null) return null;
  const { entry, after, version, window, events } = last;
  const isCurrent = version === definition.version;
  return {
    runner: isCurrent
      ? (last.runner as unknown as MachineRunner<S, M, E>)
      : MachineRunner.restore(definition, upcastSnapshot(definition, after, version)),
    window,
    seq: entry.seq,
    at: entry.at,
    hash: entry.hash,
    snapshotSeq: sound?.seq ?? 0,
    events: events.map((event) => upcastEvent(definition, event, entry.machineVersion)),
    savedVersion: version,
    damaged: [...unrepaired.values()],
  };
}

/**
 * Every entry of a room with the states before and after it, from the oldest snapshot at or before `from` on.
 * @throws JournalCorrupt, MachineVersionUnknown
 */
export async function* replay<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { from = 1, upTo = Number.MAX_SAFE_INTEGER }: { readonly from?: number; readonly upTo?: number } = {},
): AsyncGenerator<Stage> {
  // A snapshot of the entry in front gives the state before the first entry that is asked for.
  const { sound, page } = await newestSnapshot(reader, definition, roomId, from - 1, upTo);
  const start = sound ?? (await oldest(reader, definition, roomId));
  for await (const stage of replayFrom(reader, definition, roomId, start, upTo, page)) {
    if (stage.entry.seq >= from) yield stage;
  }
}

/** Where a compacted journal begins; null where it begins with the room. */
async function oldest<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
): Promise<Snapshot | null> {
  const [head] = await reader.heads([roomId]);
  if (head === undefined || head.anchorSeq === 0) return null;
  const snapshots = await reader.snapshots(roomId, Number.MAX_SAFE_INTEGER, PAGE_ENTRIES);
  for (const snapshot of snapshots.toReversed()) {
    // One of the anchor itself has lost its entry, which a replay begins with.
    if (snapshot.seq > head.anchorSeq && (await faultOf(reader, definition, snapshot)) === null) return snapshot;
  }
  return null;
}

interface FoundSnapshot {
  readonly sound: Snapshot | null;
  readonly damaged: readonly DamagedSnapshot[]; // those in front of it
  readonly page: readonly Entry[] | null; // its entry and those behind it, which a replay begins with
}

/** The newest snapshot at or before `atMost` whose text has its hash and can be read. */
async function newestSnapshot<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  atMost: number,
  upTo = atMost,
): Promise<FoundSnapshot> {
  const damaged: DamagedSnapshot[] = [];
  for (let before = atMost; before > 0; ) {
    const [snapshot] = await reader.snapshots(roomId, before, 1);
    if (snapshot === undefined) break;
    const page = await readPage(reader, roomId, snapshot.seq, upTo);
    const why = misfit(definition, snapshot, page[0]);
    if (why === null) return { sound: snapshot, damaged, page };
    damaged.push({ seq: snapshot.seq, why, repaired: null });
    before = snapshot.seq - 1;
  }
  return { sound: null, damaged, page: null };
}

function readPage(reader: JournalReader, roomId: string, from: number, upTo: number): Promise<readonly Entry[]> {
  return reader.read(roomId, from, Math.min(upTo, from + PAGE_ENTRIES - 1));
}

/** What is wrong with a snapshot, or null. */
export async function faultOf<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  snapshot: Snapshot,
): Promise<string | null> {
  const [entry] = await reader.read(snapshot.roomId, snapshot.seq, snapshot.seq);
  return misfit(definition, snapshot, entry);
}

function misfit<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  snapshot: Snapshot,
  entry: Entry | undefined,
): string | null {
  if (contentHash(snapshot.state) !== snapshot.stateHash) return 'its state does not have its hash';
  if (entry?.seq !== snapshot.seq) return 'its entry is missing';
  if (entry.hash !== snapshot.entryHash) return 'it belongs to another entry than the one in its place';
  if (entry.at !== snapshot.at) return 'its time is not that of its entry';
  // A snapshot at the end may be of a newer version than its entry only by an upgrade, which is an entry itself.
  if (entry.machineVersion !== snapshot.machineVersion) return 'its version is not that of its entry';
  if (snapshot.machineVersion > definition.version) machineOf(definition, snapshot.machineVersion);
  return null;
}

/**
 * The stages from a snapshot on, its own entry included; from the beginning of the room where there is none.
 * @param page the first entries, where they have been read already
 */
export async function* replayFrom<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  snapshot: Snapshot | null,
  upTo: number,
  page: readonly Entry[] | null = null,
): AsyncGenerator<Stage> {
  let room: Standing | null = null;
  // The snapshot's own entry is read as well: for its events, and because it ties the snapshot to the chain.
  for (let from = snapshot?.seq ?? 1, first = page; from <= upTo; first = null) {
    const entries = first ?? (await readPage(reader, roomId, from, upTo));
    for (const entry of entries) {
      const isStart: boolean = room === null && snapshot !== null;
      const before = room?.runner.snapshot ?? null;
      const beforeVersion: number = room?.version ?? entry.machineVersion;
      const next: Applied = isStart
        ? startAt(definition, snapshot!, entry)
        : await apply(reader, definition, room, entry);
      room = next.room;
      yield {
        entry,
        before,
        after: room.runner.snapshot,
        beforeVersion,
        version: room.version,
        window: room.window,
        events: next.events,
        runner: room.runner,
      };
    }
    if (entries.length < PAGE_ENTRIES) return;
    from = entries.at(-1)!.seq + 1;
  }
}

interface Applied {
  readonly room: Standing;
  readonly events: readonly unknown[];
}

function startAt<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  snapshot: Snapshot,
  entry: Entry,
): Applied {
  const { value, context, window } = JSON.parse(snapshot.state) as SavedState;
  const raw: RoomSnapshot<unknown> = { value, context };
  const { machineVersion: version, seq, at } = snapshot;
  // Its version's machine may be gone as long as no entry of that version stands behind it.
  const known = definition.previous.find((machine) => machine.version === version);
  const runner =
    known === undefined
      ? MachineRunner.restore(definition, upcastSnapshot(definition, raw, version))
      : MachineRunner.restore(known, raw);
  return {
    room: {
      version: known === undefined ? definition.version : version,
      runner: runner,
      window: new IdempotencyWindow(window),
      seq,
      at,
      hash: snapshot.entryHash,
    },
    events: JSON.parse(entry.events) as unknown[],
  };
}

async function apply<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  room: Standing | null,
  entry: Entry,
): Promise<Applied> {
  const { roomId, seq } = entry;
  const expected = (room?.seq ?? 0) + 1;
  if (seq !== expected) throw new JournalCorrupt(roomId, expected, `entry ${seq} stands in its place`);
  const hash = chainHash(room?.hash ?? CHAIN_START, entry);
  if (hash !== entry.hash) {
    const parted = { of: 'hash', expected: hash, found: entry.hash } as const;
    throw new JournalCorrupt(roomId, seq, 'its hash does not follow from the one before', { parted });
  }
  try {
    const applied =
      entry.outcome === 'applied'
        ? step(definition, room, entry)
        : await changeCourse(reader, definition, room, entry, JSON.parse(entry.message) as CourseChange<Message>);
    const events = JSON.stringify(applied.events);
    if (events !== entry.events) {
      const parted = { of: 'events', expected: events, found: entry.events } as const;
      throw new JournalCorrupt(roomId, seq, 'replaying it causes other events than it has', { parted });
    }
    return applied;
  } catch (failure) {
    if (failure instanceof JournalCorrupt || (failure as Error).name === 'MachineVersionUnknown') throw failure;
    if ((failure as Error).name === 'StoreFailure') throw failure;
    throw new JournalCorrupt(roomId, seq, `replaying it fails: ${(failure as Error).message}`, { cause: failure });
  }
}

function step<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  room: Standing | null,
  entry: Entry,
): Applied {
  const { roomId, seq, at, hash, machineVersion: version } = entry;
  if (room !== null && room.version !== version) {
    throw new JournalCorrupt(roomId, seq, `it is of machine version ${version}, the one before of ${room.version}`);
  }
  const machine = machineOf(definition, version);
  const message = machine.message.parse(JSON.parse(entry.message));
  const window = room?.window ?? new IdempotencyWindow();
  let runner: AnyRunner;
  let events: readonly DomainEvent[];
  if (room === null) {
    ({ runner, events } = MachineRunner.create<unknown, Message, DomainEvent>(machine, message));
  } else {
    runner = room.runner;
    const result = runner.step(message);
    if (result.kind === 'refused') {
      throw new JournalCorrupt(roomId, seq, `replaying it is refused: ${result.reason}`);
    }
    events = result.events;
  }
  window.remember(message, seq);
  return { room: { version, runner, window, seq, at, hash }, events };
}

/** An entry that stands for an upgrade or an operator's restore instead of a message. */
async function changeCourse<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  room: Standing | null,
  entry: Entry,
  change: CourseChange<Message>,
): Promise<Applied> {
  const { roomId, seq, at, hash, machineVersion: version } = entry;
  if (room === null) throw new JournalCorrupt(roomId, seq, `a room can't begin with ${change.type}`);
  const machine = machineOf(definition, version);
  const base = change.type === 'restored' ? await standingAt(reader, definition, roomId, change.toSeq) : room;
  if (base === null) return startAt(definition, await ownSnapshot(reader, definition, entry, change.stateHash), entry);
  const upcast = upcastSnapshot(definition, base.runner.snapshot, base.version, version);
  const runner = MachineRunner.restore(machine, upcast) as unknown as AnyRunner;
  let events: readonly DomainEvent[] = [];
  if (change.type === 'restored' && change.shift !== null) {
    const shifted = runner.step(change.shift);
    if (shifted.kind === 'refused') throw new JournalCorrupt(roomId, seq, `its shift is refused: ${shifted.reason}`);
    events = shifted.events;
  }
  const stateHash = stateHashOf(runner.snapshot, base.window, change.stateHash);
  if (stateHash !== change.stateHash) {
    const parted = { of: 'hash', expected: stateHash, found: change.stateHash } as const;
    throw new JournalCorrupt(roomId, seq, `the state that it was ${change.type} to does not have its hash`, { parted });
  }
  return { room: { version, runner, window: base.window, seq, at, hash }, events };
}

/** The room after entry `seq`; null where that is gone. */
async function standingAt<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  seq: number,
): Promise<{ readonly version: number; readonly runner: AnyRunner; readonly window: IdempotencyWindow } | null> {
  const { sound, page } = await newestSnapshot(reader, definition, roomId, seq);
  let last: Stage | null = null;
  for await (const stage of replayFrom(reader, definition, roomId, sound, seq, page)) last = stage;
  if (last?.entry.seq !== seq) return null;
  const runner = MachineRunner.restore(machineOf(definition, last.version), last.after);
  return { version: last.version, runner, window: last.window };
}

/** What was restored has been compacted away: the snapshot that was written with the restore stands for it. */
async function ownSnapshot<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  { roomId, seq }: Entry,
  stateHash: string,
): Promise<Snapshot> {
  const [own] = await reader.snapshots(roomId, seq, 1);
  const isSound = own?.seq === seq && (await faultOf(reader, definition, own)) === null && isSavedAs(own, stateHash);
  if (!isSound) throw new JournalCorrupt(roomId, seq, 'what it was restored to is gone, and so is its snapshot');
  return own;
}

/** Whether a snapshot is of the state that has the hash: one that was repaired may have another form than it had. */
function isSavedAs({ state, stateHash }: Snapshot, expected: string): boolean {
  if (stateHash === expected) return true;
  const { value, context, window } = JSON.parse(state) as SavedState;
  return stateHashOf({ value, context }, new IdempotencyWindow(window), expected) === expected;
}

/** A snapshot of the state that an entry led to. */
export function snapshotOf(
  { roomId, seq, at, hash }: Pick<Entry, 'roomId' | 'seq' | 'at' | 'hash'>,
  machineVersion: number,
  state: RoomSnapshot<unknown>,
  window: IdempotencyWindow,
): Snapshot {
  const text = encodeState(state, window.toJSON());
  return { roomId, seq, at, machineVersion, state: text, stateHash: contentHash(text), entryHash: hash };
}
