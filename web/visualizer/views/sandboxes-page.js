import { html, useRef, useState } from '/vendor/preact.js';
import { get, remove } from '../api.js';
import { clockTime, count } from '../format.js';
import { useLoaded } from '../loaded.js';
import { Failure } from './failure.js';
import { Link } from './link.js';

/** The sandboxes there are, and the place to drop a file for a new one. */
export function SandboxesPage({ go, openFile, onToast }) {
  const { kind, value, failure, again } = useLoaded('sandboxes', (signal) => get('/sandboxes', signal));
  const input = useRef(null);
  const [isOver, setIsOver] = useState(false);
  const end = async (id) => {
    try {
      await remove(`/sandboxes/${id}`);
    } catch (caught) {
      onToast({ text: caught.message, isBad: true });
    }
    again();
  };
  const items = value?.items ?? [];
  return html`
    <div class="stack" data-testid="sandboxes-page">
      <div
        class=${`drop ${isOver ? 'over' : ''}`}
        data-testid="drop"
        onDragOver=${() => setIsOver(true)}
        onDragLeave=${() => setIsOver(false)}
        onDrop=${() => setIsOver(false)}
      >
        <p><strong>Drop a fuzz script or a room’s journal file</strong> on any of these pages, or</p>
        <button onClick=${() => input.current.click()}>choose a file</button>
        <input ref=${input} type="file" hidden accept=".json,.jsonl,.gz,.journal,application/json,application/gzip" aria-label="A fuzz script or a journal file" data-testid="file" onChange=${({ target }) => target.files[0] && openFile(target.files[0])} />
        <p class="small muted">It opens in a sandbox in memory. No real room is touched, nothing is stored.</p>
      </div>
      <section class="panel" aria-label="Sandboxes">
        <div class="panel-head"><h2>Sandboxes</h2><button onClick=${again}>Refresh</button></div>
        ${kind === 'failed' && html`<${Failure} what="The list" failure=${failure} again=${again} />`}
        ${kind !== 'failed' && value === null && html`<div class="empty">Loading…</div>`}
        ${value !== null && items.length === 0 && html`<div class="empty"><p>There are none. Open a room and press <kbd>f</kbd> at any entry to fork it.</p></div>`}
        ${
          items.length > 0 &&
          html`<div class="scroll"><table>
            <thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">Entries</th><th scope="col">Kept until</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
            <tbody>
              ${items.map(
                ({ id, name, kind: made, seq, expiresAt }) => html`<tr key=${id}>
                  <td><${Link} to=${{ sandbox: id }} go=${go}>${name}<//></td>
                  <td>${made}</td>
                  <td class="number">${count(seq)}</td>
                  <td class="number">${clockTime(expiresAt).slice(0, 8)}</td>
                  <td><button aria-label=${`Throw away ${name}`} onClick=${() => end(id)}>Throw away</button></td>
                </tr>`,
              )}
            </tbody>
          </table></div>`
        }
      </section>
    </div>
  `;
}
