import { html, useEffect } from '/vendor/preact.js';

const SHOWN_MS = 8000;

export function Toast({ toast, dispatch }) {
  const close = () => dispatch({ kind: 'toastClosed' });
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(close, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return html`
    <div class="toast-place" role="alert">
      ${
        toast !== null &&
        html`<div class="toast" data-testid="toast">
          <span>${toast.text}</span>
          <button aria-label="Close this message" onClick=${close}>✕</button>
        </div>`
      }
    </div>
  `;
}
