import type { Hono } from 'hono';
import { z } from 'zod';
import { QueryService } from '../../actors/query-service.js';
import type { AuditRow } from '../../persistence/rows.js';
import type { OperationContext } from '../operations/operation.js';
import { pageOf, pageQuery, queryOf, yesNo } from './query.js';

const mail = pageQuery.extend({
  room: z.string().max(100).optional(), // its id
  reveal: yesNo.prefault('false'), // messages whole
});

/** Pages of rows: `{"items":[…],"next":"…","damaged":[…]}`; `next` is null at the end. */
export function addAdminListings(admin: Hono, { engine, definition, rooms, config }: OperationContext): void {
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
  admin.get('/inbox', async (c) => {
    const { room = null, reveal, ...page } = queryOf(c, mail);
    return c.json(await queries.inbox(room, { reveal, ...pageOf(page) }));
  });
}

function shownAudit({ detail, ...row }: AuditRow) {
  return { ...row, detail: JSON.parse(detail) as unknown };
}
