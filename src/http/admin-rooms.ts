import type { Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { QueryService } from '../../actors/query-service.js';
import type { OperationContext } from '../operations/operation.js';
import { findRoom } from '../operations/rooms-by-name.js';
import type { AdminEnv } from './admin-access.js';
import { pageOf, pageQuery, queryOf, wholeNumber, yesNo } from './query.js';

const seq = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const range = z.strictObject({
  from: seq.prefault('1'),
  limit: pageQuery.shape.limit,
  reveal: yesNo.prefault('false'), // what nobody but an operator may see while the room is played
});
const statuses = z.enum(['waiting', 'playing', 'over', 'closed', 'archived']);

/** Rooms one by one, what happened in them, and their list, the newest first. A room is called by its id or its code. */
export function addAdminRooms(admin: Hono<AdminEnv>, context: OperationContext): void {
  const { rooms, engine, definition } = context;
  const queries = new QueryService({ engine, definition, rooms });

  admin.get('/rooms', async (c) => {
    const { status = null, ...page } = queryOf(c, pageQuery.extend({ status: statuses.optional() }));
    return c.json(await queries.rooms(status, pageOf(page)));
  });
  admin.get('/rooms/:room', async (c) => {
    const roomId = await roomOf(c, context);
    const room = found(await queries.room(roomId), roomId);
    const health = { code: rooms.codeOf(roomId) ?? null, restarts: rooms.restartsOf(roomId) };
    return c.json({ ...room, ...health, memory: rooms.statusOf(roomId) }); // null: on the disk only
  });
  admin.get('/rooms/:room/state', async (c) => {
    const roomId = await roomOf(c, context);
    const { seq: at, reveal } = queryOf(c, z.strictObject({ seq: seq.optional(), reveal: range.shape.reveal }));
    const state =
      at === undefined ? queries.state(roomId, { reveal }) : queries.stateAt(roomId, { seq: at }, { reveal });
    return c.json(found(await state, roomId));
  });
  admin.get('/rooms/:room/game', async (c) => {
    const roomId = await roomOf(c, context);
    const { reveal } = queryOf(c, z.strictObject({ reveal: range.shape.reveal }));
    return c.json(found(await queries.game(roomId, { reveal }), roomId));
  });
  admin.get('/rooms/:room/history', async (c) => {
    const roomId = await roomOf(c, context);
    const asked = queryOf(c, range.extend({ events: z.enum(['types', 'whole']).default('types') }));
    return c.json(found(await queries.actions(roomId, asked), roomId));
  });
  admin.get('/rooms/:room/changes', async (c) => {
    const roomId = await roomOf(c, context);
    return c.json(found(await queries.changes(roomId, queryOf(c, range)), roomId));
  });
}

/** @throws HTTPException 404 */
async function roomOf(c: Context, context: OperationContext): Promise<string> {
  const name = (c.req.param('room') ?? '').slice(0, 100);
  return found(await findRoom(context, name), name);
}

function found<T>(answer: T | null, room: string): T {
  if (answer === null)
    throw new HTTPException(404, { message: `There is no room ${room}, or nothing of it in the journal` });
  return answer;
}
