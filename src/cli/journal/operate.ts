import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { systemClock } from '../../../actors/clock.js';
import { DataFolderLocked } from '../../../persistence/sqlite/data-folder-lock.js';
import { journalFile } from '../../../persistence/sqlite/open.js';
import { openSqliteEngine, type SqliteEngine } from '../../../persistence/sqlite/sqlite-engine.js';
import { type OfflinePorts, openOffline } from '../../operations/offline.js';
import type { JsonObject } from '../../operations/operation.js';
import type { OperationName } from '../../operations/operations.js';
import { perform } from '../../operations/perform.js';
import { askServer } from './ask-server.js';
import { BadArgument } from './exit.js';
import type { Tool } from './tool.js';

const DAY_MS = 86_400_000;
const RETENTION_DAYS = '30';

/** Has an operation done. @param online what a server is asked with, where that differs */
export type Operate = (name: OperationName, params: JsonObject, online?: JsonObject) => Promise<JsonObject>;

/**
 * For operations: done here, on the locked data folder, or by the server that holds the folder.
 * @throws Refused, OperationRefused, OperationInvalid, StoreFailure
 */
export async function operating<T>(
  tool: Tool,
  use: (operate: Operate) => Promise<T>,
  { makesJournal = false }: { readonly makesJournal?: boolean } = {},
): Promise<T> {
  const { dataDir, progress } = tool;
  if (!makesJournal && !existsSync(journalFile(dataDir))) {
    throw new BadArgument(`There is no journal in ${dataDir}. Name the server's data folder with --data or DATA_DIR.`);
  }
  let engine: SqliteEngine;
  try {
    engine = await openSqliteEngine({ folder: dataDir });
  } catch (failure) {
    if (!(failure instanceof DataFolderLocked)) throw failure;
    return use((name, params, online = params) => askServer(tool, name, online, failure));
  }
  try {
    const offline = await openOffline(portsOf(tool, engine));
    try {
      return await use((name, params) => perform(offline.context, name, params, 'tool', progress.tell));
    } finally {
      progress.end();
      await offline.stop();
    }
  } finally {
    await engine.close();
  }
}

/** A single one. */
export function operate(tool: Tool, name: OperationName, params: JsonObject): Promise<JsonObject> {
  return operating(tool, (ask) => ask(name, params));
}

/** As the server reads it. @throws BadArgument */
function retentionMs({ environment }: Tool): number {
  const days = environment['RETENTION_DAYS']?.trim() || RETENTION_DAYS;
  if (/^\d{1,5}$/.test(days)) return Number(days) * DAY_MS;
  throw new BadArgument(`RETENTION_DAYS is "${days}", but must be a whole number of days.`);
}

function portsOf(tool: Tool, engine: SqliteEngine): OfflinePorts {
  const { dataDir, definition, err } = tool;
  const tell = (roomId: string, what: string): void => err(`Room ${roomId}: ${what}`);
  return {
    engine,
    dataDir,
    definition,
    clock: systemClock,
    random: randomBytes,
    retentionMs: retentionMs(tool),
    onFailure: (roomId, failure) => tell(roomId, failure instanceof Error ? failure.message : String(failure)),
    onFinding: tell,
  };
}
