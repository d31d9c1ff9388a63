import type { z } from 'zod';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RandomBytes } from '../../actors/room-ids.js';
import { OperationRefused } from '../../actors/operation-refused.js';
import type { JournalEngine, JournalWriter } from '../../persistence/journal.js';
import type { LiveConfig } from '../live-config.js';
import type { GameRooms } from '../gateway/gateway.js';
import type { Log } from '../telemetry/log.js';

/** What operations work on: the parts of a running server, or those that a tool opened on a locked data folder. */
export interface OperationContext {
  readonly rooms: GameRooms;
  readonly engine: JournalEngine;
  readonly writer: JournalWriter;
  readonly definition: LiapTui;
  readonly dataDir: string; // absolute
  readonly now: () => number; // room time, ms since the epoch
  readonly random: RandomBytes;
  readonly retentionMs: number; // closed rooms that nothing happened to for so long are archived
  readonly config: LiveConfig | null; // null where no server runs
  readonly cookies: { readonly revoke: () => void } | null; // of operators' browsers; null where no server runs
  readonly log: Pick<Log, 'info' | 'warn'> | null; // null where no server runs: whoever uses a tool sees what it did
}

/**
 * Who asks: over HTTP the admin or an operator; the tool; a signal, which is the SIGHUP of whoever runs the process. Over
 * HTTP a file is a name inside the data folder: no token opens any other part of the disk.
 */
export type OperationActor = 'http' | 'http-operator' | 'tool' | 'signal';

/** Told between pieces of a long operation. @param done 0 to 1 */
export type Progress = (done: number, text: string) => void;

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };
export type JsonObject = Readonly<Record<string, JsonValue>>;

/** The context of one performance. */
export interface Performance extends OperationContext {
  readonly actor: OperationActor;
  readonly progress: Progress;
}

export interface Operation {
  readonly summary: string; // one sentence
  readonly params: z.ZodObject;
  /** @param params what `params` made of the caller's @throws OperationRefused, StoreFailure */
  run(performance: Performance, params: never): Promise<JsonObject>;
}

/** Ties the parameters of `run` to their schema. */
export function operation<S extends z.ZodObject>(
  summary: string,
  params: S,
  run: (performance: Performance, params: z.output<S>) => Promise<JsonObject>,
): Operation {
  return { summary, params, run };
}

/** Parameters that no operation takes; the message says which and why. */
export class OperationInvalid extends Error {
  override readonly name = 'OperationInvalid';
}

/** Refused because of who asks. */
export class NotAllowed extends OperationRefused {}

/** Refused because the room, letter or file that was named is not there. */
export class TargetUnknown extends OperationRefused {}
