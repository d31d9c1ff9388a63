import { z } from 'zod';
import { declareOptions } from '../game/declaration.js';
import { WINNING_TOTAL } from '../game/game-end.js';
import { scoreRound } from '../game/scoring.js';
import type { Frame } from './frame.js';
import type { Phase } from './room-view.js';
import { pieceOf } from './wire-piece.js';

/** The steps of rules.md R1.4; staying in a phase is always possible. */
const STEPS: Readonly<Record<Phase, readonly Phase[]>> = {
  waiting: ['preparation'],
  preparation: ['round_start'],
  round_start: ['declaration'],
  declaration: ['turn'],
  turn: ['turn_results'],
  turn_results: ['turn', 'scoring'],
  scoring: ['preparation', 'game_over'],
  game_over: [],
};

const HAND_SIZE = 8;
const PILES_PER_ROUND = 8;

const count = z.int().min(0);
const names = z.array(z.string());
const countByName = z.record(z.string(), count);
// Members beyond these are nobody's business, but these must be there in every message (protocol.md 4.3).
const entry = z.object({
  name: z.string(),
  is_bot: z.boolean(),
  avatar_color: z.string().nullable(),
  hand: names.optional(),
  hand_size: count,
  zero_declares_in_a_row: count,
  declared: count,
  captured_piles: count,
  score: z.int(),
});
const common = { players: z.record(z.string(), entry), round: z.int().min(1) };
const play = z.object({ pieces: names, piece_count: count.optional(), play_type: z.string(), play_value: z.int() });
const roundScore = z.object({
  declared: count,
  actual: count,
  base_score: z.int(),
  bonus: z.int(),
  hit_value: z.int(),
  multiplier: z.int().min(1),
  final_score: z.int(),
  total_score: z.int(),
});
const ranking = z.object({ name: z.string(), score: z.int(), rank: z.int(), turns_won: count, perfect_rounds: count });

const phaseChange = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('waiting'), phase_data: z.object({}), ...common }),
  z.object({
    phase: z.literal('preparation'),
    phase_data: z.object({
      dealing_cards: z.boolean(),
      redeal_multiplier: z.int().min(1),
      weak_players_awaiting: names.optional(),
    }),
    ...common,
  }),
  z.object({
    phase: z.literal('round_start'),
    phase_data: z.object({
      current_starter: z.string(),
      starter_reason: z.enum(['has_general_red', 'won_last_turn', 'accepted_redeal', 'default']),
    }),
    ...common,
  }),
  z.object({
    phase: z.literal('declaration'),
    phase_data: z.object({
      declaration_order: names,
      declarations: countByName,
      declaration_total: count,
      current_declarer: z.string().nullish(),
      allowed_values: z.array(count).optional(),
    }),
    ...common,
  }),
  z.object({
    phase: z.literal('turn'),
    phase_data: z.object({
      current_turn_starter: z.string(),
      current_player: z.string(),
      turn_order: names,
      required_piece_count: z.int().nullable(),
      turn_plays: z.record(z.string(), play),
      turn_complete: z.boolean(),
      current_turn_number: z.int().min(1),
      pile_counts: countByName,
    }),
    ...common,
  }),
  z.object({ phase: z.literal('turn_results'), phase_data: z.object({}), ...common }),
  z.object({
    phase: z.literal('scoring'),
    phase_data: z.object({
      round_scores: z.record(z.string(), roundScore),
      total_scores: z.record(z.string(), z.int()),
      scoring_players_data: z.array(z.object({ name: z.string() })),
      redeal_multiplier: z.int().min(1),
      game_complete: z.boolean(),
      winners: names,
    }),
    ...common,
  }),
  z.object({
    phase: z.literal('game_over'),
    phase_data: z.object({
      final_rankings: z.array(ranking),
      game_stats: z.object({ total_rounds: z.int().min(1), game_duration: z.string() }),
      winners: names,
    }),
    ...common,
  }),
]);
type PhaseChange = z.infer<typeof phaseChange>;
type InPhase<P extends Phase> = Extract<PhaseChange, { phase: P }>;

