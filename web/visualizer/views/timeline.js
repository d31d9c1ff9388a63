import { html, useMemo, useRef, useState } from '/vendor/preact.js';
import { brief, clockTime, count, duration, words } from '../format.js';
import { timelineRows } from '../rows.js';
import { VirtualList } from '../virtual-list.js';

/** Every entry of the journal, and between them what was refused. */
export function Timeline({ model, seq, mark, searchRef, onChoose }) {
  const { first, last, marks } = model;
  const [text, setText] = useState('');
  const list = useRef(null);
  const refused = useMemo(() => marks.filter(({ kind }) => kind === 'refused' || kind === 'deadLetter'), [marks]);
  const rows = useMemo(() => timelineRows(first, last, refused), [first, last, refused]);
  const found = useFound({ text, rows, model });
  const shown = found?.rows ?? null;
  const countShown = shown === null ? rows.count : shown.length;
  const rowAt = (index) => (shown === null ? rows.at(index) : shown[index]);
  const chosen =
    shown === null ? rows.indexOf(seq, mark) : shown.findIndex((row) => row.seq === seq && (row.mark ?? null) === mark);

  const step = (by) => {
    const next = rowAt(Math.max(0, Math.min(chosen + by, countShown - 1)));
    if (next !== undefined) onChoose(next.seq, next.mark ?? null);
  };
  const keys = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
  const press = (event) => {
    if (keys[event.key] === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    step(keys[event.key]);
  };
  return html`
    <section class="panel view-timeline" aria-label="Timeline">
      <div class="panel-head">
        <h2>Timeline</h2>
        <span class="small muted number" role="status" data-testid="timeline-count">${found === null ? `${count(Math.max(0, last - first + 1))} entries, ${count(refused.filter(({ kind }) => kind === 'refused').length)} refused` : found.told}</span>
      </div>
      <input
        ref=${searchRef}
        type="search"
        placeholder="Message, player, event, correlation id ( / )"
        aria-label="Search the timeline"
        data-testid="timeline-search"
        value=${text}
        onInput=${({ target }) => setText(target.value)}
        onKeyDown=${(event) => {
          if (event.key === 'Escape') {
            setText('');
            event.target.blur();
          } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
            event.preventDefault();
            list.current?.querySelector('[role=listbox]')?.focus();
            step(chosen < 0 ? 1 : 0);
          }
        }}
      />
      <div ref=${list}>
        ${
          countShown === 0
            ? html`<div class="timeline empty">${text === '' ? 'No entries.' : found?.isWhole ? 'Nothing fits.' : 'Searching…'}</div>`
            : html`<${VirtualList}
                key=${shown === null ? 'all' : 'found'}
                class="virtual timeline"
                count=${countShown}
                source=${model}
                rowHeight=${2}
                current=${chosen}
                row=${(index, style) => html`<${EntryRow} key=${keyOf(rowAt(index), index)} ...${{ row: rowAt(index), style, model, seq, mark, onChoose }} />`}
                onRange=${(from, to) => shown === null && model.see((rows.at(from)?.seq ?? first) - 10, (rows.at(to)?.seq ?? last) + 10)}
                role="listbox"
                tabindex="0"
                aria-label="Entries"
                aria-activedescendant=${chosen < 0 ? undefined : `row-${keyOf(rowAt(chosen), chosen)}`}
                data-testid="timeline"
                onKeyDown=${press}
              />`
        }
      </div>
    </section>
  `;
}

function keyOf(row, index) {
  if (row === undefined) return index;
  return row.kind === 'entry' ? row.seq : `${row.seq}-${row.mark.at}-${row.mark.kind}`;
}

function EntryRow({ row, style, model, seq, mark, onChoose }) {
  const isChosen = row.seq === seq && (row.mark ?? null) === mark;
  const shared = {
    id: `row-${keyOf(row)}`,
    style,
    role: 'option',
    'aria-selected': isChosen,
    onClick: () => onChoose(row.seq, row.mark ?? null),
  };
  if (row.kind === 'mark') {
    const { kind, at, type, who, reason, sentence } = row.mark;
    return html`<div ...${shared} class="entry-row item refused" data-testid="refused-row">
      <span class="bad"><span aria-hidden="true">✕</span><span class="visually-hidden">refused</span></span>
      <span class="at muted">${clockTime(at)}</span>
      <span class="clip told"><strong>${words(type)}</strong> ${who ?? ''} <span class="bad">${kind === 'refused' ? `refused: ${words(reason)}` : `dead letter: ${sentence}`}</span></span>
    </div>`;
  }
  const entry = model.entryAt(row.seq);
  if (entry === undefined) {
    return html`<div ...${shared} class="entry-row item" aria-busy="true"><span class="muted">${row.seq}</span><span class="skeleton at">·</span><span class="skeleton">·</span><span></span><span></span></div>`;
  }
  const { at, type, outcome, who, by, message, events, times } = entry;
  return html`<div ...${shared} class="entry-row item" data-testid=${`entry-${row.seq}`}>
    <span class="muted">${row.seq}</span>
    <span class="at muted">${clockTime(at)}</span>
    <span class="clip"><strong>${words(type)}</strong> ${who ?? (by === type ? '' : html`<span class="muted">${by}</span>`)} <span class="muted">${said(message)}</span></span>
    <span>${outcome === 'applied' ? html`<span class="muted" title=${events.map(({ type: event }) => words(event)).join(', ')}>${events.length} ${events.length === 1 ? 'event' : 'events'}</span>` : html`<span class="badge warn">${outcome}</span>`}</span>
    <span class="right muted">${times === null ? '' : duration(totalOf(times))}</span>
  </div>`;
}

/** What a message says beyond its kind, its sender and its time. */
function said(message) {
  if (message === null || typeof message !== 'object') return '';
  const { type, at, seat, key, session, ...rest } = message;
  return Object.entries(rest)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? words(value) : brief(value, 40);
      return name === type ? text : `${words(name)} ${text}`;
    })
    .join(', ');
}

function totalOf({ waitMs, stepMs, commitMs, broadcastMs }) {
  return waitMs + stepMs + commitMs + broadcastMs;
}

/** Rows that have all words of the search somewhere in them; the whole journal is loaded for it, bit by bit. */
function useFound({ text, rows, model }) {
  const wanted = text.trim().toLowerCase();
  const missing = wanted === '' ? 0 : model.seeAll();
  if (wanted === '') return null;
  const parts = wanted.split(/\s+/);
  const fits = (value) => parts.every((part) => searchable(value).includes(part));
  const found = [];
  for (let index = 0; index < rows.count; index++) {
    const row = rows.at(index);
    const value = row.kind === 'mark' ? row.mark : model.entryAt(row.seq);
    if (value !== undefined && fits(value)) found.push(row);
  }
  return {
    rows: found,
    isWhole: missing === 0,
    told: `${count(found.length)} ${found.length === 1 ? 'fits' : 'fit'}${missing > 0 ? `, ${count(missing)} entries still to search` : ''}`,
  };
}

const searchableTexts = new WeakMap();

/** Made once for each entry: a search looks at all of them whenever the page is drawn. */
function searchable(value) {
  const text = searchableTexts.get(value) ?? JSON.stringify(value).toLowerCase();
  searchableTexts.set(value, text);
  return text;
}
