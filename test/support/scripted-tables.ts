import type { Cause } from '../../actors/envelope.js';
import type { UntimedMessage } from '../../actors/room/room-message.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { type Random, pick } from '../../src/client/random.js';
import { type Seat, SEATS } from '../../src/game/seats.js';
import type { GameNotice } from '../../src/gateway/game-notice.js';
import type { GameRooms } from '../../src/gateway/gateway.js';
import type { RecordedCommand } from './recorded-commands.js';

export interface ScriptedTablesOptions {
  readonly rooms: GameRooms;
  readonly random: Random;
  readonly thinkMs: () => number; // between being asked and moving
  readonly name?: string; // tells sessions and messages of one set of tables from those of another
  readonly onAcknowledged?: (acknowledged: Acknowledged) => void;
}

export interface Acknowledged {
  readonly roomId: string;
  readonly type: UntimedMessage['type'];
  readonly sentAtMs: number; // monotonic
  readonly latencyMs: number; // from the first sending to the answer, which waits for the disk
}

/** What a client that is told to try again waits. */
const RETRY_MS = 100;

/** Rooms without sockets whose people move by a script: moves that are always allowed. They send again what had no effect. */
export class ScriptedTables {
  readonly commands: RecordedCommand[] = [];
  /** What was answered other than by applying it, by kind and reason. */
  readonly otherAnswers = new Map<string, number>();
  gamesOver = 0;
  readonly #options: ScriptedTablesOptions;
  /** By correlation id: what waited on the disk comes back with a cause that is equal, not the same. */
  readonly #asked = new Map<string, (notice: GameNotice | null) => void>();
  readonly #newest = new Map<string, Extract<GameNotice, { readonly seq: number }>>(); // by room
  readonly #changed = new Map<string, () => void>();
  readonly #under = new Set<Promise<void>>();
  #sent = 0;
  #stopped = false;

