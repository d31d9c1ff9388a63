import { MachineRunner, type StepResult } from '../../actors/machine-runner.js';
import { liapTui, type LiapTui, type LiapTuiOptions } from '../../actors/room/liap-tui.js';
import { plainBots } from '../../actors/room/bots.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage, UntimedMessage } from '../../actors/room/room-message.js';
import { type Game, gameOf, type RoomState } from '../../actors/room/room-state.js';
import { leafOf, phaseOf } from '../../actors/room/room-view.js';
import type { Piece } from '../../src/game/pieces.js';
import { type Seat, SEATS } from '../../src/game/seats.js';

export interface RoomDriverOptions extends LiapTuiOptions {
  readonly timeScale?: number;
  readonly people?: number; // in seats 0, 1, …; bots in the others
  readonly seed?: string; // 64 hex digits
  readonly code?: string;
  readonly startedAt?: number; // ms since the epoch
}

export const STARTED_AT = 1_000_000;
const STEPS_MAX = 10_000;

export const sessionOf = (seat: Seat): string => `s${seat}`;
export const speaker = (seat: Seat) => ({ seat, session: sessionOf(seat) });

/** The room machine alone, message by message, with time as a number: no journal, no timers, no turns of any loop. */
export class RoomDriver {
  readonly definition: LiapTui;
  readonly messages: RoomMessage[] = []; // that were applied
  readonly events: RoomEvent[] = [];
  now: number;
  #runner: MachineRunner<RoomState, RoomMessage, RoomEvent>;

  constructor({
    timeScale = 1,
    people = 1,
    seed = '5'.repeat(64),
    code = 'ABCDEF',
    startedAt = STARTED_AT,
    ...options
  }: RoomDriverOptions = {}) {
    this.definition = liapTui(options);
    this.now = startedAt;
    const first: RoomMessage = {
      type: 'create',
      at: this.now,
      session: sessionOf(0),
      code,
      seed,
      hostName: 'P0',
      timeScale,
    };
    const { runner, events } = MachineRunner.create<RoomState, RoomMessage, RoomEvent>(this.definition, first);
    this.#runner = runner;
    this.messages.push(first);
    this.events.push(...events);
    for (const seat of SEATS.slice(1, people)) {
      this.apply({ type: 'removePlayer', ...speaker(0), target: seat });
      this.apply({ type: 'join', session: sessionOf(seat), name: `P${seat}` });
    }
  }

  /** A room whose game has begun. */
  static playing(options: RoomDriverOptions = {}): RoomDriver {
    const driver = new RoomDriver(options);
    driver.apply({ type: 'connect', ...speaker(0) });
    driver.apply({ type: 'startGame', ...speaker(0) });
    return driver;
  }

  /** A room whose game is over. Bots lose points on average, so a total is set after the first round. */
  static finished(options: RoomDriverOptions = {}): RoomDriver {
    const driver = RoomDriver.playing(options).runTo('playing.scoring');
    const won = (state: RoomState): RoomState => ({ ...state, game: { ...gameOf(state), scores: [50, 49, 0, -3] } });
    return driver.restored(won).runTo('gameOver');
  }

  get snapshot() {
    return this.#runner.snapshot;
  }

  get state(): RoomState {
    return this.snapshot.context;
  }

  get game(): Game {
    return gameOf(this.state);
  }

  get leaf(): string {
    return leafOf(this.snapshot.value);
  }

  get phase() {
    return phaseOf(this.leaf);
  }

  get deadline() {
    return this.definition.deadline(this.snapshot);
  }

  send(message: UntimedMessage, at = this.now): StepResult<RoomEvent> {
    this.now = Math.max(this.now, at);
    const timed = { ...message, at } as RoomMessage;
    const result = this.#runner.step(timed);
    if (result.kind === 'applied') {
      this.messages.push(timed);
      this.events.push(...result.events);
    }
    return result;
  }

  /** @throws where the room refuses */
  apply(message: UntimedMessage, at = this.now): readonly RoomEvent[] {
    const result = this.send(message, at);
    if (result.kind === 'refused') throw new Error(`${message.type} in ${this.leaf}: ${result.sentence}`);
    return result.events;
  }

  reason(message: UntimedMessage, at = this.now): string {
    const result = this.send(message, at);
    return result.kind === 'refused' ? result.reason : result.kind;
  }

  /** Goes on from the same room with another state. */
  restored(change: (state: RoomState) => RoomState): this {
    const { value, context } = this.snapshot;
    this.#runner = MachineRunner.restore(this.definition, { value, context: change(context) });
    return this;
  }

  /** Does what the room does next by itself. */
  ring(): readonly RoomEvent[] {
    const due = this.deadline;
    if (due === null) throw new Error(`the room in ${this.leaf} waits for somebody`);
    return this.apply(due.message, Math.max(this.now, due.at));
  }

  /** Rings until `done` holds; `turn` says what a person who is asked does, and null lets time pass. */
  runUntil(done: (driver: RoomDriver) => boolean, turn: (driver: RoomDriver) => UntimedMessage | null = asBots): this {
    for (let steps = 0; !done(this); steps++) {
      if (steps === STEPS_MAX) throw new Error(`still in ${this.leaf} after ${STEPS_MAX} steps`);
      const said = turn(this);
      if (said === null) this.ring();
      else this.apply(said);
    }
    return this;
  }

  runTo(leaf: string, turn?: (driver: RoomDriver) => UntimedMessage | null): this {
    return this.runUntil((driver) => driver.leaf === leaf, turn);
  }
}

/** People who are asked do what a bot in their seat would do, at once. */
export function asBots({ state }: RoomDriver): UntimedMessage | null {
  for (const seat of state.awaiting?.seats ?? []) {
    const occupant = state.seats[seat];
    if (occupant?.kind !== 'person' || occupant.awaySince !== null) continue;
    return moveOf(state, seat);
  }
  return null;
}

function moveOf(state: RoomState, seat: Seat): UntimedMessage {
  switch (state.awaiting?.what) {
    case 'redealAnswer':
      return { type: 'answerRedeal', ...speaker(seat), accept: plainBots.acceptsRedeal(state, seat) };
    case 'declaration':
      return { type: 'declare', ...speaker(seat), value: plainBots.declaration(state, seat) };
    case 'play':
      return { type: 'play', ...speaker(seat), indices: plainBots.play(state, seat) };
    case undefined:
      throw new Error('nobody is asked');
  }
}

/** A deal whose hands are these; each hand in the order dealt. */
export function orderOf(hands: readonly (readonly Piece[])[]): Piece[] {
  return Array.from({ length: 32 }, (_, index) => hands[index % 4]![Math.floor(index / 4)]!);
}
