import type { Cancel, Clock } from '../../actors/clock.js';
import { botDeclare, botPlay } from '../game/bot.js';
import { dealHands, shuffle } from '../game/deal.js';
import { finalOrder, isGameOver, winners } from '../game/game-end.js';
import { declareOptions, judgeDeclaration, nextZeroStreak } from '../game/declaration.js';
import { fullSet, sumOfPoints, type Piece } from '../game/pieces.js';
import { playType } from '../game/play-type.js';
import { judgeRedealAnswer, resolveRedeal } from '../game/redeal.js';
import { scoreRound } from '../game/scoring.js';
import { perSeat, SEATS, seatOrderFrom, withSeat, type PerSeat, type Seat } from '../game/seats.js';
import { roundStarter } from '../game/starter.js';
import { judgePlay, turnWinner } from '../game/turn.js';
import { weakSeats } from '../game/weak-hand.js';
import { seededRandom } from './random.js';
import { ScriptedServer, type ReceivedMessage, type ServerConnection } from './scripted-server.js';
import { wirePiece } from './wire-piece.js';

// A small server that plays by the rules and the protocol, for the tests of this folder: no durability, no presence.

export interface FakeGameServerOptions {
  readonly clock: Clock;
  readonly seed?: number;
  readonly totals?: number; // of all four at the start: near 50 for a short game
  readonly pauseMs?: number; // each wait of rules.md R21, bots' thinking too
  readonly handshakeLatencyMs?: number;
  readonly closeLatencyMs?: number;
  readonly cookies?: boolean; // false: only tokens are given out
  /** Takes a message before the server does; what it returns is sent as an `error`, and the message is forgotten. */
  readonly refuse?: (message: ReceivedMessage, connection: ServerConnection) => Record<string, unknown> | undefined;
}

export class FakeGameServer {
  readonly sockets: ScriptedServer;
  readonly rooms = new Map<string, FakeRoom>();
  readonly #options: FakeGameServerOptions;
  #sessions = 0;

  constructor(options: FakeGameServerOptions) {
    this.#options = options;
    const { clock, handshakeLatencyMs = 1, closeLatencyMs = handshakeLatencyMs } = options;
    this.sockets = new ScriptedServer({
      clock,
      latencyMs: handshakeLatencyMs,
      closeLatencyMs,
      // Called right after `#accept` for the same handshake.
      setCookie: (headers) =>
        options.cookies === false || headers['cookie'] !== undefined
          ? []
          : [`room_session=s${this.#sessions}; Path=/; HttpOnly; SameSite=Lax`],
      onConnection: (connection) => this.#accept(connection),
    });
  }

  #accept(connection: ServerConnection): void {
    let session = connection.headers['cookie']?.split('=')[1] ?? `s${++this.#sessions}`;

    const roomId = connection.path.slice('/ws/'.length);
    connection.onMessage = (message) => {
      const token = message.data['session_token'];
      if (typeof token === 'string') session = token;
      const refusal = this.#options.refuse?.(message, connection);
      if (refusal !== undefined) connection.send('error', { ...refusal, in_reply_to: message.id });
      else if (message.event === 'ping') connection.send('pong', { ...message.data, in_reply_to: message.id });
      else if (roomId === 'lobby') this.#lobby(connection, session, message);
      else this.#room(roomId, connection, session, message);
    };
    connection.onClosed = () => this.rooms.get(roomId)?.left(connection);
  }

  #lobby(connection: ServerConnection, session: string, { event, data, id }: ReceivedMessage): void {
    const token = this.#options.cookies === false ? { session_token: session } : {};
    const name = String(data['player_name']);
    if (event === 'client_ready' || event === 'get_rooms') {
      const rooms = [...this.rooms.keys()].map((room_id) => ({ room_id }));
      connection.send('room_list_update', { rooms, initial: true, in_reply_to: id });
    } else if (event === 'create_room') {
      const roomId = (this.rooms.size + 1).toString(16).toUpperCase().padStart(6, 'A');
      this.rooms.set(roomId, new FakeRoom(roomId, name, session, this.#options));
      connection.send('room_created', { room_id: roomId, host_name: name, success: true, ...token, in_reply_to: id });
    } else if (event === 'join_room') {
      const roomId = String(data['room_id']);
      const seat = this.rooms.get(roomId)?.join(name, session);
      if (seat === undefined) {
        connection.send('error', { message: 'Room is full', type: 'join_room_error', in_reply_to: id });
        return;
      }
      const answer = { room_id: roomId, player_name: name, assigned_slot: seat, success: true };
      connection.send('room_joined', { ...answer, ...token, in_reply_to: id });
      this.rooms.get(roomId)!.showSeats();
    }
  }

  #room(roomId: string, connection: ServerConnection, session: string, message: ReceivedMessage): void {
    const room = this.rooms.get(roomId);
    if (room === undefined) {
      connection.send('room_closed', { message: 'Room not found.', in_reply_to: message.id });
      return;
    }
    room.take(connection, session, message);
  }
}

