import { html } from '/vendor/preact.js';
import { words } from '../format.js';
import { Pieces } from './piece.js';

/** Who sits where, and what lies on the table. */
export function Table({ state, as }) {
  const view = state?.view ?? null;
  const game = view?.game ?? null;
  return html`
    <section class="panel view-table" aria-label="Table" data-testid="table">
      <div class="panel-head">
        <h2>Table</h2>
        <span class="small muted number">${game === null ? 'no game yet' : facts(game)}</span>
      </div>
      ${
        view === null
          ? html`<div class="empty">${state === undefined ? 'Loading…' : 'No state can be shown: its journal is damaged before this entry.'}</div>`
          : html`<ol class="seats">
              ${view.seats.map((seat, number) => html`<${Seat} key=${number} ...${{ seat, number, view, as }} />`)}
            </ol>`
      }
    </section>
  `;
}

function facts({ round, deal, multiplier, turn, starter }) {
  const parts = [`round ${round}`];
  if (deal > 1) parts.push(`deal ${deal}`);
  if (turn !== null) parts.push(`turn ${turn.number}`);
  if (multiplier > 1) parts.push(`× ${multiplier}`);
  if (turn === null && starter !== null) parts.push(`seat ${starter} starts`);
  return parts.join(' · ');
}

function Seat({ seat, number, view, as }) {
  const { game, awaiting, host } = view;
  const isAsked = awaiting?.seats.includes(number) ?? false;
  const play = game?.turn?.plays.find((each) => each.seat === number);
  const hand = game?.hands[number] ?? null;
  return html`
    <li class=${`seat ${isAsked ? 'asked' : ''}`} data-testid=${`seat-${number}`}>
      <div class="name">
        <span class="badge">seat ${number}</span>
        <strong>${seat?.name ?? html`<span class="muted">free</span>`}</strong>
        ${seat?.isPerson === false && html`<span class="badge">bot</span>`}
        ${seat?.isPerson && seat.isBot && html`<span class="badge warn">away, a bot decides</span>`}
        ${host === number && seat !== null && html`<span class="badge">host</span>`}
        ${as === String(number) && html`<span class="badge info">your eye</span>`}
        ${isAsked && html`<span class="badge accent">${ASKED[awaiting.what] ?? words(awaiting.what)}</span>`}
      </div>
      ${game !== null && html`<${Pieces} label=${`Hand of seat ${number}`} pieces=${hand ?? []} hidden=${hand === null ? game.handSizes[number] : 0} />`}
      ${
        game !== null &&
        html`<p class="score number">
          <span>declared ${game.declarations[number] ?? '–'}</span>
          <span>won ${game.piles[number]}</span>
          <span>score ${game.scores[number]}</span>
          ${game.turn?.winner === number && html`<strong class="good">wins the turn</strong>`}
        </p>`
      }
      ${play !== undefined && html`<div class="row"><span class="small muted">${words(play.type)}</span><${Pieces} label=${`Play of seat ${number}`} pieces=${play.pieces} /></div>`}
    </li>
  `;
}

const ASKED = { redealAnswer: 'asked for a new deal', declaration: 'to declare', play: 'to play' };
