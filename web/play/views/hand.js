import { html } from '/vendor/preact.js';
import { Piece } from './piece.js';

/**
 * The own hand, sorted for the eye; `hand-N` and `selected` count in the order of the wire.
 * @param hand pieces
 * @param selected a set of indices; without it the hand is only shown
 */
export function Hand({ hand, selected, onToggle }) {
  const order = hand.map((_, index) => index).sort((a, b) => rank(hand[a]) - rank(hand[b]) || a - b);
  return html`
    <section class="hand" aria-label="Your hand">
      <h3>Your hand</h3>
      <ul class="pieces">
        ${order.map(
          (index) => html`
            <li key=${index}>
              ${
                selected === undefined
                  ? html`<span data-testid=${`hand-${index}`}><${Piece} piece=${hand[index]} /></span>`
                  : html`<button
                      class="piece-button"
                      data-testid=${`hand-${index}`}
                      aria-pressed=${selected.has(index)}
                      onClick=${() => onToggle(index)}
                    >
                      <${Piece} piece=${hand[index]} />
                    </button>`
              }
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

/** Red before black, strong before weak: pieces that form a type stand side by side. */
function rank(piece) {
  return (piece.color === 'RED' ? 0 : 100) - piece.points;
}
