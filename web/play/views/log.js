import { html } from '/vendor/preact.js';

export function Log({ lines }) {
  return html`
    <section class="panel log" aria-labelledby="log-title">
      <h2 id="log-title">What happened</h2>
      <ul data-testid="log" tabindex="0" aria-labelledby="log-title">
        ${lines.length === 0 && html`<li class="muted">Nothing yet.</li>`}
        ${lines.map((line, index) => html`<li key=${index}>${line}</li>`).reverse()}
      </ul>
    </section>
  `;
}
