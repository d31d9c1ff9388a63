import { html, useState } from '/vendor/preact.js';

/** A link to hand on: to select, or by one click where the browser lets a page write the clipboard. */
export function CopiedLink({ label, path, testid }) {
  const [told, setTold] = useState('');
  const url = `${location.origin}${path}`;
  const copy = async (event) => {
    const input = event.target.closest('.copied').querySelector('input');
    try {
      await navigator.clipboard.writeText(url);
      setTold('Copied.');
    } catch {
      // Only pages over https may write it everywhere: then the player copies what is selected now.
      input.select();
      setTold('Selected: copy it with your keyboard.');
    }
  };
  return html`
    <div class="copied">
      <label for=${testid}>${label}</label>
      <input id=${testid} data-testid=${testid} readonly value=${url} onFocus=${(event) => event.target.select()} />
      <button onClick=${copy}>Copy</button>
      <span class="small muted line" role="status">${told}</span>
    </div>
  `;
}
