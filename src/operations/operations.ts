import { z } from 'zod';
import { OperationRefused } from '../../actors/operation-refused.js';
import { ConfigError } from '../config.js';
import { type ConfigChange, type LiveConfig, whyNotLive } from '../live-config.js';
import { archiveDue, archiveOne } from './archiving.js';
import { compactRooms } from './compaction.js';
import { importFile } from './importing.js';
import {
  type JsonObject,
  type Operation,
  operation,
  OperationInvalid,
  type Performance,
  TargetUnknown,
} from './operation.js';
import { backupPath } from './operation-files.js';
import { repairAll, repairRoom } from './repair.js';
import { findRoom } from './rooms-by-name.js';

const name = z.string().min(1).max(100);
const file = z.string().min(1).max(1_000);
const why = z.string().max(500).default('an operator asked for it');
const entryOrTime = z.union([z.int().min(1), z.iso.datetime({ offset: true })], {
  error: 'must be the number of an entry, or a time such as 2030-01-31T12:00:00Z',
});

/** As a configuration file has them. What only a start takes may be a secret, and is refused before the audit repeats it. */
const liveValues = z
  .record(z.string(), z.union([z.string().max(1_000), z.number(), z.boolean()]).nullable())
  .superRefine((values, context) => {
    for (const given of Object.keys(values)) {
      const why = whyNotLive(given);
      if (why !== null) context.addIssue({ code: 'custom', message: why });
    }
  })
  .transform((values) =>
    Object.fromEntries(Object.entries(values).map(([given, value]) => [given, value === null ? null : String(value)])),
  );

const HOUR_MS = 3_600_000;

const nothing = z.strictObject({});
const oneRoom = z.strictObject({ room: name.describe('id or six-character code') });
const oneLetter = z.strictObject({ id: name.describe('id of the dead letter') });

