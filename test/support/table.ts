import type { BotMind } from '../../actors/room/bots.js';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import type { RoomView } from '../../actors/room/room-view.js';
import type { Entry } from '../../persistence/journal.js';
import { Session } from '../../src/client/session.js';
import type { Piece } from '../../src/game/pieces.js';
import { SimulatedServer, type SimulatedServerOptions } from './simulated-server.js';
import { at, type Data, WireClient } from './wire-client.js';

export type Hands = readonly [readonly Piece[], readonly Piece[], readonly Piece[], readonly Piece[]];
type Text = `${string}_${'R' | 'B'}`;

function hand(...pieces: readonly Text[]): readonly Piece[] {
  return pieces.map((text) => text.replace(/_R$/, '_RED').replace(/_B$/, '_BLACK') as Piece);
}

/** Nobody is weak; seat 0 holds the red general and starts. */
export const STEADY: Hands = [
  hand('GENERAL_R', 'ADVISOR_R', 'CHARIOT_R', 'HORSE_R', 'CANNON_R', 'SOLDIER_R', 'SOLDIER_R', 'SOLDIER_B'),
  hand('GENERAL_B', 'ADVISOR_R', 'CHARIOT_R', 'HORSE_R', 'CANNON_R', 'SOLDIER_R', 'SOLDIER_B', 'SOLDIER_B'),
  hand('ADVISOR_B', 'ELEPHANT_R', 'CHARIOT_B', 'HORSE_B', 'CANNON_B', 'SOLDIER_R', 'SOLDIER_B', 'ELEPHANT_B'),
  hand('ADVISOR_B', 'ELEPHANT_R', 'CHARIOT_B', 'HORSE_B', 'CANNON_B', 'SOLDIER_R', 'SOLDIER_B', 'ELEPHANT_B'),
];

/** Seats 0 and 1 hold nothing above 9 points; seat 2 has the red general. */
export const TWO_WEAK: Hands = [
  hand('ELEPHANT_B', 'CHARIOT_B', 'CHARIOT_R', 'HORSE_R', 'CANNON_R', 'SOLDIER_R', 'SOLDIER_R', 'SOLDIER_B'),
  hand('ELEPHANT_B', 'CHARIOT_B', 'CHARIOT_R', 'HORSE_R', 'CANNON_R', 'SOLDIER_R', 'SOLDIER_B', 'SOLDIER_B'),
  hand('ADVISOR_B', 'ELEPHANT_R', 'GENERAL_R', 'HORSE_B', 'CANNON_B', 'SOLDIER_R', 'SOLDIER_B', 'ADVISOR_R'),
  hand('ADVISOR_B', 'ELEPHANT_R', 'GENERAL_B', 'HORSE_B', 'CANNON_B', 'SOLDIER_R', 'SOLDIER_B', 'ADVISOR_R'),
];

/** An order of all 32 pieces that deals these hands. */
export function orderOf(hands: Hands): readonly Piece[] {
  return hands[0].flatMap((_, index) => hands.map((dealt) => dealt[index]!));
}

/** Deals the hands one after the other, by round and redeal, and the last ones again and again. A replay deals the same. */
function dealing(...deals: readonly Hands[]): DealOrder {
  return (_seed, round, deal) => orderOf(deals[Math.min(round + deal - 2, deals.length - 1)]!);
}

/** Bots that never act by themselves within a test, so that only people move. */
export const SLOW_BOTS: BotMind = {
  thinkMs: () => 3_600_000,
  acceptsRedeal: () => false,
  declaration: () => 1,
  play: (state, seat) => {
    const count = state.game?.turn?.plays[0]?.pieces.length ?? 1;
    return (state.game?.hands[seat] ?? []).slice(0, count).map((_, index) => index);
  },
};

/** Bots as slow as people of the existing system expect, with moves that are always allowed. */
export const SIMPLE_BOTS: BotMind = {
  ...SLOW_BOTS,
  thinkMs: () => 1_000,
  declaration: (state) => {
    const before = (state.game?.declarations ?? []).flatMap((value) => value ?? []);
    const sum = before.reduce((total, value) => total + value, 0);
    return before.length === 3 && sum === 7 ? 2 : 1;
  },
};

export const NAMES = ['Hana', 'Gio', 'Mona', 'Nils'] as const;

export interface TableOptions extends SimulatedServerOptions {
  readonly humans?: number; // 1 to 4
  readonly credentials?: 'cookie' | 'token';
  readonly deals?: readonly Hands[];
}

/** A room on a simulated server, with one socket for each person in it. */
export class Table {
  readonly sim: SimulatedServer;
  readonly code: string;
  readonly people: WireClient[];
  readonly lobby: WireClient;

  private constructor(sim: SimulatedServer, code: string, people: WireClient[], lobby: WireClient) {
    this.sim = sim;
    this.code = code;
    this.people = people;
    this.lobby = lobby;
  }

  /** People sit in the room and wait; bots have the other seats. */
  static async open({ humans = 1, credentials, deals, ...options }: TableOptions = {}): Promise<Table> {
    const sim = await SimulatedServer.start({
      ...options,
      ...(deals !== undefined && { order: dealing(...deals) }),
    });
    return Table.add(sim, humans, credentials);
  }

