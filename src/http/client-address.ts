import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { believes, type Peer, peerOf } from '../limits/peer.js';
import type { ProxyTrust } from '../limits/trusted-proxies.js';

interface Trusting {
  readonly trustProxy: ProxyTrust;
}

/** Whom limits by address count a request for. */
export function peerOfRequest(c: Context, { trustProxy }: Trusting): Peer {
  return peerOf(remoteAddress(c), c.req.header('X-Forwarded-For'), trustProxy);
}

/** Undefined where no socket stands behind the request, as in a test, or it is gone. */
function remoteAddress(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return incoming?.socket.remoteAddress;
}

/** The key of limits by address, '' where no address is known. */
export function clientAddress(c: Context, options: Trusting): string {
  return peerOfRequest(c, options).address;
}

/** Whether the client came by TLS, itself or to a proxy that is believed. */
export function isOverTls(c: Context, { trustProxy }: Trusting): boolean {
  const isBelieved = believes(trustProxy, remoteAddress(c));
  const forwarded = isBelieved ? c.req.header('X-Forwarded-Proto')?.split(',')[0]?.trim() : undefined;
  return (forwarded ?? new URL(c.req.url).protocol.slice(0, -1)).toLowerCase() === 'https';
}
