import type { MiddlewareHandler } from 'hono';
import { bodyLimit as countedLimit } from 'hono/body-limit';
import { problem } from './problem.js';

/**
 * A longer body is answered by 413 before it is read. One that tells its length, which Node holds it to, is judged here by
 * that alone: Hono's own limit asks for the body first, which makes a request and a stream of what came.
 * @param detail of the problem
 */
export function bodyLimit(bytesMax: number, detail: string): MiddlewareHandler {
  const counted = countedLimit({ maxSize: bytesMax, onError: (c) => problem(c, 413, detail) });
  return async (c, next) => {
    const length = c.req.header('content-length');
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return counted(c, next);
    if (!(Number(length) <= bytesMax)) return problem(c, 413, detail);
    return next();
  };
}
