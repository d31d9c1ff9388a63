import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/**
 * The address that a request came from, '' where it is not known. A proxy that is believed appends to X-Forwarded-For
 * whom it spoke with: what stands in front of that is the client's own claim.
 */
export function clientAddress(c: Context, { trustProxy }: { readonly trustProxy: boolean }): string {
  const forwarded = trustProxy ? c.req.header('X-Forwarded-For')?.split(',').at(-1)?.trim() : undefined;
  // No bindings where no socket stands behind the request, as in a test.
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return forwarded ?? incoming?.socket.remoteAddress ?? '';
}

/** Whether the client came by TLS, itself or to a proxy that is believed. */
export function isOverTls(c: Context, { trustProxy }: { readonly trustProxy: boolean }): boolean {
  const forwarded = trustProxy ? c.req.header('X-Forwarded-Proto')?.split(',')[0]?.trim() : undefined;
  return (forwarded ?? new URL(c.req.url).protocol.slice(0, -1)).toLowerCase() === 'https';
}
