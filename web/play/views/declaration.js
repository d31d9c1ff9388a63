import { html } from '/vendor/preact.js';
import { barredDeclarations } from '../rules.js';
import { canSend, isOwnMove, ownPlayer } from '../state.js';
import { Hand } from './hand.js';
import { Refusal } from './refusal.js';

const VALUES = [0, 1, 2, 3, 4, 5, 6, 7, 8];

export function Declaration({ state, hand, send }) {
  const { declaration_order: order, declarations, declaration_total: total } = state.game.phaseData;
  return html`
    <section class="panel stage" aria-labelledby="stage-title">
      <h2 id="stage-title">Declarations</h2>
      <ol class="plays" data-testid="declarations">
        ${order.map(
          (name) => html`
            <li key=${name} class="declared"><span>${name}</span><strong>${declarations[name] ?? '–'}</strong></li>
          `,
        )}
        <li class="declared muted"><span>Total so far; it may not become 8</span><strong>${total}</strong></li>
      </ol>
    </section>
    <${Hand} hand=${hand}>
      ${isOwnMove(state) ? html`<${Choice} ...${{ state, declarations, send }} />` : html`<p class="muted line">Each piece that you play in a turn you win is one pile.</p>`}
    <//>
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
    <p id="barred" class="small muted line" data-testid="barred">
      ${
        barred.size > 0
          ? [...barred].map(([value, why]) => `${value} is barred: ${why}.`).join(' ')
          : 'Exactly as many: that number + 5 points. Each pile off: −1.'
      }
    </p>
    <${Refusal} state=${state} />
  `;
}
