import { stream } from 'hono/streaming';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { type Action } from '../../actors/history.js';
import { QUERY_PAGE_MAX, QueryService } from '../../actors/query-service.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { verifyRoom } from '../../actors/verification.js';
import { upcastEvent } from '../../actors/versions.js';
import { roomFileLines } from '../../persistence/room-file.js';
import type { OperationContext } from '../operations/operation.js';
import { findRoom } from '../operations/rooms-by-name.js';
import { wirePieces } from '../protocol/wire.js';
import type { LegacyAnswer, LegacyContext, LegacyDeps } from './legacy-answer.js';
import { legacyQuery, wholeNumber, yesNo } from './query.js';

const EVENTS_DEFAULT = '100';
/** Entries that are looked through for turns: about a hundred rounds. */
const ENTRIES_MAX = 10_000;
const ENTRIES_AT_ONCE = 500;

const limit = wholeNumber(1, QUERY_PAGE_MAX).prefault(EVENTS_DEFAULT);
const eventsQuery = z.object({ limit, reveal: yesNo.prefault('false') });
const debugEventsQuery = eventsQuery.extend({ event_type: z.string().max(100).optional() });
const exportQuery = z.object({ reveal: yesNo.prefault('false') });
const turnsQuery = z.object({
  turn_number: wholeNumber(1, 100).optional(),
  player_name: z.string().max(100).optional(),
});
const roomStatsQuery = z.object({ room_id: z.string().max(100).optional() });

export const roomState: LegacyAnswer = async (c, { context }) => {
  const { roomId, name } = await roomOf(c, context);
  const state = await queriesOf(context).state(roomId, { reveal: true });
  if (state === null) throw notFound();
  return c.json({
    success: true,
    room_id: name,
    state_source: context.rooms.statusOf(roomId) === null ? 'reconstructed' : 'live',
    state: shownState(state.view),
    recovery_info: { latest_sequence: state.seq, hold: context.rooms.holdOf(roomId)?.kind ?? null, stop: state.stop },
  });
};

export const roomEvents: LegacyAnswer = async (c, deps) => {
  const query = legacyQuery(c, eventsQuery);
  const { name, events } = await eventsOf(c, deps, 0, query);
  return c.json({
    success: true,
    room_id: name,
    event_count: events.length,
    events,
    analysis: {
      first_event: events[0] ?? null,
      last_event: events.at(-1) ?? null,
      event_types: countsOf(events.map(({ event_type }) => event_type)),
    },
  });
};

export const roomEventsSince: LegacyAnswer = async (c, deps) => {
  const since = sinceOf(c);
  const { name, events, latest, hasMore } = await eventsOf(c, deps, since, legacyQuery(c, eventsQuery));
  return c.json({
    success: true,
    room_id: name,
    since_sequence: since,
    event_count: events.length,
    events,
    recovery_info: { latest_sequence: latest, has_more_events: hasMore },
  });
};

export const debugEvents: LegacyAnswer = async (c, deps) => {
  const query = legacyQuery(c, debugEventsQuery);
  const { name, events } = await eventsOf(c, deps, 0, query);
  return c.json({ success: true, room_id: name, event_count: events.length, events });
};

export const debugEventsSince: LegacyAnswer = async (c, deps) => {
  const since = sinceOf(c);
  const { name, events } = await eventsOf(c, deps, since, legacyQuery(c, eventsQuery));
  return c.json({ success: true, room_id: name, since_sequence: since, event_count: events.length, events });
};

export const debugReplay: LegacyAnswer = async (c, { context }) => {
  const { roomId, name } = await roomOf(c, context);
  const [head] = await context.engine.heads([roomId]);
  const then = await queriesOf(context).stateAt(roomId, { seq: head?.seq ?? 0 }, { reveal: true });
  if (then === null) throw notFound();
  const isWhole = then.kind === 'state';
  return c.json({
    success: isWhole,
    room_id: name,
    events_replayed: isWhole ? then.seq : 0,
    state: shownState(isWhole ? then.view : null),
    stop: isWhole ? null : then.stop,
  });
};

export const debugExport: LegacyAnswer = async (c, { context }) => {
  const { roomId, name } = await roomOf(c, context);
  const { reveal } = legacyQuery(c, exportQuery);
  const { engine, now } = context;
  if ((await engine.heads([roomId])).length === 0) throw notFound();
  const row = await engine.row('rooms', roomId);
  if (!reveal && (row === null || row.status === 'waiting' || row.status === 'playing')) {
    throw new HTTPException(403, { message: 'Hidden: the game runs; reveal=true shows its hands and its seed' });
  }
  c.header('Content-Type', 'application/x-ndjson');
  c.header('Content-Disposition', `attachment; filename="room-${name.replaceAll(/[^\w-]/g, '')}.jsonl"`);
  return stream(c, async (out) => {
    for await (const text of roomFileLines(engine, roomId, now())) await out.write(text);
  });
};

interface Turn {
  readonly round: number;
  readonly turn_number: number;
  readonly sequence: number;
  readonly winner: string;
  readonly plays: readonly {
    readonly player: string;
    readonly pieces: readonly string[];
    readonly play_type: string;
  }[];
}

