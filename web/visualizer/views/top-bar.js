import { html, useState } from '/vendor/preact.js';
import { Link } from './link.js';

const CONNECTIONS = { connecting: 'Connecting…', open: 'Live', lost: 'Disconnected, trying again…' };
const THEMES = ['system', 'light', 'dark'];
const THEME_SIGNS = { system: '◐', light: '☀', dark: '☾' };

export function TopBar({ route, go, server, connection, onHelp }) {
  return html`
    <header class="top-bar">
      <h1><${Link} to=${{}} go=${go}>Visualizer<//></h1>
      <nav class="row" aria-label="Pages">
        <${Link} to=${{}} go=${go} current=${route.room === undefined && !isSandboxes(route)}>Rooms<//>
        <${Link} to=${{ page: 'sandboxes' }} go=${go} current=${isSandboxes(route)}>Sandboxes<//>
      </nav>
      <div class="end">
        ${server !== null && !server.actions && html`<span class="badge only-wide" title=${READ_ONLY}>read-only</span>`}
        <span class="connection" role="status" data-testid="connection" data-connection=${connection}>
          <span class="words">${connection === 'none' ? '' : CONNECTIONS[connection]}</span>
        </span>
        <${ThemeSwitch} />
        <button class="icon-button" aria-label="Help and keyboard shortcuts" title="Help (?)" data-testid="help" onClick=${onHelp}>?</button>
      </div>
    </header>
  `;
}

export const READ_ONLY = 'Read-only: start the server with VISUALIZER_ACTIONS=on to let this page change rooms.';

function isSandboxes(route) {
  return route.page === 'sandboxes' || route.sandbox !== undefined;
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? 'system');
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  const change = () => {
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem('visualizer.theme', next);
    } catch {
      // Without storage the choice holds until the page is left.
    }
    setTheme(next);
  };
  return html`<button
    class="icon-button"
    aria-label=${`Colours: ${theme}. Change to ${next}`}
    title=${`Colours: ${theme}`}
    data-testid="theme"
    onClick=${change}
  >
    ${THEME_SIGNS[theme]}
  </button>`;
}
