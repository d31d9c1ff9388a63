import { chainHash } from '../persistence/hash-chain.js';
import type { Append, Entry, StreamHead } from '../persistence/journal.js';
import { releaseRow } from './holds.js';
import { type CourseChange, type Recovered, snapshotOf } from './recovery.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot } from './room-definition.js';

export interface Restore<S, M extends Message, E extends DomainEvent, V> {
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly head: StreamHead; // what the new entry stands behind
  readonly target: Recovered<S, M, E>; // what the room goes back to; used up
  readonly before: RoomSnapshot<S> | null; // null where the head's state can't be rebuilt
  readonly now: number; // room time
  readonly staysPaused: boolean; // its hold is an operator's, not one that the restore mends
}

/** The entry that sets a room back, and the room as it is then. Its clocks go on as if no time had passed since. */
export function restoreAppend<S, M extends Message, E extends DomainEvent, V>({
  definition,
  head,
  target,
  before,
  now,
  staysPaused,
}: Restore<S, M, E, V>): { readonly append: Append; readonly recovered: Recovered<S, M, E> } {
  const { roomId } = head;
  const { runner, window } = target;
  const at = Math.max(now, head.at);
  const passedMs = Math.floor(at - target.at);
  const shifts = passedMs > 0 && definition.deadline(runner.snapshot) !== null;
  const shift = shifts ? ({ ...definition.resumed(passedMs), at } as unknown as M) : null;
  let events: readonly E[] = [];
  if (shift !== null) {
    const result = runner.step(shift);
    if (result.kind === 'refused') throw new Error(`the restored room refused ${shift.type}: ${result.reason}`);
    events = result.events;
  }
  const { snapshot } = runner;
  const { version } = definition;
  const seq = head.seq + 1;
  const { stateHash } = snapshotOf({ roomId, seq, at, hash: '' }, version, snapshot, window);
  const message: CourseChange<M> = { type: 'restored', at, toSeq: target.seq, shift, stateHash };
  const unhashed: Omit<Entry, 'hash'> = {
    roomId,
    seq,
    at,
    message: JSON.stringify(message),
    outcome: 'restored',
    events: JSON.stringify(events),
    machineVersion: version,
    correlationId: `restore-${seq}`,
    nextDeadline: definition.deadline(snapshot)?.at ?? null,
  };
  const hash = chainHash(head.hash, unhashed);
  const append: Append = {
    roomId,
    expectedSeq: head.seq,
    fence: 0,
    entry: { ...unhashed, hash },
    snapshot: snapshotOf({ roomId, seq, at, hash }, version, snapshot, window),
    rows: [...definition.rows(roomId, before, snapshot, null), ...(staysPaused ? [] : [releaseRow(roomId)])],
    closes: definition.isClosed(snapshot),
  };
  return {
    append,
    recovered: { ...target, seq, at, hash, events, snapshotSeq: seq, savedVersion: version, damaged: [] },
  };
}
