import { html } from '/vendor/preact.js';
import { pieceOf } from '../pieces.js';

export function Pieces({ pieces, hidden = 0, label }) {
  return html`<ul class="pieces" aria-label=${label}>
    ${pieces.map((piece, index) => {
      const { short, colour, name } = pieceOf(piece);
      return html`<li key=${index} class=${`piece ${colour}`} title=${name}>
        <span aria-hidden="true">${short}</span><span class="visually-hidden">${name}</span>
      </li>`;
    })}
    ${Array.from({ length: hidden }, (_, index) => html`<li key=${`h${index}`} class="piece hidden" title="hidden"><span class="visually-hidden">hidden</span></li>`)}
  </ul>`;
}
