import { html } from '/vendor/preact.js';
import { isWeak } from '../rules.js';
import { canSend, isOwnMove } from '../state.js';
import { Hand } from './hand.js';
import { Refusal } from './refusal.js';

/** Dealing, and the question to those with a weak hand. */
export function Preparation({ state, hand, send }) {
  const { phaseData, multiplier } = state.game;
  const waitedFor = phaseData.weak_players_awaiting ?? [];
  if (isOwnMove(state) && isWeak(hand)) {
    return html`
      <h2>Your hand is weak</h2>
      <p>
        No piece is worth more than 9 points. With a new deal you start the round, and all its points count
        × ${multiplier + 1}. Without an answer within 30 seconds you keep the hand.
      </p>
      <${Deadline} phaseData=${phaseData} />
      <${Hand} hand=${hand} />
      <div class="actions">
        <${Answer} primary event="accept_redeal" testid="redeal-accept" ...${{ state, send }}>Deal again<//>
        <${Answer} event="decline_redeal" testid="redeal-decline" ...${{ state, send }}>Keep this hand<//>
      </div>
      <${Refusal} state=${state} />
    `;
  }
  const asking = waitedFor.length > 0;
  return html`
    <h2>${asking ? 'A weak hand' : phaseData.dealing_cards ? 'Dealing…' : 'The pieces are dealt'}</h2>
    <div role="status">
      ${asking && html`<p data-testid="redeal-waiting">${waitedFor.join(' and ')} may ask for a new deal. Waiting for the answer.</p>`}
      ${asking && html`<${Deadline} phaseData=${phaseData} />`}
    </div>
    ${!phaseData.dealing_cards && hand.length > 0 && html`<${Hand} hand=${hand} />`}
  `;
}

function Deadline({ phaseData }) {
  return (
    phaseData.timeout_warning && html`<p class="refusal">${phaseData.seconds_remaining} seconds left to answer.</p>`
  );
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
