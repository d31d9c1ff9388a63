import { html, render, useCallback, useEffect, useMemo, useState } from '/vendor/preact.js';
import { FairnessPanel } from './replay/fairness-panel.js';
import { Rounds } from './replay/rounds.js';
import { stepsOf, tableAt } from './replay/steps.js';
import { Table } from './replay/table.js';
import { CopiedLink } from './views/copied-link.js';

const PLAY_EVERY_MS = 900;
const room = decodeURIComponent(location.pathname.split('/')[2] ?? '');

function App() {
  const [found, setFound] = useState({ kind: 'loading' });
  const load = useCallback(() => {
    setFound({ kind: 'loading' });
    void askRecord().then(setFound);
  }, []);
  useEffect(load, []);
  return html`
    <header class="top-bar">
      <h1><span class="brand" aria-hidden="true">帥</span> Replay</h1>
      <a class="end" href="/play">Play yourself</a>
    </header>
    <main data-testid="replay" data-state=${found.kind}>
      ${
        found.kind === 'found'
          ? html`<${Replay} record=${found.record} />`
          : html`<section class="panel narrow"><${Nothing} kind=${found.kind} load=${load} /></section>`
      }
    </main>
  `;
}

function Nothing({ kind, load }) {
  if (kind === 'loading') return html`<p role="status">Loading the game…</p>`;
  if (kind === 'none') {
    return html`
      <h2>No finished game here</h2>
      <p>A game can be looked at once it is over. If it is still being played, come back at its end.</p>
      <a href="/play">Go to the lobby</a>
    `;
  }
  return html`
    <h2>That did not work</h2>
    <p role="alert">The server could not be reached, or is very busy.</p>
    <button class="primary" data-testid="again" onClick=${load}>Try again</button>
  `;
}

/** @returns {Promise<{ kind: 'found', record: object } | { kind: 'none' | 'failed' }>} */
async function askRecord() {
  try {
    const response = await fetch(`/api/replay/${encodeURIComponent(room)}`);
    if (response.status === 404) return { kind: 'none' };
    return response.ok ? { kind: 'found', record: await response.json() } : { kind: 'failed' };
  } catch {
    return { kind: 'failed' }; // no connection: the page offers to try again
  }
}

function Replay({ record }) {
  const steps = useMemo(() => stepsOf(record), [record]);
  const [at, setAt] = useState(() => linkedStep(steps.length));
  const [playing, setPlaying] = useState(false);
  const go = useCallback((to) => setAt(Math.min(Math.max(to, 0), steps.length - 1)), [steps]);
  const step = steps[at];
  const table = useMemo(() => tableAt(record, step), [record, step]);

  useEffect(() => {
    if (!playing) return;
    if (at === steps.length - 1) return setPlaying(false);
    const timer = setTimeout(() => go(at + 1), PLAY_EVERY_MS);
    return () => clearTimeout(timer);
  }, [playing, at]);

  useEffect(() => {
    const onKey = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('input, button, a, summary')) return;
      const end = steps.length - 1;
      const to = { ArrowLeft: (now) => now - 1, ArrowRight: (now) => now + 1, Home: () => 0, End: () => end }[
        event.key
      ];
      if (to === undefined) return;
      event.preventDefault();
      setPlaying(false);
      setAt((now) => Math.min(Math.max(to(now), 0), end)); // keys may come faster than the page is drawn
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [steps]);

  useEffect(() => history.replaceState(null, '', `#${at + 1}`), [at]);

  const names = record.winners.map((seat) => record.players[seat].name).join(' and ');
  const turnBefore = steps.findLastIndex((other, index) => index < at && isMark(other));
  const turnBehind = steps.findIndex((other, index) => index > at && isMark(other));
  const move = (to) => () => {
    setPlaying(false);
    go(to);
  };
  return html`
    <div class="game">
      <div class="table">
        <section class="panel" aria-labelledby="game-title">
          <h2 id="game-title">${names} ${record.winners.length > 1 ? 'win' : 'wins'} with ${record.totals[record.winners[0]]} points</h2>
          <p class="muted">Room ${record.code}, ${new Date(record.ended_at * 1000).toLocaleString()}</p>
          ${record.rounds[0].round > 1 && html`<p>Rounds before the ${record.rounds[0].round}th are not stored any more.</p>`}
        </section>
        <section class="panel" aria-labelledby="step-title">
          <h2 id="step-title" class="step" data-testid="step" role="status">${step.text}</h2>
          <input
            type="range"
            data-testid="slider"
            aria-label="Step of the game"
            aria-valuetext=${`${at + 1} of ${steps.length}: ${step.text}`}
            min="0"
            max=${steps.length - 1}
            value=${at}
            onInput=${(event) => move(Number(event.target.value))()}
          />
          <div class="actions" role="group" aria-label="Go through the game">
            <button data-testid="turn-back" disabled=${turnBefore === -1} onClick=${move(turnBefore)}>« Turn</button>
            <button data-testid="step-back" disabled=${at === 0} onClick=${move(at - 1)}>‹ Step</button>
            <button class="primary" data-testid="play-back" onClick=${() => (at === steps.length - 1 && go(0), setPlaying(!playing))}>
              ${playing ? 'Pause' : 'Play'}
            </button>
            <button data-testid="step-on" disabled=${at === steps.length - 1} onClick=${move(at + 1)}>Step ›</button>
            <button data-testid="turn-on" disabled=${turnBehind === -1} onClick=${move(turnBehind)}>Turn »</button>
            <span class="small muted">${at + 1} of ${steps.length}; the arrow keys step as well</span>
          </div>
        </section>
        <${Table} ...${{ record, table, step }} />
      </div>
      <div class="aside">
        <${FairnessPanel} record=${record} />
        <${Rounds} ...${{ record, steps, at, onGo: (to) => move(to)() }} />
        <section class="panel"><${CopiedLink} label="Link to this game" path=${`/replay/${record.room_id}`} testid="share-url" /></section>
      </div>
    </div>
  `;
}

/** Where a jump by turns lands. */
function isMark({ kind }) {
  return kind === 'turn' || kind === 'deal' || kind === 'scores';
}

/** `#12` is the twelfth step. */
function linkedStep(count) {
  const number = Number(location.hash.slice(1));
  return Number.isInteger(number) && number >= 1 && number <= count ? number - 1 : 0;
}

render(html`<${App} />`, document.body);
