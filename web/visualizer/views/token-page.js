import { html, useState } from '/vendor/preact.js';
import { post } from '../api.js';

/** What somebody sees whom the server does not know. */
export function TokenPage({ onEntered }) {
  const [token, setToken] = useState('');
  const [state, setState] = useState({ kind: 'idle' });
  const enter = async (event) => {
    event.preventDefault();
    setState({ kind: 'asking' });
    try {
      await post('/session', { token: token.trim() });
      onEntered();
    } catch (failure) {
      const text = failure.status === 401 ? 'That is not the token of this server.' : failure.message;
      setState({ kind: 'failed', text });
    }
  };
  return html`
    <section class="panel narrow" data-testid="token-page">
      <h2>Who may look?</h2>
      <p>This page shows every room of the server, hands included. It opens with the server’s admin token.</p>
      <form class="stack" onSubmit=${enter}>
        <input hidden name="username" autocomplete="username" value="admin" readonly />
        <label class="field">
          <span>Admin token</span>
          <input
            type="password"
            autocomplete="current-password"
            required
            aria-invalid=${state.kind === 'failed'}
            aria-describedby="token-failure"
            value=${token}
            data-testid="token"
            onInput=${({ target }) => setToken(target.value)}
          />
        </label>
        <p id="token-failure" class="bad" role="alert">${state.kind === 'failed' ? state.text : ''}</p>
        <div class="row">
          <button class="primary" data-testid="enter" disabled=${state.kind === 'asking'}>Open the visualizer</button>
        </div>
      </form>
      <h3>Where the token stands</h3>
      <ul class="stack">
        <li>A server that was started on a terminal prints a ready link to this page.</li>
        <li>It is what <code>ADMIN_TOKEN</code> was set to, if it was set.</li>
        <li>Else it is in the file <code>admin.token</code> of the data folder: <code>cat data/admin.token</code></li>
      </ul>
      <p class="muted small">The browser keeps a cookie for 12 hours, not the token.</p>
    </section>
  `;
}
