import { html } from '/vendor/preact.js';
import { plain } from '../sentences.js';
import { CopiedLink } from './copied-link.js';

export function GameOver({ state, dispatch }) {
  const { final_rankings: ranking, game_stats: stats, winners } = state.game.phaseData;
  const replay = `/replay/${state.fairness?.id ?? state.roomId}`;
  return html`
    <section class="panel stage" aria-labelledby="stage-title">
    <h2 id="stage-title">${winners.includes(state.name) ? 'You win!' : `${winners.join(' and ')} ${winners.length > 1 ? 'win' : 'wins'}`}</h2>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="stage-title">
      <table data-testid="ranking">
        <thead>
          <tr>
            <th scope="col">Rank</th>
            <th scope="col">Player</th>
            <th scope="col">Points</th>
            <th scope="col">Turns won</th>
            <th scope="col">Perfect rounds</th>
          </tr>
        </thead>
        <tbody>
          ${ranking.map(
            ({ rank, name, score, turns_won: turns, perfect_rounds: perfect }) => html`
              <tr key=${name} class=${winners.includes(name) ? 'gain' : ''}>
                <td>${rank}</td>
                <th scope="row">${name}</th>
                <td><strong>${plain(score)}</strong></td>
                <td>${turns}</td>
                <td>${perfect}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
    <p class="muted">${stats.total_rounds} rounds in ${stats.game_duration}.</p>
    <p>
      Every turn with all hands open, and the check that the deals were fair:
      ${' '}<a data-testid="replay-link" href=${replay}>see the replay</a>
    </p>
    <${CopiedLink} label="Link to the replay" path=${replay} testid="replay-url" />
    <button class="primary" data-testid="to-lobby" onClick=${() => dispatch({ kind: 'leftRoom' })}>Back to the lobby</button>
    </section>
  `;
}
