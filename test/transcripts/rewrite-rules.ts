import type { Line } from './recording.js';
import { appendRepeats, judgeAtOnce, refuseIllegal } from './rewrites/actions.js';
import { answerBadFrames, answerTooMany, closeTooLarge, refuseTrueAsNumber } from './rewrites/bad-messages.js';
import {
  askTwice,
  completeDirectPhase,
  dealBeforeRoundStart,
  fillTurnResults,
  forgetOldWinner,
  hideHands,
  nobodyAwaitedAfterRedeal,
  startFirst,
} from './rewrites/game.js';
import { coalesceLists, dropLobbyNotices, keepLobbySocket } from './rewrites/lobby.js';
import { keepPresent, returnInMidTurn, sendInOrder, tellMissed, waitForReturn } from './rewrites/presence.js';
import { dropSecondFarewell, keepHostSeat, repeatRoomUpdate, startNeedsSeat } from './rewrites/waiting-room.js';

/** One way in which our server is to differ from what was recorded. */
export interface RewriteRule {
  readonly id: string;
  readonly item: string; // of protocol.md 5.2, 7.1.17, 7.2, 7.4 or 8, rules.md R22, or design.md section 9
  readonly says: string;
  readonly scenarios: readonly string[]; // where it must be needed; elsewhere it is not applied
  /** Changes what is expected. @returns how often it had to */
  readonly rewrite?: (lines: Line[]) => number;
  /** A member that our server adds to the recorded ones. */
  readonly adds?: (event: string, path: string) => boolean;
}

const CREATING = [
  'connection-killers',
  'duplicate-message-ids',
  'full-game-one-human',
  'host-leaves-room',
  'invalid-actions-in-game',
  'invalid-envelopes',
  'late-client-ready',
  'lobby-list-create-join',
  'rate-limits',
  'reconnect-in-declaration',
  'redeal-accept',
  'redeal-no-answer',
  'room-seats-and-permissions',
  'two-humans-reconnect',
];
const ALL = [...CREATING, 'unknown-room'];
const STARTING = [
  'connection-killers',
  'duplicate-message-ids',
  'full-game-one-human',
  'invalid-actions-in-game',
  'late-client-ready',
  'rate-limits',
  'reconnect-in-declaration',
  'redeal-accept',
  'redeal-no-answer',
  'two-humans-reconnect',
];
const PLAYING = [
  'duplicate-message-ids',
  'full-game-one-human',
  'invalid-actions-in-game',
  'reconnect-in-declaration',
  'two-humans-reconnect',
];

/** Their waiting rooms are none any more 250 ms after client_ready. */
const STARTED_AT_ONCE = ['connection-killers', 'late-client-ready', 'redeal-accept', 'redeal-no-answer'];

