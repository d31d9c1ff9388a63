// What the page knows and how it changes. Pure: no socket, no storage, no clock, so it runs in Node as well.

import { sentenceFor } from './sentences.js';

/**
 * @typedef {object} State
 * @property {string} name own name, '' before one is chosen
 * @property {string | null} roomId null in the lobby
 * @property {'connecting' | 'open' | 'reconnecting' | 'closed'} connection
 * @property {object[] | null} rooms the lobby's list, null before it came
 * @property {{ seats: (object | null)[], hostName: string } | null} room
 * @property {boolean} started the room's game has begun
 * @property {Game | null} game
 * @property {boolean} watching the seat of that name belongs to somebody else
 * @property {string[]} away players whose seat a bot plays for now
 * @property {string[]} log newest last
 * @property {string[]} missed what happened while this player was away
 * @property {{ id: string, event: string } | null} pending the message that waits for its answer
 * @property {string | null} refusal why the last action was refused
 * @property {{ text: string } | null} toast a new object for each showing
 *
 * @typedef {object} Game
 * @property {string} phase as on the wire
 * @property {number} round
 * @property {number} multiplier
 * @property {object[]} players in seat order, each with its `name`; only the own one has a `hand`
 * @property {object} phaseData `phase_data` as on the wire
 * @property {TurnResult | null} turnResult shown from the end of a turn to the next one
 *
 * @typedef {{ turnNumber: number | null, winner: string, winningPlay: object, plays: object, nextStarter: string | null }} TurnResult
 */

const LOG_LINES_MAX = 50;

const OUTSIDE = {
  roomId: null,
  rooms: null,
  room: null,
  started: false,
  game: null,
  watching: false,
  away: [],
  log: [],
  missed: [],
  pending: null,
  refusal: null,
};

/** @returns {State} */
export function opening({ name, roomId }) {
  return { ...OUTSIDE, name, roomId: name === '' ? null : roomId, connection: 'connecting', toast: null };
}

/**
 * @param {State} state
 * @param message a frame of the server, `{ event, data }`, or something that happened in the page, `{ kind, … }`
 * @returns {State}
 */
export function reduce(state, message) {
  if (message.kind !== undefined) return inPage[message.kind](state, message);
  const { event, data } = message;
  const next = Object.hasOwn(fromServer, event) ? fromServer[event](state, data) : state;
  return state.pending !== null && data.in_reply_to === state.pending.id ? { ...next, pending: null } : next;
}

const inPage = {
  nameChosen: (state, { name }) => ({ ...state, ...OUTSIDE, name }),
  nameDropped: (state) => ({ ...state, ...OUTSIDE, name: '' }),
  leftRoom: (state) => ({ ...state, ...OUTSIDE }),
  connection: (state, { status }) => ({
    ...state,
    connection: status,
    pending: status === 'open' ? state.pending : null,
  }),
  sent: (state, { id, event }) => ({ ...state, pending: { id, event }, refusal: null }),
  notSent: (state) => toast(state, 'Not connected at the moment. Please try again.'),
  toastClosed: (state) => ({ ...state, toast: null }),
  missedRead: (state) => ({ ...state, missed: [] }),
};

const fromServer = {
  room_list_update: (state, data) => ({ ...state, rooms: data.rooms }),
  // A lobby may also hear of rooms that others made: only the answer to the own wish leads into a room.
  room_created: (state, data) =>
    state.pending?.event === 'create_room' && data.room_id !== 'lobby' ? enter(state, data.room_id) : state,
  room_joined: (state, data) => (state.pending?.event === 'join_room' ? enter(state, data.room_id) : state),

  room_update: (state, data) => withRoom(state, data.players, data.host_name, data.started),
  room_state_update: (state, data) => withRoom(state, Object.values(data.slots), data.host_name),
  room_not_found: (state, data) => thrownOut(state, [data.message, data.suggestion].filter(Boolean).join('. ')),
  // The ranking stays on the screen when a finished room is cleared away.
  room_closed: (state, data) =>
    state.game?.phase === 'game_over' ? state : thrownOut(state, data.message ?? CLOSED[data.reason] ?? CLOSED.other),
  game_started: (state) => ({ ...state, started: true, pending: null }),

  phase_change: phaseChange,
  turn_complete: turnComplete,
  player_disconnected: (state, data) =>
    logged(
      { ...state, away: [...without(state.away, data.player_name), data.player_name] },
      'player_disconnected',
      data,
    ),
  player_reconnected: (state, data) =>
    logged({ ...state, away: without(state.away, data.player_name) }, 'player_reconnected', data),
  host_changed: (state, data) => {
    const room = state.room && { ...state.room, hostName: data.new_host };
    return logged({ ...state, room }, 'host_changed', data);
  },
  queued_messages: (state, data) => ({
    ...state,
    missed: data.messages.map((kept) => sentenceFor(kept.event_type, kept.data)).filter((line) => line !== null),
  }),

  error: (state, data) => {
    const settled = { ...state, pending: null };
    if (data.type === 'action_rejected') return { ...settled, refusal: data.message };
    return toast({ ...settled, watching: state.watching || data.type === 'seat_taken' }, data.message);
  },
};

