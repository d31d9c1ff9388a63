import { html, useState } from '/vendor/preact.js';
import { operate } from '../api.js';
import { brief, words } from '../format.js';
import { Confirm } from './dialog.js';
import { READ_ONLY } from './top-bar.js';

/** What an operator may do to the room, each thing after a question. */
export function Actions({ model, server, name, onToast }) {
  const [question, setQuestion] = useState(null);
  const { summary, deadLetters } = model;
  const held = summary.hold?.kind ?? null;
  const closed = summary.phase === 'closed';
  const ask = (operation, parameters, { title, text, verb, isDanger = false, asksWhy = false }) =>
    setQuestion({
      title,
      text,
      verb,
      isDanger,
      asksWhy,
      run: async (why) => {
        await operate(operation, { ...parameters, ...(why !== '' && { why }) });
        onToast({ text: `${title.replace('?', '')}: done, and written to the audit log.` });
        await model.refresh();
      },
    });
  const actions = [
    held === null
      ? [
          'pause',
          'Pause',
          {
            title: `Pause ${name}?`,
            text: 'Players can look, what they send waits on the disk. Its clocks stand still until you resume it.',
            verb: 'Pause',
            asksWhy: true,
          },
          closed && 'The room is closed.',
        ]
      : [
          'resume',
          held === 'paused' ? 'Resume' : 'Release',
          {
            title: held === 'paused' ? `Resume ${name}?` : `Release ${name} from quarantine?`,
            text:
              held === 'paused'
                ? 'What waits is applied now, in its order.'
                : 'The room plays on from its last durable state. If what quarantined it is still there, it will be quarantined again.',
            verb: held === 'paused' ? 'Resume' : 'Release',
          },
          false,
        ],
    [
      'restart',
      'Restart',
      {
        title: `Restart ${name}?`,
        text: 'Its actor is thrown away and rebuilt from snapshot and journal. Sockets stay open.',
        verb: 'Restart',
      },
      closed && 'The room is closed.',
    ],
    [
      'snapshot',
      'Snapshot',
      {
        title: `Snapshot ${name}?`,
        text: 'Writes the present state beside the journal: the next recovery begins there.',
        verb: 'Snapshot',
      },
      closed && 'The room is closed.',
    ],
  ];
  const blocked = server === null || server.actions ? null : READ_ONLY;
  return html`
    <div class="stack" role="group" aria-label="Operator actions">
      <div class="row">
        ${actions.map(([operation, text, asked, why]) => html`<button key=${operation} data-testid=${`action-${operation}`} disabled=${blocked !== null || why !== false} title=${blocked ?? (why === false ? undefined : why)} onClick=${() => ask(operation, { room: summary.roomId }, asked)}>${text}</button>`)}
      </div>
      ${blocked !== null && html`<p class="small muted" data-testid="read-only">${blocked}</p>`}
      ${
        deadLetters.length > 0 &&
        html`<div class="scroll"><table data-testid="dead-letters">
          <thead><tr><th scope="col">Dead letter</th><th scope="col">Error</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
          <tbody>
            ${deadLetters.map(
              (letter) => html`<tr key=${letter.id}>
                <td>${words(letter.message?.type ?? 'message')} <code>${brief(letter.message, 120)}</code></td>
                <td class="bad">${String(letter.error ?? '').split('\n')[0]}</td>
                <td class="row">
                  <button disabled=${blocked !== null} title=${blocked ?? undefined} data-testid="dead-letter-retry" onClick=${() => ask('dead-letter-retry', { id: letter.id }, { title: 'Retry the dead letter?', text: 'The message is given to the room once more.', verb: 'Retry' })}>Retry</button>
                  <button class="danger" disabled=${blocked !== null} title=${blocked ?? undefined} data-testid="dead-letter-drop" onClick=${() => ask('dead-letter-drop', { id: letter.id }, { title: 'Drop the dead letter?', text: 'The message is gone for good; its sender was told long ago.', verb: 'Drop', isDanger: true })}>Drop</button>
                </td>
              </tr>`,
            )}
          </tbody>
        </table></div>`
      }
      ${question !== null && html`<${Confirm} question=${question} onClose=${() => setQuestion(null)} />`}
    </div>
  `;
}
