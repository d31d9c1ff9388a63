import { isRecord, textIn, type Frame } from './frame.js';
import { finalResult, gameAfter, type GameView } from './room-view.js';
import { wirePiece } from './wire-piece.js';

const STARTER_REASONS: Readonly<Record<string, string>> = {
  has_general_red: 'holds the red general',
  won_last_turn: 'won the last turn',
  accepted_redeal: 'accepted the redeal',
};

/** Tells a game in lines for people, from what one player gets to see. Nothing is told twice, whatever is sent twice. */
export class Account {
  readonly #name: string;
  readonly #told = new Set<string>();
  #game: GameView | undefined;

  /** @param name whose view it is */
  constructor(name: string) {
    this.#name = name;
  }

  /** @returns what is new after `frame`, without line ends */
  lines({ event, data }: Frame): string[] {
    const name = textIn(data, 'player_name') ?? 'Somebody';
    switch (event) {
      case 'phase_change':
        return this.#phaseLines(data);
      case 'turn_complete':
        return this.#turnLines(data);
      case 'player_disconnected':
        return [`  ${name} is away, a bot plays on`];
      case 'player_reconnected':
        return [`  ${name} is back`];
      case 'host_changed':
        return [`  ${textIn(data, 'new_host') ?? 'Somebody'} is the host now`];
      case 'room_closed':
        return [`The room was closed: ${textIn(data, 'message') ?? textIn(data, 'reason') ?? 'no reason given'}`];
      default:
        return [];
    }
  }

  #phaseLines(data: Frame['data']): string[] {
    const game = gameAfter(this.#game, data, this.#name);
    if (game === undefined) return [];
    this.#game = game;
    const { round } = game;
    const lines = this.#once(`round ${round}`, `Round ${round}: ${game.players.map(({ name }) => name).join(', ')}`);
    switch (game.phase) {
      case 'waiting':
      case 'turn_results':
        return lines;
      case 'preparation':
        return [...lines, ...this.#dealLines(game)];
      case 'round_start': {
        const starter = game.data.current_starter ?? 'Somebody';
        const reason = STARTER_REASONS[textIn(phaseData(data), 'starter_reason') ?? ''] ?? 'by default';
        return [...lines, ...this.#handLines(game), ...this.#once(`start ${round}`, `  ${starter} starts: ${reason}`)];
      }
      case 'declaration':
        return [...lines, ...this.#handLines(game), ...this.#declarationLines(game)];
      case 'turn':
        return [...lines, ...this.#playLines(game)];
      case 'scoring':
        return [...lines, ...this.#scoreLines(game)];
      case 'game_over':
        return [...lines, ...this.#finalLines(game)];
    }
  }

  #dealLines(game: GameView): string[] {
    if (game.data.dealing_cards === true && game.hand.length === 0) return [];
    const multiplier = game.data.redeal_multiplier ?? 1;
    const deal = `${game.round}/${multiplier}`;
    const redeal =
      multiplier > 1 ? this.#once(`redeal ${deal}`, `  Dealt again: points count ${multiplier} times`) : [];
    if (game.data.dealing_cards === true) return redeal;
    const asked = game.data.weak_players_awaiting ?? [];
    const weak = asked.length > 0 ? this.#once(`weak ${deal}`, `  Weak hands: ${asked.join(', ')}`) : [];
    return [...redeal, ...this.#handLines(game), ...weak];
  }

  #handLines(game: GameView): string[] {
    if (game.hand.length === 0) return [];
    const hand = game.hand.map(wirePiece).join(' ');
    return this.#once(`hand ${game.round} ${hand}`, `  ${this.#name} holds ${hand}`);
  }

  #declarationLines({ round, data }: GameView): string[] {
    return Object.entries(data.declarations ?? {}).flatMap(([name, value]) =>
      this.#once(`declared ${round} ${name}`, `  ${name} declares ${value}`),
    );
  }

  #playLines({ round, data }: GameView): string[] {
    const turn = data.current_turn_number ?? 0;
    return Object.entries(data.turn_plays ?? {}).flatMap(([name, { pieces, play_type }], index) => {
      const what = `${pieces.join(' ')}${play_type === undefined ? '' : ` (${play_type})`}`;
      const verb = index === 0 ? 'leads' : 'plays';
      return this.#once(`play ${round}/${turn} ${name}`, `  Turn ${turn}: ${name} ${verb} ${what}`);
    });
  }

  #turnLines(data: Frame['data']): string[] {
    const winner = textIn(data, 'winner') ?? 'Nobody';
    const turn = String(data['turn_number']);
    const all = data['player_piles'];
    const piles = isRecord(all) ? Number(all[winner] ?? 0) : 0;
    const line = `  Turn ${turn}: ${winner} wins ${piles} ${piles === 1 ? 'pile' : 'piles'}`;
    return this.#once(`won ${this.#game?.round ?? 0}/${turn}`, line);
  }

  #scoreLines({ round, data }: GameView): string[] {
    const scores = Object.entries(data.round_scores ?? {}).map(([name, score]) => {
      const sign = score.final_score < 0 ? '' : '+';
      return `  ${name} declared ${score.declared}, made ${score.actual}: ${sign}${score.final_score}, now ${score.total_score}`;
    });
    return this.#once(`scores ${round}`, ...scores);
  }

  #finalLines(game: GameView): string[] {
    const final = finalResult(game);
    if (final === undefined) return [];
    const ranking = final.rankings.map(({ rank, name, score }) => `  ${rank}. ${name} ${score}`);
    const rounds = `${final.rounds} ${final.rounds === 1 ? 'round' : 'rounds'}`;
    return this.#once('over', `Game over after ${rounds}, won by ${final.winners.join(' and ')}`, ...ranking);
  }

  #once(key: string, ...lines: string[]): string[] {
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    return lines;
  }
}

function phaseData(data: Frame['data']): Frame['data'] {
  const { phase_data } = data;
  return isRecord(phase_data) ? phase_data : {};
}
