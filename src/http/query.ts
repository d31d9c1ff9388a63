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
  const parsed = schema.safeParse(c.req.query());
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new HTTPException(400, { message: `${where === '' ? '' : `${where}: `}${issue?.message ?? 'wrong query'}` });
}
