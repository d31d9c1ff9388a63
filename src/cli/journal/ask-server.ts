import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { StoreFailure } from '../../../persistence/journal.js';
import { readServerFile } from '../../http/server-file.js';
import type { JsonObject } from '../../operations/operation.js';
import type { OperationName } from '../../operations/operations.js';
import { BadArgument, Refused } from './exit.js';
import type { Tool } from './tool.js';

const problem = z.object({ detail: z.string().optional(), title: z.string().optional() });
const answered = z.object({ ok: z.boolean().optional() }).catchall(z.json());

/**
 * Has the server that holds the data folder do an operation.
 * @param locked what says that somebody holds it
 * @throws Refused with a sentence that says what to do; BadArgument, StoreFailure where the server answers so
 */
export async function askServer(
  tool: Tool,
  name: OperationName,
  params: JsonObject,
  locked: Error,
): Promise<JsonObject> {
  const url = urlOf(tool, locked);
  const token = tokenOf(tool);
  let response: Response;
  try {
    response = await tool.fetch(new URL(`/api/admin/operations/${name}`, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
  } catch (cause) {
    throw new Refused(`${locked.message} The server should answer at ${url}, and nobody does there.`, { cause });
  }
  const body: unknown = await response.json().catch(() => null); // what is no JSON has nothing to say to us
  if (response.ok) {
    const { ok: _, ...result } = answered.parse(body ?? {});
    return result;
  }
  const { detail, title } = problem.catch({}).parse(body);
  const sentence = detail ?? title ?? `it answered ${response.status}`;
  if (response.status === 401 || response.status === 403) {
    throw new Refused(
      `The server at ${url} refuses the admin token: ${sentence}. Set ADMIN_TOKEN to the server's own.`,
    );
  }
  if (response.status === 400 || response.status === 404) throw new BadArgument(`The server says: ${sentence}`);
  if (response.status === 503) throw new StoreFailure('failed', 'STORE_AWAY', `The server says: ${sentence}`);
  throw new Refused(`The server says: ${sentence}`);
}

function urlOf({ dataDir }: Tool, locked: Error): string {
  const address = readServerFile(dataDir);
  if (address !== null) return address.url;
  throw new Refused(
    `${locked.message} No server.json in the folder says where that process could be asked, so it must end first.`,
  );
}

function tokenOf({ dataDir, environment }: Tool): string {
  const given = environment['ADMIN_TOKEN']?.trim();
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync(join(dataDir, 'admin.token'), 'utf8').trim();
  } catch (cause) {
    throw new Refused(
      'A server uses the data folder, and asking it needs its admin token: set ADMIN_TOKEN, or run this as the user who may read admin.token in that folder.',
      { cause },
    );
  }
}
