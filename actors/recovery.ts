import { chainHash, CHAIN_START, contentHash } from '../persistence/hash-chain.js';
import type { Entry, JournalEngine, Snapshot } from '../persistence/journal.js';
import { IdempotencyWindow, type SavedWindow } from './idempotency.js';
import { MachineRunner } from './machine-runner.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot } from './room-definition.js';

/** Entries are read in pages, each its own transaction. */
const PAGE_ENTRIES = 1000;

/** A room as it stood after entry `seq`, ready to go on. */
export interface Recovered<S, M extends Message, E extends DomainEvent> {
  readonly runner: MachineRunner<S, M, E>;
  readonly window: IdempotencyWindow;
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly snapshotSeq: number;
  readonly events: readonly E[]; // of entry `seq`
}

/** What a journal says cannot be true. `seq` is the first entry, or the snapshot, that does not fit. */
export class JournalCorrupt extends Error {
  readonly roomId: string;
  readonly seq: number;

  constructor(roomId: string, seq: number, why: string) {
    super(`room ${roomId}, entry ${seq}: ${why}`);
    this.name = 'JournalCorrupt';
    this.roomId = roomId;
    this.seq = seq;
  }
}

/** The state of a room as one text, and back: machine and idempotency window together (checklist PS-1). */
export function encodeState<S>(snapshot: RoomSnapshot<S>, window: SavedWindow): string {
  return JSON.stringify({ value: snapshot.value, context: snapshot.context, window });
}

interface SavedState {
  readonly value: unknown;
  readonly context: unknown;
  readonly window: SavedWindow;
}

/**
 * Rebuilds a room from its newest snapshot and the entries behind it, checking the chain, each entry's events and the
 * snapshot's hash on the way.
 * @param upTo last entry to apply; the newest where it is left out
 * @returns null for a room that does not exist
 * @throws JournalCorrupt naming the entry at which journal and machine part
 */
export async function recover<S, M extends Message, E extends DomainEvent, V>(
  engine: JournalEngine,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<Recovered<S, M, E> | null> {
  const [snapshot] = await engine.snapshots(roomId, upTo, 1);
  let room = snapshot === undefined ? null : restoreSnapshot(definition, snapshot);
  for (;;) {
    const from = (room?.seq ?? 0) + 1;
    const entries = await engine.read(roomId, from, Math.min(upTo, from + PAGE_ENTRIES - 1));
    for (const entry of entries) room = applyEntry(definition, room, entry);
    if (entries.length < PAGE_ENTRIES) break;
  }
  if (room !== null && room.events.length === 0 && room.seq === snapshot?.seq) {
    const [last] = await engine.read(roomId, room.seq, room.seq);
    if (last !== undefined) room = { ...room, events: parseEvents(definition, last) };
  }
  return room;
}

function restoreSnapshot<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  saved: Snapshot,
): Recovered<S, M, E> {
  if (contentHash(saved.state) !== saved.stateHash) {
    throw new JournalCorrupt(saved.roomId, saved.seq, 'the snapshot does not have its hash');
  }
  const { value, context, window } = JSON.parse(saved.state) as SavedState;
  const raw: RoomSnapshot<unknown> = { value, context };
  const current =
    saved.machineVersion === definition.version
      ? (raw as RoomSnapshot<S>)
      : definition.upcast(raw, saved.machineVersion);
  return {
    runner: MachineRunner.restore(definition, current),
    window: IdempotencyWindow.from(window),
    seq: saved.seq,
    at: saved.at,
    hash: saved.entryHash,
    snapshotSeq: saved.seq,
    events: [],
  };
}

function applyEntry<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  room: Recovered<S, M, E> | null,
  entry: Entry,
): Recovered<S, M, E> {
  const expected = (room?.seq ?? 0) + 1;
  if (entry.seq !== expected)
    throw new JournalCorrupt(entry.roomId, expected, `entry ${entry.seq} stands in its place`);
  const hash = chainHash(room?.hash ?? CHAIN_START, entry);
  if (hash !== entry.hash)
    throw new JournalCorrupt(entry.roomId, entry.seq, 'its hash does not follow from the one before');

  const message = definition.message.parse(JSON.parse(entry.message));
  const { runner, events } =
    room === null ? MachineRunner.create(definition, message) : replay(room.runner, message, entry);
  if (JSON.stringify(events) !== entry.events) {
    throw new JournalCorrupt(entry.roomId, entry.seq, 'replaying it causes other events than it has');
  }
  const window = room?.window ?? new IdempotencyWindow();
  if (message.key !== undefined && message.session !== undefined) window.add(message.session, message.key, entry.seq);
  return { runner, window, seq: entry.seq, at: entry.at, hash, snapshotSeq: room?.snapshotSeq ?? 0, events };
}

function replay<S, M extends Message, E extends DomainEvent>(runner: MachineRunner<S, M, E>, message: M, entry: Entry) {
  const result = runner.step(message);
  if (result.kind === 'refused') {
    throw new JournalCorrupt(entry.roomId, entry.seq, `replaying it is refused: ${result.reason}`);
  }
  return { runner, events: result.events };
}

/** The events of a stored entry, typed. */
function parseEvents<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  entry: Entry,
): readonly E[] {
  return (JSON.parse(entry.events) as unknown[]).map((event) => definition.event.parse(event));
}
