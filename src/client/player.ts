import type { Clock } from '../../actors/clock.js';
import type { Acknowledgement } from './acknowledgement.js';
import { dutyOf, type Duty } from './duty.js';
import { textIn, type Frame } from './frame.js';
import { insist } from './insist.js';
import { ProtocolWatch, type Violation } from './protocol-watch.js';
import type { Random } from './random.js';
import type { RoomClient } from './room-client.js';
import type { ClientEnd } from './room-link.js';
import { finalResult, type FinalResult } from './room-view.js';
import { decide, type Action, type Strategy } from './strategy.js';
import { wirePiece } from './wire-piece.js';

/** Refusals of one duty after which the player stops trying: by then the table and the rules disagree. */
const REFUSALS_MAX = 3;

export interface PlayerOptions {
  readonly name: string;
  readonly strategy: Strategy;
  readonly clock: Clock;
  readonly random: Random; // for the pauses before a command is sent again
  readonly thinkMs: () => number; // before each action
  readonly onAction?: (record: ActionRecord) => void;
  readonly onViolation?: (violation: Violation) => void; // when it is seen: a game may never come to its end
}

/** One action and what became of it. To be compared with the journal: all that were applied are in it, once each. */
export interface ActionRecord {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly round: number;
  readonly outcome: Acknowledgement;
}

export type PlayerEnd =
  | ({ readonly kind: 'gameOver' } & FinalResult)
  | { readonly kind: 'roomClosed'; readonly reason: string }
  | { readonly kind: 'connectionEnded'; readonly end: ClientEnd }
  | { readonly kind: 'stopped' };

/** Plays one seat until the game is over, and watches that the server keeps its promises meanwhile. */
export class Player {
  readonly finished: Promise<PlayerEnd>;
  readonly actions: ActionRecord[] = [];
  readonly #options: PlayerOptions;
  readonly #watch: ProtocolWatch;
  #settleFinished!: (end: PlayerEnd) => void;
  #client: RoomClient;
  #detach: () => void = () => undefined;
  #busyWith: string | undefined; // key of the duty that is being done
  #doneWith: string | undefined; // key of the duty that was done last, while the view still shows it
  #refusals = { key: '', count: 0 };
  #over = false;

  constructor(client: RoomClient, options: PlayerOptions) {
    this.#options = options;
    this.#client = client;
    this.#watch = new ProtocolWatch({
      ownName: options.name,
      isOwnId: (id) => this.#client.session.hasIssued(id),
      isRepeat: (id) => this.#client.session.hasRepeated(id),
      onViolation: options.onViolation,
    });
    this.finished = new Promise((resolve) => {
      this.#settleFinished = resolve;
    });
    this.attach(client);
  }

  get name(): string {
    return this.#options.name;
  }

  get client(): RoomClient {
    return this.#client;
  }

  get violations(): readonly Violation[] {
    return this.#watch.violations;
  }

  /** @throws when the server has broken a promise, naming the first one */
  assertNoViolations(): void {
    const first = this.violations[0];
    if (first === undefined) return;
    throw new Error(
      `${this.name} saw ${this.violations.length} violations, first: ${first.sentence} in ${first.frame}`,
    );
  }

  /** Goes on with another client of the same session, as after a change of pages; the old one is left alone. */
  attach(client: RoomClient): void {
    this.#detach();
    this.#client = client;
    this.#watch.gap();
    if (client.link === 'identified') this.#watch.seated();
    const stopListening = client.listen({
      text: (text) => this.#watch.see(text),
      frame: (frame) => this.#onFrame(frame),
      link: (link) => {
        if (link === 'connecting') this.#watch.gap();
        if (link === 'identified') this.#watch.seated();
        if (link === 'refused') this.#finish({ kind: 'roomClosed', reason: 'the server gives us no seat' });
      },
    });
    let attached = true;
    void client.ended.then((end) => {
      if (attached) this.#finish({ kind: 'connectionEnded', end });
    });
    this.#detach = () => {
      attached = false;
      stopListening();
    };
    this.#lookAround();
  }

  /** Lets go of the client, which stays open. */
  stop(): void {
    this.#finish({ kind: 'stopped' });
  }

  #onFrame(frame: Frame): void {
    if (frame.event === 'room_closed') {
      this.#finish({ kind: 'roomClosed', reason: textIn(frame.data, 'reason') ?? textIn(frame.data, 'message') ?? '' });
      return;
    }
    if (frame.event !== 'phase_change') return;
    const result = finalResult(this.#client.view.game);
    if (result !== undefined) this.#finish({ kind: 'gameOver', ...result });
    else this.#lookAround();
  }

  get #duty(): Duty | undefined {
    return dutyOf(this.#client.view.game, this.name);
  }

  #lookAround(): void {
    if (this.#over) return;
    const duty = this.#duty;
    if (duty?.key !== this.#doneWith) this.#doneWith = undefined;
    if (duty === undefined || this.#busyWith !== undefined || this.#doneWith !== undefined) return;
    this.#busyWith = duty.key;
    this.#options.clock.schedule(this.#options.thinkMs(), () => {
      void this.#act(duty.key).then(() => {
        this.#busyWith = undefined;
        this.#lookAround();
      });
    });
  }

  /** Does the duty, unless a bot or the clock has done it meanwhile. */
  async #act(key: string): Promise<void> {
    const duty = this.#duty;
    if (this.#over || duty?.key !== key) return;
    const { strategy, clock, random } = this.#options;
    const client = this.#client;
    const round = client.view.game?.round ?? 0;
    const action = decide(strategy, duty, this.name);
    const { event, data } = action;
    const keep = (outcome: Acknowledgement): void => {
      const record = { id: outcome.id, event, data, round, outcome };
      this.actions.push(record);
      this.#options.onAction?.(record);
    };
    const outcome = await insist(client, event, data, { clock, random, onRetry: keep });
    keep(outcome);
    this.#judge(key, action, outcome);
  }

  #judge(key: string, action: Action, outcome: Acknowledgement): void {
    switch (outcome.kind) {
      case 'applied':
        this.#doneWith = key;
        this.#checkPlayed(key, action);
        return;
      case 'refused':
        // A bot may have acted while the connection was away. But where the table still waits for us, it must take
        // what the rules allow.
        if (this.#duty?.key !== key) return;
        this.#refusals = { key, count: this.#refusals.key === key ? this.#refusals.count + 1 : 1 };
        this.#watch.report(`${action.event} ${JSON.stringify(action.data)} is refused: ${outcome.message}`);
        if (this.#refusals.count >= REFUSALS_MAX) this.#doneWith = key;
        return;
      case 'unanswered':
        if (outcome.why === 'timeout') this.#watch.report(`${action.event} ${outcome.id} was never answered`);
    }
  }

  /** The pieces on the table must be those at the positions that were sent. */
  #checkPlayed(key: string, action: Action): void {
    const game = this.#client.view.game;
    if (action.event !== 'play' || game === undefined) return;
    const shown = game.data.turn_plays?.[this.name]?.pieces;
    if (shown === undefined || key !== `play ${game.round}/${game.data.current_turn_number ?? 0}`) return;
    const played = action.pieces.map(wirePiece);
    if ([...played].sort().join() !== [...shown].sort().join()) {
      this.#watch.report(`played ${played.join(' ')}, but the table shows ${shown.join(' ')}`);
    }
  }

  #finish(end: PlayerEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#detach();
    this.#settleFinished(end);
  }
}
