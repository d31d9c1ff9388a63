import { html } from '/vendor/preact.js';
import { plain } from '../sentences.js';

export function GameOver({ state, dispatch }) {
  const { final_rankings: ranking, game_stats: stats, winners } = state.game.phaseData;
  return html`
    <h2 role="status">${winners.includes(state.name) ? 'You win!' : `${winners.join(' and ')} ${winners.length > 1 ? 'win' : 'wins'}`}</h2>
    <div class="scroll">
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
    <button class="primary" data-testid="to-lobby" onClick=${() => dispatch({ kind: 'leftRoom' })}>Back to the lobby</button>
  `;
}
