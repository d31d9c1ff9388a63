import type { Clock } from '../../actors/clock.js';
import type { Acknowledgement } from './acknowledgement.js';
import type { Connect } from './client-socket.js';
import { textIn, type Frame } from './frame.js';
import { GameLimitWatch, type GameLimits } from './game-limits.js';
import { insist } from './insist.js';
import { Player, type ActionRecord, type PlayerEnd } from './player.js';
import type { Violation } from './protocol-watch.js';
import type { Random } from './random.js';
import { RoomClient } from './room-client.js';
import { LOBBY } from './room-link.js';
import type { FinalResult } from './room-view.js';
import { Session } from './session.js';
import type { Strategy } from './strategy.js';

/** Names for up to four people; the server refuses a name that is in use in the same room only. */
export const HUMAN_NAMES = ['Hana', 'Gio', 'Mona', 'Nils'] as const;

/** Longer than any pause of a server that is well. */
const SETUP_LIMIT_MS = 60_000;

export interface GameSessionOptions extends GameLimits {
  readonly humans: number; // 1 to 4; bots take the other seats
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly strategy: Strategy;
  readonly thinkMs: () => number;
  readonly credentials?: 'cookie' | 'token';
  /** As the frontend: each change of pages closes the socket and opens another one. Otherwise one serves to the end. */
  readonly changePages?: boolean;
  readonly connectFailuresMax?: number;
  readonly setupLimitMs?: number; // for each step before the first deal
  readonly observer?: GameObserver;
}

/** Everything that can be seen of a game from outside; `human` counts from 0, the host. */
export interface GameObserver {
  readonly room?: (roomId: string) => void;
  readonly client?: (human: number, client: RoomClient) => void; // each one, before it opens
  readonly frame?: (human: number, frame: Frame) => void; // of room sockets
  readonly action?: (human: number, record: ActionRecord) => void;
  readonly violation?: (human: number, violation: Violation) => void; // when it is seen: the game may never come to its end
}

export interface GameResult extends FinalResult {
  readonly roomId: string;
  readonly humans: readonly string[];
  readonly complete: boolean; // false: given up after `roundsMax`, without winners
  readonly movesApplied: number;
  readonly movesRefused: number; // bots acting for an absent player make some; passing refusals count too
  readonly latenciesUs: readonly number[]; // of each move applied: sending to acknowledgement
  readonly violations: readonly (Violation & { readonly human: string })[];
  readonly actions: readonly (readonly ActionRecord[])[]; // per human
  readonly durationMs: number;
}

/** A game that could not be played to its end. The message is a sentence for people. */
export class GameFailed extends Error {
  override readonly name = 'GameFailed';
}

/**
 * Plays one whole game: the first human makes a room and frees seats, the others join, the host starts, and all play
 * until `game_over`.
 * @throws GameFailed when a step is refused for good, nothing goes on any more, or the room or a connection ends too early
 */
export async function playGame(options: GameSessionOptions): Promise<GameResult> {
  const { humans, clock, observer } = options;
  if (!(Number.isInteger(humans) && humans >= 1 && humans <= 4))
    throw new RangeError(`${humans} humans at a table of 4`);
  const startMs = clock.elapsedMs();
  const limits = new GameLimitWatch(clock, options);
  const people = HUMAN_NAMES.slice(0, humans).map((name, index) => new Human(options, index, name, limits));
  const [host, ...guests] = people;

  try {
    const roomId = await host!.createRoom();
    observer?.room?.(roomId);
    await host!.enter(roomId);
    for (const [index] of guests.entries()) await host!.order('remove_player', { slot_id: index + 2 });
    // One after the other, so that seats are taken in the order of the names.
    for (const guest of guests) {
      await guest.join(roomId);
      await guest.enter(roomId);
    }
    const plays = people.map((human) => human.playOnceStarted());
    await host!.start();
    const ends = await Promise.race([Promise.all(plays), limits.reached]);
    if (ends === 'stalled') {
      throw new GameFailed(`Nothing has happened in room ${roomId} for a long time${firstViolation(people)}`);
    }
    const final =
      ends === 'roundsMax'
        ? { rounds: options.roundsMax!, winners: [], rankings: [] }
        : commonEnd(roomId, people, ends);
    return summary(roomId, people, final, clock.elapsedMs() - startMs);
  } finally {
    limits.stop();
    for (const human of people) human.close();
  }
}

/** What all were told at the end of the game. */
function commonEnd(roomId: string, people: readonly Human[], ends: readonly PlayerEnd[]): FinalResult {
  const finals = ends.map((end, human) => {
    if (end.kind === 'gameOver') return end;
    throw new GameFailed(`${people[human]!.name} left room ${roomId} early: ${whyEnded(end)}${firstViolation(people)}`);
  });
  return finals[0]!;
}

/** Often the cause of what follows; a game that fails has no result to keep it in. */
function firstViolation(people: readonly Human[]): string {
  for (const { name, player } of people) {
    const first = player?.violations[0];
    if (first !== undefined) return `; ${name} saw that ${first.sentence}`;
  }
  return '';
}

function summary(roomId: string, people: readonly Human[], final: FinalResult, durationMs: number): GameResult {
  const actions = people.map((human) => human.player?.actions ?? []);
  const outcomes = actions.flat().map(({ outcome }) => outcome);
  const applied = outcomes.filter((outcome) => outcome.kind === 'applied');
  return {
    roomId,
    humans: people.map(({ name }) => name),
    rounds: final.rounds,
    winners: final.winners,
    rankings: final.rankings,
    complete: final.winners.length > 0,
    movesApplied: applied.length,
    movesRefused: outcomes.filter(({ kind }) => kind === 'refused').length,
    latenciesUs: applied.map(({ latencyUs }) => latencyUs),
    violations: people.flatMap(({ name, player }) =>
      (player?.violations ?? []).map((violation) => ({ ...violation, human: name })),
    ),
    actions,
    durationMs,
  };
}

