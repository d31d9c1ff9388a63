import type { Cancel, Clock } from '../../actors/clock.js';
import type { Frame } from './frame.js';

/** Between two changes of the game; the longest pause of a game that is well is the 30 s for a redeal answer. */
export const STALL_LIMIT_MS = 180_000;

export interface GameLimits {
  readonly stallLimitMs?: number; // without any change of the game; more than the thinking time
  readonly roundsMax?: number; // played to the end; a game has no limit of its own (rules.md R15.3)
}

/** Why a game is given up. */
export type LimitReached = 'stalled' | 'roundsMax';

/** Notices that a game goes on for ever or not at all, so that a client ends by itself. */
export class GameLimitWatch {
  readonly reached: Promise<LimitReached>;
  readonly #clock: Clock;
  readonly #stallLimitMs: number;
  readonly #roundsMax: number;
  #settle!: (reached: LimitReached) => void;
  #cancel: Cancel;

  constructor(clock: Clock, { stallLimitMs = STALL_LIMIT_MS, roundsMax = Infinity }: GameLimits) {
    this.#clock = clock;
    this.#stallLimitMs = stallLimitMs;
    this.#roundsMax = roundsMax;
    this.reached = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#cancel = this.#arm();
  }

  /** Takes a frame of the game's room. */
  see({ event, data }: Frame): void {
    if (event !== 'phase_change') return;
    this.#cancel();
    this.#cancel = this.#arm();
    if (Number(data['round']) > this.#roundsMax) this.#settle('roundsMax');
  }

  stop(): void {
    this.#cancel();
  }

  #arm(): Cancel {
    return this.#clock.schedule(this.#stallLimitMs, () => this.#settle('stalled'));
  }
}
