import { type Four, ALL, faultsOfDeclaration, from, ranksOf, redealStarterOf, scoreOf } from './rounds.js';
import { starterOf, weakOnes, winnersOf } from './rounds.js';
import { isWholeSet, type ModelPiece, total } from './pieces.js';
import { typeOf, winnerOf } from './plays.js';

/** Any message of a room. */
export interface ModelMessage {
  readonly type: string;
  readonly at: number;
  readonly [member: string]: unknown;
}
export interface ModelEvent {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** What must follow: the events, or a refusal for one of the reasons. */
export type Verdict =
  | { readonly kind: 'applied'; readonly events: readonly ModelEvent[] }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

export interface Bot {
  readonly kind: 'bot';
  readonly name: string;
  since: number;
}
export interface Person {
  readonly kind: 'person';
  readonly name: string;
  readonly session: string;
  readonly since: number;
  awaySince: number | null;
}
export type Sitter = Bot | Person | null;

export interface ModelPlay {
  readonly seat: number;
  readonly pieces: readonly ModelPiece[];
  readonly type: string;
  readonly value: number;
  readonly at: number;
}

export interface ModelGame {
  startedAt: number;
  endedAt: number | null;
  entrants: Four<{ name: string; playerId: string | null; leftAt: number | null }>;
  round: number;
  deal: number;
  multiplier: number;
  redealStarter: number | null;
  lastTurnWinner: number | null;
  starter: number | null;
  starterReason: string | null;
  hands: Four<readonly ModelPiece[]>;
  declarations: Four<number | null>;
  zeroStreaks: Four<number>;
  turn: { number: number; leader: number; plays: ModelPlay[]; winner: number | null } | null;
  piles: Four<number>;
  scores: Four<number>;
  turnsWon: Four<number>;
  perfectRounds: Four<number>;
  roundScores: ReturnType<typeof scoreOf>[] | null;
}

interface Vote {
  readonly asked: readonly number[];
  readonly accepted: Map<number, boolean>;
  warnAt: number | null;
  limitAt: number;
}

/** R21, in ms at full length. */
const LENGTHS = {
  deal: 2_000,
  redealShown: 4_000,
  roundStart: 5_000,
  flip: 5_000,
  turnShown: 7_000,
  turnResults: 7_000,
  scoring: 7_000,
};

/** What a room does by itself, and when: bots think for a time between two bounds. */
export interface ModelDue {
  readonly earliest: number;
  readonly latest: number;
  readonly message: string; // `timer pause`, `botTimer 2`
}

export type DealOf = (seed: string, round: number, deal: number) => readonly ModelPiece[];

/** A room by the text of the rules (R1 to R22): slow, plain, and changed in place. */
export class RoomModel {
  leaf = 'waiting';
  seats: Four<Sitter>;
  host = 0;
  hostArrived = false;
  createdAt: number;
  emptySince: number | null = null;
  pauseEndsAt: number | null = null;
  awaiting: { what: string; seats: number[]; since: number } | null = null;
  game: ModelGame | null = null;
  readonly #timeScale: number;
  readonly #seed: string;
  readonly #dealOf: DealOf;
  readonly #dealt = new Set<string>();
  #vote: Vote | null = null;
  #events: ModelEvent[] = [];

  /** @param dealOf chance is no matter of the rules: it is handed in, and only looked at for being a whole set */
  constructor(create: ModelMessage, dealOf: DealOf) {
    const { at, session, hostName, seed, timeScale } = create as unknown as {
      at: number;
      session: string;
      hostName: string;
      seed: string;
      timeScale: number;
    };
    this.createdAt = at;
    this.#seed = seed;
    this.#timeScale = timeScale;
    this.#dealOf = dealOf;
    const bot = (seat: number): Bot => ({ kind: 'bot', name: `Bot ${seat + 1}`, since: at });
    const host: Person = { kind: 'person', name: hostName, session, since: at, awaySince: null };
    this.seats = [host, bot(1), bot(2), bot(3)];
  }

