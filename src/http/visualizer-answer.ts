import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { jsonBody } from './json-body.js';

/** Of every answer; members may be added under the same number, none changes its meaning. */
const VERSION = 1;

export function answer(c: Context, body: object, status: 200 | 201 = 200): Response {
  return c.json({ version: VERSION, ...body }, status, { 'Cache-Control': 'no-store' });
}

/** @throws HTTPException 404 */
export function found<T>(wanted: T | null, what: string): T {
  if (wanted === null) throw new HTTPException(404, { message: `There is no ${what}` });
  return wanted;
}

/** @throws HTTPException 400 for a body that is no JSON of that shape */
export async function jsonOf<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const body = await jsonBody(c);
  if (body === undefined) throw new HTTPException(400, { message: 'The body is not JSON' });
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new HTTPException(400, { message: `${where === '' ? '' : `${where}: `}${issue?.message ?? 'wrong body'}` });
}
