import { html, useState } from '/vendor/preact.js';
import { nameFault } from '../rules.js';
import { PieceRow } from './piece.js';

const SHOWN = ['GENERAL_RED(14)', 'HORSE_BLACK(5)', 'CANNON_RED(4)', 'SOLDIER_BLACK(1)'];

export function NameForm({ state, dispatch }) {
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
      <div class="sample" aria-hidden="true"><${PieceRow} ids=${SHOWN} /></div>
      <h2>Welcome</h2>
      <p>
        ${
          state.invited === null
            ? 'Four players, the pieces of Chinese chess, and a promise each round: how many piles will you win? Bots take the seats that your friends leave free.'
            : html`You are invited to room <strong data-testid="invited">${state.invited}</strong>. Choose a name to sit down.`
        }
      </p>
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
      <p id="name-fault" class="refusal line" role="alert">${fault}</p>
      <button class="primary" data-testid="continue">${state.invited === null ? 'Continue' : 'Join the room'}</button>
    </form>
  `;
}
