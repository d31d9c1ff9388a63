import { html } from '/vendor/preact.js';

export function Log({ lines }) {
  return html`
    <section class="panel log" aria-label="Log">
      <h3>Log</h3>
      <ul aria-live="polite" data-testid="log">
        ${lines.length === 0 && html`<li class="muted">Nothing yet.</li>`}
        ${lines.map((line, index) => html`<li key=${index}>${line}</li>`).reverse()}
      </ul>
    </section>
  `;
}
