import { html } from '/vendor/preact.js';
import { PLAY_TYPES } from '../rules.js';

export function RulesHelp() {
  return html`
    <details class="panel" data-testid="rules">
      <summary>Rules in short</summary>
      <p>
        Each round everybody gets 8 pieces and declares how many of the 8 piles to win. The leader of a turn plays 1 to 6
        pieces that form a type; the others play as many, whatever they like. The strongest play of the leader’s type
        wins one pile for each piece played by one player, and leads next. Ties go to the earlier play.
      </p>
      <h2>Types (always one colour)</h2>
      <table>
        <thead><tr><th>Type</th><th>Pieces</th><th>Made of</th></tr></thead>
        <tbody>
          ${Object.entries(PLAY_TYPES).map(
            ([type, { name, pieces, means }]) =>
              html`<tr key=${type}><th scope="row">${name}</th><td>${pieces}</td><td>${means}</td></tr>`,
          )}
        </tbody>
      </table>
      <p>Strength is the sum of points; in an extended or long straight each name counts once.</p>
      <h2>Points of a round</h2>
      <ul>
        <li>As many piles as declared: that number + 5. Declared 0 and won none: 3.</li>
        <li>Otherwise you lose one point for each pile too many or too few.</li>
        <li>The declarations may not add up to 8, and nobody may declare 0 three rounds in a row.</li>
        <li>A hand without a piece above 9 points is weak: its owner may ask for a new deal, and the round counts one time more.</li>
        <li>The game ends when somebody has 50 points.</li>
      </ul>
    </details>
  `;
}
