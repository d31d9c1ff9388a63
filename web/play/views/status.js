import { html, useEffect, useState } from '/vendor/preact.js';
import { situation } from '../state.js';

const LOST = {
  reconnecting: 'Connection lost, trying again… Your seat is kept.',
  closed: 'The server has ended this connection.',
};

/** The one place that says what the game waits for, and for whom. It never changes its height. */
export function Status({ state }) {
  const { kind, text } = state.connection in LOST ? { kind: 'lost', text: LOST[state.connection] } : situation(state);
  return html`
    <div class=${`status status-${kind}`} data-testid="status" data-waits=${kind}>
      <p role="status">${text}</p>
      ${kind !== 'lost' && state.redealEndsAt !== null && html`<${Countdown} until=${state.redealEndsAt} />`}
    </div>
  `;
}

function Countdown({ until }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
  return html`<span class="countdown" role="timer" aria-label="Time left to answer" data-testid="countdown">${seconds} s</span>`;
}
