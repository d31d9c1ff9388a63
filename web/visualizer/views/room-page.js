import { html, useCallback, useEffect, useRef, useState } from '/vendor/preact.js';
import { post } from '../api.js';
import { useKeys } from '../keyboard.js';
import { linkTo } from '../route.js';
import { RoomModel } from '../room-model.js';
import { SPEEDS, usePlayback } from '../playback.js';
import { Actions } from './actions.js';
import { Chart } from './chart.js';
import { Entry } from './entry.js';
import { Export } from './export.js';
import { Failure } from './failure.js';
import { Runtime } from './runtime.js';
import { SandboxPanel } from './sandbox-panel.js';
import { Scrubber } from './scrubber.js';
import { SeeAs } from './see-as.js';
import { Table } from './table.js';
import { Timeline } from './timeline.js';
import { WaitingFor } from './waiting-for.js';

const VIEWS = { table: 'Table', chart: 'Chart', timeline: 'Timeline', entry: 'Entry', runtime: 'Runtime' };
const EYES = { 0: '0', 1: '1', 2: '2', 3: '3', s: 'spectator', a: 'operator' };

/** A room or a sandbox: what it waits for, its chart, table, runtime and history, at the entry that is chosen. */
export function RoomPage({ route, go, set, server, onConnection, onToast }) {
  const isSandbox = route.sandbox !== undefined;
  const name = isSandbox ? route.sandbox : route.room;
  const base = `/${isSandbox ? 'sandboxes' : 'rooms'}/${encodeURIComponent(name)}`;
  const as = route.as ?? (isSandbox ? 'operator' : 'spectator');
  const model = useRoomModel({ base, as, isSandbox });
  const { first, last } = model;

  const isLive = route.entry === undefined;
  const seq = isLive ? last : clamp(Number(route.entry), first, last);
  const mark = route.mark === undefined ? null : (model.marks.find((each) => markId(each) === route.mark) ?? null);
  const view = route.view ?? 'table';
  const [speed, setSpeed] = useState(SPEEDS[0]);
  const search = useRef(null);
  const place = useRef(null);

  /** @param next an entry; the newest one follows the room */
  const choose = useCallback(
    (next, chosen = null) => {
      const to = clamp(Math.round(next), model.first, model.last);
      set({ entry: to >= model.last && chosen === null ? null : String(to), mark: chosen && markId(chosen) });
    },
    [model, set],
  );
  const playback = usePlayback({ model, seq, speed, choose, isLive });
  const stepTo = (next, chosen) => {
    playback.stop();
    choose(next, chosen);
  };
  const jump = (step) => {
    const next = neighbour(model.marks, seq, mark, step);
    if (next !== null) stepTo(next.seq, next);
    else
      onToast({
        text: step > 0 ? 'No error or refusal behind this entry.' : 'No error or refusal in front of this entry.',
      });
  };
  const copy = async () => {
    const link = new URL(linkTo({ ...route, entry: String(seq) }), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      onToast({ text: 'The link is copied: this room, this entry, this view.' });
    } catch {
      onToast({ text: link }); // over plain http browsers give no clipboard: then it can be marked and copied by hand
    }
  };
  const fork = async () => {
    try {
      const { sandbox } = await post(
        '/sandboxes',
        isSandbox ? { sandbox: name, seq } : { room: name, seq, reveal: true },
      );
      go({ sandbox: sandbox.id, view: 'table' });
    } catch (failure) {
      onToast({ text: failure.message, isBad: true });
    }
  };

  useEffect(() => onConnection(model.connection), [model.connection]);
  useEffect(() => model.look(seq, isLive), [model, seq, isLive]);
  useEffect(() => {
    document.title = `${name} – Visualizer`;
  }, [name]);
  useKeys({
    ArrowRight: () => stepTo(seq + 1),
    ArrowLeft: () => stepTo(seq - 1),
    'Shift+ArrowRight': () => stepTo(seq + 10),
    'Shift+ArrowLeft': () => stepTo(seq - 10),
    Home: () => stepTo(first),
    End: () => stepTo(last),
    ' ': playback.toggle,
    '[': () => setSpeed(SPEEDS[Math.max(0, SPEEDS.indexOf(speed) - 1)]),
    ']': () => setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(speed) + 1)]),
    e: () => jump(1),
    E: () => jump(-1),
    g: () => place.current?.focus(),
    '/': () => {
      set({ view: 'timeline' });
      search.current?.focus();
    },
    c: copy,
    f: fork,
    ...Object.fromEntries(Object.entries(EYES).map(([key, eye]) => [key, () => set({ as: eye })])),
  });

  const state = useLatest(model.stateAt(seq), base);
  if (model.kind === 'failed') {
    return html`<div class="narrow"><${Failure} what=${isSandbox ? 'The sandbox' : 'The room'} failure=${model.failure} again=${() => model.again()} /></div>`;
  }
  if (model.kind === 'loading') return html`<${Skeleton} />`;
  // The state's own entry first: what came live does not always tell by which step the room went on.
  const entry = state?.seq === seq ? state.entry : model.entryAt(seq);
  return html`
    <div class="room-page stack" data-testid="room-page" data-seq=${seq} data-live=${isLive} data-shown=${state?.seq ?? ''}>
      <${WaitingFor} ...${{ model, state, seq, isLive, isSandbox }} onLive=${() => stepTo(last)}>
        <div class="row" role="group" aria-label="Tools">
          <${SeeAs} seats=${state?.view?.seats ?? []} as=${as} isOpen=${isSandbox || model.summary.isOver} onChange=${(eye) => set({ as: eye })} />
          <button data-testid="copy-link" title="Copy a link to what is shown (c)" onClick=${copy}>Copy link</button>
          <button data-testid="fork" title="Open a sandbox from this entry (f)" onClick=${fork}>Fork here</button>
          <${Export} base=${base} seq=${seq} onToast=${onToast} />
        </div>
      <//>
      ${model.connection === 'lost' && html`<p class="notice warn" role="status" data-testid="disconnected"><span><strong>Disconnected.</strong> Everything below is as it was last heard of; it goes on by itself.</span></p>`}
      ${model.lost !== null && model.connection !== 'lost' && html`<p class="notice bad" role="alert">${model.lost.message} Trying again…</p>`}
      ${isSandbox && html`<${SandboxPanel} ...${{ name, model, go, onToast }} onTaken=${(answer) => (model.take(answer), set({ entry: null, mark: null }))} />`}
      <div class="tabs" role="group" aria-label="Views">
        ${Object.entries(VIEWS).map(
          ([id, title]) =>
            html`<button key=${id} aria-pressed=${view === id} data-testid=${`view-${id}`} onClick=${() => set({ view: id })}>${title}</button>`,
        )}
      </div>
      <div class="columns" data-view=${view}>
        <div class="stack side">
          <${Table} state=${state} as=${as} />
          <${Chart} chart=${model.chart} leaf=${state?.leaf ?? model.summary.leaf} entry=${entry} />
          <${Runtime} ...${{ model, server, isSandbox, isLive, state }}>
            ${!isSandbox && html`<${Actions} ...${{ model, server, name, onToast }} />`}
          <//>
        </div>
        <div class="stack side">
          <${Timeline} ...${{ model, seq, mark, searchRef: search }} onChoose=${stepTo} />
          <${Entry} ...${{ model, state, entry, seq, mark, as, set }} />
        </div>
      </div>
      <${Scrubber} ...${{ model, seq, isLive, mark, speed, playback, placeRef: place, onSpeed: setSpeed, onChoose: stepTo, onJump: jump, onToast }} />
    </div>
  `;
}

