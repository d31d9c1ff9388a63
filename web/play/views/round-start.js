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
    <section class="panel stage" aria-labelledby="stage-title">
      <h2 id="stage-title">Round ${round}</h2>
      <p data-testid="starter">
        <strong>${starter === state.name ? 'You start' : `${starter} starts`}</strong>:
        ${' '}${starter === state.name ? 'you are the one who' : starter} ${REASONS[reason] ?? reason}.
      </p>
      ${multiplier > 1 && html`<p>All points of this round count × ${multiplier}.</p>`}
      <p class="muted">The starter declares first and leads the first turn.</p>
    </section>
    <${Hand} hand=${hand} />
  `;
}
