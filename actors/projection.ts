import { contentHash } from '../persistence/hash-chain.js';
import { type JournalEngine, StoreFailure } from '../persistence/journal.js';
import type { RoomRow, RowChange } from '../persistence/rows.js';

/** Members that say when and by whom, which a state alone does not tell. */
type Besides = 'updatedAt' | 'creator' | 'creationKey';
const BESIDES: ReadonlySet<string> = new Set<Besides>(['updatedAt', 'creator', 'creationKey']);
/** The others of a room's row. */
const FOLLOWING: Record<Exclude<keyof RoomRow, 'roomId' | Besides>, true> = {
  code: true,
  status: true,
  hostName: true,
  seats: true,
  freeSeats: true,
  createdAt: true,
};
const MARKED = Object.keys(FOLLOWING) as (keyof typeof FOLLOWING)[];

/**
 * What puts right the rows that follow from a room's state, where they are missing, different, or damaged.
 * @param expected puts, made from the state alone
 */
export async function missingRows(engine: JournalEngine, expected: readonly RowChange[]): Promise<RowChange[]> {
  const missing: RowChange[] = [];
  for (const change of expected) {
    if (change.kind !== 'put') continue;
    const stored = await storedRow(engine, change);
    if (stored === 'damaged') {
      // Only a row that is written anew has a checksum of its own again.
      const { table, key } = change;
      missing.push({ kind: 'delete', table, key }, change);
      continue;
    }
    const differs = Object.entries(change.values).some(
      ([member, value]) => !BESIDES.has(member) && stored?.[member] !== value,
    );
    if (differs) missing.push(change);
  }
  return missing;
}

/** A room's row in short: between two that have one mark `missingRows` finds no difference. */
export function markOfRoom(row: Partial<RoomRow>): string {
  return contentHash(JSON.stringify(MARKED.map((member) => row[member])));
}

async function storedRow(
  engine: JournalEngine,
  { table, key }: RowChange,
): Promise<Record<string, unknown> | 'damaged' | null> {
  try {
    return (await engine.row(table, key)) as Record<string, unknown> | null;
  } catch (failure) {
    if (failure instanceof StoreFailure && failure.code === 'ROW_DAMAGED') return 'damaged';
    throw failure;
  }
}