const turnComplete = z.object({
  winner: z.string(),
  winning_play: z.object({ type: z.string() }),
  player_piles: countByName,
  turn_players_data: z.array(z.object({ name: z.string(), captured_piles: count, declared: count })),
  turn_number: z.int().min(1),
  next_starter: z.string(),
  all_hands_empty: z.boolean(),
  will_continue: z.boolean(),
});

/** Takes a sentence about what is wrong. */
type Report = (sentence: string) => void;

/**
 * Follows one table from one chair and reports what the rules or the protocol do not allow. It judges each message by
 * itself and by the one before it; after a gap (a new connection) only what must hold over any gap is compared.
 */
export class TableWatch {
  readonly #report: Report;
  readonly #ownName: string | undefined;
  #names: readonly string[] | undefined; // for ever, once the game runs
  #round = 1;
  #last: PhaseChange | undefined; // on this connection
  #hand: { readonly round: number; readonly pieces: readonly string[] } | undefined;
  #totals: { readonly round: number; readonly scores: ReadonlyMap<string, number> } | undefined; // before the scoring
  #declared: { readonly round: number; readonly values: Readonly<Record<string, number>> } | undefined;

  constructor(ownName: string | undefined, report: Report) {
    this.#ownName = ownName;
    this.#report = report;
  }

  /** Messages may be missing between the last one and the next, as after a new connection. */
  gap(): void {
    this.#last = undefined;
  }

  /** For a message that may tell of an earlier time: knows who sits at the table, and nothing else of before or after. */
  apart(): TableWatch {
    const apart = new TableWatch(this.#ownName, this.#report);
    apart.#names = this.#names;
    return apart;
  }

  /** @param seated whether the server has answered this connection's `client_ready` with a seat */
  phaseChange(data: Frame['data'], seated: boolean): void {
    const parsed = phaseChange.safeParse(data);
    if (!parsed.success) {
      this.#report(`phase_change is malformed: ${firstIssue(parsed.error)}`);
      return;
    }
    const now = parsed.data;
    this.#checkOrder(now);
    this.#checkPlayers(now);
    this.#checkOwnHand(now, seated);
    this.#checkPhaseData(now);
    this.#last = now;
    this.#round = Math.max(this.#round, now.round);
  }

  turnComplete(data: Frame['data']): void {
    const parsed = turnComplete.safeParse(data);
    if (!parsed.success) {
      this.#report(`turn_complete is malformed: ${firstIssue(parsed.error)}`);
      return;
    }
    const { winner, next_starter, turn_players_data, turn_number, all_hands_empty, player_piles } = parsed.data;
    if (next_starter !== winner) this.#report(`turn_complete: ${winner} wins, but ${next_starter} starts next`);
    if (
      !sameList(
        turn_players_data.map(({ name }) => name),
        this.#names,
      )
    ) {
      this.#report('turn_complete: turn_players_data are not the four players in seat order');
    }
    const last = this.#last;
    if (last === undefined) return;
    if (last.phase !== 'turn') {
      this.#report(`turn_complete comes in the phase ${last.phase}`);
      return;
    }
    const { current_turn_number, turn_plays, turn_complete, required_piece_count } = last.phase_data;
    if (turn_number !== current_turn_number || !turn_complete) {
      this.#report(`turn_complete for turn ${turn_number} while turn ${current_turn_number} is not over`);
    }
    if (!Object.hasOwn(turn_plays, winner)) this.#report(`turn_complete: the winner ${winner} has played nothing`);
    if (player_piles[winner] !== required_piece_count) {
      this.#report(
        `turn_complete: ${winner} gets ${player_piles[winner] ?? 0} piles for ${required_piece_count ?? 0} pieces`,
      );
    }
    const empty = Object.values(last.players).every((player) => player.hand_size === 0);
    if (empty !== all_hands_empty) this.#report(`turn_complete says all_hands_empty: ${all_hands_empty}`);
  }

  #checkOrder(now: PhaseChange): void {
    const last = this.#last;
    if (now.round < this.#round) this.#report(`the round went back from ${this.#round} to ${now.round}`);
    if (last === undefined) return;
    if (now.phase !== last.phase && !STEPS[last.phase].includes(now.phase)) {
      this.#report(`the phase went from ${last.phase} to ${now.phase}`);
    }
    const expected = last.round + (last.phase === 'scoring' && now.phase === 'preparation' ? 1 : 0);
    if (now.round !== expected) {
      this.#report(`the round went from ${last.round} to ${now.round} between ${last.phase} and ${now.phase}`);
    }
  }

