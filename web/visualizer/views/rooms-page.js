import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { count, duration, words } from '../format.js';
import { useKeys } from '../keyboard.js';
import { RoomsList } from '../rooms-list.js';
import { linkTo } from '../route.js';
import { VirtualList } from '../virtual-list.js';
import { Failure } from './failure.js';

const STATUSES = ['open', 'waiting', 'playing', 'over', 'closed', 'archived'];
const PHASES = [
  'waiting',
  'preparation',
  'round_start',
  'declaration',
  'turn',
  'turn_results',
  'scoring',
  'game_over',
  'closed',
];
const HEALTHS = {
  unwell: 'anything wrong',
  quarantined: 'quarantined',
  paused: 'paused',
  restarting: 'restarting',
  lagging: 'lagging',
  deadLetters: 'dead letters',
  refusals: 'refusals',
};
const SORTS = { activity: 'newest activity', created: 'newest room', code: 'code', host: 'host' };
const SEARCH_AFTER_MS = 200;

export function RoomsPage({ route, go, set, onConnection }) {
  const { q = '', status = '', phase = '', health = '', sort = 'activity' } = route;
  const [state, setState] = useState(null);
  const list = useRef(null);
  const search = useRef(null);
  const narrow = useMedia('(max-width: 60rem)');

  useEffect(() => {
    setState((before) => before && { ...before, kind: 'loading' });
    const opened = new RoomsList({ q, status, phase, health, sort }, setState, onConnection);
    list.current = opened;
    return () => opened.close();
  }, [q, status, phase, health, sort]);

  useKeys({
    '/': () => search.current.focus(),
    r: () => list.current.again(),
    ArrowDown: () => moveFocus(1),
    ArrowUp: () => moveFocus(-1),
  });

  const isFiltered = [q, status, phase, health].some((value) => value !== '');
  const rooms = state?.rooms ?? [];
  const rest = state === null ? 0 : state.matching - rooms.length;
  const isLoading = state === null || state.kind === 'loading';
  const shown = isLoading && rooms.length === 0 ? 12 : rooms.length + Math.min(rest, 50);
  return html`
    <div class="rooms-page" data-testid="rooms-page">
      <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
        <${SearchField} inputRef=${search} value=${q} onChange=${(value) => set({ q: value })} />
        <${Choice} label="Status" value=${status} options=${STATUSES} counts=${state?.counts?.status} onChange=${(value) => set({ status: value })} />
        <${Choice} label="Phase" value=${phase} options=${PHASES} onChange=${(value) => set({ phase: value })} />
        <${Choice} label="Health" value=${health} options=${HEALTHS} counts=${state?.counts?.health} onChange=${(value) => set({ health: value })} />
        <${Choice} label="Order" value=${sort} options=${SORTS} isRequired onChange=${(value) => set({ sort: value })} />
        <p class="small muted number" role="status" data-testid="rooms-count">
          ${state?.kind === 'ready' ? `${count(state.matching)} of ${count(state.known)} ${state.known === 1 ? 'room' : 'rooms'}` : 'Loading…'}
        </p>
        <button type="button" data-testid="refresh" class=${state?.grown ? 'primary' : ''} title="Present order (r)" onClick=${() => list.current.again()}>
          ${state?.grown ? 'Show new rooms' : 'Refresh'}
        </button>
      </form>
      ${phase !== '' && state?.phaseUnknown > 0 && html`<p class="small muted">${count(state.phaseUnknown)} rooms that nobody spoke to since the start have an unknown phase and are left out.</p>`}
      ${state?.kind === 'failed' && html`<${Failure} what="The list" failure=${state.failure} again=${() => list.current.again()} />`}
      <section class="panel rooms-table" aria-label="Rooms" aria-busy=${isLoading}>
        <div class="room-row head" aria-hidden="true">
          <span>Room</span><span>Phase</span><span>Players</span><span>Health</span><span class="right">Lag</span>
          <span class="right">Restarts</span><span class="right">Dead letters</span><span class="right">Last active</span>
        </div>
        ${
          shown === 0 && state?.kind === 'ready'
            ? html`<${Empty} isFiltered=${isFiltered} onClear=${() => set({ q: '', status: '', phase: '', health: '' })} />`
            : html`<${VirtualList}
                key=${`${q}/${status}/${phase}/${health}/${sort}`}
                count=${shown}
                rowHeight=${narrow ? 4 : 2.5}
                row=${(index, style) => html`<${RoomRow} key=${rooms[index]?.roomId ?? index} room=${rooms[index]} style=${style} go=${go} />`}
                onRange=${(first, last) => list.current?.see(first, last)}
                data-testid="rooms"
                tabindex="-1"
              />`
        }
      </section>
    </div>
  `;
}

