import { html, useRef } from '/vendor/preact.js';
import { download, query } from '../api.js';

const KINDS = { journal: 'Journal file (whole)', script: 'Fuzz script up to here', test: 'Ready test up to here' };

/** Files to keep, to attach to an issue, or to run. */
export function Export({ base, seq, onToast }) {
  const menu = useRef(null);
  const save = async (as) => {
    menu.current.open = false;
    try {
      const { name, blob } = await download(
        `${base}/export${query({ as, seq: as === 'journal' ? null : seq, reveal: true })}`,
      );
      const url = URL.createObjectURL(blob);
      Object.assign(document.createElement('a'), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      onToast({ text: `${name} is saved.` });
    } catch (failure) {
      onToast({ text: failure.message, isBad: true });
    }
  };
  const closeOnEscape = (event) => {
    if (event.key !== 'Escape') return;
    menu.current.open = false;
    menu.current.firstElementChild.focus();
  };
  return html`
    <details class="menu" ref=${menu} onKeyDown=${closeOnEscape}>
      <summary class="button" data-testid="export">Export</summary>
      <div class="panel">
        ${Object.entries(KINDS).map(([kind, text]) => html`<button key=${kind} data-testid=${`export-${kind}`} onClick=${() => save(kind)}>${text}</button>`)}
      </div>
    </details>
  `;
}
