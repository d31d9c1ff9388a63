import { html } from '/vendor/preact.js';
import { plain, signed } from '../sentences.js';

export function Scoring({ state }) {
  const { round, players, phaseData } = state.game;
  const { round_scores: scores } = phaseData;
  return html`
    <section class="panel stage" aria-labelledby="stage-title">
    <h2 id="stage-title">Round ${round}: points</h2>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="stage-title">
      <table data-testid="score-table">
        <thead>
          <tr>
            <th scope="col">Player</th>
            <th scope="col">Declared</th>
            <th scope="col">Won</th>
            <th scope="col">Points</th>
            <th scope="col">Total</th>
          </tr>
        </thead>
        <tbody>
          ${players.map(({ name }) => html`<${ScoreRow} key=${name} name=${name} score=${scores[name]} />`)}
        </tbody>
      </table>
    </div>
    <p class="muted">As many piles as declared: that number + 5, or 3 for a kept 0. Else −1 for each pile too many or too few.</p>
    </section>
  `;
}

function ScoreRow({ name, score }) {
  const { declared, actual, base_score: base, multiplier, final_score: final, total_score: total } = score;
  return html`
    <tr class=${final > 0 ? 'gain' : ''}>
      <th scope="row">${name}</th>
      <td>${declared}</td>
      <td>${actual}</td>
      <td>${multiplier > 1 ? `${signed(base)} × ${multiplier} = ${signed(final)}` : signed(final)}</td>
      <td><strong>${plain(total)}</strong></td>
    </tr>
  `;
}
