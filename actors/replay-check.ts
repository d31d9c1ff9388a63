import { type JournalReader, type Snapshot, StoreFailure } from '../persistence/journal.js';
import { type Change, changesBetween, plainJson } from './difference.js';
import { type SnapshotMark, type StoredRoom } from './integrity.js';
import { JournalCorrupt, replayFrom, snapshotOf, type Stage, stateHashOf } from './recovery.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot } from './room-definition.js';
import type { Difference, ReplayVerdict } from './verdict.js';
import { MachineVersionUnknown, upcastSnapshot } from './versions.js';

export interface ReplayCheckOptions {
  readonly reveal?: boolean; // whether differences may show what players can't see
  /** Gives others their turn of the event loop, every few entries. Left out, only reading does. */
  readonly breathe?: (() => Promise<void>) | undefined;
}

export interface ReplayedRoom<S> {
  readonly verdict: ReplayVerdict;
  /** The state after the last entry, of the current version; null where the replay does not get there. */
  readonly state: RoomSnapshot<S> | null;
  /** Why the replay ends in front of the last entry, or null. */
  readonly stop: { readonly seq: number; readonly why: 'corrupt' | 'versionUnknown' } | null;
  readonly rewritable: readonly Rewritable[];
}

/** Wrong snapshots that one run of entries proves, and where that run began. */
export interface Rewritable {
  readonly start: SnapshotMark | null; // null: the room's beginning
  readonly seqs: readonly number[];
}

/** A replay from one start until the end, or until journal and machine part. */
interface Run {
  readonly start: SnapshotMark | null;
  readonly last: Stage | null;
  readonly recomputed: number;
  readonly faulty: readonly number[]; // damaged snapshots that it came by
  readonly agreed: number; // sound snapshots of the state that it came to
  readonly other: readonly number[]; // sound snapshots of another state than the one it came to
  readonly difference: Difference | null;
  readonly failedAt: number | null; // null: it came to the end
  readonly why: 'corrupt' | 'versionUnknown' | null;
}

/**
 * Recomputes events and states of all entries, from the room's beginning or from the oldest snapshot of a version whose
 * machine is registered. Where an entry can't be recomputed it goes on from the next sound snapshot behind it.
 */
export async function checkReplay<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  stored: StoredRoom,
  { reveal = false, breathe }: ReplayCheckOptions = {},
): Promise<ReplayedRoom<S>> {
  const { marks, anchorSeq, seq: upTo } = stored;
  const starts = marks.filter(({ canStart }) => canStart);
  const leftOut: { from: number; through: number }[] = [];
  const rewritable: Rewritable[] = [];
  const wrong = new Set(marks.filter(({ fault }) => fault !== null).map(({ seq }) => seq));
  let difference: Difference | null = null;
  let skippedThrough = 0;
  let recomputed = 0;
  let through = 0;
  let run: Run | null = null;
  let start: SnapshotMark | null | undefined = anchorSeq === 0 ? null : starts[0];
  if (start != null && start.seq > anchorSeq + 1) {
    const isDamaged = marks.some(({ seq, fault }) => seq < start!.seq && fault !== null);
    if (isDamaged) leftOut.push({ from: anchorSeq + 1, through: start.seq });
    else skippedThrough = start.seq;
  }
  while (start !== undefined) {
    run = await runFrom(reader, definition, roomId, { start, marks, upTo, reveal, breathe });
    recomputed += run.recomputed;
    through = Math.max(through, run.last?.entry.seq ?? 0);
    difference ??= run.difference;
    for (const seq of run.other) wrong.add(seq);
    const proven = provenIn(run);
    if (proven.length > 0) rewritable.push({ start, seqs: proven });
    if (run.failedAt === null) break;
    start = nextStart(run, starts);
    const goesOnAt = start?.seq ?? upTo;
    const isSkipped = run.why === 'versionUnknown' && start !== undefined && leftOut.length === 0 && recomputed === 0;
    if (isSkipped) skippedThrough = goesOnAt;
    else if (goesOnAt >= run.failedAt) leftOut.push({ from: run.failedAt, through: goesOnAt });
  }
  if (run === null && upTo > anchorSeq) leftOut.push({ from: anchorSeq + 1, through: upTo });
  const isAtEnd = run !== null && run.failedAt === null && run.last !== null;
  return {
    verdict: {
      recomputed,
      through,
      skippedThrough,
      leftOut,
      difference,
      wrongSnapshots: [...wrong].sort((a, b) => a - b),
    },
    state: isAtEnd ? upcastSnapshot(definition, run!.last!.after, run!.last!.version) : null,
    stop: isAtEnd ? null : { seq: run?.failedAt ?? anchorSeq + 1, why: run?.why ?? missingStart(marks) },
    rewritable,
  };
}

/**
 * The wrong snapshots that a run may be trusted to make anew. One that parts from the journal behind a snapshot that it
 * contradicts proves nothing against that snapshot; and where it agrees with none of several, it is rather the machine
 * that is another one than the snapshots that are wrong.
 */
function provenIn({ failedAt, faulty, other, agreed }: Run): readonly number[] {
  if (other.length === 0) return faulty;
  const isMachineInDoubt = failedAt !== null || (other.length > 1 && agreed === 0);
  return isMachineInDoubt ? [] : [...faulty, ...other];
}

/** Why nothing can be replayed: sound snapshots without machines, or none at all. */
function missingStart(marks: readonly SnapshotMark[]): 'corrupt' | 'versionUnknown' {
  return marks.some(({ fault }) => fault === null) ? 'versionUnknown' : 'corrupt';
}

