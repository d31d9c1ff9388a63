import { html } from '/vendor/preact.js';
import { plain, signed } from '../sentences.js';

/** Points by round; a round's button leads to its deal. */
export function Rounds({ record, steps, at, onGo }) {
  const { players, rounds, totals, winners } = record;
  const now = steps[at].round;
  return html`
    <section class="panel" aria-labelledby="rounds-title">
      <h2 id="rounds-title">Rounds</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="rounds-title">
        <table class="sheet" data-testid="rounds">
          <thead>
            <tr>
              <th scope="col">Round</th>
              ${players.map(({ name }) => html`<th key=${name} scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rounds.map(
              ({ round, scores, multiplier }, index) => html`
                <tr key=${round} class=${index === now ? 'current' : ''}>
                  <th scope="row">
                    <button
                      aria-label=${`Go to round ${round}`}
                      aria-current=${index === now ? 'step' : undefined}
                      onClick=${() => onGo(steps.findIndex((step) => step.round === index))}
                    >
                      ${round}
                    </button>
                    ${multiplier > 1 && html` <span class="muted">× ${multiplier}</span>`}
                  </th>
                  ${(scores ?? []).map(
                    ({ score, captured, declared }, seat) => html`<td key=${seat} class=${score > 0 ? 'gain' : ''}>
                      ${signed(score)} <span class="muted">${captured}/${declared}</span>
                    </td>`,
                  )}
                </tr>
              `,
            )}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              ${totals.map((total, seat) => html`<td key=${seat} class=${winners.includes(seat) ? 'gain' : ''}><strong>${plain(total)}</strong></td>`)}
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="small muted">Points, and piles won of those declared.</p>
    </section>
  `;
}
