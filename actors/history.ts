import { type Entry, type JournalEngine, type JournalReader, StoreFailure } from '../persistence/journal.js';
import { type Change, changesBetween, type Json, plainJson } from './difference.js';
import { JournalCorrupt, recover, replay, type Stage } from './recovery.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot, Untimed, Viewer } from './room-definition.js';
import { MachineVersionUnknown, upcastSnapshot } from './versions.js';

/** A journal, or a file of one; an engine finds an entry by its time quicker than by halving. */
export type HistoryReader = JournalReader & Partial<Pick<JournalEngine, 'seqAt'>>;

export interface HistoryRange {
  readonly from?: number; // first entry, 1 where it is left out
  readonly limit?: number; // at most `HISTORY_PAGE_MAX`
  /** Shows what nobody but an operator may see while the room is played: hands, seeds, sessions. */
  readonly reveal?: boolean;
}

const HISTORY_PAGE_MAX = 500;
const PAGE_DEFAULT = 100;

/** What happened to a room, entry by entry. */
export interface HistoryPage<T> {
  readonly items: readonly T[];
  readonly next: number | null; // `from` of the page behind, null at the end
  readonly revealed: boolean;
  readonly stop: HistoryStop | null; // why nothing stands behind the last item although there is more
}

/** An entry that can't be read or replayed, or the entries in front of it that compaction removed. */
export interface HistoryStop {
  readonly seq: number;
  readonly why: string;
}

/** What somebody did, as far as it may be shown. */
export interface Action {
  readonly seq: number;
  readonly at: number; // ms since the epoch
  readonly type: string; // of the message
  readonly outcome: Entry['outcome'];
  readonly seat: number | null; // of who did it, where the message says so
  readonly name: string | null; // likewise
  readonly message: Json; // null where it may not be shown
  readonly events: readonly Json[]; // their types, or whole
  readonly correlationId: string;
  readonly machineVersion: number;
  readonly nextDeadline: number | null;
}

/** What an entry changed in the room, as spectators see it, or operators where it is revealed. */
export interface Changes {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly changes: readonly Change[] | null; // null: the state in front was removed by compaction
}

/** A room as it was. */
export interface StateThen<V> {
  readonly seq: number;
  readonly at: number; // of entry `seq`
  readonly view: V;
  readonly revealed: boolean;
}

type AnyDefinition<S, M extends Message, E extends DomainEvent, V> = RoomDefinition<S, M, E, V>;

/**
 * A room's entries in order, as they are stored: also of a damaged room, since nothing is replayed.
 * @param events `whole` shows all that is in an event, and not only its type
 */
export async function actionsOf<S, M extends Message, E extends DomainEvent, V>(
  reader: HistoryReader,
  definition: AnyDefinition<S, M, E, V>,
  roomId: string,
  { events = 'types', ...range }: HistoryRange & { readonly events?: 'types' | 'whole' } = {},
): Promise<HistoryPage<Action> | null> {
  const extent = await extentOf(reader, roomId);
  if (extent === null) return null;
  const { from, limit } = boundsOf(range, extent.anchorSeq);
  const revealed = range.reveal === true || (await isOver(reader, definition, roomId));
  const entries = await reader.read(roomId, from, from + limit - 1);
  const last = from + limit - 1;
  return {
    items: entries.map((entry) => actionOf(definition, entry, events, revealed)),
    next: last < extent.seq && (extent.isKnown || entries.length > 0) ? last + 1 : null,
    revealed,
    stop: null,
  };
}

