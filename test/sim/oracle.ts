import type { Append, Entry } from '../../persistence/journal.js';
import type { Evidence, Step } from './evidence.js';
import type { Socket } from './network.js';

/** A frame on its way to a client. */
export interface Sent {
  readonly socket: Socket;
  readonly text: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly replyTo: string | null;
  readonly isRepeat: boolean; // it answers a command that its session sent more than once
}

/** A command on its way to the server. */
export interface Asked {
  readonly socket: Socket;
  readonly event: string;
  readonly id: string;
}

/** What an oracle may look at. */
export interface Scene {
  readonly evidence: Evidence;
  readonly elapsedMs: () => number; // true time, which no fault changes
  readonly elapsedAt: (roomTimeMs: number) => number; // the true time of an entry that this process makes
  readonly upSinceMs: () => number; // true time at which this process began
}

/**
 * One promise of the server, watched from outside: at its sockets and at its disk. Each method gives what is wrong in a
 * sentence, or null.
 */
export interface Oracle {
  readonly promise: string;
  asked?(asked: Asked): string | null;
  sent?(sent: Sent): string | null;
  ended?(socket: Socket): string | null;
  /** An entry, a snapshot or rows have become durable; `step` where it was an entry. */
  durable?(append: Append, step: Step | null): string | null;
  /** The process is gone; what it was told and did not answer is nobody's debt. */
  died?(): string | null;
  /** A process is ready on the disk that was left. */
  started?(): string | null;
  /** Nothing went wrong since then: whatever was asked before must have been answered. */
  settled?(scene: Settled): string | null;
  /** Everything is well again, all commands had time, everybody has left and every room had time to end. */
  finished?(end: Ending): string | null;
}

export interface Settled {
  readonly sinceMs: number;
  readonly inboxRows: readonly { readonly roomId: string }[]; // no room is held
}

export interface Ending {
  readonly openRooms: readonly { readonly roomId: string; readonly held: boolean }[];
  readonly entries: ReadonlyMap<string, readonly Entry[]>; // on the disk
}

export type MakeOracle = (scene: Scene) => Oracle;