function whyEnded(end: Exclude<PlayerEnd, { kind: 'gameOver' }>): string {
  switch (end.kind) {
    case 'roomClosed':
      return `the room was closed (${end.reason})`;
    case 'connectionEnded':
      return `the connection ended (${end.end.kind}: ${end.end.reason})`;
    case 'stopped':
      return 'the player was stopped';
  }
}

class Human {
  readonly name: string;
  player: Player | undefined;
  readonly #index: number;
  readonly #options: GameSessionOptions;
  readonly #session: Session;
  readonly #limits: GameLimitWatch;
  #room: RoomClient | undefined;

  constructor(options: GameSessionOptions, index: number, name: string, limits: GameLimitWatch) {
    this.#options = options;
    this.#index = index;
    this.name = name;
    this.#limits = limits;
    this.#session = new Session(options.credentials);
  }

  async createRoom(): Promise<string> {
    return this.#inLobby('create_room', { player_name: this.name }, 'room_created');
  }

  async join(roomId: string): Promise<void> {
    await this.#inLobby('join_room', { room_id: roomId, player_name: this.name }, 'room_joined');
  }

  /** Opens the room's page. */
  async enter(roomId: string): Promise<void> {
    const room = this.#client(roomId, this.name);
    this.#room = room;
    await this.#identified(room);
  }

  /** Has a command of the room page carried out. */
  async order(event: string, data: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#carriedOut(this.#room!, event, data);
  }

  async start(): Promise<void> {
    const room = this.#room!;
    const answer = await insist(room, 'start_game', {}, this.#options);
    // The page may be gone before the answer: it closes as soon as it hears of the start.
    if (answer.kind !== 'applied' && !room.view.started) throw this.#failure('start_game', answer);
  }

  /** Waits for the start, then plays. @returns how it ended */
  async playOnceStarted(): Promise<PlayerEnd> {
    const { strategy, clock, random, thinkMs, observer, changePages } = this.#options;
    const room = this.#room!;
    const player = new Player(room, {
      name: this.name,
      strategy,
      clock,
      random,
      thinkMs,
      onAction: (record) => observer?.action?.(this.#index, record),
      onViolation: (violation) => observer?.violation?.(this.#index, violation),
    });
    this.player = player;
    if (changePages === true) {
      const stop = room.listen({
        frame: ({ event }) => {
          if (event !== 'game_started') return;
          stop();
          // The player lets go of the old page first, or its end would be the player's.
          const game = this.#client(room.roomId, this.name);
          this.#room = game;
          player.attach(game);
          room.close();
        },
      });
    }
    return player.finished;
  }

  close(): void {
    this.player?.stop();
    this.#room?.close();
  }

  async #inLobby(event: string, data: Readonly<Record<string, unknown>>, answer: string): Promise<string> {
    const lobby = this.#client(LOBBY, undefined);
    try {
      await this.#identified(lobby);
      const frame = await this.#carriedOut(lobby, event, data);
      const roomId = textIn(frame.data, 'room_id');
      if (frame.event !== answer || roomId === undefined)
        throw new GameFailed(`${event} was answered by ${frame.event}`);
      return roomId;
    } finally {
      lobby.close();
    }
  }

  async #carriedOut(client: RoomClient, event: string, data: Readonly<Record<string, unknown>>): Promise<Frame> {
    const answer = await insist(client, event, data, this.#options);
    if (answer.kind === 'applied') return answer.frame;
    throw this.#failure(event, answer);
  }

  #failure(event: string, answer: Exclude<Acknowledgement, { kind: 'applied' }>): GameFailed {
    const why = answer.kind === 'refused' ? `${answer.type}: ${answer.message}` : `no answer (${answer.why})`;
    return new GameFailed(`${this.name}: ${event} failed, ${why}`);
  }

  async #identified(client: RoomClient): Promise<void> {
    const { clock, setupLimitMs = SETUP_LIMIT_MS } = this.#options;
    const cancel = clock.schedule(setupLimitMs, () => client.close());
    const identified = await client.identified();
    cancel();
    if (identified) return;
    const end = client.link === 'closed' ? await client.ended : undefined;
    if (end?.kind === 'closed' && end.by === 'us') {
      throw new GameFailed(`${this.name}: no answer from ${client.roomId} within ${setupLimitMs / 1000} s`);
    }
    const reason = end === undefined ? '' : `: ${end.reason}`;
    throw new GameFailed(`${this.name}: ${client.roomId} does not let us in${reason}`);
  }

  #client(roomId: string, playerName: string | undefined): RoomClient {
    const { connect, clock, random, newId, connectFailuresMax, observer } = this.#options;
    const client = new RoomClient({
      roomId,
      connect,
      clock,
      random,
      newId,
      session: this.#session,
      ...(playerName === undefined ? {} : { playerName }),
      ...(connectFailuresMax === undefined ? {} : { connectFailuresMax }),
    });
    observer?.client?.(this.#index, client);
    if (roomId !== LOBBY) {
      client.listen({
        frame: (frame) => {
          this.#limits.see(frame);
          observer?.frame?.(this.#index, frame);
        },
      });
    }
    client.open();
    return client;
  }
}
