import type { Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import { findRoom } from '../operations/rooms-by-name.js';
import { marksOf } from '../visualizer/marks.js';
import type { Eye, RoomPast, ShownSource } from '../visualizer/room-past.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import type { AdminEnv } from './admin-access.js';
import { queryOf, wholeNumber, yesNo } from './query.js';
import { answer, found } from './visualizer-answer.js';

const SEQ_MAX = Number.MAX_SAFE_INTEGER;
const seq = wholeNumber(1, SEQ_MAX);
export const reveal = yesNo.prefault('false');
const revealing = z.strictObject({ reveal });
const eye = z
  .enum(['spectator', 'operator', '0', '1', '2', '3'])
  .prefault('spectator')
  .transform((text): Eye => (text === 'spectator' || text === 'operator' ? text : (Number(text) as Eye)));

const timelineQuery = revealing.extend({
  from: z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be the number of an entry, or below 0 that many of the last')
    .transform(Number)
    .prefault('1'),
  limit: wholeNumber(1, 500).prefault('100'),
});
const stateQuery = revealing.extend({
  as: eye,
  seq: seq.optional(),
  at: wholeNumber(0, SEQ_MAX).optional(),
});
const statesQuery = revealing.extend({ as: eye, from: seq.prefault('1'), limit: wholeNumber(1, 100).prefault('50') });
const framesQuery = revealing.extend({ as: eye, seq });

/** Where a group of paths finds what it is asked about. */
export interface Subject {
  /** @throws HTTPException 404 */
  readonly source: (c: Context, reveal: boolean) => Promise<ShownSource>;
  readonly what: string; // for sentences: "room", "sandbox"
}

export function addVisualizerRooms(api: Hono<AdminEnv>, visualizer: Visualizer): void {
  const source = (c: Context, reveal: boolean) => roomSource(visualizer, c, reveal);
  api.get('/chart', (c) => answer(c, chartOf(visualizer.past, visualizer.ports.definition)));
  api.get('/rooms/:room', async (c) => {
    const query = queryOf(c, revealing);
    const asked = await source(c, query.reveal);
    const overview = await visualizer.overview(asked, query.reveal ? 'operator' : 'spectator');
    return answer(c, found(overview, `room ${asked.roomId}`));
  });
  addPast(api, '/rooms/:room', () => visualizer.past, { source, what: 'room' });
  api.get('/rooms/:room/refusals', async (c) => {
    const { roomId, revealed } = await source(c, queryOf(c, revealing).reveal);
    const { total, newest } = visualizer.recorder.refusalsOf(roomId);
    const items = newest.map((refusal) => ({
      ...refusal,
      message: visualizer.shower.redacted(refusal.message, revealed),
    }));
    return answer(c, { total, items });
  });
  api.get('/rooms/:room/chart', async (c) => {
    const asked = await source(c, false);
    const { counts } = visualizer.recorder.refusalsOf(asked.roomId);
    return answer(c, await chartWithCounts(visualizer.past, visualizer.ports.definition, asked, counts));
  });
  api.get('/rooms/:room/marks', async (c) => {
    const asked = await source(c, queryOf(c, revealing).reveal);
    return answer(c, { items: await marksOf(visualizer, asked) });
  });
}

/** What is asked of a journal's past, of a room's and of a sandbox's alike. */
export function addPast(
  api: Hono<AdminEnv>,
  base: string,
  pastOf: (c: Context) => RoomPast,
  { source, what }: Subject,
): void {
  api.get(`${base}/timeline`, async (c) => {
    const { from, limit, reveal } = queryOf(c, timelineQuery);
    return answer(c, found(await pastOf(c).timeline(await source(c, reveal), from, limit), `journal of that ${what}`));
  });
  api.get(`${base}/state`, async (c) => {
    const { as, seq, at, reveal } = queryOf(c, stateQuery);
    if (seq !== undefined && at !== undefined) throw new HTTPException(400, { message: 'seq or at, not both' });
    const asked = await source(c, reveal);
    mayBeSeen(asked, as);
    const point = seq !== undefined ? { seq } : at !== undefined ? { at } : undefined;
    return answer(c, found(await pastOf(c).state(asked, as, point), 'such entry'));
  });
  api.get(`${base}/states`, async (c) => {
    const { as, from, limit, reveal } = queryOf(c, statesQuery);
    const asked = await source(c, reveal);
    mayBeSeen(asked, as);
    return answer(c, found(await pastOf(c).states(asked, as, from, limit), `journal of that ${what}`));
  });
  api.get(`${base}/frames`, async (c) => {
    const { as, seq, reveal } = queryOf(c, framesQuery);
    if (as === 'operator') throw new HTTPException(400, { message: 'as: nobody is sent everything' });
    const asked = await source(c, reveal);
    mayBeSeen(asked, as);
    const seen = found(await pastOf(c).frames(asked, as === 'spectator' ? null : as, seq), 'such entry');
    return answer(c, { seq, as: String(as), revealed: asked.revealed, ...seen });
  });
}

/** @throws HTTPException 403 for the hands of a game that runs */
export function mayBeSeen({ revealed }: ShownSource, as: Eye): void {
  if (as === 'spectator' || revealed) return;
  throw new HTTPException(403, { message: 'Hidden: the game runs; reveal=true shows its hands' });
}

function chartOf({ shower }: RoomPast, { name, version }: LiapTui) {
  const { states, transitions, initial } = shower.chart();
  return { machine: { name, version }, states, initial, transitions };
}

export async function chartWithCounts(
  past: RoomPast,
  definition: LiapTui,
  source: ShownSource,
  refusals: readonly object[],
): Promise<object> {
  const { through, states, transitions, last } = await past.tally(source);
  return {
    ...chartOf(past, definition),
    counts: { through, states, transitions, refusals },
    current: last?.to ?? null,
    last,
  };
}

/** @throws HTTPException 404 */
export async function roomSource(visualizer: Visualizer, c: Context, reveal: boolean) {
  const name = (c.req.param('room') ?? '').slice(0, 100);
  const roomId = found(await findRoom(visualizer.ports, name), `room ${name}`);
  return visualizer.source(roomId, reveal);
}
