import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { OperationRefused } from '../../actors/operation-refused.js';
import { StoreFailure } from '../../persistence/journal.js';
import { NotAllowed, OperationInvalid, TargetUnknown } from '../operations/operation.js';
import { problem } from './problem.js';

/** What an operator can mend is said in a sentence; everything else is a bug, logged by the server. */
export function answerToFailure(failure: Error, c: Context): Response {
  if (failure instanceof HTTPException) return problem(c, failure.status, failure.message);
  if (failure instanceof OperationInvalid) return problem(c, 400, failure.message);
  if (failure instanceof NotAllowed) return problem(c, 403, failure.message);
  if (failure instanceof TargetUnknown) return problem(c, 404, failure.message);
  if (failure instanceof OperationRefused) return problem(c, 409, failure.message);
  if (failure instanceof StoreFailure) return problem(c, failure.code === 'BAD_CURSOR' ? 400 : 503, failure.message);
  throw failure;
}
