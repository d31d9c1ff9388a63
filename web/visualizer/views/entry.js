import { html, useState } from '/vendor/preact.js';
import { brief, clockTime, count, dateTime, duration, words } from '../format.js';
import { useLoaded } from '../loaded.js';

const PARTS = { changes: 'Changes', events: 'Events', message: 'Message', frames: 'Sent' };

/** One entry, or what was refused behind it: everything that is known of it. */
export function Entry({ model, state, entry, seq, mark, as, set }) {
  const [part, setPart] = useState('changes');
  const isThere = entry !== undefined && entry.seq === seq;
  return html`
    <section class="panel view-entry entry" aria-label="Entry" data-testid="entry" data-entry=${isThere ? seq : ''}>
      ${mark !== null && html`<${Mark} mark=${mark} onEntry=${() => set({ mark: null })} />`}
      ${
        !isThere
          ? html`<div class="empty">${model.last === 0 ? 'Nothing has happened yet.' : 'Loading the entry…'}</div>`
          : html`
              <div class="panel-head">
                <h2>Entry ${count(seq)}: ${words(entry.type)}</h2>
                <span class=${`badge ${entry.outcome === 'applied' ? 'accent' : 'warn'}`}>${entry.outcome}</span>
              </div>
              <dl class="facts">
                <div><dt>Who</dt><dd>${entry.who ?? '–'} <span class="muted small">${entry.by}${entry.seat === null ? '' : `, seat ${entry.seat}`}</span></dd></div>
                <div><dt>When</dt><dd class="number" title=${dateTime(entry.at)}>${clockTime(entry.at)}</dd></div>
                <div><dt>State</dt><dd>${way(entry)}</dd></div>
                <div><dt>Machine version</dt><dd>${entry.machineVersion}</dd></div>
                <div><dt>Correlation id</dt><dd class="mono">${entry.correlationId}</dd></div>
              </dl>
              <${Times} times=${entry.times} />
              <div class="segments" role="group" aria-label="Parts of the entry">
                ${Object.entries(PARTS).map(([id, title]) => html`<button key=${id} aria-pressed=${part === id} data-testid=${`part-${id}`} onClick=${() => setPart(id)}>${title}${id === 'events' ? ` (${entry.events.length})` : ''}</button>`)}
              </div>
              ${part === 'changes' && html`<${Changes} changes=${state?.seq === seq ? state.changes : undefined} />`}
              ${part === 'events' && html`<${Events} events=${entry.events} />`}
              ${part === 'message' && html`<pre tabindex="0">${JSON.stringify(entry.message, null, 2)}</pre>`}
              ${part === 'frames' && html`<${Frames} model=${model} seq=${seq} as=${as} />`}
            `
      }
    </section>
  `;
}

function way({ from, to }) {
  if (from === null && to === null) return '–';
  const [start, end] = [from, to].map((leaf) => words((leaf ?? 'unknown').split('.').at(-1)));
  return from === to ? `stays in ${end}` : `${start} → ${end}`;
}

function Mark({ mark, onEntry }) {
  const { kind, at, sentence, reason, rule, state, type, who, seat, message, correlationId, seq } = mark;
  const title =
    {
      refused: 'Refused',
      deadLetter: 'Dead letter',
      restored: 'Set back',
      upgraded: 'Upgraded',
      outage: 'Outage',
      held: 'Held',
    }[kind] ?? words(kind);
  return html`
    <div class="notice bad" data-testid="mark">
      <p><strong>${title}${type === undefined ? '' : `: ${words(type)}`}</strong>${who == null ? '' : ` from ${who}`}${seat == null ? '' : ` (seat ${seat})`}. ${sentence}</p>
      <dl class="facts">
        ${reason !== undefined && html`<div><dt>Reason</dt><dd class="mono">${reason}</dd></div>`}
        ${rule !== undefined && html`<div><dt>Rule</dt><dd class="mono">${rule}</dd></div>`}
        ${state !== undefined && html`<div><dt>In state</dt><dd class="mono">${state}</dd></div>`}
        <div><dt>When</dt><dd class="number">${clockTime(at)}, after entry ${seq}</dd></div>
        ${correlationId !== undefined && html`<div><dt>Correlation id</dt><dd class="mono">${correlationId}</dd></div>`}
      </dl>
      ${message !== undefined && message !== null && html`<code>${brief(message, 400)}</code>`}
      ${kind === 'refused' && html`<p class="small muted">A refused message changes nothing: below is the entry in front of it.</p>`}
    </div>
  `;
}

const STAGES = [
  ['waitMs', 'Wait'],
  ['stepMs', 'Step'],
  ['commitMs', 'Commit'],
  ['broadcastMs', 'Broadcast'],
];

function Times({ times }) {
  return html`
    <dl class="times" data-testid="times">
      ${STAGES.map(([name, title]) => html`<div key=${name}><dt>${title}</dt><dd class="number">${times === null ? '–' : duration(times[name])}</dd></div>`)}
    </dl>
  `;
}

function Changes({ changes }) {
  if (changes === undefined) return html`<div class="empty">Loading the changes…</div>`;
  if (changes === null)
    return html`<div class="empty">The state in front of this entry is gone: older entries were removed.</div>`;
  if (changes.length === 0) return html`<div class="empty">Nothing that this eye sees has changed.</div>`;
  return html`
    <div class="changes" tabindex="0" role="region" aria-label="Changes" data-testid="changes">
      <table>
        <thead><tr><th scope="col">What</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
        <tbody>
          ${changes.map(
            ({ path, before, after }) => html`<tr key=${path}>
              <td>${path === '' ? 'everything' : path.slice(1).replaceAll('/', ' ')}</td>
              <td>${before === undefined ? html`<span class="muted">–</span>` : html`<del class="removed">${shownValue(before)}</del>`}</td>
              <td>${after === undefined ? html`<span class="muted">–</span>` : html`<ins class="added">${shownValue(after)}</ins>`}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** Times are told as times: nobody reads milliseconds since 1970. */
function shownValue(value) {
  return typeof value === 'number' && value > 1e12 ? clockTime(value) : brief(value, 200);
}

function Events({ events }) {
  if (events.length === 0) return html`<div class="empty">No events.</div>`;
  return html`<ol class="stack" data-testid="events">
    ${events.map((event, index) => {
      const { type, ...rest } = event;
      return html`<li key=${index}><strong>${words(type)}</strong> <code>${Object.keys(rest).length === 0 ? '' : brief(rest, 600)}</code></li>`;
    })}
  </ol>`;
}

/** Word for word what went to the sockets of the chosen eye. */
function Frames({ model, seq, as }) {
  if (as === 'operator')
    return html`<div class="empty">Nobody is sent everything. Choose a player or a spectator under “See as”.</div>`;
  return html`<${FramesOf} key=${`${seq}/${as}`} model=${model} seq=${seq} as=${as} />`;
}

function FramesOf({ model, seq, as }) {
  const { kind, value, failure, again } = useLoaded(`${seq}/${as}`, (signal) => model.frames(seq, signal));
  if (kind === 'failed')
    return html`<p class="bad" role="alert">${failure.message} <button onClick=${again}>Try again</button></p>`;
  if (value === null) return html`<div class="empty">Loading what was sent…</div>`;
  if (value.frames.length === 0) return html`<div class="empty">Nothing was sent because of this entry.</div>`;
  return html`<pre tabindex="0" data-testid="frames">${value.frames.map((frame) => JSON.stringify(frame, null, 1)).join('\n')}</pre>`;
}
