import { html } from '/vendor/preact.js';

/** Whose eye the page is: what was hidden from that one is hidden here. */
export function SeeAs({ seats, as, isOpen, onChange }) {
  const eyes = [
    ['spectator', 'Spectator'],
    ...[0, 1, 2, 3].map((seat) => [String(seat), seats[seat]?.name ?? `Seat ${seat}`]),
    ['operator', 'Everything'],
  ];
  return html`
    <label class="check">
      <span class="small muted">See as</span>
      <select data-testid="see-as" value=${as} onChange=${({ target }) => onChange(target.value)}>
        ${eyes.map(([eye, text]) => html`<option key=${eye} value=${eye} selected=${eye === as}>${eye.length === 1 ? `${text} (seat ${eye})` : text}</option>`)}
      </select>
      ${as !== 'spectator' && !isOpen && html`<span class="badge warn" title="The game still runs: do not tell the players.">shows hidden hands</span>`}
    </label>
  `;
}
