import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An error as RFC 9457 writes it; `detail` holds the text that the existing system answers. */
export function problem(c: Context, status: ContentfulStatusCode, detail: string): Response {
  return c.body(problemBody(status, detail), status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  });
}

export function problemBody(status: number, detail: string): string {
  return JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, detail });
}
