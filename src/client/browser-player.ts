import type { Cancel, Clock } from '../../actors/clock.js';
import { isWeakHand } from '../game/weak-hand.js';
import { BrowserNetwork, type LostMessage } from './browser-network.js';
import type { Connect } from './client-socket.js';
import { dutyOf, type Duty } from './duty.js';
import { textIn, type Frame } from './frame.js';
import { ProtocolWatch, type Violation } from './protocol-watch.js';
import type { Random } from './random.js';
import { LOBBY } from './room-link.js';
import {
  EMPTY_VIEW,
  finalResult,
  gameAfter,
  listedRooms,
  viewAfter,
  type FinalResult,
  type GameView,
  type SeatView,
} from './room-view.js';
import { Session } from './session.js';
import { decide, type Strategy } from './strategy.js';

const CREATE_DELAY_MS = 100;
/** From the opening of the room's socket to the page's listening (protocol.md 7.1.17). */
const LISTEN_DELAY_MS = 4;
const START_NEXT_ROUND_MS = 5000;
const GAME_OVER_MS = 10_000;
const ROOM_GONE_MS = 3000;
/** A person who sees no effect of a click clicks again; one whose page is dead loads it anew. */
const CLICK_AGAIN_MS = 5000;
const RELOAD_MS = 5000;

export type Page = 'start' | 'lobby' | 'room' | 'game' | 'closed';

export interface BrowserPlayerOptions {
  readonly name: string;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly strategy: Strategy;
  readonly thinkMs: () => number; // before each click in the game
  readonly observer?: BrowserObserver;
}

export interface BrowserObserver {
  readonly frame?: (frame: Frame) => void; // on any page
  readonly click?: (event: string) => void; // in the game
}

/**
 * A person at the unmodified frontend (protocol.md 2.1, 2.6, 2.7): one tab, its pages, its sockets and its mistakes. It
 * reads what the frontend reads and nothing else: no acknowledgement, no error outside the lobby. In the game it clicks
 * by itself; before that the owner says what is clicked.
 */
export class BrowserPlayer {
  readonly finished: Promise<FinalResult>;
  /** What the lobby page showed in alert boxes. */
  readonly alerts: string[] = [];
  /** From a click in the game to the message that shows its effect. */
  readonly latenciesUs: number[] = [];
  readonly #options: BrowserPlayerOptions;
  readonly #session = new Session('cookie');
  readonly #watch: ProtocolWatch;
  readonly #listeners = new Set<() => void>();
  #network: BrowserNetwork;
  #settleFinished!: (result: FinalResult) => void;
  #page: Page = 'start';
  #roomId = '';
  #pageTimers: Cancel[] = []; // those that die with the page
  #listening = false;
  #creating = false;
  #lobbyOpenings = 0;
  #rooms: readonly string[] = [];
  #seats: readonly (SeatView | null)[] | undefined;
  #game: GameView | undefined;
  #storedGame: string | undefined; // the session record: room of the game to go back to after a load
  #thinkingAbout: string | undefined;
  #clicked: { readonly key: string; readonly atMs: number } | undefined;

  constructor(options: BrowserPlayerOptions) {
    this.#options = options;
    this.#watch = new ProtocolWatch({ ownName: options.name, isOwnId: (id) => this.#session.hasIssued(id) });
    this.#network = this.#newNetwork();
    this.finished = new Promise((resolve) => {
      this.#settleFinished = resolve;
    });
  }

  get name(): string {
    return this.#options.name;
  }

  get page(): Page {
    return this.#page;
  }

  get roomId(): string {
    return this.#roomId;
  }

  /** Rooms on the lobby page. */
  get rooms(): readonly string[] {
    return this.#rooms;
  }

  /** Seats on the room page; undefined while it shows four times "Waiting...". */
  get seats(): readonly (SeatView | null)[] | undefined {
    return this.#seats;
  }

  get game(): GameView | undefined {
    return this.#game;
  }

  get connected(): boolean {
    return this.#network.isConnected(this.#page === 'lobby' ? LOBBY : this.#roomId);
  }

  /** Messages lost since the page was loaded, because the frontend sent them while it was not connected. */
  get lost(): readonly LostMessage[] {
    return this.#network.lost;
  }

  get violations(): readonly Violation[] {
    return this.#watch.violations;
  }

