import type { JournalWriter } from '../persistence/journal.js';
import type { RowChange } from '../persistence/rows.js';
import { writeRows } from './appends.js';
import type { Clock } from './clock.js';
import type { Cause, Envelope } from './envelope.js';
import type { RestartPolicy } from './restart-policy.js';
import type { Crash, Unavailable } from './room-actor.js';
import type { Message } from './room-definition.js';
import { type RandomBytes, uuidV7 } from './room-ids.js';

/** What the supervisor needs of a room that crashed. */
export interface CrashedRoom<M extends Message> {
  readonly durable: { readonly seq: number } | null;
  tryAgain(envelope: Envelope<M>): void;
  settled(): Promise<void>;
}

export interface RoomSupervisorPorts {
  readonly policy: RestartPolicy;
  readonly clock: Clock;
  readonly now: () => number; // room time
  readonly random: RandomBytes;
  readonly writer: JournalWriter;
  readonly onFailure: (roomId: string, failure: unknown, cause?: Cause) => void;
  readonly onUnavailable: (roomId: string, why: Unavailable, cause: Cause) => void;
  /** Rebuilds the room from its journal and starts it again. */
  readonly rebuild: (roomId: string) => Promise<void>;
  readonly quarantine: (roomId: string, why: string) => Promise<void>;
}

/**
 * One for one: a room that crashes is rebuilt alone, after a pause that grows. The message at which it crashed is tried
 * once more; then it becomes a dead letter and the room lives on. What the room must do by itself can't be set aside:
 * a room that crashes at that twice, or too often at anything, is quarantined.
 */
export class RoomSupervisor<M extends Message> {
  readonly #ports: RoomSupervisorPorts;

  constructor(ports: RoomSupervisorPorts) {
    this.#ports = ports;
  }

  async crashed(roomId: string, room: CrashedRoom<M>, { failure, envelope, own }: Crash<M>): Promise<void> {
    const { policy, clock, onFailure, rebuild, quarantine } = this.#ports;
    onFailure(roomId, failure, envelope?.cause);
    const verdict = policy.failed(roomId);
    const isSecond = envelope !== null && envelope.crashes > 1;
    if (envelope !== null) {
      if (isSecond && !own) await this.#setAside(roomId, room, envelope, failure);
      else room.tryAgain(envelope);
    }
    // Whatever it did before is decided first: the journal then says how far the room came.
    await room.settled();
    if (isSecond && own) {
      await quarantine(roomId, `It crashed twice at what it must do by itself: ${sentenceOf(failure)}`);
      return;
    }
    if (verdict.kind === 'giveUp') {
      const { restarts, withinMs } = verdict;
      await quarantine(
        roomId,
        `It crashed ${restarts + 1} times in ${withinMs / 1000} s, at last: ${sentenceOf(failure)}`,
      );
      return;
    }
    if (verdict.delayMs > 0) await new Promise<void>((resolve) => clock.schedule(verdict.delayMs, resolve));
    await rebuild(roomId);
  }

  async #setAside(roomId: string, room: CrashedRoom<M>, envelope: Envelope<M>, failure: unknown): Promise<void> {
    if (envelope.body.kind !== 'message') throw new Error(`a ${envelope.body.kind} is no letter`);
    const { now, random, writer, onUnavailable } = this.#ports;
    const { cause, settles } = envelope;
    const { session, messageId, correlationId } = cause;
    const id = uuidV7(now(), random);
    const letter: RowChange = {
      kind: 'put',
      table: 'deadLetters',
      key: id,
      values: {
        id,
        roomId,
        at: now(),
        seq: room.durable?.seq ?? 0,
        message: JSON.stringify(envelope.body.message),
        session,
        messageId,
        correlationId,
        error: traceOf(failure),
      },
    };
    const isSetAside = await writeRows(writer, roomId, [...settles, letter]);
    onUnavailable(roomId, isSetAside ? 'failed' : 'storeAway', cause);
  }
}

/** What the machine threw, in one sentence: the runner wraps it. */
export function sentenceOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  return failure.cause === undefined ? failure.message : `${failure.message}: ${sentenceOf(failure.cause)}`;
}

function traceOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const stack = failure.stack ?? failure.message;
  return failure.cause === undefined ? stack : `${stack}\nCaused by: ${traceOf(failure.cause)}`;
}