/** Always behind the start of the run that failed, so that there is an end. */
function nextStart({ start, other, failedAt }: Run, starts: readonly SnapshotMark[]): SnapshotMark | undefined {
  const from = start?.seq ?? 0;
  // A snapshot that the run contradicted, before it parted from the journal itself, is what the room lived on.
  const contradicted = starts.findLast(({ seq }) => seq > from && other.includes(seq));
  return contradicted ?? starts.find(({ seq }) => seq > from && seq >= failedAt!);
}

interface RunOptions {
  readonly start: SnapshotMark | null;
  readonly marks: readonly SnapshotMark[];
  readonly upTo: number;
  readonly reveal: boolean;
  readonly breathe: ReplayCheckOptions['breathe'];
}

/** About a millisecond of work. */
const BREATH_ENTRIES = 64;

async function runFrom<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { start, marks, upTo, reveal, breathe }: RunOptions,
): Promise<Run> {
  const bySeq = new Map(marks.map((mark) => [mark.seq, mark]));
  const faulty: number[] = [];
  const other: number[] = [];
  let last: Stage | null = null;
  let recomputed = 0;
  let agreed = 0;
  let difference: Difference | null = null;
  const ended = (failedAt: number | null, why: Run['why']): Run => ({
    start,
    last,
    recomputed,
    faulty,
    agreed,
    other,
    difference,
    failedAt,
    why,
  });
  try {
    const snapshot = start === null ? null : await snapshotAt(reader, roomId, start.seq);
    for await (const stage of replayFrom(reader, definition, roomId, snapshot, upTo)) {
      last = stage;
      const { seq } = stage.entry;
      if (seq === start?.seq) continue;
      recomputed++;
      if (recomputed % BREATH_ENTRIES === 0) await breathe?.();
      const mark = bySeq.get(seq);
      if (mark === undefined) continue;
      if (mark.fault !== null) faulty.push(seq);
      else {
        const expected = stateHashOf(stage.after, stage.window, mark.stateHash);
        if (expected === mark.stateHash && stage.version === mark.version) {
          agreed++;
          continue;
        }
        other.push(seq);
        difference ??= await stateDifference(reader, definition, stage, mark, { expected, reveal });
      }
    }
  } catch (failure) {
    if (failure instanceof StoreFailure) throw failure;
    const failedAt: number = failedBehind(last, start);
    if (failure instanceof MachineVersionUnknown) return ended(failedAt, 'versionUnknown');
    // Whatever else is thrown, by the machine or by what reads a state, ends the replay at this entry.
    difference ??= entryDifference(definition, failedAt, failure, reveal);
    return ended(failedAt, 'corrupt');
  }
  return last?.entry.seq === upTo ? ended(null, null) : ended(failedBehind(last, start), 'corrupt');
}

function failedBehind(last: Stage | null, start: SnapshotMark | null): number {
  return (last?.entry.seq ?? start?.seq ?? 0) + 1;
}

async function snapshotAt(reader: JournalReader, roomId: string, seq: number): Promise<Snapshot> {
  const [snapshot] = await reader.snapshots(roomId, seq, 1);
  if (snapshot?.seq === seq) return snapshot;
  throw new JournalCorrupt(roomId, seq, 'its snapshot was there and is gone');
}

function entryDifference<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  seq: number,
  failure: unknown,
  reveal: boolean,
): Difference {
  const why = failure instanceof Error ? failure.message : String(failure);
  const parted = failure instanceof JournalCorrupt ? failure.parted : null;
  if (parted === null) return { seq, why, expected: null, found: null, changes: [] };
  const shown = (text: string): string => (parted.of === 'hash' || reveal ? text : shownEvents(definition, text));
  return { seq, why, expected: shown(parted.expected), found: shown(parted.found), changes: [] };
}

/** Events as anybody may see them; by their names where the definition does not tell. */
function shownEvents<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  text: string,
): string {
  const events = JSON.parse(text) as E[];
  return JSON.stringify(events.map((event) => definition.redact?.(event) ?? event.type));
}

async function stateDifference<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  { entry, after, version }: Stage,
  mark: SnapshotMark,
  { expected, reveal }: { readonly expected: string; readonly reveal: boolean },
): Promise<Difference> {
  const saved = JSON.parse((await snapshotAt(reader, entry.roomId, mark.seq)).state) as RoomSnapshot<unknown>;
  const shown = (state: RoomSnapshot<unknown>, of: number) => {
    const current = upcastSnapshot(definition, state, of);
    return plainJson(definition.view(current, reveal ? 'operator' : 'spectator'));
  };
  const why = 'its snapshot is not of the state that the entries lead to';
  let changes: readonly Change[] = [];
  try {
    changes = changesBetween(shown(after, version), shown(saved, mark.version));
  } catch {
    // A state that can't even be shown: the hashes say that it is another one.
  }
  return { seq: entry.seq, why, expected, found: mark.stateHash, changes };
}

/**
 * The snapshots that a run of entries leads to, to be put in place of wrong ones. The run was checked before, so it
 * comes by them all.
 */
export async function* remake<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { start, seqs }: Rewritable,
): AsyncGenerator<Snapshot> {
  const snapshot = start === null ? null : await snapshotAt(reader, roomId, start.seq);
  for await (const stage of replayFrom(reader, definition, roomId, snapshot, Math.max(...seqs))) {
    const { entry, version, after, window } = stage;
    if (seqs.includes(entry.seq)) yield snapshotOf(entry, version, after, window);
  }
}