  /** Opens `/`: goes straight to the game if one is stored, else shows the start page. */
  load(): void {
    this.#network.unload();
    this.#network = this.#newNetwork();
    if (this.#storedGame === undefined) this.#show('start');
    else this.#enterGame(this.#storedGame);
  }

  visitLobby(): void {
    this.#leavePage();
    this.#show('lobby');
    this.#creating = false;
    this.#lobbyOpenings = 0;
    this.#network.connect(LOBBY);
  }

  clickCreate(): void {
    this.#creating = true;
    this.#network.connect(LOBBY);
    this.#onPage(CREATE_DELAY_MS, () => this.#network.send(LOBBY, 'create_room', { player_name: this.name }));
  }

  clickJoin(roomId: string): void {
    this.#network.send(LOBBY, 'join_room', { room_id: roomId, player_name: this.name });
  }

  /** @param slot 1 to 4 */
  clickRemove(slot: number): void {
    this.#network.send(this.#roomId, 'remove_player', { slot_id: slot });
  }

  /** @param slot 1 to 4 */
  clickAddBot(slot: number): void {
    this.#network.send(this.#roomId, 'add_bot', { slot_id: slot });
  }

  clickStart(): void {
    this.#network.send(this.#roomId, 'start_game', {});
  }

  /** Leaves the room page by its button. */
  clickLeave(): void {
    this.#network.send(this.#roomId, 'leave_room', { player_name: this.name });
    this.visitLobby();
  }

  /** Cuts the page's connection as a dead network does. */
  drop(): void {
    this.#network.drop(this.#page === 'lobby' ? LOBBY : this.#roomId);
  }

  /** Closes the tab; the stored session survives. */
  close(): void {
    this.#network.unload();
    this.#show('closed');
  }

  /**
   * Waits for what a person waits for.
   * @throws after `limitMs`, with what the page shows
   */
  until(what: string, done: () => boolean, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!done()) return;
        stop();
        resolve();
      };
      const cancel = this.#options.clock.schedule(limitMs, () => {
        stop();
        reject(new Error(`${this.name} waited ${limitMs} ms for ${what}: ${this.#describe()}`));
      });
      const stop = (): void => {
        cancel();
        this.#listeners.delete(check);
      };
      this.#listeners.add(check);
      check();
    });
  }

  #describe(): string {
    const lost = this.lost.map(({ event }) => event).join(', ');
    const alerts = this.alerts.join('; ');
    return `page ${this.#page}, ${this.connected ? '' : 'not '}connected, lost: ${lost || '-'}, alerts: ${alerts || '-'}`;
  }

  #newNetwork(): BrowserNetwork {
    const { connect, clock, random, newId, observer } = this.#options;
    return new BrowserNetwork({
      connect,
      clock,
      random,
      newId,
      session: this.#session,
      onConnected: (roomId) => this.#onConnected(roomId),
      onText: (text) => this.#watch.see(text),
      onFrame: (roomId, frame) => {
        observer?.frame?.(frame);
        this.#onFrame(roomId, frame);
        this.#changed();
      },
      onFailed: () => {
        if (this.#page === 'game') this.#onPage(RELOAD_MS, () => this.load());
        this.#changed();
      },
    });
  }

  #onConnected(roomId: string): void {
    this.#watch.gap();
    if (this.#page === 'lobby' && roomId === LOBBY) {
      // The page's effect runs again when it learns that it is connected, and so connects a second time.
      this.#lobbyOpenings++;
      if (this.#lobbyOpenings === 1) this.#network.connect(LOBBY);
    } else if (this.#page === 'room' && roomId === this.#roomId) {
      this.#network.send(roomId, 'get_room_state', {});
      this.#onPage(LISTEN_DELAY_MS, () => {
        this.#listening = true;
      });
    }
    this.#changed();
  }

  #onFrame(roomId: string, frame: Frame): void {
    if (this.#page === 'lobby' && roomId === LOBBY) this.#onLobbyFrame(frame);
    else if (this.#page === 'room' && roomId === this.#roomId && this.#listening) this.#onRoomFrame(frame);
    else if (this.#page === 'game' && roomId === this.#roomId) this.#onGameFrame(frame);
  }

  #onLobbyFrame({ event, data }: Frame): void {
    switch (event) {
      case 'room_list_update':
        this.#rooms = listedRooms(data);
        return;
      case 'room_created':
      case 'room_joined': {
        const roomId = textIn(data, 'room_id');
        const wanted = event === 'room_joined' || (this.#creating && roomId !== LOBBY);
        if (wanted && roomId !== undefined) this.#enterRoom(roomId);
        return;
      }
      case 'error':
        this.#creating = false;
        this.alerts.push(textIn(data, 'message') ?? '');
        return;
      default:
    }
  }

  #enterRoom(roomId: string): void {
    this.#leavePage();
    this.#roomId = roomId;
    this.#seats = undefined;
    this.#listening = false;
    this.#show('room');
    this.#network.connect(roomId, this.name);
  }

  #onRoomFrame(frame: Frame): void {
    switch (frame.event) {
      case 'room_update':
        this.#seats = viewAfter(EMPTY_VIEW, frame, this.name).seats;
        return;
      case 'room_closed':
        this.visitLobby();
        return;
      case 'room_not_found':
        this.#onPage(ROOM_GONE_MS, () => this.load());
        return;
      case 'game_started':
        this.#enterGame(this.#roomId);
        return;
      default:
    }
  }

  #enterGame(roomId: string): void {
    this.#leavePage();
    this.#roomId = roomId;
    this.#storedGame = roomId;
    this.#game = undefined;
    this.#show('game');
    this.#network.connect(roomId, this.name);
  }

  #onGameFrame({ event, data }: Frame): void {
    if (event === 'room_not_found') {
      this.#storedGame = undefined;
      this.#onPage(ROOM_GONE_MS, () => this.load());
    }
    // `turn_complete` and the notices about other players only change the picture.
    if (event !== 'phase_change') return;
    const before = this.#game?.phase;
    this.#game = gameAfter(this.#game, data, this.name) ?? this.#game;
    this.#seeEffect();
    if (this.#game?.phase !== before) this.#enterPhase();
    this.#think();
  }

  #enterPhase(): void {
    this.#cancelPageTimers();
    this.#thinkingAbout = undefined;
    if (this.#game?.phase === 'scoring' && this.#game.data.game_complete !== true) {
      this.#onPage(START_NEXT_ROUND_MS, () => this.#network.send(this.#roomId, 'start_next_round', {}));
    }
    const result = finalResult(this.#game);
    if (result === undefined) return;
    this.#settleFinished(result);
    this.#onPage(GAME_OVER_MS, () => this.visitLobby());
  }

  /** What the page has an enabled button for. */
  #duty(): Duty | undefined {
    const duty = dutyOf(this.#game, this.name);
    if (duty?.kind !== 'redeal') return duty;
    return this.#game?.data.simultaneous_mode === true && isWeakHand(duty.hand) ? duty : undefined;
  }

  #seeEffect(): void {
    if (this.#clicked === undefined || this.#duty()?.key === this.#clicked.key) return;
    this.latenciesUs.push(Math.round((this.#options.clock.elapsedMs() - this.#clicked.atMs) * 1000));
    this.#clicked = undefined;
  }

  #think(): void {
    const key = this.#duty()?.key;
    if (key === undefined || key === this.#thinkingAbout || key === this.#clicked?.key) return;
    this.#thinkingAbout = key;
    this.#onPage(this.#options.thinkMs(), () => this.#click(key));
  }

  #click(key: string): void {
    this.#thinkingAbout = undefined;
    const duty = this.#duty();
    if (duty?.key !== key) {
      this.#think();
      return;
    }
    const { event, data } = decide(this.#options.strategy, duty, this.name);
    this.#options.observer?.click?.(event);
    this.#network.send(this.#roomId, event, data);
    this.#clicked = { key, atMs: this.#options.clock.elapsedMs() };
    this.#onPage(CLICK_AGAIN_MS, () => {
      if (this.#clicked?.key !== key) return;
      this.#clicked = undefined;
      this.#think();
    });
  }

  /** Leaves the page inside the app: its socket is closed, its timers end, a game is no longer stored. */
  #leavePage(): void {
    if (this.#page === 'lobby') this.#network.disconnect(LOBBY);
    if (this.#page === 'room' || this.#page === 'game') this.#network.disconnect(this.#roomId);
    if (this.#page === 'game') this.#storedGame = undefined;
  }

  #show(page: Page): void {
    this.#cancelPageTimers();
    this.#page = page;
    this.#thinkingAbout = undefined;
    this.#clicked = undefined;
    this.#changed();
  }

  #onPage(delayMs: number, run: () => void): void {
    this.#pageTimers.push(this.#options.clock.schedule(delayMs, run));
  }

  #cancelPageTimers(): void {
    for (const cancel of this.#pageTimers) cancel();
    this.#pageTimers = [];
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
