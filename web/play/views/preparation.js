import { html } from '/vendor/preact.js';
import { isWeak } from '../rules.js';
import { canSend, isOwnMove } from '../state.js';
import { Hand } from './hand.js';
import { Refusal } from './refusal.js';

/** Dealing, and the question to those with a weak hand. */
export function Preparation({ state, hand, send }) {
  const { phaseData, multiplier } = state.game;
  const asking = (phaseData.weak_players_awaiting ?? []).length > 0;
  if (isOwnMove(state) && isWeak(hand)) {
    return html`
      <section class="panel stage" aria-labelledby="stage-title">
        <h2 id="stage-title">Your hand is weak</h2>
        <p>
          No piece is worth more than 9 points. With a new deal you start the round, and all its points, gains and
          losses, count × ${multiplier + 1}. Without an answer in time you keep the hand.
        </p>
      </section>
      <${Hand} hand=${hand}>
        <div class="actions">
          <${Answer} primary event="accept_redeal" testid="redeal-accept" ...${{ state, send }}>Deal again<//>
          <${Answer} event="decline_redeal" testid="redeal-decline" ...${{ state, send }}>Keep this hand<//>
        </div>
        <${Refusal} state=${state} />
      <//>
    `;
  }
  return html`
    <section class="panel stage" aria-labelledby="stage-title">
      <h2 id="stage-title">${asking ? 'A weak hand' : phaseData.dealing_cards ? 'Dealing…' : 'The pieces are dealt'}</h2>
      ${
        asking
          ? html`<p data-testid="redeal-waiting">
              ${phaseData.weak_players.join(' and ')} ${phaseData.weak_players.length > 1 ? 'hold' : 'holds'} no piece above 9 points
              and may ask for a new deal. The points of the round then count × ${multiplier + 1}.
            </p>`
          : html`<p class="muted">Everybody gets 8 of the 32 pieces.</p>`
      }
    </section>
    ${!phaseData.dealing_cards && html`<${Hand} hand=${hand} />`}
  `;
}

function Answer({ event, testid, primary = false, state, send, children }) {
  return html`<button
    class=${primary ? 'primary' : ''}
    data-testid=${testid}
    disabled=${!canSend(state)}
    onClick=${() => send(event, { player_name: state.name })}
  >
    ${children}
  </button>`;
}
