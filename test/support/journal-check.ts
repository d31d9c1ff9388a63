import { join } from 'node:path';
import Database from 'better-sqlite3';
import { idempotencyKey } from '../../actors/idempotency.js';
import { CHAIN_START, chainHash } from '../../persistence/hash-chain.js';
import type { Entry, EntryOutcome } from '../../persistence/journal.js';
import type { RecordedCommand } from './recorded-commands.js';

export interface JournalCheck {
  readonly entries: number;
  readonly rooms: number;
  readonly acknowledged: number;
  readonly lost: readonly string[]; // acknowledged, and not in the journal
  readonly twice: readonly string[]; // in the journal more than once
  readonly brokenChains: readonly string[]; // rooms with a gap or a hash that does not follow
}

interface Row {
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly message: string;
  readonly outcome: EntryOutcome;
  readonly events: string;
  readonly machineVersion: number;
  readonly correlationId: string;
  readonly nextDeadline: number | null;
  readonly hash: string;
}

/** Compares what clients were promised with what is on the disk, read without the product's own reader. */
export function checkJournal(dataDir: string, acknowledged: readonly RecordedCommand[]): JournalCheck {
  const db = new Database(join(dataDir, 'journal.sqlite'), { readonly: true });
  const rows = db
    .prepare<[], Row>(
      `SELECT s.room_id AS roomId, e.seq, e.at, e.message, e.outcome, e.events, e.machine_version AS machineVersion,
              e.correlation_id AS correlationId, e.next_deadline AS nextDeadline, e.hash
       FROM entries e JOIN streams s ON s.key = e.stream ORDER BY s.key, e.seq`,
    )
    .all();
  db.close();

  const applied = new Map<string, number>();
  const heads = new Map<string, { seq: number; hash: string }>();
  const brokenChains = new Set<string>();
  for (const row of rows) {
    const { hash, ...entry } = row satisfies Entry;
    const before = heads.get(entry.roomId) ?? { seq: 0, hash: CHAIN_START };
    if (entry.seq !== before.seq + 1 || chainHash(before.hash, entry) !== hash) brokenChains.add(entry.roomId);
    heads.set(entry.roomId, { seq: entry.seq, hash });
    const { session, key } = JSON.parse(entry.message) as { session?: string; key?: string };
    if (session === undefined || key === undefined) continue;
    applied.set(`${session}/${key}`, (applied.get(`${session}/${key}`) ?? 0) + 1);
  }

  const lost = acknowledged.filter(({ session, id }) => !applied.has(`${session}/${idempotencyKey(session, id)}`));
  return {
    entries: rows.length,
    rooms: heads.size,
    acknowledged: acknowledged.length,
    lost: lost.map(({ session, id, event }) => `${event} ${session}/${id}`),
    twice: [...applied].filter(([, count]) => count > 1).map(([key]) => key),
    brokenChains: [...brokenChains],
  };
}
