import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { isTooDeep } from '../protocol/message-depth.js';

/** @returns what the body says, undefined for an empty one @throws HTTPException 400 */
export async function jsonBody(c: Context): Promise<unknown> {
  const text = await textBody(c);
  if (text === '') return undefined;
  if (isTooDeep(text)) throw new HTTPException(400, { message: 'The body goes too deep' });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HTTPException(400, { message: 'The body is not JSON', cause });
  }
}

/** @throws HTTPException 400 where the connection is lost meanwhile: nobody's fault here */
export async function textBody(c: Context): Promise<string> {
  try {
    return await c.req.text();
  } catch (cause) {
    throw new HTTPException(400, { message: 'The body did not come whole', cause });
  }
}