const CLOSED = {
  name_in_use: 'Somebody else plays under that name in this room.',
  other: 'The room was closed.',
};

function enter(state, roomId) {
  return { ...state, ...OUTSIDE, roomId, toast: null };
}

function thrownOut(state, text) {
  return state.roomId === null ? state : toast({ ...state, ...OUTSIDE }, text);
}

function toast(state, text) {
  return { ...state, toast: { text } };
}

function without(names, name) {
  return names.filter((other) => other !== name);
}

function logged(state, event, data) {
  const line = sentenceFor(event, data);
  return line === null ? state : { ...state, log: [...state.log, line].slice(-LOG_LINES_MAX) };
}

function withRoom(state, seats, hostName, started = state.started) {
  return { ...state, room: { seats, hostName }, started, pending: null };
}

function phaseChange(state, data) {
  const { phase, phase_data: phaseData, round } = data;
  const before = state.game?.round === round ? state.game : null;
  const game = {
    phase,
    round,
    multiplier: phaseData.redeal_multiplier ?? before?.multiplier ?? 1,
    players: Object.entries(data.players).map(([name, player]) => ({ ...player, name })),
    phaseData,
    turnResult: keptResult(before?.turnResult ?? null, phase, phaseData),
  };
  const next = { ...state, started: true, game, pending: null, refusal: null };
  const news = state.game !== null && state.game.phase !== phase;
  return news ? logged(next, 'phase_change', data) : next;
}

function turnComplete(state, data) {
  if (state.game === null) return state;
  const turnNumber = data.turn_number;
  const turnResult = {
    turnNumber,
    winner: data.winner,
    winningPlay: data.winning_play,
    plays: state.game.phaseData.turn_plays ?? {},
    nextStarter: data.all_hands_empty ? null : data.next_starter,
  };
  const next = { ...state, game: { ...state.game, turnResult } };
  // After a reconnect the server tells the result that is on show once more.
  return state.game.turnResult?.turnNumber === turnNumber ? next : logged(next, 'turn_complete', data);
}

/** @returns {TurnResult | null} the result to go on showing in a round's next phase message */
function keptResult(result, phase, phaseData) {
  if (phase === 'turn') {
    const sameTurn = result?.turnNumber === phaseData.current_turn_number;
    return phaseData.turn_complete && sameTurn ? result : null;
  }
  if (phase !== 'turn_results') return null;
  if (!phaseData.turn_winner) return result;
  return {
    turnNumber: result?.turnNumber ?? null,
    winner: phaseData.turn_winner,
    winningPlay: phaseData.winning_play,
    plays: phaseData.turn_plays,
    nextStarter: null,
  };
}

// What the views ask.

/** @returns {string} 'name', 'lobby', 'waiting' (in a room before its game), or the phase on the wire */
export function phaseOf(state) {
  if (state.name === '') return 'name';
  if (state.roomId === null) return 'lobby';
  return state.game?.phase ?? 'waiting';
}

/** The own entry, undefined for those who only watch. */
export function ownPlayer(state) {
  return state.watching ? undefined : state.game?.players.find((player) => player.name === state.name);
}

/** @returns {string[]} the players for whom the game waits */
export function awaited({ phase, phaseData }) {
  if (phase === 'preparation') return phaseData.weak_players_awaiting ?? [];
  if (phase === 'declaration') return phaseData.current_declarer ? [phaseData.current_declarer] : [];
  if (phase === 'turn') return phaseData.turn_complete ? [] : [phaseData.current_player];
  return [];
}

export function isOwnMove(state) {
  return state.game !== null && ownPlayer(state) !== undefined && awaited(state.game).includes(state.name);
}

/** @returns {number | null} null while the player has not declared in this round */
export function declarationOf({ phase, phaseData }, player) {
  if (phase === 'preparation' || phase === 'round_start') return null;
  // In this phase the players' own entries lag one message behind.
  if (phase === 'declaration') return phaseData.declarations?.[player.name] ?? null;
  return player.declared;
}

/** No second click while the first has no answer, and none without a connection. */
export function canSend(state) {
  return state.connection === 'open' && state.pending === null;
}
