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
 * @property {{ id: string, event: string, data: object } | null} pending the message that waits for its answer
 * @property {string | null} refusal why the last action was refused
 * @property {string | null} invited code of the room that a link leads into, until it was tried
 * @property {{ code: string, text: string } | null} joinFault why the last try to join failed
 * @property {string | null} finished code of a room whose game is over and can't be entered any more
 * @property {Rounds} rounds points of the rounds that this page knows of
 * @property {number | null} redealEndsAt by the page's clock, ms since the epoch
 * @property {{ id: string, commitment: string } | null} fairness the room's own id, and what binds its shuffles
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
 * @typedef {Record<number, Record<string, { declared: number, won: number, points: number, total: number }>>} Rounds
 * by round and name
 * @typedef {{ turnNumber: number | null, winner: string, winningPlay: object, plays: object, nextStarter: string | null }} TurnResult
 */

const LOG_LINES_MAX = 50;
const REDEAL_MS = 30_000; // R5.3

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
  invited: null,
  joinFault: null,
  finished: null,
  rounds: {},
  redealEndsAt: null,
  fairness: null,
};

/**
 * @param linked code of the room in the page's address, null without one
 * @returns {State}
 */
export function opening({ name, roomId, rounds = {}, redealEndsAt = null }, linked = null) {
  const connection = 'connecting';
  if (name !== '' && roomId !== null && (linked === null || linked === roomId)) {
    return { ...OUTSIDE, name, roomId, rounds, redealEndsAt, connection, toast: null };
  }
  return { ...OUTSIDE, name, invited: linked, connection, toast: null };
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
  nameChosen: (state, { name }) => ({ ...state, ...OUTSIDE, name, invited: state.invited, connection: 'connecting' }),
  // Somebody whose name is taken in a room chooses another one to get into that room.
  nameDropped: (state) => ({ ...state, ...OUTSIDE, name: '', invited: state.joinFault?.code ?? null }),
  leftRoom: (state) => ({ ...state, ...OUTSIDE }),
  watched: (state, { code }) => enter(state, code),
  joinFaulty: (state, { code, text }) => ({ ...state, joinFault: { code, text } }),
  fairness: (state, { code, fairness }) => (state.roomId === code ? { ...state, fairness } : state),
  connection: (state, { status }) => ({
    ...state,
    connection: status,
    // What was sent before a loss is sent again after it, and answered then.
    pending: status === 'closed' ? null : state.pending,
  }),
  sent: (state, { id, event, data }) => ({
    ...state,
    pending: { id, event, data },
    refusal: null,
    ...(event === 'join_room' && { invited: null, joinFault: null }),
  }),
  unanswered: (state, { id }) =>
    id === state.pending?.id
      ? toast({ ...state, pending: null }, 'The server has not answered. Look whether it was done, or try again.')
      : state,
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
  room_closed: (state, data) => {
    if (state.game?.phase === 'game_over') return state;
    if (data.reason === 'game_over') return { ...state, ...OUTSIDE, finished: state.roomId };
    return thrownOut(state, CLOSED[data.reason] ?? data.message ?? CLOSED.other);
  },
  game_started: (state) => ({ ...state, started: true }),

  phase_change: phaseChange,
  turn_complete: turnComplete,
  player_disconnected: (state, data) => {
    const isOwn = data.player_name === state.name && ownPlayer(state) !== undefined;
    if (isOwn && data.can_reconnect === false) return thrownOut(state, 'You left this game in another tab.');
    const away = [...without(state.away, data.player_name), data.player_name];
    return logged({ ...state, away }, 'player_disconnected', data);
  },
  player_reconnected: (state, data) =>
    logged({ ...state, away: without(state.away, data.player_name) }, 'player_reconnected', data),
  host_changed: (state, data) => {
    const room = state.room && { ...state.room, hostName: data.new_host };
    return logged({ ...state, room }, 'host_changed', data);
  },
  queued_messages: (state, { messages }) => ({
    ...state,
    missed: messages.map((kept) => sentenceFor(kept.event_type, kept.data)).filter((line) => line !== null),
    rounds: messages.reduce((rounds, kept) => withScores(rounds, kept.data), state.rounds),
  }),

  error: (state, data) => {
    if (data.type === 'action_rejected') return { ...state, refusal: data.message };
    const { pending } = state;
    if (pending?.event === 'join_room' && data.in_reply_to === pending.id) {
      return { ...state, joinFault: { code: pending.data.room_id, text: data.message } };
    }
    return toast({ ...state, watching: state.watching || data.type === 'seat_taken' }, data.message);
  },
};