interface FakeSeat {
  readonly name: string;
  readonly isBot: boolean;
  readonly session: string | undefined;
}

type GamePhase = 'preparation' | 'round_start' | 'declaration' | 'turn' | 'turn_results' | 'scoring' | 'game_over';

const NO_HANDS: PerSeat<readonly Piece[]> = [[], [], [], []];

class FakeRoom {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #below: (n: number) => number;
  readonly #watchers = new Map<ServerConnection, { session: string; name: string | undefined }>();
  readonly #answered = new Set<string>();
  #seats: (FakeSeat | null)[];
  #cause: { session: string; id: string } | undefined;
  #cancelBot: Cancel = () => undefined;

  #phase: GamePhase | undefined;
  #phaseData: Record<string, unknown> = {};
  #round = 1;
  #multiplier = 1;
  #hands = NO_HANDS;
  #totals: PerSeat<number>;
  #streaks: PerSeat<number> = [0, 0, 0, 0];
  #piles: PerSeat<number> = [0, 0, 0, 0];
  #declared: number[] = [];
  #asked: Seat[] = [];
  #answers: PerSeat<boolean | null> = [null, null, null, null];
  #redealStarter: Seat | null = null;
  #order: readonly Seat[] = SEATS;
  #plays: (readonly Piece[])[] = [];
  #turn = 0;
  #lastWinner: Seat | null = null;

  constructor(
    id: string,
    host: string,
    session: string,
    { clock, seed = 1, totals = 0, pauseMs = 10 }: FakeGameServerOptions,
  ) {
    const random = seededRandom(seed);
    this.#id = id;
    this.#clock = clock;
    this.#pauseMs = pauseMs;
    this.#below = (n) => Math.floor(random() * n);
    this.#totals = perSeat(() => totals);
    this.#seats = [{ name: host, isBot: false, session }, ...[2, 3, 4].map((number) => bot(number))];
  }

  join(name: string, session: string): number | undefined {
    const seat = this.#seats.indexOf(null);
    if (seat < 0) return undefined;
    this.#seats[seat] = { name, isBot: false, session };
    return seat;
  }

  left(connection: ServerConnection): void {
    this.#watchers.delete(connection);
  }

  showSeats(): void {
    this.#toAll('room_update', this.#seatData());
  }

