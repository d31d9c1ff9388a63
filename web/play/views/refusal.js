import { html } from '/vendor/preact.js';

/** Stands beside the buttons whose action the server refused. */
export function Refusal({ state }) {
  return state.refusal !== null && html`<p class="refusal" role="alert" data-testid="refusal">${state.refusal}</p>`;
}
