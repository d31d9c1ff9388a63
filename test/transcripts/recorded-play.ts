import { type BotMind, plainBots } from '../../actors/room/bots.js';
import { type LiapTuiOptions, seededDeal } from '../../actors/room/liap-tui.js';
import { gameOf, type RoomState } from '../../actors/room/room-state.js';
import type { Piece } from '../../src/game/pieces.js';
import type { Seat } from '../../src/game/seats.js';
import { type Got, isPhase, type Line, pathOf, phaseDataOf, playersOf } from './recording.js';

/** A bot to which nothing is recorded waits for longer than any scenario lasts. */
const NEVER_MS = 86_400_000;

interface Move<T> {
  readonly value: T;
  readonly thinkMs: number; // since the message before it
}

/** What one recorded room was dealt, and what was played for its seats; keys as `round/deal/…`. */
class RecordedRoom {
  readonly deals = new Map<string, readonly Piece[]>();
  readonly declarations = new Map<string, Move<number>>();
  readonly plays = new Map<string, Move<readonly Piece[]>>();
  readonly redeals = new Map<string, Move<boolean>>();
  #deal = 0;
  #hands = '';
  #asked: readonly string[] = [];
  #at = 0;

  read(line: Got): void {
    const round = Number(line.data['round']);
    const phase = String(line.data['phase']);
    const data = phaseDataOf(line);
    const thinkMs = line.t - this.#at;
    if (phase === 'preparation' || phase === 'round_start') this.#readDeal(line, round, thinkMs);
    if (phase === 'declaration') {
      const made = Object.entries(data['declarations'] as Record<string, number>).at(-1);
      if (made !== undefined) addOnce(this.declarations, `${round}/${made[0]}`, { value: made[1], thinkMs });
    }
    if (phase === 'turn') {
      const turn = String(data['current_turn_number']);
      const made = Object.entries(data['turn_plays'] as Record<string, { pieces: string[] }>).at(-1);
      if (made !== undefined) {
        addOnce(this.plays, `${round}/${turn}/${made[0]}`, { value: made[1].pieces.map(pieceOf), thinkMs });
      }
    }
    this.#at = line.t;
  }

  /** A deal begins with its announcement; its hands are the first ones that are others than those before. */
  #readDeal(line: Got, round: number, thinkMs: number): void {
    if (line.data['reason'] === 'Starting to deal cards') {
      const multiplier = Number(phaseDataOf(line)['redeal_multiplier']);
      for (const name of this.#asked) {
        addOnce(this.redeals, `${round}/${this.#deal}/${name}`, { value: multiplier > this.#deal, thinkMs });
      }
      this.#deal = multiplier;
      this.#asked = [];
    }
    if (line.data['phase'] === 'round_start') {
      for (const name of this.#asked)
        addOnce(this.redeals, `${round}/${this.#deal}/${name}`, { value: false, thinkMs });
      this.#asked = [];
    }
    const awaiting = phaseDataOf(line)['weak_players'];
    if (String(line.data['reason']).startsWith('Weak hands')) this.#asked = awaiting as string[];
    const hands = Object.values(playersOf(line)).map(({ hand }) => (hand as string[]).map(pieceOf));
    const shown = JSON.stringify(hands);
    if (hands.some((hand) => hand.length !== 8) || shown === this.#hands) return;
    this.#hands = shown;
    this.deals.set(
      `${round}/${this.#deal}`,
      Array.from({ length: 32 }, (_, index) => hands[index % 4]![Math.floor(index / 4)]!),
    );
  }
}

function addOnce<T>(moves: Map<string, T>, key: string, move: T): void {
  if (!moves.has(key)) moves.set(key, move);
}

/** `SOLDIER_RED(2)` is `SOLDIER_RED`. */
function pieceOf(text: string): Piece {
  return text.slice(0, text.indexOf('(')) as Piece;
}

/**
 * The deals and the bots of a recording, for the game room: rooms are told apart by the order in which they are
 * dealt, everything else by round, deal, turn and name. What the recording does not hold is dealt by the seed, and its
 * bots wait for ever.
 */
export function recordedPlay(lines: readonly Line[]): Required<LiapTuiOptions> {
  const byPath = new Map<string, RecordedRoom>();
  for (const line of lines) {
    if (!isPhase(line) || !('reason' in line.data)) continue; // without one it is shown to one socket, and no news
    const path = pathOf(lines, line.conn);
    if (!byPath.has(path)) byPath.set(path, new RecordedRoom());
    byPath.get(path)!.read(line);
  }
  const waiting = [...byPath.values()];
  const bySeed = new Map<string, RecordedRoom | undefined>();
  const roomOf = (seed: string): RecordedRoom | undefined => {
    if (!bySeed.has(seed)) bySeed.set(seed, waiting.shift());
    return bySeed.get(seed);
  };

  const bots: BotMind = {
    thinkMs: (state, seat) => moveOf(state, seat)?.thinkMs ?? NEVER_MS,
    acceptsRedeal: (state, seat) => {
      const { round, deal } = gameOf(state);
      const move = roomOf(state.seed)?.redeals.get(`${round}/${deal}/${nameIn(state, seat)}`);
      return move?.value ?? plainBots.acceptsRedeal(state, seat);
    },
    declaration: (state, seat) => {
      const move = roomOf(state.seed)?.declarations.get(`${gameOf(state).round}/${nameIn(state, seat)}`);
      return move?.value ?? plainBots.declaration(state, seat);
    },
    play: (state, seat) => {
      const { round, turn, hands } = gameOf(state);
      const move = roomOf(state.seed)?.plays.get(`${round}/${turn?.number}/${nameIn(state, seat)}`);
      return move === undefined ? plainBots.play(state, seat) : indicesOf(hands[seat], move.value);
    },
  };

  function moveOf(state: RoomState, seat: Seat): Move<unknown> | undefined {
    const room = roomOf(state.seed);
    const { round, deal, turn } = gameOf(state);
    const name = nameIn(state, seat);
    switch (state.awaiting?.what) {
      case 'redealAnswer':
        return room?.redeals.get(`${round}/${deal}/${name}`);
      case 'declaration':
        return room?.declarations.get(`${round}/${name}`);
      case 'play':
        return room?.plays.get(`${round}/${turn?.number}/${name}`);
      case undefined:
        return undefined;
    }
  }

  const order: Required<LiapTuiOptions>['order'] = (seed, round, deal) =>
    roomOf(seed)?.deals.get(`${round}/${deal}`) ?? seededDeal(seed, round, deal);
  return { order, bots };
}

function nameIn(state: RoomState, seat: Seat): string {
  return state.seats[seat]?.name ?? '';
}

/** Where pieces lie in a hand; of two alike the first one that is not taken yet. */
function indicesOf(hand: readonly Piece[], pieces: readonly Piece[]): number[] {
  const taken: number[] = [];
  for (const piece of pieces) taken.push(hand.findIndex((held, index) => held === piece && !taken.includes(index)));
  return taken;
}
