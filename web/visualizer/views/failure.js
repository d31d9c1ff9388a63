import { html } from '/vendor/preact.js';

/** Stands where something could not be loaded. */
export function Failure({ failure, again, what }) {
  return html`
    <div class="notice bad" role="alert" data-testid="failure">
      <p><strong>${what} could not be loaded.</strong> ${failure.message}</p>
      <div class="row"><button onClick=${again}>Try again</button></div>
    </div>
  `;
}
