import { html, useState } from '/vendor/preact.js';
import { ownPlayer } from '../state.js';

/** Leaving a running game gives the seat away for good, so it asks first. */
export function LeaveButton({ state, send, dispatch }) {
  const [asking, setAsking] = useState(false);
  const inGame = state.started && state.game?.phase !== 'game_over' && (!state.game || ownPlayer(state) !== undefined);

  const leave = () => {
    const seated = state.started ? inGame : state.room?.seats.some((seat) => seat?.name === state.name);
    if (seated && state.connection === 'open') {
      send(inGame ? 'leave_game' : 'leave_room', { player_name: state.name });
    }
    dispatch({ kind: 'leftRoom' });
  };

  if (!asking) {
    const text = inGame ? 'Leave game' : state.started ? 'To the lobby' : 'Leave room';
    return html`<button data-testid="leave" onClick=${inGame ? () => setAsking(true) : leave}>${text}</button>`;
  }
  return html`
    <div class="actions" role="group" aria-label="Leave the game?">
      <span>A bot takes your seat for good.</span>
      <button class="danger" data-testid="leave-confirm" onClick=${leave}>Leave</button>
      <button data-testid="leave-cancel" onClick=${() => setAsking(false)}>Stay</button>
    </div>
  `;
}
