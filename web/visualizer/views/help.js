import { html } from '/vendor/preact.js';
import { Dialog } from './dialog.js';

const KEYS = [
  ['← →', 'one entry back, one on'],
  ['Shift ← →', 'ten entries'],
  ['Home End', 'first entry, newest entry (live)'],
  ['Space', 'play, stop'],
  ['[ ]', 'slower, faster'],
  ['e E', 'next, previous error or refusal'],
  ['g', 'go to an entry or a time'],
  ['/', 'search'],
  ['r', 'the list of rooms in its present order'],
  ['0 1 2 3', 'see as the player of that seat'],
  ['s a', 'see as a spectator, see everything'],
  ['f', 'fork here into a sandbox'],
  ['c', 'copy a link to what is shown'],
  ['?', 'this help'],
  ['Esc', 'close, leave a field'],
];

export function Help({ onClose }) {
  return html`
    <${Dialog} title="Help" onClose=${onClose} data-testid="help-dialog">
      <p>
        The first sentence of a room says what it waits for, and for whom. Everything below shows the room at the entry
        that is chosen on the line at the bottom; at its end it follows the room live.
      </p>
      <dl class="keys">
        ${KEYS.map(
          ([keys, what]) => html`
            <dt>${keys.split(' ').map((key) => html`<kbd>${key}</kbd> `)}</dt>
            <dd>${what}</dd>
          `,
        )}
      </dl>
      <p class="muted small">
        In lists the arrow keys move from row to row, Enter opens. Looking never changes a room; sandboxes live in memory
        only. Hands of a running game are shown when you choose an eye that sees them.
      </p>
      <div class="row"><button class="primary" data-testid="close-help" onClick=${onClose}>Close</button></div>
    <//>
  `;
}
