import { html } from '/vendor/preact.js';
import { useNow } from '../clock.js';
import { clockTime, count, countdown, dateTime, duration, words } from '../format.js';

const LANES = ['system', 'timer', 'player', 'bot'];

/** What runs the room: clocks, mailbox, owner, versions. */
export function Runtime({ model, server, isSandbox, isLive, state, children }) {
  const { summary, deadLetters } = model;
  const { memory, head, owner, machine, restarts, inbox, refusals, sandbox } = summary;
  const isClosed = summary.phase === 'closed';
  const deadline = isLive && !isSandbox ? summary.deadline : (state?.deadline ?? null);
  return html`
    <section class="panel view-runtime" aria-label="Runtime" data-testid="runtime">
      <div class="panel-head"><h2>Runtime</h2><span class="small muted">${isSandbox ? 'a sandbox in memory' : memory === null ? (isClosed ? 'closed: it takes nothing any more' : 'on the disk only: it wakes with the next message') : `in memory, ${memory.status}`}</span></div>
      <dl class="facts">
        <div><dt>Next by itself</dt><dd><${Deadline} deadline=${deadline} isRunning=${isLive && !isSandbox} clock=${isSandbox ? sandbox?.clock : null} skew=${model.skew} /></dd></div>
        ${
          memory !== null &&
          html`<div><dt>Mailbox</dt><dd class="number" data-testid="mailbox">${count(memory.waiting)} waiting${memory.lagMs > 0 ? `, the oldest ${duration(memory.lagMs)}` : ''}</dd></div>
            <div><dt>Lanes</dt><dd class="number small">${LANES.map((lane) => `${lane} ${memory.lanes[lane] ?? 0}`).join(' · ')}</dd></div>`
        }
        ${owner !== null && html`<div><dt>Owner</dt><dd class="number" title=${`started ${dateTime(owner.startedAt)}`}>process ${owner.pid}</dd></div>`}
        <div><dt>Machine</dt><dd>${machine.name}, version ${machine.version}${machine.savedVersion != null && machine.savedVersion !== machine.version ? html` <span class="badge warn">saved by ${machine.savedVersion}</span>` : ''}</dd></div>
        ${head !== null && html`<div><dt>Journal</dt><dd class="number">entries ${count(head.anchorSeq + 1)}–${count(head.seq)}, snapshot at ${head.snapshotSeq ?? '–'}</dd></div>`}
        ${!isSandbox && html`<div><dt>Restarts</dt><dd class=${`number ${restarts > 0 ? 'warn' : ''}`}>${count(restarts)}</dd></div>`}
        <div><dt>Refused since the start</dt><dd class="number">${count(refusals ?? 0)}</dd></div>
        ${
          !isSandbox &&
          html`<div><dt>Waiting on the disk</dt><dd class="number">${count(inbox)}</dd></div>
          <div><dt>Dead letters</dt><dd class=${`number ${summary.deadLetters > 0 ? 'bad' : ''}`}>${count(summary.deadLetters)}</dd></div>`
        }
      </dl>
      ${children}
    </section>
  `;
}

function Deadline({ deadline, isRunning, clock, skew }) {
  const now = useNow(200, isRunning && deadline !== null) - skew;
  if (deadline === null) return html`<span class="muted">nothing</span>`;
  const { at, message } = deadline;
  const left = isRunning ? at - now : clock == null ? null : at - clock;
  const what = words(message.type === 'timer' ? message.timer : message.type);
  return html`<span data-testid="deadline">${what}${message.seat === undefined ? '' : ` of seat ${message.seat}`}
    <strong class="number">${left === null ? clockTime(at) : ` ${countdown(left)}`}</strong></span>`;
}