  #checkPlayers(now: PhaseChange): void {
    const present = Object.keys(now.players);
    this.#names ??= present;
    if (present.length !== 4 || !sameList(present, this.#names)) {
      this.#report(`${now.phase} has the players ${present.join(', ')}, not ${this.#names.join(', ')} in this order`);
    }
    for (const [key, { name }] of Object.entries(now.players)) {
      if (key !== name) this.#report(`the entry of ${key} is named ${name}`);
    }
    this.#checkHandSizes(now);
    if (now.phase !== 'scoring' && now.phase !== 'game_over') {
      const scores = new Map(Object.values(now.players).map(({ name, score }) => [name, score]));
      this.#totals = { round: now.round, scores };
    }
  }

  #checkHandSizes(now: PhaseChange): void {
    const players = Object.values(now.players);
    const sizes = players.map(({ name, hand_size }) => `${name} ${hand_size}`).join(', ');
    const all = (size: number): boolean => players.every((player) => player.hand_size === size);
    switch (now.phase) {
      case 'waiting':
        return;
      case 'preparation':
        if (!all(HAND_SIZE) && !(all(0) && now.phase_data.dealing_cards)) {
          this.#report(`hand sizes in preparation: ${sizes}`);
        }
        return;
      case 'round_start':
      case 'declaration':
        if (!all(HAND_SIZE)) this.#report(`hand sizes in ${now.phase}: ${sizes}`);
        return;
      case 'turn': {
        // Before this turn all hands were equally long, so hand and play add up to the same for all who have played.
        const { turn_plays, required_piece_count } = now.phase_data;
        const before = players.map(({ name, hand_size }) =>
          Object.hasOwn(turn_plays, name) ? hand_size + (required_piece_count ?? 0) : hand_size,
        );
        if (new Set(before).size !== 1) this.#report(`hand sizes in turn do not fit the plays: ${sizes}`);
        return;
      }
      case 'turn_results':
      case 'scoring':
      case 'game_over':
        if (!all(0)) this.#report(`hand sizes in ${now.phase}: ${sizes}`);
    }
  }

  #checkOwnHand(now: PhaseChange, seated: boolean): void {
    if (this.#ownName === undefined) return;
    const own = now.players[this.#ownName];
    if (own === undefined) {
      this.#report(`${this.#ownName} is not among the players`);
      return;
    }
    if (own.hand === undefined) {
      if (seated) this.#report(`${now.phase} lacks the own hand`);
      return;
    }
    const { hand } = own;
    if (hand.length !== own.hand_size)
      this.#report(`own hand of ${hand.length} pieces with hand_size ${own.hand_size}`);
    for (const piece of hand) if (pieceOf(piece) === undefined) this.#report(`own hand holds ${piece}`);
    if (now.phase === 'preparation') return;
    // Positions in the hand are sent back in plays, so pieces may leave it, but never move or change.
    const before = this.#hand;
    if (before?.round === now.round && !isSubsequence(hand, before.pieces)) {
      this.#report(`own hand became ${hand.join(' ')} out of ${before.pieces.join(' ')}`);
    }
    this.#hand = { round: now.round, pieces: hand };
  }

  #checkPhaseData(now: PhaseChange): void {
    switch (now.phase) {
      case 'round_start': {
        const { current_starter, starter_reason } = now.phase_data;
        this.#checkKnown('current_starter', [current_starter]);
        if (starter_reason === 'default') this.#report('round_start falls back to the default starter');
        return;
      }
      case 'declaration':
        this.#checkDeclaration(now);
        return;
      case 'turn':
        this.#checkTurn(now);
        return;
      case 'scoring':
        this.#checkScoring(now);
        return;
      case 'game_over':
        this.#checkGameOver(now);
        return;
      case 'waiting':
      case 'preparation':
      case 'turn_results':
    }
  }

  #checkDeclaration({ phase_data, players, round }: InPhase<'declaration'>): void {
    const { declaration_order: order, declarations, declaration_total, current_declarer, allowed_values } = phase_data;
    this.#checkRotation('declaration_order', order, order[0]);
    const declared = Object.keys(declarations);
    if (!sameList(declared, order.slice(0, declared.length))) {
      this.#report(`declarations of ${declared.join(', ')} out of the order ${order.join(', ')}`);
    }
    const total = sum(Object.values(declarations));
    if (total !== declaration_total)
      this.#report(`declaration_total ${declaration_total}, but they add up to ${total}`);
    if (declared.length === 4 && total === PILES_PER_ROUND) this.#report('the four declarations add up to 8');
    // The first message of the phase may leave the declarer open (protocol.md 4.3.5).
    const next = order[declared.length] ?? null;
    const open = current_declarer === undefined && declared.length === 0;
    if (!open && (current_declarer ?? null) !== next) {
      this.#report(`current_declarer ${current_declarer ?? 'nobody'}, but it is for ${next ?? 'nobody'} to declare`);
    }
    const declarer = typeof current_declarer === 'string' ? players[current_declarer] : undefined;
    if (declarer !== undefined && allowed_values !== undefined) {
      const zeroStreak = declarer.zero_declares_in_a_row;
      const right = declareOptions({ zeroStreak, sumSoFar: total, isLast: declared.length === 3 });
      if (!sameList(allowed_values.map(String), right.map(String))) {
        this.#report(`allowed_values are ${allowed_values.join(', ')}, not ${right.join(', ')}`);
      }
    }
    this.#declared = { round, values: declarations };
  }

  #checkTurn(now: InPhase<'turn'>): void {
    const data = now.phase_data;
    const { turn_order: order, turn_plays, required_piece_count: required, pile_counts } = data;
    this.#checkRotation('turn_order', order, data.current_turn_starter);
    const played = Object.keys(turn_plays);
    if (!sameList(played, order.slice(0, played.length))) {
      this.#report(`plays of ${played.join(', ')} out of the order ${order.join(', ')}`);
    }
    if ((required === null) !== (played.length === 0)) {
      this.#report(`required_piece_count ${required ?? 'null'} after ${played.length} plays`);
    }
    for (const [name, { pieces, piece_count }] of Object.entries(turn_plays)) {
      if (pieces.length !== required || (piece_count ?? pieces.length) !== required) {
        this.#report(`${name} played ${pieces.length} pieces, required ${required ?? 'null'}`);
      }
    }
    if (data.turn_complete !== (played.length === 4)) {
      this.#report(`turn_complete is ${data.turn_complete} after ${played.length} plays`);
    }
    if (played.length < 4 && data.current_player !== order[played.length]) {
      this.#report(`current_player ${data.current_player}, but it is for ${order[played.length] ?? 'nobody'} to play`);
    }
    if (sum(Object.values(pile_counts)) > PILES_PER_ROUND) this.#report('more than 8 piles in one round');
    if (this.#last?.phase === 'turn') this.#checkTurnStep(this.#last, now);
  }

  #checkTurnStep(last: InPhase<'turn'>, now: InPhase<'turn'>): void {
    const before = last.phase_data;
    const after = now.phase_data;
    const step = after.current_turn_number - before.current_turn_number;
    const playedBefore = Object.keys(before.turn_plays).length;
    const playedAfter = Object.keys(after.turn_plays).length;
    const sameTurn = step === 0 && playedAfter - playedBefore >= 0 && playedAfter - playedBefore <= 1;
    const nextTurn = step === 1 && playedBefore === 4 && playedAfter === 0;
    if (!sameTurn && !nextTurn) {
      this.#report(
        `turn ${before.current_turn_number} with ${playedBefore} plays was followed by turn ` +
          `${after.current_turn_number} with ${playedAfter}`,
      );
    }
    for (const [name, piles] of Object.entries(before.pile_counts)) {
      if ((after.pile_counts[name] ?? 0) < piles) this.#report(`${name} lost piles in the middle of a round`);
    }
  }

  #checkScoring({ phase_data, round }: InPhase<'scoring'>): void {
    const { round_scores, total_scores, game_complete, winners, redeal_multiplier } = phase_data;
    if (!sameSet(Object.keys(round_scores), this.#names) || !sameSet(Object.keys(total_scores), this.#names)) {
      this.#report('scoring is not about the four players');
      return;
    }
    for (const [name, score] of Object.entries(round_scores)) {
      const right = scoreRound(score.declared, score.actual, redeal_multiplier);
      if (score.base_score !== right.base || score.final_score !== right.score) {
        this.#report(
          `${name} declared ${score.declared}, made ${score.actual} and got ${score.final_score}, not ${right.score}`,
        );
      }
      if (total_scores[name] !== score.total_score) this.#report(`scoring shows two totals of ${name}`);
      const before = this.#totals?.round === round ? this.#totals.scores.get(name) : undefined;
      if (before !== undefined && before + score.final_score !== score.total_score) {
        this.#report(`${name} had ${before}, got ${score.final_score} and has ${score.total_score}`);
      }
      const declared = this.#declared?.round === round ? this.#declared.values[name] : undefined;
      if (declared !== undefined && declared !== score.declared) {
        this.#report(`${name} declared ${declared}, but is scored for ${score.declared}`);
      }
    }
    const piles = sum(Object.values(round_scores).map(({ actual }) => actual));
    if (piles !== PILES_PER_ROUND) this.#report(`${piles} piles in the round`);
    const best = Math.max(...Object.values(total_scores));
    if (game_complete !== best >= WINNING_TOTAL) this.#report(`game_complete is ${game_complete} with ${best} points`);
    const right = game_complete ? Object.keys(total_scores).filter((name) => total_scores[name] === best) : [];
    if (!sameSet(winners, right)) this.#report(`winners are ${winners.join(', ')}, not ${right.join(', ')}`);
  }

  #checkGameOver({ phase_data, round }: InPhase<'game_over'>): void {
    const { final_rankings, game_stats, winners } = phase_data;
    if (
      !sameSet(
        final_rankings.map(({ name }) => name),
        this.#names,
      )
    )
      this.#report('final_rankings are not the four players');
    if (
      !sameList(
        final_rankings.map(({ rank }) => String(rank)),
        ['1', '2', '3', '4'],
      )
    ) {
      this.#report('final_rankings do not have the ranks 1 to 4 in this order');
    }
    const scores = final_rankings.map(({ score }) => score);
    if (scores.some((score, index) => score > (scores[index - 1] ?? score)))
      this.#report('final_rankings are not sorted by score');
    const best = final_rankings.filter(({ score }) => score === scores[0]).map(({ name }) => name);
    if (!sameSet(winners, best)) this.#report(`winners are ${winners.join(', ')}, not ${best.join(', ')}`);
    if (game_stats.total_rounds !== round) this.#report(`total_rounds ${game_stats.total_rounds} in round ${round}`);
  }

  /** Every order at the table is seat order from somebody (rules.md R1.2). */
  #checkRotation(what: string, order: readonly string[], first: string | undefined): void {
    const seats = this.#names ?? [];
    const start = first === undefined ? -1 : seats.indexOf(first);
    const right = [...seats.slice(start), ...seats.slice(0, start)];
    if (start < 0 || !sameList(order, right))
      this.#report(`${what} is ${order.join(', ')}, not seat order from ${first ?? 'somebody'}`);
  }

  #checkKnown(what: string, mentioned: readonly string[]): void {
    for (const name of mentioned) {
      if (this.#names?.includes(name) !== true) this.#report(`${what} is ${name}, who is not at the table`);
    }
  }
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'no reason given' : `${issue.path.join('.')}: ${issue.message}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function sameList(one: readonly string[], other: readonly string[] | undefined): boolean {
  return other?.length === one.length && one.every((item, index) => item === other[index]);
}

function sameSet(one: readonly string[], other: readonly string[] | undefined): boolean {
  return other !== undefined && sameList([...one].sort(), [...other].sort());
}

function isSubsequence(short: readonly string[], long: readonly string[]): boolean {
  let found = 0;
  for (const item of long) if (item === short[found]) found++;
  return found === short.length;
}
