import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { problem } from './problem.js';

/** Two hosts in one request are two readings of it, one by us and one by a proxy in front (RFC 9112, 3.2). */
export const oneHost: MiddlewareHandler = async (c, next) => {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  const names = incoming?.rawHeaders.filter((_, index) => index % 2 === 0) ?? [];
  const hosts = names.filter((name) => name.toLowerCase() === 'host').length;
  return hosts > 1 ? problem(c, 400, 'A request has one Host') : next();
};
