import { chainHash, CHAIN_START } from '../persistence/hash-chain.js';
import {
  type Entry,
  type JournalReader,
  type Snapshot,
  StoreFailure,
  type StreamHead,
} from '../persistence/journal.js';
import { faultOf } from './recovery.js';
import type { DomainEvent, Message, RoomDefinition } from './room-definition.js';
import type { Finding, IntegrityVerdict } from './verdict.js';
import { machineOf, MachineVersionUnknown } from './versions.js';

/** A snapshot without its state: what is kept in memory of all of a room's. */
export interface SnapshotMark {
  readonly seq: number;
  readonly version: number;
  readonly stateHash: string;
  readonly fault: string | null;
  readonly canStart: boolean; // a replay may begin with it
}

/** A room's stored bytes, checked. */
export interface StoredRoom {
  readonly roomId: string;
  readonly verdict: IntegrityVerdict;
  readonly head: StreamHead | null; // null: it can't be read
  readonly seq: number; // the last entry
  readonly anchorSeq: number;
  readonly marks: readonly SnapshotMark[]; // oldest first
}

const PAGE_ENTRIES = 1_000;
const PAGE_SNAPSHOTS = 10; // states may be large
const FINDINGS_MAX = 20;

/**
 * Reads all that is stored of a room and holds it against its hashes: the chain from the anchor on, gapless and never
 * back in time, each snapshot and its tie to its entry, and the head.
 * @returns null for a room that does not exist
 */
export async function checkIntegrity<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
): Promise<StoredRoom | null> {
  const findings = new Findings();
  const head = await readHead(reader, roomId, findings);
  if (head === undefined) return null;
  const chain = await checkChain(reader, roomId, head, findings);
  const marks = await checkSnapshots(reader, definition, roomId, chain, head, findings);
  if (head !== null) checkHead(head, chain, marks, findings);
  const { entries, brokenAt, last, anchorSeq } = chain;
  return {
    roomId,
    verdict: { entries, snapshots: marks.length, brokenAt, findings: findings.first, findingCount: findings.count },
    head,
    seq: Math.max(head?.seq ?? 0, last?.seq ?? 0),
    anchorSeq,
    marks,
  };
}

class Findings {
  readonly first: Finding[] = [];
  count = 0;

  add(about: Finding['about'], seq: number | null, sentence: string): void {
    this.count++;
    if (this.first.length < FINDINGS_MAX) this.first.push({ about, seq, sentence });
  }
}

/** @returns undefined for a room that does not exist, null for a head that is damaged */
async function readHead(
  reader: JournalReader,
  roomId: string,
  findings: Findings,
): Promise<StreamHead | null | undefined> {
  try {
    return (await reader.heads([roomId]))[0];
  } catch (failure) {
    if (!(failure instanceof StoreFailure) || failure.code !== 'ROW_DAMAGED') throw failure;
    findings.add('head', null, 'The row that says where the room stands is not as it was written');
    return null;
  }
}

interface Chain {
  readonly entries: number;
  readonly anchorSeq: number;
  readonly brokenAt: number | null;
  readonly last: Entry | null;
}

