import { html, useEffect } from '/vendor/preact.js';

const SHOWN_MS = 6000;

/** @param toast `{ text, isBad }` or null */
export function Toast({ toast, onClose }) {
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(onClose, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return html`
    <div class="toast-place" role="status">
      ${
        toast !== null &&
        html`<div class=${toast.isBad ? 'toast bad' : 'toast'} data-testid="toast">
          <span>${toast.text}</span>
          <button class="icon-button" aria-label="Close this message" onClick=${onClose}>✕</button>
        </div>`
      }
    </div>
  `;
}
