import { html } from '/vendor/preact.js';
import { canSend } from '../state.js';

export function Lobby({ state, send, dispatch }) {
  const { name, rooms } = state;
  return html`
    <section class="panel">
      <div class="row">
        <h2>Lobby</h2>
        <span class="muted">You are <strong>${name}</strong></span>
        <button data-testid="change-name" onClick=${() => dispatch({ kind: 'nameDropped' })}>Change name</button>
      </div>
      <button
        class="primary"
        data-testid="create-room"
        disabled=${!canSend(state)}
        onClick=${() => send('create_room', { player_name: name })}
      >
        Create a room
      </button>
      <h3>Open rooms</h3>
      ${rooms === null && html`<p class="muted">Asking for the list…</p>`}
      ${rooms?.length === 0 && html`<p class="muted">No open room yet. Create the first one.</p>`}
      <ul class="rooms" data-testid="room-list">
        ${rooms?.map((room) => html`<${RoomRow} key=${room.room_id} ...${{ room, state, send }} />`)}
      </ul>
    </section>
  `;
}

function RoomRow({ room, state, send }) {
  const { room_id: roomId, host_name: host, players, total_slots: seats = 4 } = room;
  const taken = players.filter((player) => player !== null);
  const full = taken.length >= seats;
  return html`
    <li class="row" data-testid="room-row" data-room=${roomId}>
      <div class="grow">
        <strong>${host}’s room</strong> <span class="muted">${roomId}</span>
        <div class="muted">
          ${taken.length} of ${seats} seats taken${full ? ': full until the host frees a seat' : ''}
        </div>
        <div class="small">${taken.map((player) => player.name).join(', ')}</div>
      </div>
      <button
        data-testid=${`join-${roomId}`}
        aria-label=${`Join ${host}’s room`}
        disabled=${full || room.started || !canSend(state)}
        onClick=${() => send('join_room', { room_id: roomId, player_name: state.name })}
      >
        ${full ? 'Full' : 'Join'}
      </button>
    </li>
  `;
}
