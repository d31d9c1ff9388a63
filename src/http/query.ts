import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { QUERY_PAGE_MAX } from '../../actors/query-service.js';

/** A whole number in a URL. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d{1,16}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

export const yesNo = z.enum(['true', 'false']).transform((text) => text === 'true');

/** How a listing is asked for: `?limit=50&after=<next of the page before>`. */
export const pageQuery = z.strictObject({
  limit: wholeNumber(1, QUERY_PAGE_MAX).prefault('50'),
  after: z.string().max(1_000).optional(),
});

/** The page as the store is asked for it. */
export function pageOf({
  after = null,
  limit,
}: {
  readonly after?: string | null | undefined;
  readonly limit: number;
}) {
  return { after, limit };
}

/** @throws HTTPException 400 for a query of another shape */
export function queryOf<S extends z.ZodType>(c: Context, schema: S): z.output<S> {
  return parsed(c, schema, 400);
}

/** As the existing system answers it. @throws HTTPException 422 */
export function legacyQuery<S extends z.ZodType>(c: Context, schema: S): z.output<S> {
  return parsed(c, schema, 422);
}

function parsed<S extends z.ZodType>(c: Context, schema: S, status: 400 | 422): z.output<S> {
  const result = schema.safeParse(c.req.query());
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new HTTPException(status, { message: `${where === '' ? '' : `${where}: `}${issue?.message ?? 'wrong query'}` });
}