/** What operators can do, by name: over HTTP, and with the journal tool while no server runs. */
export const OPERATIONS = {
  pause: operation(
    'Stops a room: what players send waits on the disk until it is resumed.',
    oneRoom.extend({ why }),
    async (performance, { room, why }) => {
      const roomId = await mustFind(performance, room);
      await performance.rooms.operations.pause(roomId, why);
      return { room: roomId };
    },
  ),
  resume: operation('Ends the pause or the quarantine of a room.', oneRoom, async (performance, { room }) => {
    const roomId = await mustFind(performance, room);
    await performance.rooms.operations.resume(roomId);
    return { room: roomId };
  }),
  'pause-all': operation('Stops every room.', z.strictObject({ why }), async ({ rooms }, { why }) => {
    await rooms.operations.pauseAll(why);
    return {};
  }),
  'resume-all': operation('Ends the pause of every room.', nothing, async ({ rooms }) => {
    await rooms.operations.resumeAll();
    return {};
  }),
  restart: operation('Rebuilds a room from its journal.', oneRoom, async (performance, { room }) => {
    const roomId = await mustFind(performance, room);
    await performance.rooms.operations.restartRoom(roomId);
    return { room: roomId };
  }),
  close: operation(
    'Closes a room: its players are told, and its history stays.',
    oneRoom,
    async (performance, { room }) => {
      const roomId = await mustFind(performance, room);
      await performance.rooms.operations.close(roomId);
      return { room: roomId };
    },
  ),
  snapshot: operation('Writes a snapshot of a room.', oneRoom, async (performance, { room }) => {
    const roomId = await mustFind(performance, room);
    await performance.rooms.operations.snapshotRoom(roomId);
    const [head] = await performance.engine.heads([roomId]);
    return { room: roomId, seq: head?.snapshotSeq ?? 0 };
  }),
  restore: operation(
    'Sets a room back to the state after one of its entries, or at a time, by an entry of its own.',
    oneRoom.extend({ to: entryOrTime.describe('number of an entry, or an ISO time') }),
    async (performance, { room, to }) => {
      const roomId = await mustFind(performance, room);
      const toSeq = typeof to === 'number' ? to : await performance.engine.seqAt(roomId, Date.parse(to));
      if (toSeq === 0) throw new OperationRefused(`Room ${roomId} has no entry that was made at ${to} or before`);
      const { seq } = await performance.rooms.operations.restore(roomId, toSeq);
      return { room: roomId, to: toSeq, seq };
    },
  ),
  'dead-letter-retry': operation(
    'Gives a dead letter to its room once more.',
    oneLetter,
    async (performance, { id }) => {
      await mustFindLetter(performance, id);
      return { id, outcome: await performance.rooms.operations.retryDeadLetter(id) };
    },
  ),
  'dead-letter-drop': operation('Removes a dead letter.', oneLetter, async (performance, { id }) => {
    await mustFindLetter(performance, id);
    await performance.rooms.operations.dropDeadLetter(id);
    return { id };
  }),
  compact: operation(
    'Removes entries in front of the newest snapshots, of one room or of all open ones.',
    z.strictObject({ room: name.optional(), keepSnapshots: z.int().min(2).max(1_000).default(2) }),
    async (performance, { room, keepSnapshots }) => {
      const roomId = room === undefined ? null : await mustFind(performance, room);
      return compactRooms({ ...performance, keepSnapshots }, roomId, performance.progress);
    },
  ),
  archive: operation(
    'Moves a closed room to its archive file; without a room, all that are old enough.',
    z
      .strictObject({
        room: name.optional(),
        olderThanHours: z
          .int()
          .min(1)
          .max(100 * 24 * 366)
          .optional(),
      })
      .refine(({ room, olderThanHours }) => room === undefined || olderThanHours === undefined, {
        error: 'room or olderThanHours, not both',
      }),
    async (performance, { room, olderThanHours }) => {
      if (room === undefined) {
        const { retentionMs, progress } = performance;
        const oldMs = olderThanHours === undefined ? retentionMs : olderThanHours * HOUR_MS;
        return { ...(await archiveDue({ ...performance, retentionMs: oldMs }, progress)) };
      }
      const roomId = await mustFind(performance, room);
      const row = await performance.engine.row('rooms', roomId);
      if (row?.status !== 'closed') {
        throw new OperationRefused(`Room ${roomId} is ${row?.status ?? 'in no list'}: only closed rooms are archived`);
      }
      return { room: roomId, file: await archiveOne(performance, row) };
    },
  ),
  backup: operation(
    'Writes a consistent copy of the database while it is in use.',
    z.strictObject({ file: file.optional() }),
    async (performance, params) => {
      const { engine, now, progress } = performance;
      const to = await backupPath(performance, params.file, now());
      await engine.backup(to, (done) => progress(done, `${Math.floor(done * 100)} % copied`));
      return { file: to };
    },
  ),
  repair: operation(
    'Makes anew what entries prove wrong: snapshots and rows, of one room or of all.',
    z.strictObject({ room: name.optional() }),
    async (performance, { room }) =>
      room === undefined ? repairAll(performance) : repairRoom(performance, await mustFind(performance, room)),
  ),
  import: operation(
    'Takes a room from its file into the journal; one that was not closed comes paused.',
    z.strictObject({ file }),
    (performance, params) => importFile(performance, params.file),
  ),
  'reload-config': operation(
    'Reads CONFIG_FILE anew; what only a start can take waits for the next one.',
    nothing,
    ({ config }) => changed(config, (live) => live.reload(), OperationRefused),
  ),
  configure: operation(
    'Sets values above those of file and environment until the server ends; null takes one back.',
    z.strictObject({ set: liveValues }),
    ({ config }, { set }) => changed(config, (live) => live.configure(set), OperationInvalid),
  ),
  'revoke-admin-cookies': operation(
    'Ends all cookies of browsers that were let in by a token, and their streams.',
    nothing,
    ({ cookies }) => {
      if (cookies === null) {
        return Promise.reject(new OperationRefused('No server runs here; admin-cookies.key is what you may remove'));
      }
      cookies.revoke();
      return Promise.resolve({});
    },
  ),
  'rebuild-statistics': operation("Makes the players' sums anew from finished games.", nothing, async ({ engine }) => ({
    corrected: await engine.rebuildPlayers(),
  })),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

export function isOperationName(text: string): text is OperationName {
  return Object.hasOwn(OPERATIONS, text);
}

async function mustFind(performance: Performance, room: string): Promise<string> {
  const roomId = await findRoom(performance, room);
  if (roomId === null) throw new TargetUnknown(`There is no room ${room}`);
  return roomId;
}

async function mustFindLetter({ engine }: Performance, id: string): Promise<void> {
  if ((await engine.row('deadLetters', id)) === null) throw new TargetUnknown(`There is no dead letter ${id}`);
}

/** @throws OperationRefused where no server runs, and `Refusal` for values that can't be: nothing has changed */
function changed(
  config: LiveConfig | null,
  take: (live: LiveConfig) => ConfigChange,
  Refusal: typeof OperationRefused | typeof OperationInvalid,
): Promise<JsonObject> {
  return new Promise((resolve) => {
    if (config === null) throw new OperationRefused('No server runs here whose configuration could change');
    try {
      resolve({ ...take(config) });
    } catch (failure) {
      throw failure instanceof ConfigError ? new Refusal(failure.message, { cause: failure }) : failure;
    }
  });
}
