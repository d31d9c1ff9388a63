import type { Entry, Outage, Snapshot } from '../journal.js';
import { SimulatedRows } from './simulated-rows.js';

export interface SimulatedStream {
  readonly roomId: string;
  readonly key: number;
  readonly entries: Entry[]; // those behind the anchor: entry `seq` stands at index seq - anchorSeq - 1
  readonly snapshots: Map<number, Snapshot>;
  anchorSeq: number;
  anchorHash: string;
  snapshotSeq: number;
  fence: number;
  closed: boolean;
}

/** What is durable. It outlives an engine, as a disk outlives a process. */
export class SimulatedDisk {
  readonly streams = new Map<string, SimulatedStream>(); // in order of creation
  readonly rows: SimulatedRows;
  readonly outages = new Map<number, Outage>(); // by `from`
  readonly backups = new Map<string, SimulatedDisk>(); // by the name that was asked for
  lastKey = 0; // of a stream
  aliveAt = 0;
  lastAt = 0;

  constructor(rows = new SimulatedRows()) {
    this.rows = rows;
  }

  /** Another disk with the same content, without its backups. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk(this.rows.copy());
    for (const [roomId, stream] of this.streams) {
      const { entries, snapshots } = stream;
      copy.streams.set(roomId, { ...stream, entries: [...entries], snapshots: new Map(snapshots) });
    }
    for (const [from, outage] of this.outages) copy.outages.set(from, outage);
    return Object.assign(copy, { lastKey: this.lastKey, aliveAt: this.aliveAt, lastAt: this.lastAt });
  }
}
