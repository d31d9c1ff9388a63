import { html, render, useCallback, useEffect, useErrorBoundary, useState } from '/vendor/preact.js';
import { get, post, query, UNKNOWN } from './api.js';
import { useKeys } from './keyboard.js';
import { useLoaded } from './loaded.js';
import { useRoute } from './route.js';
import { Failure } from './views/failure.js';
import { Help } from './views/help.js';
import { RoomPage } from './views/room-page.js';
import { RoomsPage } from './views/rooms-page.js';
import { SandboxesPage } from './views/sandboxes-page.js';
import { Toast } from './views/toast.js';
import { TokenPage } from './views/token-page.js';
import { TopBar } from './views/top-bar.js';

function App() {
  const { route, go, set } = useRoute();
  const server = useLoaded('server', (signal) => get('', signal));
  const [connection, setConnection] = useState('none');
  const [toast, setToast] = useState(null);
  const [isHelp, setIsHelp] = useState(false);
  const isUnknown = server.kind === 'failed' && (server.failure.status === 401 || server.failure.status === 403);

  const openFile = useCallback(async (file) => {
    try {
      const { sandbox } = await post(`/sandboxes/files${query({ name: file.name })}`, file);
      go({ sandbox: sandbox.id });
    } catch (failure) {
      setToast({ text: `${file.name}: ${failure.message}`, isBad: true });
    }
  }, []);
  useDroppedFiles(openFile);
  const isKnown = server.kind === 'ready';
  useEffect(() => {
    if (!isKnown) return;
    addEventListener(UNKNOWN, server.again);
    return () => removeEventListener(UNKNOWN, server.again);
  }, [isKnown]);
  useKeys({ '?': () => setIsHelp(true) });
  useEffect(() => {
    if (route.room === undefined && route.sandbox === undefined) document.title = 'Visualizer';
    if (route.page === 'sandboxes') setConnection('none');
  }, [route]);

  const shared = { route, go, set, server: server.value, onConnection: setConnection, onToast: setToast };
  return html`
    <a class="skip" href="#main">To the content</a>
    <${TopBar} route=${route} go=${go} server=${server.value} connection=${isUnknown ? 'none' : connection} onHelp=${() => setIsHelp(true)} />
    <main id="main" tabindex="-1">
      ${
        isUnknown
          ? html`<${TokenPage} onEntered=${server.again} />`
          : server.value === null
            ? server.kind === 'failed'
              ? html`<div class="narrow"><${Failure} what="The server’s state" failure=${server.failure} again=${server.again} /></div>`
              : html`<div class="empty" role="status">Asking the server…</div>`
            : html`<${Guarded}><${Page} key=${pageKey(route)} ...${shared} openFile=${openFile} /><//>`
      }
    </main>
    <${Toast} toast=${toast} onClose=${() => setToast(null)} />
    ${isHelp && html`<${Help} onClose=${() => setIsHelp(false)} />`}
  `;
}

function Page({ openFile, ...shared }) {
  const { route } = shared;
  if (route.room !== undefined || route.sandbox !== undefined) return html`<${RoomPage} ...${shared} />`;
  if (route.page === 'sandboxes') return html`<${SandboxesPage} ...${shared} openFile=${openFile} />`;
  return html`<${RoomsPage} ...${shared} />`;
}

function pageKey({ room, sandbox, page }) {
  return [room ?? '', sandbox ?? '', page ?? ''].join('/');
}

/** A fault of the page itself: said in words, and a way out. */
function Guarded({ children }) {
  const [fault, reset] = useErrorBoundary((error) => console.error(error));
  if (fault === undefined) return children;
  return html`<div class="narrow notice bad" role="alert">
    <p><strong>This page has failed.</strong> ${fault.message}</p>
    <div class="row"><button onClick=${reset}>Try again</button><a href="/visualizer">All rooms</a></div>
  </div>`;
}

function useDroppedFiles(open) {
  useEffect(() => {
    const over = (event) => event.preventDefault(); // else the browser would leave for the file
    const drop = (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file !== undefined) void open(file);
    };
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  }, [open]);
}

render(html`<${App} />`, document.body);
