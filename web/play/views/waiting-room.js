import { html } from '/vendor/preact.js';
import { canSend } from '../state.js';
import { Avatar } from './avatar.js';
import { CopiedLink } from './copied-link.js';
import { FairnessNote } from './fairness-note.js';
import { Refusal } from './refusal.js';

/** A room before its game. */
export function WaitingRoom({ state, send }) {
  const { name, room, started } = state;
  const lost = state.connection === 'reconnecting';
  if (started) return html`<section class="panel room"><h2>The game begins…</h2></section>`;
  if (room === null) {
    return html`<section class="panel room"><h2 role="status">${lost ? 'Not connected. Trying again…' : `Entering room ${state.roomId}…`}</h2></section>`;
  }

  const isHost = room.hostName === name;
  const seated = room.seats.some((seat) => seat?.name === name);
  const free = room.seats.filter((seat) => seat === null).length;
  return html`
    <section class="panel room">
      <h2>${room.hostName}’s room</h2>
      <p class="line" role="status" data-testid="waits">${lost ? 'Connection lost, trying again…' : waitsFor(room, isHost, seated, free)}</p>
      <ol class="seats" data-testid="seats">
        ${room.seats.map((seat, index) => html`<${SeatRow} key=${index} ...${{ seat, number: index + 1, isHost, state, send }} />`)}
      </ol>
      ${
        isHost &&
        html`<button
          class="primary"
          data-testid="start"
          disabled=${free > 0 || !canSend(state)}
          onClick=${() => send('start_game')}
        >
          Start the game
        </button>`
      }
      <${Refusal} state=${state} />
      <hr />
      <${CopiedLink} label="Link for friends" path=${`/play?room=${state.roomId}`} testid="invite-url" />
      <p class="small muted">Or tell them the code <strong>${state.roomId}</strong>.</p>
      <${FairnessNote} fairness=${state.fairness} />
    </section>
  `;
}

function waitsFor({ hostName }, isHost, seated, free) {
  if (!seated) return 'You have no seat here any more. Go to the lobby to join again.';
  const seats = free === 1 ? 'One seat is free' : `${free} seats are free`;
  if (!isHost)
    return free > 0 ? `${seats}. Then ${hostName} can start the game.` : `Waiting for ${hostName} to start the game.`;
  if (free > 0) return `${seats}: wait for friends, or add bots.`;
  return 'All seats are taken: start when you like. To play with friends, free a seat for them.';
}

function SeatRow({ seat, number, isHost, state, send }) {
  const own = seat?.name === state.name;
  const change = (event) => () => send(event, { slot_id: number });
  return html`
    <li class="row" data-testid=${`seat-${number}`} data-seat=${seat === null ? 'free' : seat.is_bot ? 'bot' : 'human'}>
      <${Avatar} color=${seat?.avatar_color} bot=${seat?.is_bot} />
      <span class="named grow">
        ${seat === null ? html`<span class="muted">Free seat</span>` : html`<strong>${seat.name}</strong>`}
        ${own && html`<span class="badge">you</span>`} ${seat?.is_host && html`<span class="badge">host</span>`}
        ${seat?.is_bot && html`<span class="badge">bot</span>`}
      </span>
      ${
        isHost &&
        !own &&
        html`<span class="actions">
          ${
            !seat?.is_bot &&
            html`<button data-testid=${`add-bot-${number}`} disabled=${!canSend(state)} onClick=${change('add_bot')}>
              ${seat === null ? 'Add bot' : 'Replace by bot'}
            </button>`
          }
          ${
            seat !== null &&
            html`<button data-testid=${`remove-${number}`} disabled=${!canSend(state)} onClick=${change('remove_player')}>
              ${seat.is_bot ? 'Free the seat' : 'Remove'}
            </button>`
          }
        </span>`
      }
    </li>
  `;
}
