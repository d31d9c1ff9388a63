import { html, useState } from '/vendor/preact.js';
import { get, post, remove } from '../api.js';
import { clockTime, count, words } from '../format.js';
import { useLoaded } from '../loaded.js';
import { Link } from './link.js';
import { MessageForm } from './message-form.js';

const SUGGESTED = {
  redealAnswer: 'answerRedeal',
  declaration: 'declare',
  play: 'play',
  start: 'startGame',
  players: 'join',
};

/** What can be tried in a sandbox: any message, and the passing of time. */
export function SandboxPanel({ name, model, go, onToast, onTaken }) {
  const messages = useLoaded('messages', (signal) => get('/messages', signal));
  const [outcome, setOutcome] = useState(null);
  const [isBusy, setIsBusy] = useState(false);
  const { sandbox, waitingFor } = model.summary;
  const attempt = async (path, body) => {
    setIsBusy(true);
    try {
      const answer = await post(`/sandboxes/${name}/${path}`, body);
      setOutcome(answer);
      onTaken(answer);
    } catch (failure) {
      onToast({ text: failure.message, isBad: true });
    }
    setIsBusy(false);
  };
  const end = async () => {
    try {
      await remove(`/sandboxes/${name}`);
      go({ page: 'sandboxes' });
    } catch (failure) {
      onToast({ text: failure.message, isBad: true });
    }
  };
  return html`
    <section class="panel" aria-label="Sandbox" data-testid="sandbox-panel">
      <div class="panel-head">
        <h2>Sandbox ${sandbox.name}</h2>
        <div class="row">
          ${sandbox.origin !== null && html`<${Link} go=${go} to=${{ room: sandbox.origin.code ?? sandbox.origin.roomId, entry: String(sandbox.origin.seq) }}>from room ${sandbox.origin.code}, entry ${count(sandbox.origin.seq)}<//>`}
          <span class="small muted number">its clock: ${clockTime(sandbox.clock)}</span>
          <button onClick=${end} data-testid="end-sandbox">Throw away</button>
        </div>
      </div>
      ${sandbox.script !== null && html`<p class="notice bad" data-testid="script"><span><strong>${sandbox.script.promise}</strong>: ${sandbox.script.message}</span><span class="small muted">${count(sandbox.script.deeds)} deeds, ${count(sandbox.script.refused)} refused</span></p>`}
      ${sandbox.stop !== null && html`<p class="notice bad">It stopped behind entry ${sandbox.stop.seq}: ${sandbox.stop.why}</p>`}
      ${
        messages.value === null
          ? html`<div class="empty">${messages.kind === 'failed' ? messages.failure.message : 'Loading the messages…'}</div>`
          : html`<${MessageForm}
              messages=${inOrder(messages.value.messages)}
              suggested=${SUGGESTED[waitingFor?.what]}
              isBusy=${isBusy}
              onSend=${(message) => attempt('messages', { message, afterMs: 0 })}
            />`
      }
      <div class="row" role="group" aria-label="Its clock">
        <button data-testid="advance-next" disabled=${isBusy || model.summary.deadline === null} onClick=${() => attempt('advance', { next: true })}>To its next deadline</button>
        <button data-testid="advance-10" disabled=${isBusy} onClick=${() => attempt('advance', { ms: 10_000 })}>10 s on</button>
        <div role="status" class="grow" data-testid="outcome">${outcome !== null && html`<${Outcome} ...${outcome} />`}</div>
      </div>
    </section>
  `;
}

const SENDERS = ['player', 'connection', 'timer', 'bot', 'operator', 'lifecycle'];

/** What people send comes first. A sandbox is made already, so that nothing can make it. */
function inOrder(messages) {
  const sayable = messages.filter(({ type }) => type !== 'create');
  return sayable.sort((a, b) => SENDERS.indexOf(a.by) - SENDERS.indexOf(b.by));
}

function Outcome({ result, entries, more }) {
  const happened = entries.flatMap(({ events }) => events.map(({ type }) => words(type)));
  const told =
    happened.length === 0 ? 'nothing happened' : happened.slice(0, 8).join(', ') + (happened.length > 8 ? ' …' : '');
  if (result === undefined)
    return html`<strong>${count(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}</strong>: ${told}${more ? '; there is more to come' : ''}`;
  switch (result.kind) {
    case 'applied':
      return html`<strong class="good">Applied as entry ${count(result.seq)}</strong>: ${told}`;
    case 'refused':
      return html`<strong class="bad">Refused</strong>: ${result.sentence} <code>${result.reason}, rule ${result.rule}</code>`;
    default:
      return html`<strong class="bad">Failed</strong>: ${result.error}`;
  }
}