const CLOSED = {
  name_in_use: 'Somebody else plays under that name in this room.',
  player_removed: 'The host gave your seat to somebody else.',
  host_left: 'The host has left, so the room is closed.',
  'All players disconnected': 'Everybody was away for too long, so the room is closed.',
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
  return { ...state, room: { seats, hostName }, started };
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
  const next = {
    ...state,
    started: true,
    game,
    refusal: null,
    rounds: withScores(state.rounds, data),
    redealEndsAt: redealEnd(state, data),
  };
  const news = state.game !== null && state.game.phase !== phase;
  return news ? logged(next, 'phase_change', data) : next;
}

/** @returns {Rounds} */
function withScores(rounds, { phase, phase_data: phaseData, round }) {
  if (phase !== 'scoring') return rounds;
  const scores = Object.entries(phaseData.round_scores).map(([name, score]) => [
    name,
    { declared: score.declared, won: score.actual, points: score.final_score, total: score.total_score },
  ]);
  return { ...rounds, [round]: Object.fromEntries(scores) };
}

/** The server tells how long there is, not until when: it counts from the question on, and anew from the warning. */
function redealEnd({ game, redealEndsAt }, { phase, phase_data: phaseData, round, at }) {
  if (phase !== 'preparation' || awaited({ phase, phaseData }).length === 0 || at === undefined) return null;
  const latest = at + (phaseData.timeout_warning ? 1000 * phaseData.seconds_remaining : REDEAL_MS);
  const isSameQuestion =
    game === null || // a reload in the middle of the question
    (game.round === round && game.multiplier === phaseData.redeal_multiplier && awaited(game).length > 0);
  // One that has passed was moved by an outage of the server.
  return isSameQuestion && redealEndsAt !== null && redealEndsAt > at ? Math.min(redealEndsAt, latest) : latest;
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

/**
 * What the game waits for, in one sentence, and whether that is this player.
 * @returns {{ kind: 'own' | 'others' | 'nobody', text: string }}
 */
export function situation(state) {
  const { phase, phaseData, turnResult, round } = state.game;
  const names = awaited(state.game);
  const own = isOwnMove(state);
  const kind = turnResult !== null || names.length === 0 ? 'nobody' : own ? 'own' : 'others';
  const say = (text) => ({ kind, text });
  if (turnResult !== null || phase === 'turn_results') {
    const next =
      turnResult?.nextStarter == null ? 'The points follow in a moment.' : 'The next turn follows in a moment.';
    const { winner } = turnResult ?? {};
    if (winner === undefined) return say(next);
    return say(`${winner === state.name ? 'You win' : `${winner} wins`} the turn. ${next}`);
  }
  switch (phase) {
    case 'preparation':
      if (own) return say('Your hand is weak: keep it, or deal again?');
      if (names.length > 0) return say(`Waiting for ${names.join(' and ')}: a weak hand, deal again?`);
      return say(phaseData.dealing_cards ? 'The pieces are being dealt…' : 'The pieces are dealt.');
    case 'round_start':
      return say(`Round ${round} begins in a moment.`);
    case 'declaration':
      if (own) return say('Your turn: how many of the 8 piles will you win?');
      return say(
        names.length > 0 ? `Waiting for ${names[0]} to declare.` : 'All have declared. The first turn follows.',
      );
    case 'turn':
      return say(turnSituation(names[0], phaseData.required_piece_count, own));
    case 'scoring':
      return say(phaseData.game_complete ? 'The game is over.' : 'The next round begins in a moment.');
    default:
      return say('The game is over.');
  }
}

function turnSituation(name, required, own) {
  if (name === undefined) return 'All have played.';
  const pieces = required === 1 ? '1 piece' : `${required} pieces`;
  if (own)
    return required === null ? 'Your turn: lead with 1 to 6 pieces that form a type.' : `Your turn: play ${pieces}.`;
  return required === null ? `Waiting for ${name} to lead the turn.` : `Waiting for ${name} to play ${pieces}.`;
}

/** No second click while the first has no answer, and none without a connection. */
export function canSend(state) {
  return state.connection === 'open' && state.pending === null;
}
