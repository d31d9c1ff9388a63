import { html } from '/vendor/preact.js';
import { characterOf, describe, nameOf, parsePiece } from '../pieces.js';

export function Piece({ piece }) {
  return html`
    <span class=${`piece piece-${piece.color.toLowerCase()}`}>
      <span class="character" lang="zh-Hant" aria-hidden="true">${characterOf(piece)}</span>
      <span class="points" aria-hidden="true">${piece.points}</span>
      <span class="piece-name" aria-hidden="true">${nameOf(piece)}</span>
      <span class="visually-hidden">${describe(piece)}</span>
    </span>
  `;
}

/** @param ids pieces as the wire writes them */
export function PieceRow({ ids }) {
  return html`<span class="pieces">
    ${ids.map((id, index) => html`<${Piece} key=${index} piece=${parsePiece(id)} />`)}
  </span>`;
}

/** Pieces within a line of text. */
export function MiniPieces({ pieces }) {
  return html`<span class="mini">
    ${pieces.map(
      (piece, index) => html`
        <span key=${index} class=${`piece-${piece.color.toLowerCase()}`}>
          <span class="character" lang="zh-Hant" aria-hidden="true">${characterOf(piece)}</span>
          <span class="visually-hidden">${describe(piece)}</span>
        </span>
      `,
    )}
  </span>`;
}