  take(connection: ServerConnection, session: string, message: ReceivedMessage): void {
    this.#cause = { session, id: message.id };
    if (message.event === 'client_ready') this.#greet(connection, session, message);
    else if (this.#answered.has(`${session} ${message.id}`)) this.#showGame(connection);
    else this.#command(connection, session, message);
    this.#cause = undefined;
  }

  #greet(connection: ServerConnection, session: string, { data }: ReceivedMessage): void {
    const given = typeof data['player_name'] === 'string' ? data['player_name'] : undefined;
    const seat = this.#seats.find((each) => each?.session === session && (given ?? each.name) === each.name);
    this.#watchers.set(connection, { session, name: seat?.name });
    this.#direct(connection, 'room_state_update', { slots: {}, host_name: this.#seats[0]!.name });
    if (this.#phase !== undefined) this.#showGame(connection);
    // The repeat for pages that begin to listen after they asked (protocol.md 7.1.17).
    else this.#clock.schedule(250, () => this.#phase === undefined && connection.send('room_update', this.#seatData()));
  }

  #command(connection: ServerConnection, session: string, message: ReceivedMessage): void {
    const name = this.#watchers.get(connection)?.name;
    const seat = SEATS.find((each) => this.#seats[each]?.name === name);
    const { event, data } = message;
    const slot = Number(data['slot_id']) - 1;
    if (event === 'get_room_state') {
      this.#direct(connection, 'room_update', this.#seatData());
      return;
    }
    const reason = seat === undefined ? 'notSeated' : this.#apply(event, data, seat, slot);
    if (reason === undefined) this.#answered.add(`${session} ${message.id}`);
    else
      this.#direct(connection, 'error', {
        message: `Refused: ${reason}`,
        type: 'action_rejected',
        reason,
        action: event,
      });
  }

  /** @returns why not */
  #apply(event: string, data: ReceivedMessage['data'], seat: Seat, slot: number): string | undefined {
    switch (event) {
      case 'remove_player':
      case 'add_bot':
        if (seat !== 0) return 'notHost';
        this.#seats[slot] = event === 'add_bot' ? bot(slot + 1) : null;
        this.showSeats();
        return undefined;
      case 'start_game':
        if (seat !== 0 || this.#seats.includes(null) || this.#phase !== undefined) return 'cannotStart';
        this.#toAll('game_started', { room_id: this.#id, success: true });
        this.#startRound();
        return undefined;
      case 'declare':
        return this.#declare(seat, data['value']);
      case 'play':
        return this.#play(seat, data['piece_indices']);
      case 'accept_redeal':
      case 'decline_redeal':
        return this.#answerRedeal(seat, event === 'accept_redeal');
      default:
        return 'unknownEvent';
    }
  }

  #startRound(): void {
    this.#declared = [];
    this.#piles = [0, 0, 0, 0];
    this.#multiplier = 1;
    this.#redealStarter = null;
    this.#turn = 0;
    this.#hands = NO_HANDS;
    this.#asked = [];
    this.#show('preparation', { dealing_cards: true, redeal_multiplier: 1 });
    this.#after(() => this.#deal());
  }

  #deal(): void {
    this.#hands = dealHands(shuffle(fullSet(), this.#below));
    this.#asked = weakSeats(this.#hands);
    this.#answers = [null, null, null, null];
    this.#showDeal();
    if (this.#asked.length === 0) this.#after(() => this.#roundStart());
    else this.#botAnswersRedeal();
  }

  #showDeal(): void {
    const waiting = this.#asked.filter((seat) => this.#answers[seat] === null);
    this.#show('preparation', {
      dealing_cards: false,
      redeal_multiplier: this.#multiplier,
      weak_players: this.#names(this.#asked),
      weak_players_awaiting: this.#names(waiting),
      decisions_received: this.#asked.length - waiting.length,
      decisions_needed: this.#asked.length,
      simultaneous_mode: true,
    });
  }

  #botAnswersRedeal(): void {
    for (const seat of this.#asked) {
      if (this.#seats[seat]!.isBot) this.#after(() => this.#answerRedeal(seat, true));
    }
  }

  #answerRedeal(seat: Seat, accepts: boolean): string | undefined {
    const judged = judgeRedealAnswer({
      asked: this.#phase === 'preparation' ? this.#asked : [],
      answers: this.#answers,
      seat,
    });
    if (judged.kind === 'refused') return judged.reason;
    this.#answers = withSeat(this.#answers, seat, accepts);
    this.#showDeal();
    if (this.#asked.some((each) => this.#answers[each] === null)) return undefined;
    const outcome = resolveRedeal(this.#answers, 0);
    this.#asked = [];
    if (outcome.kind === 'keep') {
      this.#roundStart();
      return undefined;
    }
    this.#multiplier++;
    this.#redealStarter = outcome.starter;
    this.#show('preparation', { dealing_cards: true, redeal_multiplier: this.#multiplier });
    this.#after(() => this.#deal());
    return undefined;
  }

  #roundStart(): void {
    const starter = roundStarter({
      redealStarter: this.#redealStarter,
      round: this.#round,
      hands: this.#hands,
      lastTurnWinner: this.#lastWinner,
    });
    this.#order = seatOrderFrom(starter.seat);
    const name = this.#names([starter.seat])[0];
    this.#show('round_start', { round_number: this.#round, current_starter: name, starter_reason: starter.reason });
    this.#after(() => this.#showDeclarations());
  }

  #showDeclarations(): void {
    const values = Object.fromEntries(this.#declared.map((value, index) => [this.#names(this.#order)[index]!, value]));
    const declarer = this.#order[this.#declared.length];
    this.#show('declaration', {
      declaration_order: this.#names(this.#order),
      current_declarer_index: this.#declared.length,
      declarations: values,
      declaration_total: sum(this.#declared),
      current_declarer: declarer === undefined ? null : this.#names([declarer])[0],
      ...(declarer === undefined ? {} : { allowed_values: this.#allowedValues(declarer) }),
    });
    if (declarer === undefined) this.#startTurn(this.#order[0]!);
    else this.#botActs(declarer);
  }

  #allowedValues(seat: Seat): number[] {
    const isLast = this.#declared.length === 3;
    return declareOptions({ zeroStreak: this.#streaks[seat], sumSoFar: sum(this.#declared), isLast });
  }

  #declare(seat: Seat, value: unknown): string | undefined {
    const position = this.#declared.length;
    const judged = judgeDeclaration({
      seat,
      declarer: this.#phase === 'declaration' ? (this.#order[position] ?? null) : null,
      value: Number(value),
      zeroStreak: this.#streaks[seat],
      sumSoFar: sum(this.#declared),
      isLast: position === 3,
    });
    if (judged.kind === 'refused') return judged.reason;
    this.#declared.push(judged.value);
    this.#streaks = withSeat(this.#streaks, seat, nextZeroStreak(this.#streaks[seat], judged.value));
    this.#showDeclarations();
    return undefined;
  }

  #startTurn(starter: Seat): void {
    this.#declared = this.#declaredBySeat();
    this.#order = seatOrderFrom(starter);
    this.#plays = [];
    this.#turn++;
    this.#showTurn();
    this.#botActs(starter);
  }

  /** From the order of declaring to the order of seats; later turns find it done. */
  #declaredBySeat(): number[] {
    return this.#turn === 0 ? SEATS.map((seat) => this.#declared[this.#order.indexOf(seat)]!) : this.#declared;
  }

  #showTurn(extra: Record<string, unknown> = {}): void {
    const names = this.#names(this.#order);
    const plays = this.#plays.map((pieces, index) => [
      names[index]!,
      {
        pieces: pieces.map(wirePiece),
        piece_count: pieces.length,
        play_type: playType(pieces),
        play_value: sumOfPoints(pieces),
        is_valid: true,
      },
    ]);
    this.#show('turn', {
      current_turn_starter: names[0],
      current_player: names[Math.min(this.#plays.length, 3)],
      turn_order: names,
      required_piece_count: this.#plays[0]?.length ?? null,
      turn_plays: Object.fromEntries(plays) as unknown,
      turn_complete: this.#plays.length === 4,
      current_turn_number: this.#turn,
      pile_counts: this.#byName(this.#piles),
      ...extra,
    });
  }

  #play(seat: Seat, indices: unknown): string | undefined {
    const judged = judgePlay({
      seat,
      player: this.#phase === 'turn' ? (this.#order[this.#plays.length] ?? null) : null,
      hand: this.#hands[seat],
      indices: indices as number[],
      requiredCount: this.#plays[0]?.length ?? null,
    });
    if (judged.kind === 'refused') return judged.reason;
    this.#hands = withSeat(this.#hands, seat, judged.rest);
    this.#plays.push(judged.pieces);
    this.#showTurn();
    if (this.#plays.length === 4) this.#after(() => this.#endTurn());
    else this.#botActs(this.#order[this.#plays.length]!);
    return undefined;
  }

  #endTurn(): void {
    const winner = this.#order[turnWinner(this.#plays)!]!;
    const piles = this.#plays[0]!.length;
    const name = this.#names([winner])[0]!;
    const over = this.#hands[0].length === 0;
    this.#lastWinner = winner;
    this.#piles = withSeat(this.#piles, winner, this.#piles[winner] + piles);
    this.#showTurn({ winner: name, piles_won: piles, next_turn_starter: name });
    this.#toAll('turn_complete', {
      winner: name,
      winning_play: { type: playType(this.#plays[this.#order.indexOf(winner)]!) },
      player_piles: { [name]: piles },
      turn_players_data: SEATS.map((seat) => ({
        name: this.#seats[seat]!.name,
        captured_piles: this.#piles[seat],
        declared: this.#declared[seat],
      })),
      turn_number: this.#turn,
      next_starter: name,
      all_hands_empty: over,
      will_continue: !over,
    });
    if (!over) this.#after(() => this.#startTurn(winner));
    else {
      this.#show('turn_results', { turn_winner: name });
      this.#after(() => this.#score());
    }
  }

  #score(): void {
    const scores = perSeat((seat) => {
      const declared = this.#declared[seat]!;
      const { base, bonus, hit, score } = scoreRound(declared, this.#piles[seat], this.#multiplier);
      const total = this.#totals[seat] + score;
      return {
        declared,
        actual: this.#piles[seat],
        base_score: base,
        bonus,
        hit_value: hit,
        multiplier: this.#multiplier,
        final_score: score,
        total_score: total,
      };
    });
    this.#totals = perSeat((seat) => scores[seat].total_score);
    const over = isGameOver(this.#totals);
    this.#show('scoring', {
      round_scores: this.#byName(scores),
      total_scores: this.#byName(this.#totals),
      scoring_players_data: this.#names(SEATS).map((name) => ({ name })),
      redeal_multiplier: this.#multiplier,
      game_complete: over,
      winners: this.#names(winners(this.#totals)),
    });
    this.#after(() => {
      if (over) this.#gameOver();
      else {
        this.#round++;
        this.#startRound();
      }
    });
  }

  #gameOver(): void {
    this.#show('game_over', {
      final_rankings: finalOrder(this.#totals).map((seat, index) => ({
        name: this.#seats[seat]!.name,
        score: this.#totals[seat],
        rank: index + 1,
        turns_won: 0,
        perfect_rounds: 0,
      })),
      game_stats: { total_rounds: this.#round, game_duration: '1 min' },
      winners: this.#names(winners(this.#totals)),
    });
  }

  #botActs(seat: Seat): void {
    this.#cancelBot();
    if (!this.#seats[seat]!.isBot) return;
    this.#cancelBot = this.#clock.schedule(this.#pauseMs, () => {
      const hand = this.#hands[seat];
      if (this.#phase === 'turn') this.#play(seat, botPlay(hand, this.#plays[0]?.length ?? null));
      else {
        const zeroBarred = this.#streaks[seat] >= 2;
        const position = this.#declared.length;
        this.#declare(seat, botDeclare({ hand, position, declaredBefore: this.#declared, zeroBarred }));
      }
    });
  }

  #show(phase: GamePhase, phaseData: Record<string, unknown>): void {
    this.#phase = phase;
    this.#phaseData = phaseData;
    for (const connection of this.#watchers.keys()) this.#showGame(connection);
  }

  #showGame(connection: ServerConnection): void {
    const viewer = this.#watchers.get(connection);
    const players = SEATS.map((seat) => {
      const { name, isBot } = this.#seats[seat]!;
      const hand = this.#hands[seat].map(wirePiece);
      return [
        name,
        {
          name,
          is_bot: isBot,
          avatar_color: isBot ? null : 'blue',
          ...(viewer?.name === name ? { hand } : {}),
          hand_size: hand.length,
          zero_declares_in_a_row: this.#streaks[seat],
          declared: this.#phase === 'turn' ? this.#declared[seat] : 0,
          captured_piles: this.#piles[seat],
          score: this.#totals[seat],
        },
      ];
    });
    const data = {
      phase: this.#phase,
      phase_data: this.#phaseData,
      players: Object.fromEntries(players) as unknown,
      round: this.#round,
    };
    this.#direct(connection, 'phase_change', data);
  }

  #toAll(event: string, data: Record<string, unknown>): void {
    for (const connection of this.#watchers.keys()) this.#direct(connection, event, data);
  }

  #direct(connection: ServerConnection, event: string, data: Record<string, unknown>): void {
    const cause = this.#cause;
    const isSender = cause !== undefined && this.#watchers.get(connection)?.session === cause.session;
    connection.send(event, isSender ? { ...data, in_reply_to: cause.id } : data);
  }

  #after(run: () => void): void {
    this.#clock.schedule(this.#pauseMs, run);
  }

  #seatData(): Record<string, unknown> {
    const players = this.#seats.map((seat, index) =>
      seat === null ? null : { name: seat.name, is_bot: seat.isBot, is_host: index === 0, avatar_color: null },
    );
    return { players, host_name: this.#seats[0]!.name, room_id: this.#id, started: this.#phase !== undefined };
  }

  #names(seats: readonly Seat[]): string[] {
    return seats.map((seat) => this.#seats[seat]!.name);
  }

  #byName<T>(values: PerSeat<T>): Record<string, T> {
    return Object.fromEntries(SEATS.map((seat) => [this.#seats[seat]!.name, values[seat]]));
  }
}

function bot(number: number): FakeSeat {
  return { name: `Bot ${number}`, isBot: true, session: undefined };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
