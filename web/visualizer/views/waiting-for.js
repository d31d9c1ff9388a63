import { html } from '/vendor/preact.js';
import { useNow } from '../clock.js';
import { clockTime, count, countdown, duration, words } from '../format.js';

/** What the room waits for, and for whom: the first thing to read. */
export function WaitingFor({ model, state, seq, isLive, isSandbox, onLive, children }) {
  const { summary, last } = model;
  const waitingFor = (isLive && !isSandbox ? summary.waitingFor : state?.waitingFor) ?? summary.waitingFor;
  const hold = isLive ? summary.hold : null;
  const kind = summary.stop !== null || hold?.kind === 'quarantined' ? 'bad' : isLive ? '' : 'past';
  return html`
    <section class=${`waiting-for ${kind}`} aria-label="What the room waits for" data-testid="waiting-for">
      <div class="stack tight">
        <p class="sentence" aria-live=${isLive ? 'polite' : 'off'}>${waitingFor?.sentence ?? 'Nothing is known of what it waits for.'}</p>
        <div class="row small">
          ${isSandbox ? html`<span class="badge info">sandbox</span>` : html`<strong class="mono">${summary.code ?? summary.roomId}</strong>`}
          <span class="badge accent" data-testid="phase">${words(state?.phase ?? summary.phase ?? 'unknown')}</span>
          ${!isLive && html`<span class="badge warn">entry ${count(seq)} of ${count(last)}</span>`}
          ${hold !== null && hold !== undefined && html`<span class=${`badge ${hold.kind === 'paused' ? 'warn' : 'bad'}`}>${hold.kind}: ${hold.why}</span>`}
          ${summary.stop !== null && html`<span class="badge bad">damaged at entry ${summary.stop.seq}: ${summary.stop.why}</span>`}
          ${isLive && !isSandbox ? html`<${Since} ...${{ model, waitingFor, state }} />` : state !== undefined && html`<span class="muted number">${clockTime(state.at)}</span>`}
        </div>
      </div>
      <div class="row">
        <button data-testid="go-live" aria-pressed=${isLive} title="Newest entry (End)" onClick=${onLive}>${isSandbox ? 'Newest' : 'Live'}</button>
        ${children}
      </div>
    </section>
  `;
}

function Since({ model: { summary, skew }, waitingFor, state }) {
  const until = waitingFor?.until ?? null;
  const since = state?.view?.awaiting?.since ?? state?.at ?? null;
  const isRunning = summary.phase !== 'closed' && waitingFor !== null;
  const now = useNow(until === null ? 1000 : 200, isRunning) - skew;
  return html`<span class="muted number">
    ${isRunning && since !== null && `for ${duration(Math.max(0, Math.floor((now - since) / 1000) * 1000))}`}
    ${isRunning && until !== null && html`, <strong>${countdown(until - now)}</strong> left`}
  </span>`;
}
