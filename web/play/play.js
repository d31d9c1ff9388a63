import { html, render, useCallback, useEffect, useReducer, useRef } from '/vendor/preact.js';
import { connect } from './connection.js';
import { loadRecord, saveRecord } from './record.js';
import { isOwnMove, opening, phaseOf, reduce } from './state.js';
import { Game } from './views/game.js';
import { Lobby } from './views/lobby.js';
import { NameForm } from './views/name-form.js';
import { Toast } from './views/toast.js';
import { TopBar } from './views/top-bar.js';
import { WaitingRoom } from './views/waiting-room.js';

function App() {
  const [state, dispatch] = useReducer(reduce, null, () => opening(loadRecord()));
  const { name, roomId } = state;
  const connection = useRef(null);

  useEffect(() => saveRecord({ name, roomId }), [name, roomId]);

  useEffect(() => {
    if (name === '') return;
    const opened = connect(`/ws/${roomId ?? 'lobby'}`, {
      status: (status) => dispatch({ kind: 'connection', status }),
      frame: dispatch,
      open: (send, again) => introduce(send, again, name, roomId),
    });
    connection.current = opened;
    return opened.close;
  }, [name, roomId]);

  const send = useCallback((event, data) => {
    const id = connection.current?.send(event, data) ?? null;
    dispatch(id === null ? { kind: 'notSent' } : { kind: 'sent', id, event });
  }, []);

  const ownMove = isOwnMove(state);
  useEffect(() => {
    document.title = ownMove ? 'Your turn – Liap Tui' : 'Liap Tui';
  }, [ownMove]);

  const phase = phaseOf(state);
  const Place = phase === 'name' ? NameForm : phase === 'lobby' ? Lobby : phase === 'waiting' ? WaitingRoom : Game;
  return html`
    <${TopBar} ...${{ state, send, dispatch }} />
    <main data-testid="phase" data-phase=${phase}><${Place} ...${{ state, send, dispatch }} /></main>
    <${Toast} toast=${state.toast} dispatch=${dispatch} />
  `;
}

/** The first messages on every socket. In a room their answers bring back the seats and, in a game, its whole state. */
function introduce(send, again, name, roomId) {
  if (roomId === null) {
    send('client_ready', { room_id: 'lobby', is_reconnection: again });
    return;
  }
  send('client_ready', { room_id: roomId, player_name: name, is_reconnection: again });
  send('get_room_state');
}

render(html`<${App} />`, document.body);