  /**
   * @param seen what the room says happened: bots' decisions are taken from there, and judged as anybody's
   */
  step(message: ModelMessage, seen: readonly ModelEvent[] | null): Verdict {
    this.#events = [];
    const refusal = this.#apply(message, seen);
    return refusal === null ? { kind: 'applied', events: this.#events } : { kind: 'refused', reasons: refusal };
  }

  /** Everything that the room will do by itself. */
  dues(): ModelDue[] {
    const { game } = this;
    const dues: ModelDue[] = [];
    const timer = (at: number, name: string): number =>
      dues.push({ earliest: at, latest: at, message: `timer ${name}` });
    if (this.leaf === 'closed') return dues;
    if (game === null) {
      if (!this.hostArrived) timer(this.createdAt + 60_000, 'hostArrival');
      return dues;
    }
    if (this.pauseEndsAt !== null) timer(this.pauseEndsAt, 'pause');
    if (this.leaf === 'playing.preparation.weakHands') {
      if (this.#vote!.warnAt !== null) timer(this.#vote!.warnAt, 'redealWarning');
      timer(this.#vote!.limitAt, 'redealLimit');
    }
    for (const seat of this.awaiting?.seats ?? []) {
      const [earliest, latest] = this.#thinking(seat) ?? [null, null];
      if (earliest !== null) dues.push({ earliest, latest, message: `botTimer ${seat}` });
    }
    if (this.emptySince !== null) timer(this.emptySince + (game.endedAt === null ? 30_000 : 5_000), 'abandoned');
    if (game.endedAt !== null) timer(game.endedAt + 600_000, 'finished');
    return dues;
  }

  /** When a bot that is asked acts: after 0.5 to 1.5 s, and where nobody looks on not before 0.25 s. */
  #thinking(seat: number): readonly [number, number] | null {
    const sitter = this.seats[seat];
    if (sitter === null || sitter === undefined || this.awaiting?.seats.includes(seat) !== true) return null;
    const since = sitter.kind === 'bot' ? sitter.since : sitter.awaySince;
    if (since === null) return null;
    const begin = Math.max(this.awaiting.since, since);
    const least = this.#isAttended() ? 0 : 250;
    const scaled = (ms: number): number => begin + Math.max(least, Math.round(ms * this.#timeScale));
    return [scaled(500), scaled(1_500)];
  }

  #isAttended(): boolean {
    return this.seats.some((sitter) => sitter?.kind === 'person' && sitter.awaySince === null);
  }

  /** @returns null where it is done, else the reasons that speak against it */
  #apply(message: ModelMessage, seen: readonly ModelEvent[] | null): readonly string[] | null {
    const { type, at } = message;
    if (this.leaf === 'closed') return this.#unknown(message);
    if (type === 'close') return this.#close(message['reason'] === 'shutdown' ? 'shutdown' : 'operator');
    if (type === 'resumed') return this.#shift(message['outageMs'] as number);
    if (type === 'timer') return this.#timer(message['timer'] as string, at);
    if (type === 'botTimer') return this.#botTimer(message['seat'] as number, at, seen);
    if (this.leaf === 'waiting') return this.#inWaiting(message);
    const seat = message['seat'] as number;
    const sitter = this.#claimed(message);
    switch (type) {
      case 'connect':
        if (sitter === null) return ['notSeated'];
        if (this.leaf === 'gameOver') return ['gameOver'];
        return this.#comeBack(sitter, seat);
      case 'disconnect':
        return this.#goAway(seat, at);
      case 'leave':
        return sitter === null ? ['notSeated'] : this.#leave(sitter, seat, at);
      case 'join':
      case 'addBot':
      case 'removePlayer':
        return this.leaf === 'gameOver' ? this.#unknown(message) : ['alreadyStarted'];
      case 'answerRedeal':
        if (this.leaf !== 'playing.preparation.weakHands') return this.#unknown(message);
        return sitter === null ? ['notSeated'] : this.#answer(seat, message['accept'] as boolean, at);
      case 'declare':
        if (this.leaf !== 'playing.declaration') return this.#unknown(message);
        return sitter === null ? ['notSeated'] : this.#declare(seat, message['value'] as number, at);
      case 'play':
        if (this.leaf !== 'playing.turn.playing') return this.#unknown(message);
        return sitter === null ? ['notSeated'] : this.#play(seat, message['indices'] as readonly number[], at);
      default:
        return this.#unknown(message);
    }
  }

  #claimed(message: ModelMessage): Person | null {
    const sitter = this.seats[message['seat'] as number];
    return sitter?.kind === 'person' && sitter.session === message['session'] ? sitter : null;
  }

  /** What the present state has no place for. */
  #unknown(message: ModelMessage): readonly string[] {
    if (message.type === 'timer' || message.type === 'botTimer') return ['notDue'];
    if ('seat' in message && 'session' in message && this.#claimed(message) === null) return ['notSeated'];
    return [this.game !== null && this.game.endedAt !== null ? 'gameOver' : 'wrongPhase'];
  }

  #emit(type: string, more: Readonly<Record<string, unknown>> = {}): null {
    this.#events.push({ type, ...more });
    return null;
  }

