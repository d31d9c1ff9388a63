import { html } from '/vendor/preact.js';
import { parsePiece } from '../pieces.js';
import { ownPlayer } from '../state.js';
import { Declaration } from './declaration.js';
import { GameOver } from './game-over.js';
import { Log } from './log.js';
import { Players } from './players.js';
import { Preparation } from './preparation.js';
import { RoundStart } from './round-start.js';
import { RulesHelp } from './rules-help.js';
import { ScoreSheet } from './score-sheet.js';
import { Scoring } from './scoring.js';
import { Status } from './status.js';
import { Turn } from './turn.js';
import { TurnResult } from './turn-result.js';

const PHASES = {
  preparation: Preparation,
  round_start: RoundStart,
  declaration: Declaration,
  turn: Turn,
  turn_results: TurnResult,
  scoring: Scoring,
  game_over: GameOver,
};

/** The table on the left, what is known of the game so far on the right; one above the other on a phone. */
export function Game({ state, send, dispatch }) {
  const { game, missed } = state;
  const own = ownPlayer(state);
  const hand = (own?.hand ?? []).map(parsePiece);
  const Phase = game.turnResult === null ? PHASES[game.phase] : TurnResult;
  return html`
    <div class="game">
      <div class="table">
        <${Status} state=${state} />
        ${own === undefined && html`<p class="notice">You are watching: no seat in this game is yours.</p>`}
        ${missed.length > 0 && html`<${Missed} missed=${missed} dispatch=${dispatch} />`}
        <${Players} state=${state} />
        <${Phase} ...${{ state, hand, send, dispatch }} />
      </div>
      <div class="aside">
        <${ScoreSheet} state=${state} />
        <${Log} lines=${state.log} />
        <${RulesHelp} />
      </div>
    </div>
  `;
}

function Missed({ missed, dispatch }) {
  return html`
    <section class="notice" data-testid="missed" aria-labelledby="missed-title">
      <h2 id="missed-title">While you were away</h2>
      <ul class="missed" tabindex="0" aria-labelledby="missed-title">
        ${missed.map((line, index) => html`<li key=${index}>${line}</li>`)}
      </ul>
      <button data-testid="missed-close" onClick=${() => dispatch({ kind: 'missedRead' })}>Got it</button>
    </section>
  `;
}