/** One model for a room and an eye; the page is drawn anew when it has something new. */
function useRoomModel({ base, as, isSandbox }) {
  const [, setVersion] = useState(0);
  const [round, setRound] = useState(0);
  const held = useRef(null);
  const key = `${base}/${as}/${round}`;
  if (held.current?.key !== key) {
    const before = held.current?.model;
    const model = new RoomModel({ base, as, isSandbox, onChange: () => setVersion((version) => version + 1) });
    if (before !== undefined && held.current.base === base) model.inherit(before);
    before?.close();
    held.current = { key, base, model };
    model.again = () => setRound((count) => count + 1);
  }
  useEffect(() => () => held.current.model.close(), []);
  return held.current.model;
}

/** The state that was shown last stands until the wanted one is there: nothing blinks while somebody scrubs. */
function useLatest(state, key) {
  const latest = useRef({ key, state });
  if (latest.current.key !== key) latest.current = { key, state };
  if (state !== undefined) latest.current.state = state;
  return latest.current.state;
}

/** A mark's name in links: '12:refused:0' is the first refusal behind entry 12. */
function markId({ seq, kind, at }) {
  return `${seq}:${kind}:${at}`;
}

function neighbour(marks, seq, chosen, step) {
  const place = marks.indexOf(chosen);
  if (place >= 0) return marks[place + step] ?? null;
  return (
    (step > 0
      ? marks.find((each) => each.seq > seq)
      : marks.findLast((each) => each.seq < seq || (each.seq === seq && each.kind === 'refused'))) ?? null
  );
}

function clamp(value, low, high) {
  return Number.isFinite(value) ? Math.max(low, Math.min(value, high)) : high;
}

function Skeleton() {
  return html`
    <div class="room-page stack" aria-busy="true" data-testid="room-loading">
      <div class="waiting-for"><p>Loading the room…</p></div>
      <div class="columns" data-view="table">
        <div class="stack side"><section class="panel view-table"><div class="seats">${[0, 1, 2, 3].map((seat) => html`<div key=${seat} class="seat"></div>`)}</div></section></div>
        <div class="stack side"><section class="panel view-timeline"><div class="timeline"></div></section></div>
      </div>
    </div>
  `;
}