  #close(why: string): null {
    this.leaf = 'closed';
    this.pauseEndsAt = null;
    return this.#emit('roomClosed', { why });
  }

  #shift(outageMs: number): null {
    const { game } = this;
    if (game === null && !this.hostArrived) this.createdAt += outageMs;
    if (this.emptySince !== null) this.emptySince += outageMs;
    if (this.pauseEndsAt !== null) this.pauseEndsAt += outageMs;
    if (this.awaiting !== null) this.awaiting.since += outageMs;
    for (const sitter of this.seats) {
      if (sitter?.kind === 'bot') sitter.since += outageMs;
      else if (sitter?.kind === 'person' && sitter.awaySince !== null) sitter.awaySince += outageMs;
    }
    if (game !== null && game.endedAt !== null) game.endedAt += outageMs;
    if (this.#vote !== null) {
      if (this.#vote.warnAt !== null) this.#vote.warnAt += outageMs;
      this.#vote.limitAt += outageMs;
    }
    return this.#emit('clockShifted', { outageMs });
  }

  // R16: before the start

  #inWaiting(message: ModelMessage): readonly string[] | null {
    const seat = message['seat'] as number;
    const target = message['target'] as number;
    const sitter = this.#claimed(message);
    const isHost = sitter !== null && seat === this.host;
    switch (message.type) {
      case 'connect':
        if (sitter === null) return ['notSeated'];
        if (!isHost || this.hostArrived) return ['alreadyHere'];
        this.hostArrived = true;
        return this.#emit('hostArrived');
      case 'join': {
        const free = this.seats.indexOf(null);
        const reasons = free < 0 ? ['roomFull'] : [];
        const name = message['name'] as string;
        if (this.seats.some((other) => other?.name === name)) reasons.push('nameTaken');
        if (reasons.length > 0) return reasons;
        const session = message['session'] as string;
        this.seats[free] = { kind: 'person', name, session, since: message.at, awaySince: null };
        return this.#emit('playerJoined', { seat: free, name });
      }
      case 'addBot':
      case 'removePlayer': {
        const reasons = isHost ? [] : ['notHost'];
        if (target === this.host) reasons.push('hostSeat');
        if (reasons.length > 0) return reasons;
        const removed = this.#whoSits(target);
        if (message.type === 'removePlayer') {
          this.seats[target] = null;
          return this.#emit('seatFreed', { seat: target, why: 'removed', who: removed });
        }
        this.seats[target] = { kind: 'bot', name: `Bot ${target + 1}`, since: message.at };
        return this.#emit('botSeated', { seat: target, replaced: removed });
      }
      case 'leave':
        return sitter === null ? ['notSeated'] : this.#freeSeat(seat);
      case 'disconnect':
        return this.seats[seat]?.kind === 'person' ? this.#freeSeat(seat) : ['notSeated'];
      case 'startGame': {
        const reasons = isHost ? [] : ['notHost'];
        if (this.seats.includes(null)) reasons.push('seatEmpty');
        return reasons.length > 0 ? reasons : this.#start(message.at);
      }
      default:
        return this.#unknown(message);
    }
  }

  #whoSits(seat: number): { readonly name: string; readonly session: string } | null {
    const sitter = this.seats[seat];
    return sitter?.kind === 'person' ? { name: sitter.name, session: sitter.session } : null;
  }

  /** R16.4 */
  #freeSeat(seat: number): null {
    if (seat === this.host) return this.#close('hostLeft');
    this.#emit('seatFreed', { seat, why: 'left', who: this.#whoSits(seat) });
    this.seats[seat] = null;
    return null;
  }

  #start(at: number): null {
    const entrant = (seat: number) => {
      const sitter = this.seats[seat]!;
      return { name: sitter.name, playerId: sitter.kind === 'person' ? sitter.session : null, leftAt: null };
    };
    this.game = {
      startedAt: at,
      endedAt: null,
      entrants: [entrant(0), entrant(1), entrant(2), entrant(3)],
      round: 1,
      deal: 1,
      multiplier: 1,
      redealStarter: null,
      lastTurnWinner: null,
      starter: null,
      starterReason: null,
      hands: [[], [], [], []],
      declarations: [null, null, null, null],
      zeroStreaks: [0, 0, 0, 0],
      turn: null,
      piles: [0, 0, 0, 0],
      scores: [0, 0, 0, 0],
      turnsWon: [0, 0, 0, 0],
      perfectRounds: [0, 0, 0, 0],
      roundScores: null,
    };
    this.#emit('gameStarted');
    return this.#enterDealing(at);
  }

  // R17: coming and going

  #comeBack(sitter: Person, seat: number): readonly string[] | null {
    if (sitter.awaySince === null) return ['alreadyHere'];
    sitter.awaySince = null;
    this.emptySince = null;
    return this.#emit('playerReconnected', { seat });
  }

  #goAway(seat: number, at: number): readonly string[] | null {
    const sitter = this.seats[seat];
    if (sitter?.kind !== 'person') return ['notSeated'];
    if (sitter.awaySince !== null) return ['alreadyHere'];
    sitter.awaySince = at;
    this.#emit('playerDisconnected', { seat });
    return this.#gone(seat, at);
  }

  #leave(sitter: Person, seat: number, at: number): null {
    const game = this.game!;
    if (game.endedAt === null) game.entrants[seat] = { ...game.entrants[seat]!, leftAt: at };
    this.seats[seat] = { kind: 'bot', name: sitter.name, since: at };
    this.#emit('playerLeft', { seat });
    return this.#gone(seat, at);
  }

  /** R17.4, R17.5 */
  #gone(seat: number, at: number): null {
    const isThere = (other: number): boolean => {
      const sitter = this.seats[other];
      return sitter?.kind === 'person' && sitter.awaySince === null;
    };
    if (seat === this.host) {
      const others = ALL.filter((other) => other !== seat);
      const next = others.find(isThere) ?? others.find((other) => this.seats[other] !== null && !isThere(other));
      if (next !== undefined) {
        this.#emit('hostChanged', { from: seat, to: next });
        this.host = next;
      }
    }
    if (!this.#isAttended()) this.emptySince ??= at;
    return null;
  }

  // time

  #timer(name: string, at: number): readonly string[] | null {
    const { game, leaf } = this;
    const late = (due: number | null | undefined): boolean => due != null && at >= due;
    if (name === 'hostArrival') {
      const isDue = leaf === 'waiting' && !this.hostArrived && late(this.createdAt + 60_000);
      return isDue ? this.#close('hostNeverCame') : ['notDue'];
    }
    if (game === null) return ['notDue'];
    if (name === 'abandoned') {
      const due = this.emptySince === null ? null : this.emptySince + (game.endedAt === null ? 30_000 : 5_000);
      return late(due) ? this.#close('abandoned') : ['notDue'];
    }
    if (name === 'finished') {
      const isDue = game.endedAt !== null && late(game.endedAt + 600_000);
      return isDue ? this.#close('finished') : ['notDue'];
    }
    if (name === 'pause') return late(this.pauseEndsAt) ? this.#pauseEnds(game, at) : ['notDue'];
    if (leaf !== 'playing.preparation.weakHands') return ['notDue'];
    const vote = this.#vote!;
    if (name === 'redealWarning' && late(vote.warnAt)) {
      vote.warnAt = null;
      return this.#emit('redealWarned');
    }
    if (name === 'redealLimit' && late(vote.limitAt)) {
      this.#emit('redealUnanswered', { seats: vote.asked.filter((seat) => !vote.accepted.has(seat)) });
      return this.#countVotes(game, at);
    }
    return ['notDue'];
  }

  #pause(length: keyof typeof LENGTHS, at: number): null {
    this.pauseEndsAt = at + Math.round(LENGTHS[length] * this.#timeScale);
    return null;
  }

  #pauseEnds(game: ModelGame, at: number): readonly string[] | null {
    this.pauseEndsAt = null;
    switch (this.leaf) {
      case 'playing.preparation.dealing':
        return this.#deal(game, at);
      case 'playing.preparation.redealt':
        return this.#announceRound(game, at);
      case 'playing.preparation.roundStart':
        this.leaf = 'playing.declaration';
        this.awaiting = { what: 'declaration', seats: [game.starter!], since: at };
        return this.#emit('declarationStarted');
      case 'playing.turn.revealing':
        return this.#decideTurn(game, at);
      case 'playing.turn.shown':
        return this.#beginTurn(game, game.turn!.winner!, game.turn!.number + 1, at);
      case 'playing.turn.results':
        this.#emit('turnResultsEnded');
        return this.#score(game, at);
      case 'playing.scoring':
        return this.#afterScoring(game, at);
      default:
        throw new Error(`${this.leaf} has no pause`);
    }
  }

  #botTimer(seat: number, at: number, seen: readonly ModelEvent[] | null): readonly string[] | null {
    const thinking = this.#thinking(seat);
    if (thinking === null || at < thinking[0]) return ['notDue'];
    // How long it thinks is the room's own affair, as long as it is within the bounds.
    if (seen === null) return at < thinking[1] ? ['notDue'] : null;
    const said = seen[0]!;
    switch (this.awaiting!.what) {
      case 'redealAnswer':
        return this.#answer(seat, said['accept'] as boolean, at);
      case 'declaration':
        return this.#declare(seat, said['value'] as number, at);
      default:
        return this.#play(seat, this.#positionsOf(seat, said['pieces'] as readonly ModelPiece[]), at);
    }
  }

  /** Of equal pieces the first ones: which of them leaves makes no difference. */
  #positionsOf(seat: number, pieces: readonly ModelPiece[]): number[] {
    const hand = this.game!.hands[seat]!;
    const positions: number[] = [];
    for (const piece of pieces) {
      positions.push(hand.findIndex((held, index) => held === piece && !positions.includes(index)));
    }
    return positions;
  }

  // R3 to R6: preparation

  #enterDealing(at: number): null {
    const { round, deal, multiplier } = this.game!;
    this.leaf = 'playing.preparation.dealing';
    this.awaiting = null;
    this.#pause('deal', at);
    return this.#emit('dealingStarted', { round, deal, multiplier });
  }

  #deal(game: ModelGame, at: number): null {
    const pieces = this.#dealOf(this.#seed, game.round, game.deal);
    if (!isWholeSet(pieces)) throw new Error('a deal is not the whole set of pieces');
    const key = pieces.join();
    if (this.#dealt.has(key)) throw new Error('a deal came twice in one game');
    this.#dealt.add(key);
    const hand = (seat: number) => pieces.filter((_, index) => index % 4 === seat);
    game.hands = [hand(0), hand(1), hand(2), hand(3)];
    game.declarations = [null, null, null, null];
    game.piles = [0, 0, 0, 0];
    game.turn = null;
    const weak = weakOnes(game.hands);
    if (weak.length > 0) {
      this.leaf = 'playing.preparation.weakHands';
      this.awaiting = { what: 'redealAnswer', seats: weak, since: at };
      this.#vote = { asked: weak, accepted: new Map(), warnAt: at + 20_000, limitAt: at + 30_000 };
      return this.#emit('weakHandsFound', { seats: weak });
    }
    this.#vote = null;
    const redealt = game.redealStarter !== null;
    this.#emit('dealingFinished', { redealt });
    if (!redealt) return this.#announceRound(game, at);
    this.leaf = 'playing.preparation.redealt';
    return this.#pause('redealShown', at);
  }

  #answer(seat: number, accept: boolean, at: number): readonly string[] | null {
    const vote = this.#vote!;
    if (!vote.asked.includes(seat)) return ['notAsked'];
    if (vote.accepted.has(seat)) return ['alreadyAnswered'];
    vote.accepted.set(seat, accept);
    this.awaiting!.seats = this.awaiting!.seats.filter((other) => other !== seat);
    const last = this.awaiting!.seats.length === 0;
    this.#emit('redealAnswered', { seat, accept, last });
    return last ? this.#countVotes(this.game!, at) : null;
  }

  #countVotes(game: ModelGame, at: number): null {
    const accepted = ALL.map((seat) => this.#vote!.accepted.get(seat) === true);
    const starter = redealStarterOf(accepted, game.redealStarter, game.round, game.lastTurnWinner);
    this.awaiting = null;
    if (starter === null) return this.#announceRound(game, at);
    game.redealStarter = starter;
    game.multiplier++;
    game.deal++;
    return this.#enterDealing(at);
  }

  #announceRound(game: ModelGame, at: number): null {
    const { seat, reason } = starterOf(game.redealStarter, game.round, game.hands, game.lastTurnWinner);
    game.starter = seat;
    game.starterReason = reason;
    this.leaf = 'playing.preparation.roundStart';
    this.#pause('roundStart', at);
    return this.#emit('roundStarted', { round: game.round, starter: seat, reason });
  }

  // R7: declarations

  #declare(seat: number, value: number, at: number): readonly string[] | null {
    const game = this.game!;
    const order = from(game.starter!);
    const before = order.flatMap((each) => game.declarations[each] ?? []);
    const reasons = order[before.length] === seat ? [] : ['notYourTurn'];
    reasons.push(...faultsOfDeclaration(value, game.zeroStreaks[seat]!, before));
    if (reasons.length > 0) return reasons;
    game.declarations[seat] = value;
    game.zeroStreaks[seat] = value === 0 ? game.zeroStreaks[seat]! + 1 : 0;
    this.#emit('declared', { seat, value });
    const next = order[before.length + 1];
    if (next === undefined) return this.#beginTurn(game, game.starter!, 1, at);
    this.awaiting = { what: 'declaration', seats: [next], since: at };
    return null;
  }

  // R10 to R12: turns

  #beginTurn(game: ModelGame, leader: number, number: number, at: number): null {
    this.leaf = 'playing.turn.playing';
    game.turn = { number, leader, plays: [], winner: null };
    this.awaiting = { what: 'play', seats: [leader], since: at };
    return this.#emit('turnStarted', { number, leader });
  }

  #play(seat: number, positions: readonly number[], at: number): readonly string[] | null {
    const game = this.game!;
    const turn = game.turn!;
    const hand = game.hands[seat]!;
    const order = from(turn.leader);
    const reasons: string[] = [];
    if (order[turn.plays.length] !== seat) reasons.push('notYourTurn');
    const required = turn.plays[0]?.pieces.length;
    const size = positions.length;
    if (required === undefined ? size < 1 || size > 6 : size !== required) reasons.push('wrongPieceCount');
    if (positions.some((position) => !Object.hasOwn(hand, position))) reasons.push('pieceNotHeld');
    if (new Set(positions).size < size) reasons.push('duplicatePiece');
    const pieces = positions.map((position) => hand[position]!);
    if (reasons.length === 0 && required === undefined && typeOf(pieces) === 'INVALID') reasons.push('notAPlay');
    if (reasons.length > 0) return reasons;
    game.hands[seat] = hand.filter((_, index) => !positions.includes(index));
    turn.plays.push({ seat, pieces, type: typeOf(pieces), value: total(pieces), at });
    const next = order[turn.plays.length];
    this.#emit('played', { seat, pieces, last: next === undefined });
    this.awaiting = next === undefined ? null : { what: 'play', seats: [next], since: at };
    if (next !== undefined) return null;
    this.leaf = 'playing.turn.revealing';
    return this.#pause('flip', at);
  }

  #decideTurn(game: ModelGame, at: number): null {
    const turn = game.turn!;
    const winner = turn.plays[winnerOf(turn.plays.map(({ pieces }) => pieces))]!.seat;
    const piles = turn.plays[0]!.pieces.length;
    turn.winner = winner;
    game.piles[winner] = game.piles[winner]! + piles;
    game.turnsWon[winner] = game.turnsWon[winner]! + 1;
    const handsEmpty = game.hands.every((hand) => hand.length === 0);
    this.#emit('turnWon', {
      number: turn.number,
      winner,
      piles,
      plays: turn.plays.map(({ seat, pieces, type, value }) => ({ seat, pieces, type, value })),
      roundPiles: [...game.piles],
      declared: [...game.declarations],
      handsEmpty,
    });
    if (handsEmpty) {
      this.leaf = 'playing.turn.results';
      this.#emit('turnResultsShown');
      return this.#pause('turnResults', at);
    }
    this.leaf = 'playing.turn.shown';
    return this.#pause('turnShown', at);
  }

  // R13 to R15: the end of a round and of the game

  #score(game: ModelGame, at: number): null {
    const scores = ALL.map((seat) => scoreOf(game.declarations[seat]!, game.piles[seat], game.multiplier));
    for (const seat of ALL) {
      game.scores[seat] += scores[seat]!.score;
      if (scores[seat]!.perfect) game.perfectRounds[seat]++;
    }
    game.roundScores = scores;
    this.leaf = 'playing.scoring';
    this.#pause('scoring', at);
    return this.#emit('roundScored', {
      round: game.round,
      scores: ALL.map((seat) => ({
        ...scores[seat]!,
        declared: game.declarations[seat],
        captured: game.piles[seat],
        total: game.scores[seat],
      })),
    });
  }

  #afterScoring(game: ModelGame, at: number): null {
    const winners = winnersOf(game.scores);
    if (winners.length > 0) {
      this.leaf = 'gameOver';
      game.endedAt = at;
      this.emptySince = this.#isAttended() ? null : at;
      return this.#emit('gameEnded', { winners, totals: [...game.scores], ranks: ranksOf(game.scores) });
    }
    game.lastTurnWinner = game.turn!.winner;
    game.round++;
    game.deal = 1;
    game.multiplier = 1;
    game.redealStarter = null;
    game.starter = null;
    game.starterReason = null;
    game.hands = [[], [], [], []];
    game.declarations = [null, null, null, null];
    game.piles = [0, 0, 0, 0];
    game.turn = null;
    game.roundScores = null;
    return this.#enterDealing(at);
  }
}
