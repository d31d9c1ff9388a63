import { html, render, useCallback, useEffect, useReducer, useRef } from '/vendor/preact.js';
import { connect } from './connection.js';
import { loadRecord, noteCommitment, saveRecord } from './record.js';
import { isOwnMove, opening, phaseOf, reduce } from './state.js';
import { Game } from './views/game.js';
import { Lobby } from './views/lobby.js';
import { NameForm } from './views/name-form.js';
import { Toast } from './views/toast.js';
import { TopBar } from './views/top-bar.js';
import { WaitingRoom } from './views/waiting-room.js';

function App() {
  const [state, dispatch] = useReducer(reduce, null, () => opening(loadRecord(), linkedRoom()));
  const { name, roomId, rounds, redealEndsAt, invited, connection: status } = state;
  const connection = useRef(null);

  useEffect(() => saveRecord({ name, roomId, rounds, redealEndsAt }), [name, roomId, rounds, redealEndsAt]);

  useEffect(() => {
    if (name === '') return;
    const opened = connect(roomId, name, {
      status: (status) => dispatch({ kind: 'connection', status }),
      frame: ({ event, data }) => dispatch({ event, data: { ...data, at: Date.now() } }),
      unanswered: (id) => dispatch({ kind: 'unanswered', id }),
    });
    connection.current = opened;
    return opened.close;
  }, [name, roomId]);

  const send = useCallback((event, data = {}) => {
    const id = connection.current?.send(event, data) ?? null;
    dispatch(id === null ? { kind: 'notSent' } : { kind: 'sent', id, event, data });
  }, []);

  // Who came by a link has said already what it wants.
  useEffect(() => {
    if (invited !== null && name !== '' && roomId === null && status === 'open') {
      send('join_room', { room_id: invited, player_name: name });
    }
  }, [invited, name, roomId, status]);

  useEffect(() => {
    if (roomId === null && invited !== null) return;
    history.replaceState(null, '', roomId === null ? '/play' : `/play?room=${roomId}`);
  }, [roomId, invited]);

  useEffect(() => {
    if (roomId === null || status !== 'open') return;
    void askFairness(roomId).then((fairness) => {
      if (fairness !== null) dispatch({ kind: 'fairness', code: roomId, fairness });
    });
  }, [roomId, status]);

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

/** `/play?room=A1B2C3` leads into a room. */
function linkedRoom() {
  const code = new URLSearchParams(location.search).get('room')?.trim().toUpperCase();
  return code !== undefined && /^[0-9A-F]{6}$/.test(code) ? code : null;
}

/** @returns {Promise<{ id: string, commitment: string } | null>} null where it can't be had now: the game needs none */
async function askFairness(code) {
  try {
    const response = await fetch(`/api/fairness/${code}`);
    if (!response.ok) return null;
    const { room_id: id, commitment } = await response.json();
    noteCommitment(id, commitment, Date.now());
    return { id, commitment };
  } catch {
    return null; // the connection's own state tells the player that the server is away
  }
}

render(html`<${App} />`, document.body);
