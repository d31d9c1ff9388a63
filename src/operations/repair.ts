import { recover } from '../../actors/recovery.js';
import type { JsonObject, Performance } from './operation.js';

/** Replays a room and puts sound snapshots in place of damaged ones. @throws JournalCorrupt */
export async function repairRoom({ engine, definition }: Performance, roomId: string): Promise<JsonObject> {
  const recovered = await recover(engine, definition, roomId);
  return { room: roomId, damaged: recovered?.damaged.map(({ seq, why }) => `${seq}: ${why}`) ?? [] };
}
