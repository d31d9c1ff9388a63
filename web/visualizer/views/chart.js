import { html, useEffect, useMemo, useRef, useState } from '/vendor/preact.js';
import { curve, layoutChart } from '../chart-layout.js';
import { count, words } from '../format.js';

const ANIMATION_MS = 600;

/**
 * The statechart, drawn from the machine: the state at the chosen entry lit, the way that led there marked, and how often
 * each way was taken. A state that is chosen tells all its messages below, refused ones with their reasons.
 */
export function Chart({ chart, leaf, entry }) {
  const [chosen, setChosen] = useState(null);
  const drawing = useMemo(() => chart && drawingOf(chart), [chart?.machine.version]);
  const frame = useRef(null);
  useEffect(() => keepInSight(frame.current, drawing, leaf), [drawing, leaf]);
  if (chart === null)
    return html`<section class="panel view-chart" aria-label="Chart"><div class="empty">No chart.</div></section>`;
  const taken = chart.counts?.transitions ?? {};
  const visits = chart.counts?.states ?? {};
  const last = new Set(entry?.transitions ?? []);
  const isCurrent = (id) => leaf === id || (leaf ?? '').startsWith(`${id}.`);
  const told = chosen ?? leaf;
  return html`
    <section class="panel view-chart" aria-label="Chart">
      <div class="panel-head">
        <h2>Chart</h2>
        <span class="small muted">${chart.machine.name} version ${chart.machine.version}; numbers: how often so far</span>
      </div>
      <div class="chart" ref=${frame} tabindex="0" role="group" aria-label="Chart of the room’s states">
        <svg viewBox=${`0 0 ${drawing.width} ${drawing.height}`} data-testid="chart" data-current=${leaf ?? ''}>
          <defs>
            ${['', 'lit'].map(
              (kind) =>
                html`<marker key=${kind} id=${`arrow${kind}`} class=${kind} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0.5L8,4L0,7.5z" /></marker>`,
            )}
          </defs>
          ${drawing.groups.map((state) => html`<${Group} key=${state.id} state=${state} isCurrent=${isCurrent(state.id)} />`)}
          ${drawing.lines.map((line) => html`<${Edge} key=${`${line.from} ${line.to}`} line=${line} taken=${taken} isLast=${line.ids.some((id) => last.has(id))} />`)}
          ${drawing.leaves.map((state) => html`<${Leaf} key=${state.id} state=${state} visits=${visits[state.id] ?? 0} isCurrent=${state.id === leaf} isChosen=${state.id === chosen} onChoose=${() => setChosen(state.id === chosen ? null : state.id)} />`)}
          <${Token} drawing=${drawing} entry=${entry} />
        </svg>
      </div>
      <${StateFacts} chart=${chart} id=${told} taken=${taken} visits=${visits[told] ?? 0} isChosen=${chosen !== null} onClose=${() => setChosen(null)} />
    </section>
  `;
}

/** In narrow windows the chart is wider than its place: the current state is scrolled to. */
function keepInSight(frame, drawing, leaf) {
  const box = drawing?.leaves.find(({ id }) => id === leaf)?.box;
  if (frame === null || box === undefined || !matchMedia('(max-width: 60rem)').matches) return;
  const scale = frame.scrollWidth / drawing.width;
  const middle = (box.x + box.width / 2) * scale;
  if (middle < frame.scrollLeft + 40 || middle > frame.scrollLeft + frame.clientWidth - 40)
    frame.scrollLeft = middle - frame.clientWidth / 2;
}

/** Steps of the machine itself lead from everywhere: as arrows they would cover all others, so they are told in words. */
function drawingOf({ states, transitions }) {
  const steps = transitions.filter(({ kind, from, to }) => kind === 'step' && from !== '' && to !== null);
  const { boxes, lines, width, height } = layoutChart(states, steps);
  const placed = states.map((state) => ({ ...state, box: boxes.get(state.id) }));
  return {
    width,
    height,
    lines: lines.map((line) => ({ ...line, path: curve(line.points) })),
    groups: placed.filter(({ kind }) => kind === 'group'),
    leaves: placed.filter(({ kind }) => kind !== 'group'),
  };
}

function Group({ state: { name, box }, isCurrent }) {
  return html`<g class=${`group ${isCurrent ? 'current' : ''}`}>
    <rect ...${box} rx="8" />
    <text x=${box.x + 10} y=${box.y + 17}>${words(name)}</text>
  </g>`;
}

function Leaf({ state: { id, name, box }, visits, isCurrent, isChosen, onChoose }) {
  const press = (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onChoose();
  };
  const kinds = [isCurrent ? 'current' : '', isChosen ? 'chosen' : '', visits > 0 ? 'visited' : ''].join(' ');
  return html`
    <g
      class=${`state ${kinds}`}
      role="button"
      tabindex="0"
      aria-pressed=${isChosen}
      aria-current=${isCurrent ? 'step' : undefined}
      data-testid=${`state-${id}`}
      data-visits=${visits}
      onClick=${onChoose}
      onKeyDown=${press}
    >
      <rect ...${box} rx="6" />
      <text x=${box.x + 12} y=${box.y + 21}>${words(name)}</text>
      <text class="count" x=${box.x + box.width - 8} y=${box.y + 21} text-anchor="end">${visits > 0 ? count(visits) : ''}</text>
    </g>
  `;
}

function Edge({ line: { ids, texts, path, at }, taken, isLast }) {
  const countOf = (several) => several.reduce((sum, id) => sum + (taken[id] ?? 0), 0);
  const total = countOf(ids);
  const top = at.y + 4 - ((texts.length - 1) * 13) / 2;
  return html`
    <g class=${`edge ${total === 0 ? 'unused' : ''} ${isLast ? 'last' : ''}`} data-testid="edge" data-count=${total} data-last=${isLast}>
      <path class="line" d=${path} marker-end=${isLast ? 'url(#arrowlit)' : 'url(#arrow)'} />
      ${texts.map(({ text, ids: named }, index) => {
        const times = countOf(named);
        return html`<text key=${index} x=${at.x} y=${top + index * 13} text-anchor="middle">${times > 0 ? `${text} ×${count(times)}` : text}</text>`;
      })}
    </g>
  `;
}

/** A dot that runs along the last step when the room goes on by one entry; it stays away while somebody scrubs. */
function Token({ drawing, entry }) {
  const dot = useRef(null);
  const before = useRef(null);
  useEffect(() => {
    const isNext = before.current !== null && entry !== undefined && entry.seq === before.current + 1;
    before.current = entry?.seq ?? null;
    const line = isNext && drawing.lines.find(({ ids }) => ids.some((id) => entry.transitions?.includes(id)));
    if (!line || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', line.path);
    const length = path.getTotalLength();
    const start = performance.now();
    let frame = requestAnimationFrame(function move(now) {
      const share = Math.min(1, (now - start) / ANIMATION_MS);
      const { x, y } = path.getPointAtLength(length * (1 - (1 - share) ** 2));
      dot.current.setAttribute('transform', `translate(${x} ${y})`);
      dot.current.setAttribute('visibility', share < 1 ? 'visible' : 'hidden');
      if (share < 1) frame = requestAnimationFrame(move);
    });
    return () => {
      cancelAnimationFrame(frame);
      dot.current?.setAttribute('visibility', 'hidden');
    };
  }, [entry?.seq]);
  return html`<circle ref=${dot} class="token" r="6" visibility="hidden" />`;
}

/** All that a state does with messages: where they lead, how often they were taken, and why they were refused. */
function StateFacts({ chart, id, taken, visits, isChosen, onClose }) {
  const holds = ({ from }) => from === '' || from === id || (id ?? '').startsWith(`${from}.`);
  const rows = chart.transitions.filter((each) => holds(each) && each.kind !== 'refuse');
  const refusals = (chart.counts?.refusals ?? []).filter(({ state }) => state === id);
  if (id === null || id === undefined) return null;
  return html`
    <details open=${isChosen || undefined} data-testid="state-facts">
      <summary>
        <strong>${words(id.split('.').at(-1))}</strong> <span class="muted small">(${id})</span>: ${count(visits)} entries,${' '}
        ${count(refusals.reduce((sum, each) => sum + each.count, 0))} refused
      </summary>
      <div class="scroll">
        <table>
          <thead><tr><th scope="col">Message</th><th scope="col">Leads to</th><th scope="col">Taken</th></tr></thead>
          <tbody>
            ${rows.map(
              (each) => html`<tr key=${each.id}>
                <td>${words(each.event === '' ? 'at once' : each.event)} <span class="muted small">${each.guard ?? ''}</span></td>
                <td>${each.to === null ? html`<span class="muted">stays</span>` : words(each.to.split('.').at(-1))}</td>
                <td class="number">${count(taken[each.id] ?? 0)}</td>
              </tr>`,
            )}
            ${refusals.map(
              (each) => html`<tr key=${`${each.event} ${each.reason}`} data-testid="refusal-count">
                <td>${words(each.event)} <span class="muted small">${each.rule}</span></td>
                <td class="bad">refused: ${words(each.reason)}</td>
                <td class="number">${count(each.count)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${isChosen && html`<button onClick=${onClose}>Show the room’s own state</button>`}
    </details>
  `;
}
