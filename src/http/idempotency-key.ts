import { createHash } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LRUCache } from 'lru-cache';
import { textBody } from './json-body.js';
import { problem } from './problem.js';

const KEY = /^[\x21-\x7e]{1,200}$/;
const KEYS_MAX = 1_000;
const KEPT_MS = 600_000;

interface Answer {
  readonly asked: string; // digest of what was asked under the key
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * A POST that carries `Idempotency-Key` is done once: whoever sends it again, because the answer was lost, gets the same
 * answer, marked by `Idempotent-Replayed`. Answers are kept for ten minutes in this process; after a crash in between,
 * the audit says what was done. What failed on our side may be tried again under the same key.
 */
export function idempotencyKey({ elapsedMs }: { readonly elapsedMs: () => number }): MiddlewareHandler {
  const answers = new LRUCache<string, Answer>({ max: KEYS_MAX, ttl: KEPT_MS, perf: { now: elapsedMs } });
  // Apart from the answers: what runs is neither too old nor pushed out, however long it takes.
  const underWay = new Map<string, string>(); // digest of what was asked, by key
  return async (c, next) => {
    const key = c.req.header('Idempotency-Key');
    if (c.req.method !== 'POST' || key === undefined) return next();
    if (!KEY.test(key)) return problem(c, 400, 'An Idempotency-Key has 1 to 200 printable characters without spaces');
    const asked = createHash('sha256')
      .update(`${c.req.path}\n`)
      .update(await textBody(c))
      .digest('base64');
    const before = answers.get(key);
    const running = underWay.get(key);
    if ((running ?? before?.asked ?? asked) !== asked) {
      return problem(c, 422, 'This Idempotency-Key was sent with another request');
    }
    if (running !== undefined) return problem(c, 409, 'The request with this Idempotency-Key is still under way');
    if (before !== undefined) {
      const { status, type, body } = before;
      return c.body(body, status as ContentfulStatusCode, { 'Content-Type': type, 'Idempotent-Replayed': 'true' });
    }
    underWay.set(key, asked);
    try {
      await next();
      const { status, headers } = c.res;
      if (status < 500) {
        const type = headers.get('Content-Type') ?? '';
        answers.set(key, { asked, status, type, body: await c.res.clone().text() });
      }
    } finally {
      underWay.delete(key);
    }
    return undefined;
  };
}