function actionOf<S, M extends Message, E extends DomainEvent, V>(
  definition: AnyDefinition<S, M, E, V>,
  entry: Entry,
  eventsAs: 'types' | 'whole',
  revealed: boolean,
): Action {
  const { seq, at, outcome, correlationId, machineVersion, nextDeadline } = entry;
  const message = objectOf(entry.message);
  const events = listOf(entry.events);
  const shownMessage = outcome === 'applied' ? shown(definition, message, revealed) : plainJson(message);
  return {
    seq,
    at,
    type: typeOf(message),
    outcome,
    seat: typeof message.seat === 'number' ? message.seat : null,
    name: typeof message.name === 'string' ? message.name : null,
    message: shownMessage,
    events: events.map((event) =>
      eventsAs === 'types' ? typeOf(event) : (shown(definition, event, revealed) ?? typeOf(event)),
    ),
    correlationId,
    machineVersion,
    nextDeadline,
  };
}

/** A message or event without its secrets, or null where the definition does not tell them apart. */
export function shown<S, M extends Message, E extends DomainEvent, V>(
  definition: AnyDefinition<S, M, E, V>,
  told: object,
  revealed: boolean,
): Json {
  if (revealed) return plainJson(told);
  return definition.redact === undefined ? null : plainJson(definition.redact(told as Untimed<M> | E));
}

/** What each entry changed, before and after. */
export async function changesOf<S, M extends Message, E extends DomainEvent, V>(
  reader: HistoryReader,
  definition: AnyDefinition<S, M, E, V>,
  roomId: string,
  range: HistoryRange = {},
): Promise<HistoryPage<Changes> | null> {
  const extent = await extentOf(reader, roomId);
  if (extent === null) return null;
  const { from, limit } = boundsOf(range, extent.anchorSeq);
  const revealed = range.reveal === true || (await isOver(reader, definition, roomId));
  const viewer = viewerFor(revealed);
  const upTo = Math.min(extent.seq, from + limit - 1);
  const items: Changes[] = [];
  let stop: HistoryStop | null = null;
  try {
    for await (const stage of replay(reader, definition, roomId, { from, upTo })) {
      items.push(changesAt(definition, stage, viewer));
    }
  } catch (failure) {
    stop = stopOf(failure, items.at(-1)?.seq ?? from - 1);
  }
  const isMore = stop === null && upTo < extent.seq && (extent.isKnown || items.length > 0);
  return { items, next: isMore ? upTo + 1 : null, revealed, stop };
}

function changesAt<S, M extends Message, E extends DomainEvent, V>(
  definition: AnyDefinition<S, M, E, V>,
  { entry, before, beforeVersion, after, version }: Stage,
  viewer: Viewer,
): Changes {
  const { seq, at } = entry;
  const type = typeOf(objectOf(entry.message));
  const seen = (state: RoomSnapshot<unknown>, of: number): Json =>
    plainJson(definition.view(upcastSnapshot(definition, state, of), viewer));
  if (before === null && seq > 1) return { seq, at, type, changes: null };
  const from = before === null ? undefined : seen(before, beforeVersion);
  return { seq, at, type, changes: changesBetween(from, seen(after, version)) };
}

/**
 * A room as it was after an entry, or at a time.
 * @returns null where there is no such room, or no such entry any more or yet
 * @throws JournalCorrupt, MachineVersionUnknown
 */
export async function stateAt<S, M extends Message, E extends DomainEvent, V>(
  reader: HistoryReader,
  definition: AnyDefinition<S, M, E, V>,
  roomId: string,
  point: { readonly seq: number } | { readonly at: number },
  { reveal = false }: { readonly reveal?: boolean } = {},
): Promise<StateThen<V> | null> {
  const seq = 'seq' in point ? point.seq : await seqAt(reader, roomId, point.at);
  if (seq < 1) return null;
  const room = await recover(reader, definition, roomId, seq);
  if (room?.seq !== seq) return null;
  const revealed = reveal || (await isOver(reader, definition, roomId));
  return { seq, at: room.at, view: definition.view(room.runner.snapshot, viewerFor(revealed)), revealed };
}