  constructor(options: ScriptedTablesOptions) {
    this.#options = options;
    options.rooms.subscribe((notice) => this.#hear(notice));
  }

  get acknowledged(): readonly RecordedCommand[] {
    return this.commands.filter(({ answer }) => answer === 'applied');
  }

  get roomIds(): readonly string[] {
    return [...this.#newest.keys()];
  }

  /**
   * Plays one game after the other at a new table, until `stop`.
   * @param movesMax after so many moves of its people they leave the room and go to another
   */
  start(people: 1 | 2 | 3 | 4, movesMax = Number.POSITIVE_INFINITY): void {
    const table = this.#under.size;
    const playing = (async () => {
      for (let game = 0; !this.#isStopped(); game++) {
        await this.#game(`${this.#options.name ?? 't'}${table}-${game}`, people, movesMax);
      }
    })();
    this.#under.add(playing);
  }

  /** What is not answered yet never will be, as far as its sender knows. @throws what went wrong at a table */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const answer of this.#asked.values()) answer(null);
    for (const changed of this.#changed.values()) changed();
    await Promise.all(this.#under);
  }

  /** Makes the next move of a game that is under way, as soon as a person is to move. @returns its answer */
  async moveIn(roomId: string): Promise<GameNotice | null> {
    const seen = await this.#look(roomId);
    if (seen !== null) this.#see(seen);
    const turn = await this.#turn(roomId);
    return turn && this.#insist(roomId, turn, turn.session, 1);
  }

  async #game(name: string, people: number, movesMax: number): Promise<void> {
    const sessions = SEATS.map((seat) => `${name}-p${seat}`);
    const created = await this.#create(sessions[0]!);
    if (created === null) return;
    const { roomId } = created;
    const host = { session: sessions[0]!, seat: 0 as Seat };
    for (const seat of SEATS.slice(1, people)) {
      await this.#insist(roomId, { type: 'removePlayer', ...host, target: seat }, host.session);
      await this.#insist(roomId, { type: 'join', session: sessions[seat]!, name: `P${seat}` }, sessions[seat]!);
    }
    for (const seat of SEATS.slice(0, people)) {
      await this.#insist(roomId, { type: 'connect', seat, session: sessions[seat]! }, sessions[seat]!);
    }
    await this.#insist(roomId, { type: 'startGame', ...host }, host.session);
    let moves = 0;
    for (let turn = await this.#turn(roomId); turn !== null; turn = await this.#turn(roomId)) {
      if (moves++ === movesMax) {
        for (const seat of SEATS.slice(0, people)) {
          await this.#insist(roomId, { type: 'leave', seat, session: sessions[seat]! }, sessions[seat]!);
        }
        return;
      }
      await pause(this.#options.thinkMs());
      const { session } = turn;
      const answer = await this.#insist(roomId, turn, session, 1);
      // Refused: somebody moved meanwhile, a bot or this very message before it was answered.
      if (answer?.kind === 'refused') {
        const seen = await this.#look(roomId);
        if (seen !== null) this.#see(seen);
      }
    }
    if (!this.#isStopped()) this.gamesOver++;
    this.#changed.delete(roomId);
  }

  /** The next move of a person, once there is one; null when the game is over or all is stopped. */
  async #turn(roomId: string) {
    for (;;) {
      const notice = this.#newest.get(roomId);
      const view = notice?.view('operator');
      if (this.#isStopped() || view?.phase === 'game_over' || view?.phase === 'closed') return null;
      const move = view === undefined ? null : this.#moveOf(view, notice!.view('router'));
      if (move !== null) return move;
      await new Promise<void>((resolve) => this.#changed.set(roomId, resolve));
    }
  }

  #moveOf(view: RoomView, router: RoomView) {
    const { awaiting, game } = view;
    const seat = awaiting?.seats.find((asked) => view.seats[asked]?.isBot === false);
    if (awaiting === null || game === null || seat === undefined) return null;
    const speaker = { seat, session: router.seats[seat]!.session! };
    switch (awaiting.what) {
      case 'redealAnswer':
        return { type: 'answerRedeal', ...speaker, accept: false } as const;
      case 'declaration':
        return { type: 'declare', ...speaker, value: pick(this.#options.random, game.declareOptions!) } as const;
      case 'play': {
        const indices = Array.from({ length: game.requiredCount ?? 1 }, (_, index) => index);
        return { type: 'play', ...speaker, indices } as const;
      }
    }
  }

  async #create(session: string): Promise<GameNotice | null> {
    const { rooms } = this.#options;
    return this.#command(session, 'create', async (cause) => {
      try {
        await rooms.create(
          (code, seed) => ({ type: 'create', code, seed, session, hostName: 'P0', timeScale: 0 }),
          cause,
        );
      } catch {
        // What the machine threw: there is no room, and the one who asked asks again.
        this.#asked.get(cause.correlationId)?.({ kind: 'unavailable', why: 'restarting', roomId: '', cause });
      }
    });
  }

  /** Until it is applied or refused. A message that the room could not take is said again as a new one, at most `times`. */
  async #insist(
    roomId: string,
    message: UntimedMessage,
    session: string,
    times = Number.POSITIVE_INFINITY,
  ): Promise<GameNotice | null> {
    for (let said = 1; ; said++) {
      const send = (cause: Cause): void => void this.#options.rooms.tell(roomId, message, cause);
      const notice = await this.#command(session, message.type, send);
      if (notice === null || notice.kind !== 'unavailable' || said >= times) return notice;
    }
  }

  /** One command under one id. @returns null when all is stopped */
  async #command(
    session: string,
    event: UntimedMessage['type'],
    send: (cause: Cause) => unknown,
  ): Promise<GameNotice | null> {
    const id = `${this.#options.name ?? 't'}-m${++this.#sent}`;
    const command: RecordedCommand = { session, id, event, sentCount: 0, answer: 'none' };
    this.commands.push(command);
    const sentAtMs = performance.now();
    while (!this.#isStopped()) {
      command.sentCount++;
      const notice = await this.#answerTo({ correlationId: `${session}/${id}`, session, messageId: id }, send);
      if (notice === null) return null;
      if (notice.kind === 'applied' || notice.kind === 'repeated') {
        command.answer = 'applied';
        const { roomId } = notice;
        this.#options.onAcknowledged?.({ roomId, type: event, sentAtMs, latencyMs: performance.now() - sentAtMs });
        return notice;
      }
      const reason =
        notice.kind === 'unavailable' ? notice.why : notice.kind === 'refused' ? notice.refusal.reason : '';
      const name = `${notice.kind} ${reason}`.trim();
      this.otherAnswers.set(name, (this.otherAnswers.get(name) ?? 0) + 1);
      const isPassing = notice.kind === 'unavailable' && notice.why !== 'failed';
      if (!isPassing) {
        command.answer = 'refused';
        return notice;
      }
      await pause(RETRY_MS);
    }
    return null;
  }

  #look(roomId: string): Promise<Extract<GameNotice, { readonly seq: number }> | null> {
    const cause = { correlationId: `look-${++this.#sent}`, session: null, messageId: null };
    return this.#answerTo(cause, () => this.#options.rooms.look(roomId, cause)).then((notice) =>
      notice !== null && 'seq' in notice ? notice : null,
    );
  }

  #answerTo(cause: Cause, send: (cause: Cause) => unknown): Promise<GameNotice | null> {
    return new Promise((resolve) => {
      this.#asked.set(cause.correlationId, (notice) => {
        this.#asked.delete(cause.correlationId);
        resolve(notice);
      });
      send(cause);
    });
  }

  #hear(notice: GameNotice): void {
    if (notice.kind === 'applied' || notice.kind === 'restored') this.#see(notice);
    this.#asked.get(notice.cause.correlationId)?.(notice);
  }

  #see(notice: Extract<GameNotice, { readonly seq: number }>): void {
    const { roomId } = notice;
    if ((this.#newest.get(roomId)?.seq ?? 0) > notice.seq) return;
    this.#newest.set(roomId, notice);
    this.#changed.get(roomId)?.();
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