export const debugTurns: LegacyAnswer = async (c, { context }) => {
  const { roomId, name } = await roomOf(c, context);
  const { turn_number: number, player_name: player } = legacyQuery(c, turnsQuery);
  const state = await queriesOf(context).state(roomId);
  if (state === null) throw notFound();
  const names = (state.view?.seats ?? []).map((seat, index) => seat?.name ?? `seat ${index}`);
  const turns: Turn[] = [];
  for await (const turn of turnsOf(context, roomId, (seat) => names[seat] ?? `seat ${seat}`)) {
    if (number !== undefined && turn.turn_number !== number) continue;
    if (player === undefined || turn.plays.some((play) => play.player === player)) turns.push(turn);
  }
  return c.json({ success: true, room_id: name, turn_count: turns.length, turns });
};

export const debugValidate: LegacyAnswer = async (c, { context }) => {
  const { roomId, name } = await roomOf(c, context);
  return c.json({ success: true, room_id: name, validation: await validationOf(context, roomId) });
};

export const debugRoomStats: LegacyAnswer = async (c, deps) => {
  const { context, clock, census } = deps;
  const { room_id: asked } = legacyQuery(c, roomStatsQuery);
  const { rooms, games, players } = await census();
  const stats = { total_rooms: rooms, active_games: games, total_players: players, ...context.rooms.counts };
  const common = { timestamp: clock.nowMs() / 1000, stats };
  if (asked === undefined) return c.json(common);
  const roomId = await findRoom(context, asked);
  if (roomId === null) throw notFound();
  const room_validation = await validationOf(context, roomId);
  return c.json({ ...common, room_validation, room_summary: await queriesOf(context).room(roomId) });
};

const queriesOf = ({ engine, definition, rooms }: OperationContext) => new QueryService({ engine, definition, rooms });

const notFound = () => new HTTPException(404, { message: 'Room not found' });

/** @param c whose path names the room by its code or its id @throws HTTPException 404 */
async function roomOf(c: LegacyContext, context: OperationContext) {
  const name = (c.req.param('room') ?? '').slice(0, 100);
  const roomId = await findRoom(context, name);
  if (roomId === null) throw notFound();
  return { roomId, name };
}

/** @throws HTTPException 400, 422 */
function sinceOf(c: LegacyContext): number {
  const text = c.req.param('since') ?? '';
  if (/^-\d+$/.test(text)) throw new HTTPException(400, { message: 'Sequence number must be non-negative' });
  if (!/^\d{1,15}$/.test(text)) throw new HTTPException(422, { message: 'since: must be a whole number' });
  return Number(text);
}

/** Entries as the existing system shows its events: what was done, and what came of it in `payload`. */
async function eventsOf(
  c: LegacyContext,
  { context }: LegacyDeps,
  since: number,
  { limit, reveal, event_type }: z.output<typeof eventsQuery> & { readonly event_type?: string | undefined },
) {
  const { roomId, name } = await roomOf(c, context);
  const page = await queriesOf(context).actions(roomId, { from: since + 1, limit, reveal, events: 'whole' });
  if (page === null) throw notFound();
  const [head] = await context.engine.heads([roomId]);
  const wanted = page.items.filter(({ type }) => event_type === undefined || type === event_type);
  const events = wanted.map((action) => shownEvent(action, name));
  return { name, events, latest: head?.seq ?? 0, hasMore: page.next !== null };
}

function shownEvent({ seq, at, type, name, seat, message, events, outcome }: Action, room: string) {
  return {
    sequence: seq,
    room_id: room,
    event_type: type,
    payload: { outcome, message, events },
    player_id: name ?? (seat === null ? null : String(seat)),
    timestamp: at / 1000,
    created_at: new Date(at).toISOString(),
  };
}

function shownState(view: RoomView | null) {
  const game = view?.game ?? null;
  return {
    phase: view?.phase ?? null,
    players: (view?.seats ?? []).flatMap((seat, index) =>
      seat === null ? [] : [{ name: seat.name, is_bot: seat.isBot, hand: wirePieces(game?.hands[index] ?? []) }],
    ),
    round_number: game?.round ?? 0,
    game_active: game !== null && game.endedAt === null,
  };
}

async function* turnsOf(context: OperationContext, roomId: string, nameOf: (seat: number) => string) {
  const { engine, definition } = context;
  let round = 0;
  for (let from = 1, seen = 0; seen < ENTRIES_MAX; ) {
    const entries = await engine.read(roomId, from, from + ENTRIES_AT_ONCE - 1);
    if (entries.length === 0 && from > 1) return;
    for (const { seq, events, machineVersion } of entries) {
      for (const stored of JSON.parse(events) as unknown[]) {
        const event: RoomEvent = upcastEvent(definition, stored, machineVersion);
        if (event.type === 'roundStarted') round = event.round;
        if (event.type !== 'turnWon') continue;
        const plays = event.plays.map(({ seat, pieces, type }) => ({
          player: nameOf(seat),
          pieces: wirePieces(pieces),
          play_type: type,
        }));
        yield { round, turn_number: event.number, sequence: seq, winner: nameOf(event.winner), plays } satisfies Turn;
      }
    }
    seen += entries.length;
    if (entries.length < ENTRIES_AT_ONCE) return;
    from = entries.at(-1)!.seq + 1;
  }
}

async function validationOf({ engine, definition }: OperationContext, roomId: string) {
  const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
  const { kind, seq, restoreBefore, sentences } = await verifyRoom(engine, definition, roomId, { breathe });
  return {
    valid: kind === 'sound' || kind === 'repaired',
    verdict: kind,
    events: seq,
    restoreBefore,
    issues: sentences,
  };
}

function countsOf(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}
