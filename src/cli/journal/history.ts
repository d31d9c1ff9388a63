import { type Change, changesBetween, plainJson } from '../../../actors/difference.js';
import { replay } from '../../../actors/recovery.js';
import type { Viewer } from '../../../actors/room-definition.js';
import type { LiapTui } from '../../../actors/room/liap-tui.js';
import { leafOf } from '../../../actors/room/room-view.js';
import { upcastSnapshot } from '../../../actors/versions.js';
import { eventsText, messageText, type ShownEntry, shownEntry } from './entry-text.js';
import type { FoundRoom } from './found-room.js';
import { type Column, table } from '../table.js';
import { timeText } from './units.js';

/** An entry with what it made of the room. */
export interface ShownStep extends ShownEntry {
  readonly leaf: string; // where the machine stood after it
  readonly changes: readonly Change[]; // of what the viewer sees
}

export interface StepsOptions {
  readonly from: number;
  readonly upTo: number;
  readonly viewer: Viewer;
  readonly reveal: boolean;
}

/**
 * Replays a room's entries, checking each on the way.
 * @throws JournalCorrupt naming the first that does not fit
 */
export async function* steps(
  definition: LiapTui,
  { reader, roomId }: FoundRoom,
  { from, upTo, viewer, reveal }: StepsOptions,
): AsyncGenerator<ShownStep> {
  for await (const stage of replay(reader, definition, roomId, { from, upTo })) {
    const { entry, before, after, beforeVersion, version } = stage;
    const current = upcastSnapshot(definition, after, version);
    const previous = before === null ? null : upcastSnapshot(definition, before, beforeVersion);
    yield {
      ...shownEntry(entry, reveal),
      leaf: leafOf(current.value),
      changes: changesBetween(
        previous === null ? undefined : plainJson(definition.view(previous, viewer)),
        plainJson(definition.view(current, viewer)),
      ),
    };
  }
}

/** Lines of a history; where a step knows where it led to, that too. */
export function historyLines(entries: readonly (ShownEntry | ShownStep)[], width: number): string[] {
  const hasLeaf = entries.some((entry) => 'leaf' in entry);
  const columns: Column<ShownEntry | ShownStep>[] = [
    { head: 'ENTRY', cell: ({ seq }) => String(seq), align: 'right' },
    { head: 'TIME (UTC)', cell: ({ at }) => timeText(at), drop: 1 },
    { head: 'MESSAGE', cell: ({ message }) => messageText(message) },
    { head: 'EVENTS', cell: ({ events }) => eventsText(events), drop: 3 },
  ];
  if (hasLeaf) columns.push({ head: 'THEN', cell: (entry) => ('leaf' in entry ? entry.leaf : ''), drop: 2 });
  return table(columns, entries, width);
}

const VALUE_CHARS_MAX = 60;

/** `/game/piles/2: 0 → 1` */
export function changeText({ path, before, after }: Change): string {
  return `${path === '' ? 'the room' : path}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX - 1)}…` : text;
}
