import { html } from '/vendor/preact.js';
import { LeaveButton } from './leave-button.js';

const CONNECTIONS = {
  connecting: 'Connecting…',
  open: 'Connected',
  reconnecting: 'Connection lost, trying again…',
  closed: 'Disconnected by the server',
};

export function TopBar({ state, send, dispatch }) {
  return html`
    <header class="top-bar">
      <h1><span class="brand" aria-hidden="true">帥</span> Liap Tui</h1>
      ${state.roomId !== null && html`<span class="muted"><span class="wide">Room </span><strong>${state.roomId}</strong></span>`}
      ${state.name !== '' && html`<${Connection} status=${state.connection} />`}
      ${state.roomId !== null && html`<${LeaveButton} ...${{ state, send, dispatch }} />`}
    </header>
  `;
}

function Connection({ status }) {
  return html`<span class="connection" role="status" data-testid="connection" data-connection=${status}>
    ${CONNECTIONS[status]}
  </span>`;
}
