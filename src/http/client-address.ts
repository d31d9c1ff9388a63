import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { type Peer, peerOf } from '../limits/peer.js';

/** Whom limits by address count a request for. */
export function peerOfRequest(c: Context, { trustProxy }: { readonly trustProxy: boolean }): Peer {
  // No bindings where no socket stands behind the request, as in a test.
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return peerOf(incoming?.socket.remoteAddress, trustProxy ? c.req.header('X-Forwarded-For') : undefined);
}

/** The key of limits by address, '' where no address is known. */
export function clientAddress(c: Context, options: { readonly trustProxy: boolean }): string {
  return peerOfRequest(c, options).address;
}

/** Whether the client came by TLS, itself or to a proxy that is believed. */
export function isOverTls(c: Context, { trustProxy }: { readonly trustProxy: boolean }): boolean {
  const forwarded = trustProxy ? c.req.header('X-Forwarded-Proto')?.split(',')[0]?.trim() : undefined;
  return (forwarded ?? new URL(c.req.url).protocol.slice(0, -1)).toLowerCase() === 'https';
}
