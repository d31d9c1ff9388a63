import { html, useEffect, useRef, useState } from '/vendor/preact.js';

/** The browser's own modal dialog: it keeps the focus inside, and Escape closes it. */
export function Dialog({ title, onClose, children, ...rest }) {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  return html`
    <dialog ref=${box} aria-labelledby="dialog-title" onClose=${onClose} ...${rest}>
      <div class="stack">
        <h2 id="dialog-title">${title}</h2>
        ${children}
      </div>
    </dialog>
  `;
}

/**
 * Asks before something is changed.
 * @param question `{ title, text, verb, isDanger, asksWhy, run: (why) => Promise }`
 */
export function Confirm({ question, onClose }) {
  const [why, setWhy] = useState('');
  const [state, setState] = useState({ kind: 'asking' });
  const run = async (event) => {
    event.preventDefault();
    setState({ kind: 'running' });
    try {
      await question.run(why.trim());
      onClose();
    } catch (failure) {
      setState({ kind: 'failed', text: failure.message });
    }
  };
  return html`
    <${Dialog} title=${question.title} onClose=${onClose} data-testid="confirm">
      <form class="stack" onSubmit=${run}>
        <p>${question.text}</p>
        ${
          question.asksWhy &&
          html`<label class="field">
            <span>Why (is written to the audit log)</span>
            <input value=${why} maxlength="200" data-testid="why" onInput=${({ target }) => setWhy(target.value)} />
          </label>`
        }
        ${state.kind === 'failed' && html`<p class="bad" role="alert">${state.text}</p>`}
        <div class="row">
          <button type="button" data-testid="cancel" onClick=${onClose}>Cancel</button>
          <button
            class=${question.isDanger ? 'danger' : 'primary'}
            data-testid="confirm-yes"
            disabled=${state.kind === 'running'}
          >
            ${question.verb}
          </button>
        </div>
      </form>
    <//>
  `;
}