async function checkChain(
  reader: JournalReader,
  roomId: string,
  head: StreamHead | null,
  findings: Findings,
): Promise<Chain> {
  const upTo = head?.seq ?? Number.MAX_SAFE_INTEGER; // what is appended meanwhile is not looked at
  let entries = 0;
  let brokenAt: number | null = null;
  let last: Entry | null = null;
  let anchorSeq = head?.anchorSeq ?? 0;
  // The hash in front; null where it is not known, behind a gap or where the head is gone.
  let previous: string | null = head === null ? null : anchorSeq === 0 ? CHAIN_START : head.anchorHash;
  const broken = (seq: number, sentence: string): void => {
    brokenAt ??= seq;
    findings.add('entry', seq, sentence);
  };
  for (let from = anchorSeq + 1; from <= upTo; ) {
    const page = await reader.read(roomId, from, Math.min(upTo, from + PAGE_ENTRIES - 1));
    for (const entry of page) {
      const { seq, at, hash } = entry;
      if (last === null && head === null) {
        anchorSeq = seq - 1;
        if (seq === 1) previous = CHAIN_START;
      }
      const expected: number = (last?.seq ?? anchorSeq) + 1;
      if (seq !== expected) {
        broken(expected, `${rangeOf(expected, seq - 1)} missing`);
        previous = null;
      }
      if (previous !== null && chainHash(previous, entry) !== hash) {
        broken(seq, `Entry ${seq} is not as it was written: its hash does not follow from the one before`);
      }
      if (last !== null && at < last.at) broken(seq, `Entry ${seq} is of an earlier time than the one before`);
      // Goes on with the stored hash, so that each damage is found once.
      previous = hash;
      last = entry;
      entries++;
    }
    if (page.length === 0 && head === null) break;
    from += PAGE_ENTRIES;
  }
  const next = (last?.seq ?? anchorSeq) + 1;
  if (head !== null && next <= head.seq) broken(next, `${rangeOf(next, head.seq)} missing`);
  return { entries, anchorSeq, brokenAt, last };
}

function rangeOf(from: number, through: number): string {
  return from === through ? `Entry ${from} is` : `Entries ${from} to ${through} are`;
}

async function checkSnapshots<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  roomId: string,
  { anchorSeq, last }: Chain,
  head: StreamHead | null,
  findings: Findings,
): Promise<SnapshotMark[]> {
  const marks: SnapshotMark[] = [];
  for (let atMost = Number.MAX_SAFE_INTEGER; ; ) {
    const page = await reader.snapshots(roomId, atMost, PAGE_SNAPSHOTS);
    for (const snapshot of page) {
      const { seq, machineVersion: version, stateHash } = snapshot;
      if (seq < anchorSeq) continue; // compaction removes it after the entries
      const isNew = last !== null && seq > last.seq && (await reader.read(roomId, seq, seq)).length > 0;
      if (isNew) continue; // written since the head was read
      const fault = await faultAt(reader, definition, snapshot, seq === anchorSeq ? (head?.anchorHash ?? '') : null);
      if (fault !== null) findings.add('snapshot', seq, `Snapshot ${seq} is damaged: ${fault}`);
      const canStart = fault === null && seq > anchorSeq && isRegistered(definition, version);
      marks.push({ seq, version, stateHash, fault, canStart });
    }
    if (page.length < PAGE_SNAPSHOTS) return marks.reverse();
    atMost = page.at(-1)!.seq - 1;
  }
}

/** @param anchorHash the hash of the snapshot's entry where that was removed by compaction */
async function faultAt<S, M extends Message, E extends DomainEvent, V>(
  reader: JournalReader,
  definition: RoomDefinition<S, M, E, V>,
  snapshot: Snapshot,
  anchorHash: string | null,
): Promise<string | null> {
  try {
    const fault = await faultOf(reader, definition, snapshot);
    if (anchorHash === null || fault !== 'its entry is missing') return fault;
    return snapshot.entryHash === anchorHash ? null : 'it belongs to another entry than the one in its place';
  } catch (failure) {
    if (failure instanceof MachineVersionUnknown) return null; // its bytes are sound, which is all that is asked here
    throw failure;
  }
}

function isRegistered<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  version: number,
): boolean {
  try {
    machineOf(definition, version);
    return true;
  } catch (failure) {
    if (failure instanceof MachineVersionUnknown) return false;
    throw failure;
  }
}

function checkHead(head: StreamHead, { last }: Chain, marks: readonly SnapshotMark[], findings: Findings): void {
  const newest = marks.at(-1)?.seq ?? 0;
  const says = (what: string, found: unknown, expected: unknown): void => {
    if (found === expected) return;
    findings.add('head', head.seq, `The room’s head says ${what} ${String(found)}, where it is ${String(expected)}`);
  };
  says('that the newest snapshot is', head.snapshotSeq, newest);
  if (last?.seq !== head.seq) return; // told as missing entries
  says('of its last entry that its time is', head.at, last.at);
  says('of its last entry that its hash is', head.hash, last.hash);
  says('that the next deadline is', head.nextDeadline, last.nextDeadline);
}