  /** One more room on a server that runs. */
  static async add(sim: SimulatedServer, humans = 1, credentials?: 'cookie' | 'token'): Promise<Table> {
    const lobby = await WireClient.open(sim, 'lobby', new Session(credentials));
    const created = await lobby.call('create_room', { player_name: NAMES[0] });
    const code = String(created.data['room_id']);
    const host = await WireClient.open(sim, code, lobby.session);
    const table = new Table(sim, code, [host], lobby);
    await table.ready(0);
    for (let seat = 1; seat < humans; seat++) {
      await host.call('remove_player', { slot_id: seat + 1 });
      const door = await WireClient.open(sim, 'lobby', new Session(credentials));
      await door.call('join_room', { room_id: code, player_name: NAMES[seat] });
      table.people.push(await WireClient.open(sim, code, door.session));
      door.close();
      await table.ready(seat);
    }
    await sim.clock.advance(300); // the repeated `room_update`
    return table;
  }

  /** The usual beginning of everything: a game that has just begun its first declarations. */
  static async declaring(options: TableOptions = {}): Promise<Table> {
    const table = await Table.open({ deals: [STEADY], bots: SLOW_BOTS, ...options });
    await table.start();
    await table.toPhase('declaration');
    return table;
  }

  /** A game of four people whose first turn has just begun; each has declared 1. */
  static async playing(options: TableOptions = {}): Promise<Table> {
    const table = await Table.declaring({ humans: 4, ...options });
    for (const seat of [0, 1, 2, 3]) await table.declare(seat, 1);
    await table.settle();
    return table;
  }

  /** A game of four people that Hana has won in its first round: 12 points, five times over by four redeals. */
  static async over(options: TableOptions = {}): Promise<Table> {
    const deals = [TWO_WEAK, TWO_WEAK, TWO_WEAK, TWO_WEAK, STEADY];
    const table = await Table.open({ humans: 4, deals, bots: SLOW_BOTS, ...options });
    await table.start();
    for (let redeal = 1; redeal <= 4; redeal++) {
      await table.until(() => (table.phaseData['weak_players_awaiting'] as string[] | undefined)?.length === 2);
      for (const seat of [0, 1]) await table.person(seat).call('accept_redeal', { player_name: NAMES[seat] });
      await table.settle();
    }
    await table.toPhase('declaration');
    await table.roundOf(7, 0, 1, 1);
    await table.toPhase('game_over');
    return table;
  }

  get host(): WireClient {
    return this.people[0]!;
  }

  get roomId(): string {
    return this.sim.server.rooms.resolve(this.code)!;
  }

  person(seat: number): WireClient {
    return this.people[seat]!;
  }

  async ready(seat: number): Promise<void> {
    const { session } = this.person(seat);
    await this.person(seat).call('client_ready', {
      room_id: this.code,
      player_name: NAMES[seat],
      is_reconnection: false,
      ...(session.token !== undefined && { session_token: session.token }),
    });
  }

  async start(): Promise<void> {
    await this.host.call('start_game');
    await this.settle();
  }

  /** A new socket in place of the person's old one, which is gone. */
  async comeBack(seat: number): Promise<WireClient> {
    const client = await WireClient.open(this.sim, this.code, this.person(seat).session);
    this.people[seat] = client;
    await this.ready(seat);
    await this.settle();
    return client;
  }

  /** Lets time pass until the first person's page shows a phase. */
  async toPhase(phase: string, limitMs = 600_000): Promise<void> {
    await this.until(() => this.host.all('phase_change').at(-1)?.data['phase'] === phase, limitMs);
  }

  async until(done: () => boolean, limitMs = 600_000): Promise<void> {
    await this.sim.clock.runUntil(done, limitMs);
    await this.settle();
  }

  /** Lets everything under way arrive. */
  async settle(ms = 5): Promise<void> {
    await this.sim.clock.advance(ms);
  }

  async advance(ms: number): Promise<void> {
    await this.sim.clock.advance(ms);
  }

  async declare(seat: number, value: number) {
    return this.person(seat).call('declare', { player_name: NAMES[seat], value });
  }

  async play(seat: number, ...indices: readonly number[]) {
    return this.person(seat).call('play', { player_name: NAMES[seat], piece_indices: indices, play_value: 0 });
  }

  /** Four people declare, in whatever order, and play the first piece of their hands each time, to the round's last turn. */
  async roundOf(...values: readonly [number, number, number, number]): Promise<void> {
    for (let count = 1; count <= 4; count++) {
      const seat = NAMES.indexOf(this.phaseData['current_declarer'] as (typeof NAMES)[number]);
      await this.declare(seat, values[seat]!);
    }
    for (let turn = 1; turn <= 8; turn++) {
      await this.until(() => this.host.phase['phase'] === 'turn' && this.phaseData['current_turn_number'] === turn);
      for (let count = 1; count <= 4; count++) {
        await this.play(NAMES.indexOf(this.phaseData['current_player'] as (typeof NAMES)[number]), 0);
      }
    }
  }

  get phaseData(): Data {
    return at(this.host.phase, 'phase_data');
  }

  /** Durable entries of the room: what nothing refused may add to. */
  get entries(): readonly Entry[] {
    return this.sim.engine.durableEntries(this.roomId);
  }

  /** The room as an operator sees it, all hands included. */
  async view(): Promise<RoomView> {
    const seen = await this.sim.until(this.sim.server.rooms.query(this.roomId, 'operator'), 10_000);
    if (seen === null) throw new Error(`room ${this.code} is gone`);
    return seen.view;
  }
}