/** All of them, in the order in which they are applied. */
export const REWRITE_RULES: readonly RewriteRule[] = [
  {
    id: 'reply id',
    item: 'protocol.md 7.4',
    says: 'Every frame that a message caused names it to its sender.',
    scenarios: ALL,
    adds: (_event, path) => path === 'data.in_reply_to',
  },
  {
    id: 'session token',
    item: 'design.md 9, Sessions',
    says: 'Who came without a cookie gets a session token with the seat.',
    scenarios: CREATING,
    adds: (event, path) => /^room_(created|joined)$/.test(event) && path === 'data.session_token',
  },
  {
    id: 'lobby notices',
    item: 'protocol.md 8',
    says: 'The lobby gets neither room_created nor room_updated as a broadcast.',
    scenarios: CREATING,
    rewrite: dropLobbyNotices,
  },
  {
    id: 'start needs a seat',
    item: 'protocol.md 7.2.3',
    says: 'Who has not said who he is starts nothing; the recording goes on with a start by the host.',
    scenarios: ['late-client-ready'],
    rewrite: startNeedsSeat,
  },
  {
    id: 'host seat',
    item: 'protocol.md 7.2.3',
    says: 'The host can not remove himself.',
    scenarios: ['room-seats-and-permissions'],
    rewrite: keepHostSeat,
  },
  {
    id: 'lobby socket',
    item: 'protocol.md 7.2.5',
    says: 'A lobby socket stays one after create_room: its end is no leaving, and its requests are answered.',
    scenarios: ['lobby-list-create-join', 'rate-limits'],
    rewrite: keepLobbySocket,
  },
  {
    id: 'return in mid-turn',
    item: 'protocol.md 7.2.8',
    says: 'Coming back while pieces lie on the table succeeds; the script ends that socket, the tries after it fall away.',
    scenarios: ['two-humans-reconnect'],
    rewrite: returnInMidTurn,
  },
  {
    id: 'second socket',
    item: 'design.md 9, Presence',
    says: 'A player is present while any socket of the session is open.',
    scenarios: ['reconnect-in-declaration'],
    rewrite: keepPresent,
  },
  {
    id: 'bad frames',
    item: 'protocol.md 7.2.6',
    says: 'Broken JSON, binary frames and sync_request are answered, ack is ignored; the socket lives until its script ends it.',
    scenarios: ['connection-killers'],
    rewrite: answerBadFrames,
  },
  {
    id: 'size',
    item: 'design.md 9, Sizes',
    says: 'A frame over 1 MiB closes its socket with 1009.',
    scenarios: ['connection-killers'],
    rewrite: closeTooLarge,
  },
  {
    id: 'second farewell',
    item: 'design.md 9, Presence',
    says: 'Who has no seat any more leaves nothing behind when the socket closes.',
    scenarios: ['host-leaves-room', 'room-seats-and-permissions'],
    rewrite: dropSecondFarewell,
  },
  {
    id: 'start first',
    item: 'design.md 9, Start of a game',
    says: 'game_started comes before the first preparation.',
    scenarios: STARTING,
    rewrite: startFirst,
  },
  {
    id: 'dealt before round start',
    item: 'protocol.md 7.2.11, rules.md D9',
    says: 'The closing preparation of a deal stands where the deal ends, not in the phase after it.',
    scenarios: [
      'duplicate-message-ids',
      'full-game-one-human',
      'invalid-actions-in-game',
      'reconnect-in-declaration',
      'redeal-accept',
      'redeal-no-answer',
      'two-humans-reconnect',
    ],
    rewrite: dealBeforeRoundStart,
  },
  {
    id: 'question twice',
    item: 'protocol.md 5.2',
    says: 'The weak-hand step is two messages, after a redeal too.',
    scenarios: ['full-game-one-human', 'redeal-accept'],
    rewrite: askTwice,
  },
  {
    id: 'nobody awaited',
    item: 'protocol.md 7.2.13',
    says: 'Once a redeal is agreed nobody is awaited for it any more.',
    scenarios: ['full-game-one-human', 'redeal-accept'],
    rewrite: nobodyAwaitedAfterRedeal,
  },
  {
    id: 'old winner',
    item: 'protocol.md 7.2.13',
    says: 'A new turn does not carry the winner of the one before.',
    scenarios: PLAYING,
    rewrite: forgetOldWinner,
  },
  {
    id: 'turn results',
    item: 'protocol.md 7.2.12, rules.md D5',
    says: 'turn_results shows winner and plays, and turns won are counted.',
    scenarios: ['full-game-one-human', 'reconnect-in-declaration', 'two-humans-reconnect'],
    rewrite: fillTurnResults,
  },
  {
    id: 'full phase',
    item: 'protocol.md 7.2.8',
    says: 'The phase_change to one socket has the full form.',
    scenarios: ['late-client-ready', 'reconnect-in-declaration', 'two-humans-reconnect'],
    rewrite: completeDirectPhase,
  },
  {
    id: 'in order',
    item: 'protocol.md 7.2.16',
    says: 'A direct reply does not overtake the broadcasts of the same message.',
    scenarios: ['host-leaves-room', 'reconnect-in-declaration', 'two-humans-reconnect'],
    rewrite: sendInOrder,
  },
  {
    id: 'judged at once',
    item: 'protocol.md 7.2.14',
    says: 'A declaration made too early is refused, so the one made in turn counts.',
    scenarios: ['invalid-actions-in-game'],
    rewrite: judgeAtOnce,
  },
  {
    id: 'refusals',
    item: 'protocol.md 7.4, rules.md D4, D14, D16',
    says: 'An action that the rules refuse is answered, and never with a success.',
    scenarios: ['full-game-one-human', 'invalid-actions-in-game'],
    rewrite: refuseIllegal,
  },
  {
    id: 'refusal members',
    item: 'protocol.md 7.4',
    says: 'A refused start tells its reason too.',
    scenarios: ['invalid-actions-in-game', 'rate-limits', 'room-seats-and-permissions'],
    adds: (event, path) => event === 'error' && /^data\.(type|reason|action)$/.test(path),
  },
  {
    id: 'whole numbers',
    item: 'protocol.md 7.2.17, rules.md D22',
    says: 'true is no number.',
    scenarios: ['invalid-envelopes'],
    rewrite: refuseTrueAsNumber,
  },
  {
    id: 'rates',
    item: 'protocol.md 7.2.7',
    says: 'A message beyond the limit is answered.',
    scenarios: ['rate-limits'],
    rewrite: answerTooMany,
  },
  {
    id: 'repeats',
    item: 'design.md 9, Idempotency',
    says: 'A repeated message is applied once and answered each time.',
    scenarios: ['duplicate-message-ids'],
    rewrite: appendRepeats,
  },
  {
    id: 'grace',
    item: 'protocol.md 7.2.10',
    says: 'A lost player is announced, or leaves a waiting room, 3 s later, if at all.',
    scenarios: ['host-leaves-room', 'reconnect-in-declaration', 'two-humans-reconnect'],
    rewrite: waitForReturn,
  },
  {
    id: 'missed events',
    item: 'design.md 9, Messages kept for an absent player',
    says: 'Who comes back is told what happened meanwhile, before the current phase.',
    scenarios: ['two-humans-reconnect'],
    rewrite: tellMissed,
  },
  {
    id: 'own hand only',
    item: 'protocol.md 7.2.1, rules.md D13',
    says: 'Of all hands a socket gets its own.',
    scenarios: STARTING,
    rewrite: hideHands,
  },
  {
    id: 'allowed values',
    item: 'rules.md D2',
    says: 'The declarer is told the allowed values.',
    scenarios: [...PLAYING, 'redeal-accept', 'redeal-no-answer'],
    adds: (event, path) => event === 'phase_change' && path === 'data.phase_data.allowed_values',
  },
  {
    id: 'repeated room update',
    item: 'protocol.md 7.1.17',
    says: 'A waiting room is shown once more 250 ms after client_ready.',
    scenarios: CREATING.filter((name) => !STARTED_AT_ONCE.includes(name)),
    rewrite: repeatRoomUpdate,
  },
  {
    id: 'coalesced lists',
    item: 'design.md 9, Rooms',
    says: 'The lobby hears of changed rooms at most once in 250 ms.',
    scenarios: CREATING.filter((name) => name !== 'connection-killers'), // there nobody waits for one
    rewrite: coalesceLists,
  },
];
