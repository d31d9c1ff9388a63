import { html } from '/vendor/preact.js';
import { plain, signed } from '../sentences.js';

/** All rounds that this page knows of, and the totals, which the server always tells. */
export function ScoreSheet({ state }) {
  const { players, round } = state.game;
  const known = Object.entries(state.rounds);
  const missing = Array.from({ length: round - 1 }, (_, index) => index + 1).some(
    (number) => !(number in state.rounds),
  );
  return html`
    <section class="panel" aria-labelledby="scores-title">
      <h2 id="scores-title">Points</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="scores-title">
        <table class="sheet" data-testid="score-sheet">
          <thead>
            <tr>
              <th scope="col">Round</th>
              ${players.map(({ name }) => html`<th key=${name} scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${known.map(
              ([number, scores]) => html`
                <tr key=${number}>
                  <th scope="row">${number}</th>
                  ${players.map(({ name }) => html`<${Cell} key=${name} score=${scores[name]} />`)}
                </tr>
              `,
            )}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              ${players.map(({ name, score }) => html`<td key=${name}><strong>${plain(score)}</strong></td>`)}
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="small muted">
        ${known.length === 0 ? 'No round is scored yet.' : 'Points, and piles won of those declared.'}
        ${missing && ' Rounds that this page did not see are only in the totals.'} 50 points end the game.
      </p>
    </section>
  `;
}

function Cell({ score }) {
  if (score === undefined) return html`<td>–</td>`;
  const { declared, won, points } = score;
  return html`<td class=${points > 0 ? 'gain' : ''}>
    ${signed(points)} <span class="muted">${won}<span aria-hidden="true">/</span><span class="visually-hidden"> of </span>${declared}</span>
  </td>`;
}
