import { z } from 'zod';
import { writeRows } from '../../actors/appends.js';
import { uuidV7 } from '../../actors/room-ids.js';
import { OperationRefused } from '../../actors/operation-refused.js';
import { JournalCorrupt } from '../../actors/recovery.js';
import { MachineVersionUnknown } from '../../actors/versions.js';
import { StoreFailure } from '../../persistence/journal.js';
import type { AuditRow } from '../../persistence/rows.js';
import {
  type JsonObject,
  NotAllowed,
  type OperationActor,
  type OperationContext,
  OperationInvalid,
  type Operation,
  type Progress,
} from './operation.js';
import { OPERATIONS, type OperationName } from './operations.js';
import { OPERATION_ROLES } from './roles.js';
import { findRoom } from './rooms-by-name.js';

/** What became of an operation, in the `detail` of its audit row. `begun` stays where the process or the store ended. */
type AuditOutcome = 'begun' | 'done' | 'refused' | 'failed' | 'invalid';

/** Rows that belong to no room travel under this name. */
const AUDIT = 'audit';

/**
 * Does what an operator asks for. Its audit row is on the disk before anything is done: what can't be written down is
 * not done. The outcome follows when it is known.
 * @throws OperationInvalid for parameters that the operation does not take
 * @throws OperationRefused with a sentence for the operator; TargetUnknown where what it names is not there, NotAllowed
 *   where the asker's role may not
 * @throws StoreFailure
 */
export async function perform(
  context: OperationContext,
  name: OperationName,
  given: unknown,
  actor: OperationActor,
  progress: Progress = () => undefined,
): Promise<JsonObject> {
  const operation: Operation = OPERATIONS[name];
  const parsed = operation.params.safeParse(given);
  const params = parsed.success ? parsed.data : {};
  const row = { action: name, target: await targetOf(context, params), at: context.now(), actor };
  const id = uuidV7(row.at, context.random);
  const audit = (outcome: AuditOutcome, more: JsonObject = {}): Promise<boolean> => {
    const { why } = more;
    const level = outcome === 'done' ? 'info' : 'warn';
    if (outcome !== 'begun')
      context.log?.[level]({ operation: name, target: row.target, actor, outcome, why }, 'operation');
    const values: AuditRow = { id, ...row, detail: JSON.stringify({ outcome, params, ...more }) };
    return writeRows(context.writer, AUDIT, [{ kind: 'put', table: 'audit', key: id, values }]);
  };

  if (actor === 'http-operator' && OPERATION_ROLES[name] !== 'operator') {
    const why = `An operator may not ${name}: that needs the admin token`;
    await audit('refused', { why });
    throw new NotAllowed(why);
  }
  if (!parsed.success) {
    const why = sentenceOf(parsed.error);
    await audit('invalid', { why });
    throw new OperationInvalid(why);
  }
  if (!(await audit('begun'))) throw new OperationRefused('The store is away: nothing was done');
  let result: JsonObject;
  try {
    result = await operation.run({ ...context, actor, progress }, params as never);
  } catch (thrown) {
    const failure = asRefusal(thrown);
    const outcome =
      failure instanceof OperationInvalid ? 'invalid' : failure instanceof OperationRefused ? 'refused' : 'failed';
    await audit(outcome, { why: failure instanceof Error ? failure.message : String(failure) });
    throw failure;
  }
  await audit('done', { result });
  return result;
}

/** Codes of a store that could, and for a good reason did not. */
const REFUSALS = ['FILE_EXISTS', 'BACKUP_RUNNING', 'STREAM_OPEN', 'SNAPSHOT_REFUSED'];

/** What is wrong with a room or a file is for the operator to know, and no failure of ours. */
function asRefusal(failure: unknown): unknown {
  const isRefusal =
    failure instanceof JournalCorrupt ||
    failure instanceof MachineVersionUnknown ||
    (failure instanceof StoreFailure && REFUSALS.includes(failure.code));
  return isRefusal ? new OperationRefused(failure.message, { cause: failure }) : failure;
}

/** The id of the room that parameters name, as they name it where there is none, or nothing. */
async function targetOf(context: OperationContext, { room }: { readonly room?: unknown }): Promise<string> {
  return typeof room === 'string' ? ((await findRoom(context, room)) ?? room) : '';
}

/** The first thing that is wrong: 'keepSnapshots: must be …'. */
function sentenceOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  const where = issue?.path.join('.') ?? '';
  return `${where === '' ? '' : `${where}: `}${issue?.message ?? 'the parameters have another shape'}`;
}
