import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An error as RFC 9457 writes it; `detail` holds the text that the existing system answers. */
export function problem(c: Context, status: ContentfulStatusCode, detail: string): Response {
  const body = problemBody(status, detail);
  return c.body(body, status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)), // else it would be packed, which costs more than all the rest
    'Cache-Control': 'no-store',
  });
}

export function problemBody(status: number, detail: string): string {
  return JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, detail });
}
