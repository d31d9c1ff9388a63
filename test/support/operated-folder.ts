import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../actors/clock.js';
import type { Cause } from '../../actors/envelope.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import type { UntimedMessage } from '../../actors/room/room-message.js';
import type { JournalEngine } from '../../persistence/journal.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import type { GameNotice } from '../../src/gateway/game-notice.js';
import { type Offline, openOffline } from '../../src/operations/offline.js';
import type { JsonObject, OperationActor, OperationContext } from '../../src/operations/operation.js';
import type { OperationName } from '../../src/operations/operations.js';
import { perform } from '../../src/operations/perform.js';

const HOST = 'session-of-ann';

/** A data folder on the real disk with rooms that an operator works on. Nothing happens in it by itself. */
export class OperatedFolder {
  readonly folder: string;
  readonly engine: JournalEngine;
  readonly #offline: Offline;
  #told = 0;

  private constructor(folder: string, engine: JournalEngine, offline: Offline) {
    this.folder = folder;
    this.engine = engine;
    this.#offline = offline;
  }

  static async open(
    folder = mkdtempSync(join(tmpdir(), 'operated-')),
    { retentionMs = 30 * 86_400_000 } = {},
  ): Promise<OperatedFolder> {
    const engine = await openSqliteEngine({ folder });
    const offline = await openOffline({
      engine,
      dataDir: folder,
      definition: liapTui(),
      clock: systemClock,
      random: randomBytes,
      retentionMs,
      onFailure: (roomId, failure) => {
        throw new Error(`room ${roomId} failed`, { cause: failure });
      },
      onFinding: () => undefined,
    });
    return new OperatedFolder(folder, engine, offline);
  }

  get context(): OperationContext {
    return this.#offline.context;
  }

  perform(name: OperationName, params: unknown = {}, actor: OperationActor = 'tool'): Promise<JsonObject> {
    return perform(this.context, name, params, actor);
  }

  /** A new room, durable, with three bots. */
  async room(timeScale = 1): Promise<{ readonly roomId: string; readonly code: string }> {
    const cause = this.#cause();
    const heard = this.#heard(cause);
    void this.context.rooms.create(
      (code, seed) => ({ type: 'create', code, seed, session: HOST, hostName: 'Ann', timeScale }),
      cause,
    );
    const { roomId } = await heard;
    return { roomId, code: this.context.rooms.codeOf(roomId)! };
  }

  /** @returns what became of it */
  async tell(roomId: string, message: UntimedMessage): Promise<GameNotice['kind']> {
    const cause = this.#cause();
    const heard = this.#heard(cause);
    this.context.rooms.tell(roomId, message, cause);
    return (await heard).kind;
  }

  /** The host frees a seat: an entry. */
  free(roomId: string, target: 1 | 2 | 3): Promise<GameNotice['kind']> {
    return this.tell(roomId, { type: 'removePlayer', session: HOST, seat: 0, target });
  }

  async closeRoom(roomId: string): Promise<void> {
    await this.tell(roomId, { type: 'close', reason: 'operator' });
  }

  async freeSeats(roomId: string): Promise<number | undefined> {
    return (await this.engine.row('rooms', roomId))?.freeSeats;
  }

  /** Ends everything; the folder stays for `open`. */
  async leave(): Promise<void> {
    await this.#offline.stop();
    await this.engine.close();
  }

  async remove(): Promise<void> {
    await this.leave();
    rmSync(this.folder, { recursive: true });
  }

  #cause(): Cause {
    return { correlationId: `told-${++this.#told}`, session: HOST, messageId: null };
  }

  #heard(cause: Cause): Promise<GameNotice> {
    return new Promise((resolve) => {
      this.context.rooms.subscribe((notice) => {
        if (notice.cause === cause) resolve(notice);
      });
    });
  }
}
