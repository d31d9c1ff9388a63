import type { JournalEngine } from '../../persistence/journal.js';
import type { GameRooms } from '../gateway/gateway.js';

const CODE = /^[0-9A-F]{6}$/i;

/**
 * The room that an operator calls by its id or by its six-character code, whether it is open or closed; archived ones
 * are known by their id alone.
 * @returns its id, or null
 */
export async function findRoom(
  { rooms, engine }: { readonly rooms: GameRooms; readonly engine: JournalEngine },
  name: string,
): Promise<string | null> {
  if (CODE.test(name)) {
    const code = name.toUpperCase();
    return rooms.resolve(code) ?? (await engine.roomByCode(code))?.roomId ?? null;
  }
  if (rooms.codeOf(name) !== undefined) return name;
  const [head] = await engine.heads([name]);
  if (head !== undefined) return name;
  return (await engine.row('rooms', name)) === null ? null : name;
}
