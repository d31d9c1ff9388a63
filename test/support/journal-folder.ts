import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { IdempotencyWindow } from '../../actors/idempotency.js';
import { MachineRunner } from '../../actors/machine-runner.js';
import { snapshotOf } from '../../actors/recovery.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import { CHAIN_START, chainHash } from '../../persistence/hash-chain.js';
import type { Append, Entry } from '../../persistence/journal.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { RoomDriver, speaker } from './room-driver.js';

/** A game that is under way, with a snapshot at entry 8. */
export const PLAYING = { roomId: '018f0000-0000-7000-8000-00000000a1b2', code: 'A1B2C3' } as const;
/** A room that its host closed before the game. */
export const CLOSED = { roomId: '018f0000-0000-7000-8000-00000000c105', code: 'C105ED' } as const;
/** A room that waits for players. */
export const WAITING = { roomId: '018f0000-0000-7000-8000-00000000a17e', code: 'A17E00' } as const;

const SNAPSHOT_ENTRIES = 8;

/** What a room's journal is after these messages, as its actor would have written it. */
export function appendsOf(
  room: { readonly roomId: string; readonly code: string },
  messages: readonly RoomMessage[],
  definition = liapTui(),
) {
  const { roomId, code } = room;
  const appends: Append[] = [];
  let runner: MachineRunner<RoomState, RoomMessage, RoomEvent> | null = null;
  let previous = CHAIN_START;
  for (const [index, given] of messages.entries()) {
    const message = given.type === 'create' ? { ...given, code } : given;
    const before = runner?.snapshot ?? null;
    let events: readonly RoomEvent[];
    if (runner === null) {
      ({ runner, events } = MachineRunner.create<RoomState, RoomMessage, RoomEvent>(definition, message));
    } else {
      const result = runner.step(message);
      if (result.kind === 'refused') throw new Error(`${message.type} was refused: ${result.sentence}`);
      ({ events } = result);
    }
    const seq = index + 1;
    const unhashed: Omit<Entry, 'hash'> = {
      roomId,
      seq,
      at: message.at,
      message: JSON.stringify(message),
      outcome: 'applied',
      events: JSON.stringify(events),
      machineVersion: definition.version,
      correlationId: `step-${seq}`,
      nextDeadline: definition.deadline(runner.snapshot)?.at ?? null,
    };
    const entry: Entry = { ...unhashed, hash: chainHash(previous, unhashed) };
    previous = entry.hash;
    const isSaved = seq % SNAPSHOT_ENTRIES === 0;
    appends.push({
      roomId,
      expectedSeq: index,
      fence: 0,
      entry,
      snapshot: isSaved ? snapshotOf(entry, definition.version, runner.snapshot, new IdempotencyWindow()) : null,
      rows: definition.rows(roomId, before, runner.snapshot, message),
      closes: definition.isClosed(runner.snapshot),
    });
  }
  return appends;
}

/** A driver in the first turn of a game of one person and three bots. */
export function playingDriver(): RoomDriver {
  return RoomDriver.playing().runTo('playing.turn.playing');
}

/** The three rooms of a data folder. All times are those of `STARTED_AT` and the virtual minutes behind it. */
function rooms(): Append[] {
  const closed = new RoomDriver();
  closed.apply({ type: 'connect', ...speaker(0) });
  closed.apply({ type: 'leave', ...speaker(0) }, closed.now + 5_000);
  const waiting = new RoomDriver({ people: 2 });
  return [
    ...appendsOf(CLOSED, closed.messages),
    ...appendsOf(WAITING, waiting.messages),
    ...appendsOf(PLAYING, playingDriver().messages),
  ];
}

export interface JournalFolders {
  /** A data folder of one's own with the three rooms. */
  readonly copy: () => string;
  /** A folder with nothing in it. */
  readonly empty: () => string;
  readonly remove: () => void;
}

/** Makes the data folder once; each test has a copy of its closed files. */
export async function journalFolders(): Promise<JournalFolders> {
  const made: string[] = [];
  const empty = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'journal-folder-'));
    made.push(folder);
    return folder;
  };
  const original = empty();
  const engine = await openSqliteEngine({ folder: original });
  const appends = rooms();
  const verdicts = await engine.commit(appends, appends.at(-1)!.entry!.at);
  await engine.close();
  if (verdicts.some(({ kind }) => kind !== 'committed')) throw new Error('the rooms of the folder were not taken');
  return {
    empty,
    copy: () => {
      const folder = empty();
      cpSync(original, folder, { recursive: true });
      return folder;
    },
    remove: () => {
      for (const folder of made) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Changes a data folder behind the back of the program, as a disk that fails does. */
export function damage(folder: string, sql: string, ...values: readonly unknown[]): void {
  const db = new Database(join(folder, 'journal.sqlite'));
  try {
    if (db.prepare(sql).run(...values).changes === 0) throw new Error(`nothing was damaged by ${sql}`);
  } finally {
    db.close();
  }
}
