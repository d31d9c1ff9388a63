import type { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { QueryService } from '../../actors/query-service.js';
import type { AuditRow } from '../../persistence/rows.js';
import type { OperationContext } from '../operations/operation.js';
import type { AdminEnv } from './admin-access.js';
import { pageOf, pageQuery, queryOf, yesNo } from './query.js';

const mail = pageQuery.extend({
  room: z.string().max(100).optional(), // its id
  reveal: yesNo.prefault('false'), // messages whole
});

const games = z.enum(['running', 'over', 'aborted']);

/** Pages of rows: `{"items":[…],"next":"…","damaged":[…]}`; `next` is null at the end. */
export function addAdminListings(admin: Hono<AdminEnv>, { engine, definition, rooms, config }: OperationContext): void {
  const queries = new QueryService({ engine, definition, rooms });

  admin.get('/audit', async (c) => {
    const { items, ...rest } = await engine.select('audit', {}, pageOf(queryOf(c, pageQuery)));
    return c.json({ items: items.map(shownAudit), ...rest });
  });
  admin.get('/config', (c) => c.json({ settings: config?.shown() ?? [] }));
  admin.get('/holds', async (c) => c.json(await queries.holds(pageOf(queryOf(c, pageQuery)))));
  admin.get('/dead-letters', async (c) => {
    const { room = null, reveal, ...page } = queryOf(c, mail);
    return c.json(await queries.deadLetters(room, { reveal, ...pageOf(page) }));
  });
  admin.get('/dead-letters/:id', async (c) => {
    const { reveal } = queryOf(c, z.strictObject({ reveal: yesNo.prefault('false') }));
    return c.json(found(await queries.deadLetter(c.req.param('id').slice(0, 100), { reveal }), 'dead letter'));
  });
  admin.get('/games', async (c) => {
    const { status, ...page } = queryOf(c, pageQuery.extend({ status: games.default('running') }));
    return c.json(await queries.games(status, pageOf(page)));
  });
  admin.get('/players/:player', async (c) => {
    const player = await queries.player(c.req.param('player').slice(0, 100), pageOf(queryOf(c, pageQuery)));
    return c.json(found(player, 'player'));
  });
  admin.get('/inbox', async (c) => {
    const { room = null, reveal, ...page } = queryOf(c, mail);
    return c.json(await queries.inbox(room, { reveal, ...pageOf(page) }));
  });
}

/** @throws HTTPException 404 */
function found<T>(answer: T | null, what: string): T {
  if (answer === null) throw new HTTPException(404, { message: `There is no such ${what}` });
  return answer;
}

function shownAudit({ detail, ...row }: AuditRow) {
  return { ...row, detail: JSON.parse(detail) as unknown };
}
