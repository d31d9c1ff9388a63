import { html, useState } from '/vendor/preact.js';
import { canSend } from '../state.js';

export function Lobby({ state, send, dispatch }) {
  const { name, rooms, finished, connection } = state;
  const join = (code) => send('join_room', { room_id: code, player_name: name });
  return html`
    ${
      finished !== null &&
      html`<p class="notice" data-testid="finished">
        The game in room ${finished} is over. <a href=${`/replay/${finished}`}>See its replay</a>
      </p>`
    }
    <div class="lobby">
      <section class="panel" aria-labelledby="start-title">
        <h2 id="start-title">Play</h2>
        <p class="row">
          <span>You are <strong>${name}</strong></span>
          <button data-testid="change-name" onClick=${() => dispatch({ kind: 'nameDropped' })}>Change name</button>
        </p>
        <button
          class="primary"
          data-testid="create-room"
          disabled=${!canSend(state)}
          onClick=${() => send('create_room', { player_name: name })}
        >
          Create a room
        </button>
        <p class="small muted">You get three bots; free their seats for friends.</p>
        <hr />
        <${JoinByCode} ...${{ state, join, dispatch }} />
      </section>
      <section class="panel" aria-labelledby="rooms-title">
        <h2 id="rooms-title">Open rooms</h2>
        <${RoomList} ...${{ rooms, connection, state, join }} />
      </section>
    </div>
  `;
}

const CODE = /^[0-9A-F]{6}$/;

function JoinByCode({ state, join, dispatch }) {
  const { joinFault } = state;
  const [typed, setTyped] = useState(joinFault?.code ?? '');
  const code = typed.trim().toUpperCase();
  const [wrong, setWrong] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    const isCode = CODE.test(code);
    setWrong(!isCode);
    if (isCode && canSend(state)) join(code);
  };
  const fault = wrong ? 'A code has six signs, 0 to 9 and A to F.' : joinFault && faultText(joinFault);
  return html`
    <form class="join" onSubmit=${submit}>
      <label for="code">Join with a code</label>
      <input
        id="code"
        data-testid="code-input"
        value=${typed}
        maxlength="12"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        placeholder="A1B2C3"
        aria-invalid=${fault !== null}
        aria-describedby="join-fault"
        onInput=${(event) => setTyped(event.target.value)}
      />
      <button data-testid="join-code" disabled=${!canSend(state)}>Join</button>
    </form>
    <p id="join-fault" class="refusal line" role="alert" data-testid="join-fault">${fault}</p>
    ${
      joinFault !== null &&
      joinFault.text === STARTED &&
      html`<button data-testid="watch" onClick=${() => dispatch({ kind: 'watched', code: joinFault.code })}>Watch the game</button>`
    }
  `;
}

const STARTED = 'Room has already started';

/** The server says what is wrong; the page adds what to do about it. */
function faultText({ code, text }) {
  switch (text) {
    case 'Room not found':
      return `There is no room ${code}. Ask for its code again: a room is gone when its host leaves.`;
    case 'Room is full':
      return `Room ${code} is full. Its host can free a seat for you.`;
    case STARTED:
      return `The game in room ${code} has begun already.`;
    case 'That name is already taken in this room':
      return `Somebody in room ${code} has your name already. Change yours to get in.`;
    default:
      return text;
  }
}

function RoomList({ rooms, connection, state, join }) {
  if (rooms === null) {
    const text =
      connection === 'open' || connection === 'connecting' ? 'Asking for the list…' : 'Not connected. Trying again…';
    return html`<p class="muted" role="status" data-testid="rooms-state">${text}</p>`;
  }
  if (rooms.length === 0)
    return html`<p class="muted" data-testid="rooms-state">No open room yet. Create the first one.</p>`;
  return html`
    <ul class="rooms" data-testid="room-list">
      ${rooms.map((room) => html`<${RoomRow} key=${room.room_id} ...${{ room, state, join }} />`)}
    </ul>
  `;
}

function RoomRow({ room, state, join }) {
  const { room_id: roomId, host_name: host, players, total_slots: seats = 4 } = room;
  const taken = players.filter((player) => player !== null);
  const full = taken.length >= seats;
  return html`
    <li class="row" data-testid="room-row" data-room=${roomId}>
      <div class="grow">
        <strong>${host}’s room</strong> <span class="muted">${roomId}</span>
        <div class="small muted">
          ${taken.length} of ${seats} seats taken${full ? ': full until the host frees a seat' : ''}
        </div>
        <div class="small">${taken.map((player) => player.name).join(', ')}</div>
      </div>
      <button
        data-testid=${`join-${roomId}`}
        aria-label=${full ? `${host}’s room is full` : `Join ${host}’s room`}
        disabled=${full || room.started || !canSend(state)}
        onClick=${() => join(roomId)}
      >
        ${full ? 'Full' : 'Join'}
      </button>
    </li>
  `;
}