/** When an entry was made, ms since the epoch; null where it is not there. */
export async function timeOf(reader: HistoryReader, roomId: string, seq: number): Promise<number | null> {
  const [entry] = await reader.read(roomId, seq, seq);
  return entry?.at ?? null;
}

/** The last entry of a room that was made at `at` or before; 0 where there is none. */
export async function seqAt(reader: HistoryReader, roomId: string, at: number): Promise<number> {
  if (reader.seqAt !== undefined) return reader.seqAt(roomId, at);
  const [head] = await reader.heads([roomId]);
  if (head === undefined) return 0;
  let [low, high] = [head.anchorSeq, head.seq]; // the answer lies from low to high
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    // A missing entry counts as later: what stands behind it can't be reached by replay either.
    if (((await timeOf(reader, roomId, middle)) ?? Number.POSITIVE_INFINITY) <= at) low = middle;
    else high = middle - 1;
  }
  return low === head.anchorSeq ? 0 : low;
}

/** Whether the room's last state hides nothing any more: it is listed as over or closed. */
async function isOver<S, M extends Message, E extends DomainEvent, V>(
  reader: HistoryReader,
  definition: AnyDefinition<S, M, E, V>,
  roomId: string,
): Promise<boolean> {
  try {
    const room = await recover(reader, definition, roomId);
    if (room === null) return false;
    const { snapshot } = room.runner;
    if (definition.isClosed(snapshot)) return true;
    const listed = definition.rows(roomId, null, snapshot, null).find(({ table }) => table === 'rooms');
    return listed?.kind === 'put' && 'status' in listed.values && listed.values.status === 'over';
  } catch (failure) {
    stopOf(failure, 0);
    return false; // nobody knows, so nothing is shown
  }
}

export function viewerFor(revealed: boolean): Viewer {
  return revealed ? 'operator' : 'spectator';
}

export function stopOf(failure: unknown, lastSeq: number): HistoryStop {
  if (failure instanceof JournalCorrupt) return { seq: Math.max(failure.seq, lastSeq + 1), why: failure.message };
  if (failure instanceof MachineVersionUnknown || isDamagedRow(failure)) {
    return { seq: lastSeq + 1, why: (failure as Error).message };
  }
  throw failure;
}

interface Extent {
  readonly anchorSeq: number;
  readonly seq: number; // the last entry
  readonly isKnown: boolean; // false: the head is damaged, and the entries say themselves where they end
}

async function extentOf(reader: HistoryReader, roomId: string): Promise<Extent | null> {
  try {
    const [head] = await reader.heads([roomId]);
    return head === undefined ? null : { anchorSeq: head.anchorSeq, seq: head.seq, isKnown: true };
  } catch (failure) {
    if (!isDamagedRow(failure)) throw failure;
    const [first] = await reader.read(roomId, 1, Number.MAX_SAFE_INTEGER);
    return { anchorSeq: (first?.seq ?? 1) - 1, seq: Number.MAX_SAFE_INTEGER, isKnown: false };
  }
}

function isDamagedRow(failure: unknown): boolean {
  return failure instanceof StoreFailure && failure.code === 'ROW_DAMAGED';
}

function boundsOf(
  { from = 1, limit = PAGE_DEFAULT }: HistoryRange,
  anchorSeq: number,
): { readonly from: number; readonly limit: number } {
  const first = Math.max(1, Math.trunc(from), anchorSeq + 1);
  return { from: first, limit: Math.max(1, Math.min(Math.trunc(limit), HISTORY_PAGE_MAX)) };
}

/** What is stored may be anything where the disk went bad. */
function objectOf(text: string): Readonly<Record<string, unknown>> {
  const value = parsed(text);
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  const value = parsed(text);
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === 'object' && item !== null) as Readonly<Record<string, unknown>>[];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // shown as an action without content; `verify` tells what is wrong with it
  }
}

function typeOf(told: Readonly<Record<string, unknown>>): string {
  return typeof told.type === 'string' ? told.type : 'unreadable';
}
