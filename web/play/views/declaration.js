import { html } from '/vendor/preact.js';
import { barredDeclarations } from '../rules.js';
import { canSend, isOwnMove, ownPlayer } from '../state.js';
import { Hand } from './hand.js';
import { Refusal } from './refusal.js';

const VALUES = [0, 1, 2, 3, 4, 5, 6, 7, 8];

export function Declaration({ state, hand, send }) {
  const {
    declaration_order: order,
    declarations,
    declaration_total: total,
    current_declarer: now,
  } = state.game.phaseData;
  const ownMove = isOwnMove(state);
  return html`
    <h2>${ownMove ? 'Your declaration' : 'Declarations'}</h2>
    <p role="status">
      ${ownMove ? 'How many of the 8 piles will you win?' : now ? `${now} is declaring…` : 'The first turn is about to begin.'}
    </p>
    <ol class="declarations" data-testid="declarations">
      ${order.map((name) => html`<li key=${name}>${name}: <strong>${declarations[name] ?? '–'}</strong></li>`)}
      <li class="muted">Total: <strong>${total}</strong></li>
    </ol>
    ${ownMove && html`<${Choice} ...${{ state, declarations, send }} />`}
    ${hand.length > 0 && html`<${Hand} hand=${hand} />`}
  `;
}

function Choice({ state, declarations, send }) {
  const barred = barredDeclarations(Object.values(declarations), ownPlayer(state).zero_declares_in_a_row ?? 0);
  return html`
    <div class="declare" role="group" aria-label="Piles to declare">
      ${VALUES.map(
        (value) => html`
          <button
            key=${value}
            data-testid=${`declare-${value}`}
            disabled=${barred.has(value) || !canSend(state)}
            aria-describedby=${barred.has(value) ? 'barred' : undefined}
            onClick=${() => send('declare', { player_name: state.name, value })}
          >
            ${value}
          </button>
        `,
      )}
    </div>
    <p id="barred" class="muted" data-testid="barred">
      ${[...barred].map(([value, why]) => `${value} is barred: ${why}.`).join(' ')}
    </p>
    <${Refusal} state=${state} />
  `;
}
