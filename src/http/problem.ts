import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An error as RFC 9457 writes it; `detail` holds the text that the existing system answers. */
export function problem(c: Context, status: ContentfulStatusCode, detail: string): Response {
  const body = { title: STATUS_CODES[status] ?? 'Error', status, detail };
  return c.body(JSON.stringify(body), status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  });
}
