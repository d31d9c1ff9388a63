import { html, useState } from '/vendor/preact.js';
import { nameFault } from '../rules.js';

export function NameForm({ dispatch }) {
  const [name, setName] = useState('');
  const [fault, setFault] = useState(null);
  const submit = (event) => {
    event.preventDefault();
    const found = nameFault(name);
    setFault(found);
    if (found === null) dispatch({ kind: 'nameChosen', name: name.trim() });
  };
  return html`
    <form class="panel narrow" onSubmit=${submit}>
      <h2>Welcome</h2>
      <p>A game for four with the pieces of Chinese chess. Bots take the seats that your friends leave free.</p>
      <label for="name">Your name</label>
      <input
        id="name"
        data-testid="name-input"
        value=${name}
        maxlength="20"
        autocomplete="nickname"
        autofocus
        aria-invalid=${fault !== null}
        aria-describedby="name-fault"
        onInput=${(event) => setName(event.target.value)}
      />
      <p id="name-fault" class="refusal" role="alert">${fault}</p>
      <button class="primary" data-testid="continue">Continue</button>
    </form>
  `;
}
