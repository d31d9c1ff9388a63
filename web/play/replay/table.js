import { html } from '/vendor/preact.js';
import { typeName } from '../rules.js';
import { plain, signed } from '../sentences.js';
import { PieceRow } from '../views/piece.js';

/** All four places with open hands; what is on the table stands beside its player. */
export function Table({ record, table, step }) {
  return html`
    <ol class="open-table">
      ${table.seats.map((seat, index) => html`<${Seat} key=${index} ...${{ seat, player: record.players[index], number: index + 1, acts: actor(table, step) === index }} />`)}
    </ol>
  `;
}

function Seat({ seat, player, number, acts }) {
  const { hand, declared, piles, total, points, play, wins } = seat;
  return html`
    <li class=${wins || acts ? 'seat active' : 'seat'} data-testid=${`seat-${number}`}>
      <div class="named">
        <strong>${player.name}</strong>
        ${player.is_bot && html`<span class="badge">bot</span>`}
        ${wins && html`<span class="badge badge-active">wins</span>`}
      </div>
      <dl>
        <div><dt>Piles</dt><dd>${piles} of ${declared ?? '–'}</dd></div>
        <div><dt>Points</dt><dd>${plain(total)}${points !== null && html` <span class="muted">(${signed(points)})</span>`}</dd></div>
      </dl>
      <div class="open-hand"><${PieceRow} ids=${sorted(hand)} /></div>
      <div class="on-table">
        ${play !== null && html`<span class="small">${typeName(play.type)}${play.by_bot && !player.is_bot && ', by a bot'}</span><${PieceRow} ids=${play.pieces} />`}
      </div>
    </li>
  `;
}

function actor({ round }, step) {
  if (step.kind === 'play') return round.turns[step.turn].plays[step.plays - 1].seat;
  if (step.kind === 'declaration') return round.declarations[step.declarations - 1].seat;
  if (step.kind === 'answer') return round.deals[step.deal].answers[step.answers - 1].seat;
  return null;
}

/** As on the play page: red before black, strong before weak. */
function sorted(hand) {
  const rank = (piece) => (piece.includes('_RED') ? 0 : 100) - Number(/\d+/.exec(piece)[0]);
  return [...hand].sort((a, b) => rank(a) - rank(b));
}
