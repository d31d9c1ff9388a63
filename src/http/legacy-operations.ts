import { HTTPException } from 'hono/http-exception';
import type { JsonObject } from '../operations/operation.js';
import { isOperationName, type OperationName } from '../operations/operations.js';
import { perform } from '../operations/perform.js';
import { actorOf, parametersOf } from './admin.js';
import type { LegacyAnswer, LegacyContext, LegacyDeps } from './legacy-answer.js';

const HOURS_DEFAULT = '24';
const HOURS_MAX = 720;

/** `POST /api/recovery/trigger/:procedure`: a procedure is an operation, and its context the parameters. */
export const trigger: LegacyAnswer = async (c, deps) => {
  const procedure = (c.req.param('procedure') ?? '').slice(0, 100).replaceAll('_', '-');
  if (!isOperationName(procedure)) throw new HTTPException(404, { message: `There is no procedure ${procedure}` });
  const context = await parametersOf(c);
  const result = await performed(c, deps, procedure, context);
  return c.json({ success: true, procedure, context, triggered: true, result });
};

/** `POST /api/event-store/cleanup`: closed rooms that are older move to their archive files; nothing is lost. */
export const cleanup: LegacyAnswer = async (c, deps) => {
  const hours = hoursOf(c.req.query('older_than_hours') ?? HOURS_DEFAULT);
  const { archived, entries } = await performed(c, deps, 'archive', { olderThanHours: hours });
  return c.json({
    success: true,
    deleted_events: entries ?? 0,
    older_than_hours: hours,
    cleanup_completed: true,
    archived_rooms: archived ?? 0,
  });
};

function performed(
  c: LegacyContext,
  { context }: LegacyDeps,
  name: OperationName,
  given: unknown,
): Promise<JsonObject> {
  return perform(context, name, given, actorOf(c));
}

/** @throws HTTPException 400 with the existing system's sentences, 422 for what is no number */
function hoursOf(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new HTTPException(422, { message: 'older_than_hours: must be a whole number' });
  const hours = Number(text);
  if (hours < 1) throw new HTTPException(400, { message: 'older_than_hours must be at least 1' });
  if (hours > HOURS_MAX) throw new HTTPException(400, { message: 'older_than_hours cannot exceed 720 (30 days)' });
  return hours;
}
