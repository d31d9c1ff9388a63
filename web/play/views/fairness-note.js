import { html } from '/vendor/preact.js';

/** From the start, so that whoever keeps it can hold it against the seed that is opened at the end. */
export function FairnessNote({ fairness }) {
  return html`
    <details class="small fairness" data-testid="fairness">
      <summary>
        Shuffle locked: ${' '}
        <code data-testid="commitment">${fairness === null ? '…' : shortForm(fairness.commitment)}</code>
      </summary>
      <p>
        All deals of this room follow from a secret number that was drawn when the room was made. This is its SHA-256
        print: the number can’t be changed any more without changing the print. When the game is over the number is opened, and
        your browser deals every round again from it and compares.
      </p>
      ${fairness !== null && html`<p><code class="whole">${fairness.commitment}</code></p>`}
    </details>
  `;
}

/** e.g. 3f9a 41c2 */
function shortForm(commitment) {
  return `${commitment.slice(0, 4)} ${commitment.slice(4, 8)}`;
}
