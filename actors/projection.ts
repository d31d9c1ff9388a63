import { type JournalEngine, StoreFailure } from '../persistence/journal.js';
import { layoutOf } from '../persistence/row-change.js';
import { rowSum } from '../persistence/row-sum.js';
import type { RoomRow, RowChange } from '../persistence/rows.js';

/** Members that say when and by whom, which a state alone does not tell. */
const BESIDES: ReadonlySet<string> = new Set(['updatedAt', 'creator', 'creationKey']);

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

const { key: KEY, columns } = layoutOf('rooms');
const MARKED = Object.keys(columns).filter((member) => member !== KEY && !BESIDES.has(member)) as (keyof RoomRow)[];

/** A room's row in short: between two that have one mark `missingRows` finds no difference. */
export function markOfRoom(row: Partial<RoomRow>): string {
  return rowSum(
    'rooms',
    MARKED.map((member) => row[member]),
  );
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
