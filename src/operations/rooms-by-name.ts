import { QueryService } from '../../actors/query-service.js';
import type { OperationContext } from './operation.js';

const CODE = /^[0-9A-F]{6}$/i;

/**
 * The room that an operator calls by its id or, in any case of its letters, by its six-character code, whether it is
 * open or closed; archived ones are known by their id alone.
 * @returns its id, or null
 */
export function findRoom(
  { engine, definition, rooms }: Pick<OperationContext, 'engine' | 'definition' | 'rooms'>,
  name: string,
): Promise<string | null> {
  return new QueryService({ engine, definition, rooms }).roomId(CODE.test(name) ? name.toUpperCase() : name);
}
