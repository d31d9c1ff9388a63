import { html } from '/vendor/preact.js';
import { plain } from '../sentences.js';
import { awaited, declarationOf, ownPlayer } from '../state.js';
import { Avatar } from './avatar.js';
import { FairnessNote } from './fairness-note.js';

/** The four players in seat order, with all that the table shows of them in every phase. */
export function Players({ state }) {
  const { game } = state;
  const waitedFor = awaited(game);
  return html`
    <section aria-label="Players">
      <div class="round">
        <span data-testid="round">Round ${game.round}${game.multiplier > 1 && html` · <strong>points × ${game.multiplier}</strong>`}</span>
        <${FairnessNote} fairness=${state.fairness} />
      </div>
      <ol class="players">
        ${game.players.map(
          (player, index) => html`
            <${PlayerCard} key=${player.name} ...${{ player, state, number: index + 1, active: waitedFor.includes(player.name) }} />
          `,
        )}
      </ol>
    </section>
  `;
}

function PlayerCard({ player, state, number, active }) {
  const { name, is_bot: isBot, avatar_color: color, captured_piles: captured = 0, hand_size: left, score } = player;
  const declared = declarationOf(state.game, player);
  const own = ownPlayer(state)?.name === name;
  const away = state.away.includes(name);
  return html`
    <li class=${active ? 'player active' : 'player'} data-testid=${`player-${number}`}>
      <div class="named">
        <${Avatar} color=${color} bot=${isBot} />
        <strong>${name}</strong>
      </div>
      <div class="named small">
        ${own && html`<span class="badge">you</span>`}
        ${away ? html`<span class="badge">away</span>` : isBot && html`<span class="badge">bot</span>`}
        ${active && html`<span class="badge badge-active">to act</span>`}
      </div>
      <dl>
        <div><dt>Piles</dt><dd>${captured} of ${declared ?? '–'}</dd></div>
        <div><dt>Hand</dt><dd>${left}</dd></div>
        <div><dt>Points</dt><dd>${plain(score)}</dd></div>
      </dl>
    </li>
  `;
}
