import { html } from '/vendor/preact.js';
import { typeName } from '../rules.js';
import { piles } from '../sentences.js';
import { Hand } from './hand.js';
import { Plays } from './plays.js';

/** After every turn; after a round's last one it is a phase of its own. */
export function TurnResult({ state, hand }) {
  const { turnResult: result } = state.game;
  if (result === null) return html`<section class="panel stage"><h2>The round is over</h2></section>`;
  const { turnNumber, winner, winningPlay, plays, nextStarter } = result;
  const won = winningPlay?.pilesWon ?? 0;
  return html`
    <section class="panel stage" data-testid="turn-result" aria-labelledby="stage-title">
      <h2 id="stage-title">${winner === state.name ? 'You win' : `${winner} wins`} turn ${turnNumber}</h2>
      <p>
        <strong>+${piles(won)}</strong> with ${typeName(winningPlay?.type)}.
        ${' '}${nextStarter === null ? 'That was the last turn of the round.' : `${nextStarter === state.name ? 'You lead' : `${nextStarter} leads`} the next turn.`}
      </p>
      <${Plays} order=${Object.keys(plays)} plays=${plays} mark=${winner} markText="wins" />
    </section>
    <${Hand} hand=${hand} />
  `;
}
