import { html } from '/vendor/preact.js';

/** Decoration: whatever it tells stands in words beside it. */
export function Avatar({ color, bot }) {
  return html`<span class=${`avatar avatar-${color ?? 'none'}`} aria-hidden="true">${bot ? '⚙' : ''}</span>`;
}