function SearchField({ value, inputRef, onChange }) {
  const [text, setText] = useState(value);
  const timer = useRef(null);
  useEffect(() => setText(value), [value]);
  const write = ({ target }) => {
    setText(target.value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(target.value.trim()), SEARCH_AFTER_MS);
  };
  return html`<input
    ref=${inputRef}
    class="grow"
    type="search"
    maxlength="100"
    placeholder="Code, id or player ( / )"
    aria-label="Search rooms by code, id or player"
    data-testid="search"
    value=${text}
    onInput=${write}
  />`;
}

/** @param options a list of names, or names with their words */
function Choice({ label, value, options, counts, isRequired = false, onChange }) {
  const entries = Array.isArray(options) ? options.map((name) => [name, words(name)]) : Object.entries(options);
  const withCount = (name, text) => (counts?.[name] === undefined ? text : `${text} (${count(counts[name])})`);
  return html`
    <select aria-label=${label} data-testid=${`filter-${label.toLowerCase()}`} value=${value} onChange=${({ target }) => onChange(target.value)}>
      ${!isRequired && html`<option value="">${label}: all</option>`}
      ${entries.map(([name, text]) => html`<option key=${name} value=${name} selected=${name === value}>${isRequired ? `${label}: ${text}` : withCount(name, text)}</option>`)}
    </select>
  `;
}

function RoomRow({ room, style, go }) {
  if (room === undefined) {
    return html`<div class="room-row item" style=${style} aria-hidden="true">
      <span class="skeleton">······</span><span class="skeleton wide">·</span><span class="skeleton players">·</span>
    </div>`;
  }
  const { code, phase, status, players, health, lagMs, restarts, deadLetters, activeAt } = room;
  const name = code ?? room.roomId;
  const to = { room: name };
  const open = (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  const people = players
    .map((player) => (player === null ? 'free' : player.isBot ? `${player.name} ⚙` : player.name))
    .join(', ');
  return html`
    <a class="room-row item" style=${style} href=${linkTo(to)} data-testid=${`room-${name}`} onClick=${open}>
      <strong class="mono clip">${name}</strong>
      <span><span class=${`badge ${status === 'playing' ? 'accent' : ''}`}>${words(phase ?? status)}</span></span>
      <span class="players clip" title=${people}>${people}</span>
      <span class="clip">${healthBadge(health)}</span>
      <span class="right number wide">${lagMs > 0 ? duration(lagMs) : '–'}</span>
      <span class=${`right number wide ${restarts > 0 ? 'warn' : ''}`}>${restarts}</span>
      <span class=${`right number wide ${deadLetters > 0 ? 'bad' : ''}`}>${deadLetters}</span>
      <span class="right number wide muted">${ago(activeAt)}</span>
    </a>
  `;
}

function healthBadge(health) {
  const worst = ['quarantined', 'restarting', 'paused', 'lagging', 'deadLetters'].find((each) => health.includes(each));
  if (worst === undefined) return html`<span class="good small">well</span>`;
  const kind = worst === 'quarantined' || worst === 'deadLetters' ? 'bad' : 'warn';
  return html`<span class=${`badge ${kind}`}>${words(worst)}</span>`;
}

function ago(at) {
  const ms = Date.now() - at;
  return ms < 1000 ? 'now' : `${duration(Math.floor(ms / 1000) * 1000)} ago`;
}

function Empty({ isFiltered, onClear }) {
  return html`
    <div class="empty" data-testid="rooms-empty">
      <p><strong>${isFiltered ? 'No room fits.' : 'There are no rooms yet.'}</strong></p>
      ${
        isFiltered
          ? html`<button onClick=${onClear}>Show all rooms</button>`
          : html`<p>Open <a href="/play">the play page</a> and create one, or run <code>npm run client -- --rooms 3</code>.</p>`
      }
    </div>
  `;
}

function moveFocus(step) {
  const rows = [...document.querySelectorAll('a.room-row')].sort((a, b) => a.offsetTop - b.offsetTop);
  const next =
    rows[rows.indexOf(document.activeElement) + step] ??
    (document.activeElement.matches('a.room-row') ? null : rows[0]);
  next?.focus();
}

function useMedia(text) {
  const [matches, setMatches] = useState(() => matchMedia(text).matches);
  useEffect(() => {
    const media = matchMedia(text);
    const change = () => setMatches(media.matches);
    media.addEventListener('change', change);
    return () => media.removeEventListener('change', change);
  }, [text]);
  return matches;
}
