import { html, useEffect, useState } from '/vendor/preact.js';
import { notedCommitment } from '../record.js';
import { checkFairness } from './fairness.js';

/** Opens the seed and deals again, in this browser. */
export function FairnessPanel({ record }) {
  const [result, setResult] = useState(null);
  const noted = notedCommitment(record.room_id);
  const isPossible = globalThis.crypto?.subtle !== undefined;
  useEffect(() => {
    if (isPossible) void checkFairness(record, noted).then(setResult);
  }, [record]);
  return html`
    <section class="panel" aria-labelledby="fair-title" data-testid="fairness-check" data-result=${verdictOf(result, isPossible)}>
      <h2 id="fair-title">Were the deals fair?</h2>
      <div class="verdict" role="status">${resultView(result, isPossible, record)}</div>
      <details>
        <summary>How this is checked</summary>
        <p>
          When the room was made, the server drew a secret number, the seed, and published its SHA-256 print, the
          commitment. Every deal follows from the seed, the number of the round and that of the deal. Now the seed is open:
          your browser takes its print, compares that with the commitment, deals each round again and compares the hands.
        </p>
        <p>
          So no deal was changed once the room was there. It does not show how the seed was chosen before: the server drew
          it alone, when nobody but the host was known.
        </p>
        <dl class="facts">
          <div><dt>Commitment</dt><dd><code class="whole" data-testid="full-commitment">${record.commitment}</code></dd></div>
          <div><dt>Seed</dt><dd><code class="whole" data-testid="seed">${record.seed}</code></dd></div>
        </dl>
      </details>
    </section>
  `;
}

function verdictOf(result, isPossible) {
  if (!isPossible) return 'impossible';
  if (result === null) return 'checking';
  return result.seedFits && result.notedFits !== false && result.wrong.length === 0 ? 'fair' : 'unfair';
}

function resultView(result, isPossible, record) {
  if (!isPossible) {
    return html`<p>
      Browsers check this only on pages that came over https or from this machine. docs/REPLAYS.md has a short script that
      does the same.
    </p>`;
  }
  if (result === null) return html`<p class="muted">Dealing again…</p>`;
  const { seedFits, notedFits, deals, wrong } = result;
  const first = wrong[0];
  return html`
    <ul>
      <${Finding} ok=${seedFits}>
        ${seedFits ? 'The seed has the commitment that the game shows.' : 'The seed does not have the commitment: it is not the one that was locked.'}
      <//>
      ${
        notedFits !== null &&
        html`<${Finding} ok=${notedFits}>
          ${notedFits ? 'It is the commitment that this browser saw during the game.' : 'During the game this browser saw another commitment.'}
        <//>`
      }
      <${Finding} ok=${wrong.length === 0}>
        ${
          wrong.length === 0
            ? `All ${deals} deals of ${record.rounds.length} rounds follow from the seed, piece by piece.`
            : `${wrong.length} of ${deals} deals do not follow from the seed; the first is deal ${first.deal} of round ${first.round}.`
        }
      <//>
    </ul>
  `;
}

function Finding({ ok, children }) {
  return html`<li class=${ok ? 'good' : 'bad'}><span aria-hidden="true">${ok ? '✓' : '✗'}</span> <span>${children}</span></li>`;
}
