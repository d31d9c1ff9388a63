import { html } from '/vendor/preact.js';
import { typeName } from '../rules.js';
import { PieceRow } from './piece.js';

/**
 * The plays of a turn.
 * @param order names in the order of playing
 * @param plays `turn_plays` of the wire: name ▶ play
 * @param mark the name to point out, and `markText` what for
 */
export function Plays({ order, plays, mark, markText }) {
  return html`
    <ol class="plays" data-testid="plays">
      ${order.map(
        (name) => html`
          <li key=${name} class=${name === mark ? 'play marked' : 'play'}>
            <span class="named">
              <strong>${name}</strong>
              ${name === mark && html`<span class="badge badge-active">${markText}</span>`}
              ${plays[name] && html`<span class="small muted">${typeName(plays[name].play_type)}</span>`}
            </span>
            ${plays[name] ? html`<${PieceRow} ids=${plays[name].pieces} />` : html`<span class="muted">–</span>`}
          </li>
        `,
      )}
    </ol>
  `;
}
