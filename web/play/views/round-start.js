import { html } from '/vendor/preact.js';
import { Hand } from './hand.js';

const REASONS = {
  has_general_red: 'holds the red general',
  won_last_turn: 'won the last turn',
  accepted_redeal: 'asked for the new deal',
  default: 'sits in the first seat',
};

export function RoundStart({ state, hand }) {
  const { round, phaseData, multiplier } = state.game;
  const { current_starter: starter, starter_reason: reason } = phaseData;
  return html`
    <h2>Round ${round} begins</h2>
    <p role="status" data-testid="starter">
      <strong>${starter === state.name ? 'You start' : `${starter} starts`}</strong>:
      ${' '}${starter === state.name ? 'you are the one who' : starter} ${REASONS[reason] ?? reason}.
    </p>
    ${multiplier > 1 && html`<p>All points of this round count × ${multiplier}.</p>`}
    ${hand.length > 0 && html`<${Hand} hand=${hand} />`}
  `;
}
