import { html } from '/vendor/preact.js';
import { Piece } from './piece.js';

/**
 * The own hand, sorted for the eye; `hand-N` and `selected` count in the order of the wire. It stands in the same place
 * in every phase. Arrow keys go from piece to piece.
 * @param hand pieces
 * @param selected a set of indices; without it the hand is only shown
 * @param children what is to be done with it
 */
export function Hand({ hand, selected, onToggle, children }) {
  if (hand.length === 0) return null;
  const order = hand.map((_, index) => index).sort((a, b) => rank(hand[a]) - rank(hand[b]) || a - b);
  return html`
    <section class="panel hand" aria-labelledby="hand-title">
      <h2 id="hand-title">Your hand</h2>
      <ul class="pieces" onKeyDown=${moveFocus}>
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
      ${children}
    </section>
  `;
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function moveFocus(event) {
  const step = STEPS[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.indexOf(event.target.closest('button'));
  if (at === -1) return;
  event.preventDefault();
  buttons[(at + step + buttons.length) % buttons.length].focus();
}

/** Red before black, strong before weak: pieces that form a type stand side by side. */
function rank(piece) {
  return (piece.color === 'RED' ? 0 : 100) - piece.points;
}
