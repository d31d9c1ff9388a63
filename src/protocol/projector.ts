import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { type Seat, SEATS } from '../game/seats.js';
import {
  declarationData,
  declarationSetupData,
  decidedTurn,
  gameOverData,
  type PhaseChange,
  phaseChange,
  preparationData,
  type Reader,
  roundStartData,
  running,
  scoringData,
  turnComplete,
  turnData,
  turnResultsData,
} from './phase-change.js';
import {
  hostChanged,
  kicked,
  nameOf,
  playerDisconnected,
  playerReconnected,
  roomClosed,
  roomUpdate,
} from './room-messages.js';
import type { WireMessage } from './wire.js';

/** A message to everybody in a room. What it shows may differ by viewer: then only hands do (rules.md D13). */
export interface Projection {
  readonly private: boolean; // each seat reads its own hand in it; false: one text serves all
  /** All that it tells stands in the next one of its kind too: who reads slowly needs the newest only. */
  readonly isState: boolean;
  readonly make: (view: RoomView, reader: Reader) => WireMessage;
}

/** A message to one seat's person only, in front of the broadcasts. */
export interface DirectProjection {
  readonly session: string;
  readonly message: WireMessage;
}

const open = (make: (view: RoomView) => WireMessage): Projection => ({ private: false, isState: false, make });
const state = (make: (view: RoomView) => WireMessage): Projection => ({ private: false, isState: true, make });

/** Viewers differ in the hand they read only: what changed is the same for all of them, and worked out once. */
function phase(seq: number, change: (view: RoomView) => PhaseChange): Projection {
  let changed: PhaseChange | null = null;
  const make: Projection['make'] = (view, reader) => phaseChange(view, reader, (changed ??= change(view)), seq);
  return { private: true, isState: true, make };
}

const preparation = (seq: number, dealing: boolean, reason: string) =>
  phase(seq, (view) => ({
    phase: 'preparation',
    reason,
    phaseData: preparationData(view, dealing),
  }));

const turn = (seq: number, reason: (view: RoomView) => string) =>
  phase(seq, (view) => ({ phase: 'turn', reason: reason(view), phaseData: turnData(view) }));

const CARDS_DEALT = 'Cards dealt, checking for weak hands';

/**
 * What a room's event is on the wire: the only way from domain events to clients (protocol.md 4 and 5).
 * @param seq journal entry of the event
 * @param correlationId of the message that caused it
 */
export function project(event: RoomEvent, seq: number, correlationId: string): readonly Projection[] {
  switch (event.type) {
    case 'playerJoined':
      return [
        state((view) => {
          const { event: name, data } = roomUpdate(view);
          return { event: name, data: { ...data, operation_id: correlationId } };
        }),
      ];
    case 'botSeated':
    case 'seatFreed':
      return [state(roomUpdate)];
    case 'gameStarted':
      return [open((view) => ({ event: 'game_started', data: { room_id: view.code, success: true } }))];
    case 'dealingStarted':
      return [preparation(seq, true, 'Starting to deal cards')];
    case 'weakHandsFound':
      return [
        phase(seq, (view) => {
          const names = event.seats.map((seat) => `'${nameOf(view, seat)}'`).join(', ');
          const reason = `Weak hands detected: [${names}] - awaiting simultaneous decisions`;
          return { phase: 'preparation', reason, phaseData: preparationData(view, true) };
        }),
        preparation(seq, false, CARDS_DEALT),
      ];
    case 'redealAnswered':
      // After the last answer the next step speaks for itself.
      return event.last
        ? []
        : [
            phase(seq, (view) => {
              const data = preparationData(view, false);
              const done = `${String(data['decisions_received'])}/${String(data['decisions_needed'])} decided`;
              const verb = event.accept ? 'accepted' : 'declined';
              const reason = `Player ${nameOf(view, event.seat)} ${verb} redeal (${done})`;
              return { phase: 'preparation', reason, phaseData: data };
            }),
          ];
    case 'redealWarned':
      return [preparation(seq, false, '10 seconds remaining for redeal decisions')];
    case 'dealingFinished': {
      const dealt = preparation(seq, false, CARDS_DEALT);
      if (!event.redealt) return [dealt];
      const complete = phase(seq, (view) => ({
        phase: 'preparation',
        reason: `Redeal complete - no weak hands found, multiplier now ${running(view).multiplier}x`,
        phaseData: preparationData(view, false),
      }));
      return [dealt, complete];
    }
    case 'roundStarted':
      return [
        phase(seq, (view) => ({
          phase: 'round_start',
          reason: `Round ${event.round} starting with ${nameOf(view, event.starter)}`,
          phaseData: roundStartData(view),
        })),
      ];
    case 'declarationStarted':
      return [
        phase(seq, (view) => ({
          phase: 'declaration',
          reason: 'Declaration phase setup - basic data',
          phaseData: declarationSetupData(view),
        })),
        declaring(seq, () => 'Declaration phase started'),
      ];
    case 'declared':
      return [declaring(seq, (view) => `Player ${nameOf(view, event.seat)} declared ${event.value}`)];
    case 'turnStarted':
      return [turn(seq, (view) => `New turn ${event.number} started with starter ${nameOf(view, event.leader)}`)];
    case 'played':
      return [turn(seq, (view) => `Player ${nameOf(view, event.seat)} played ${event.pieces.length} pieces`)];
    case 'turnWon':
      return [
        turn(seq, (view) => `Turn completed - winner: ${nameOf(view, event.winner)}`),
        state((view) => turnComplete(event, view, seq)),
      ];
    case 'turnResultsShown':
      return [turnResults(seq, (view) => `Displaying turn results - winner: ${lastWinner(view)}`)];
    case 'turnResultsEnded':
      return [
        turnResults(seq, () => 'Auto-transition triggered after 7.0s display', {
          auto_transition_triggered: true,
          transitioning_to: 'scoring',
        }),
      ];
    case 'roundScored':
      return [
        phase(seq, (view) => ({
          phase: 'scoring',
          reason: `Scoring calculated for round ${event.round}`,
          phaseData: scoringData(view),
        })),
      ];
    case 'gameEnded': {
      const over = phase(seq, (view) => ({
        phase: 'game_over',
        reason: 'Game over phase initialized',
        phaseData: gameOverData(view),
      }));
      return [{ ...over, isState: false }]; // the last word on the game is kept from nobody
    }
    case 'playerDisconnected':
      return [open((view) => playerDisconnected(nameOf(view, event.seat), true))];
    case 'playerLeft':
      return [open((view) => playerDisconnected(nameOf(view, event.seat), false)), state(roomUpdate)];
    case 'playerReconnected':
      return [open((view) => playerReconnected(nameOf(view, event.seat)))];
    case 'hostChanged':
      return [open((view) => hostChanged(nameOf(view, event.from), nameOf(view, event.to)))];
    case 'roomClosed':
      return [open((view) => roomClosed(view, event.why))];
    case 'roomCreated':
    case 'hostArrived':
    case 'redealUnanswered':
    case 'clockShifted':
      return []; // nobody's page changes
  }
}

function declaring(seq: number, reason: (view: RoomView) => string): Projection {
  return phase(seq, (view) => ({ phase: 'declaration', reason: reason(view), phaseData: declarationData(view) }));
}

function turnResults(seq: number, reason: (view: RoomView) => string, more: Readonly<Record<string, unknown>> = {}) {
  return phase(seq, (view) => ({
    phase: 'turn_results',
    reason: reason(view),
    phaseData: { ...turnResultsData(view), ...more },
  }));
}

function lastWinner(view: RoomView): string {
  const winner = view.game?.turn?.winner;
  return winner == null ? 'None' : nameOf(view, winner);
}

/** What an event tells one person alone: that the host took the seat away (protocol.md 3.2). */
export function projectDirect(event: RoomEvent): DirectProjection | null {
  const lost = event.type === 'botSeated' ? event.replaced : event.type === 'seatFreed' ? event.who : null;
  if (lost === null || (event.type === 'seatFreed' && event.why !== 'removed')) return null;
  return { session: lost.session, message: kicked };
}

/**
 * The whole present for somebody who comes (back) to a running game: one full `phase_change`, and after a decided turn
 * the `turn_complete` that opens its page (protocol.md 4.3.9, 7.1.7). Empty before the start.
 */
export function projectPresent(view: RoomView, viewer: Seat | null, seq: number): readonly WireMessage[] {
  if (view.game === null) return [];
  const { phase: name, phaseData } = present(view);
  const change = phaseChange(view, viewer, { phase: name, phaseData, reason: 'Current state' }, seq);
  const won = view.leaf === 'playing.turn.shown' ? decidedTurn(view.game) : null;
  return won === null ? [change] : [change, turnComplete(won, view, seq)];
}

function present(view: RoomView): Omit<PhaseChange, 'reason'> {
  switch (view.phase) {
    case 'preparation':
      return { phase: 'preparation', phaseData: preparationData(view, view.leaf === 'playing.preparation.dealing') };
    case 'round_start':
      return { phase: 'round_start', phaseData: roundStartData(view) };
    case 'declaration':
      return { phase: 'declaration', phaseData: declarationData(view) };
    case 'turn':
      return { phase: 'turn', phaseData: turnData(view) };
    case 'turn_results':
      return { phase: 'turn_results', phaseData: turnResultsData(view) };
    case 'scoring':
      return { phase: 'scoring', phaseData: scoringData(view) };
    case 'game_over':
    case 'closed':
    case 'waiting': // the machine has no game there
      return { phase: 'game_over', phaseData: gameOverData(view) };
  }
}

/** Missed events that are worth telling somebody who comes back; the newest of them (design.md section 9). */
const MISSED_MAX = 100;
const TOLD: ReadonlySet<RoomEvent['type']> = new Set<RoomEvent['type']>([
  'turnWon',
  'roundScored',
  'hostChanged',
  'gameEnded',
]);

export interface MissedEvent {
  readonly event: RoomEvent;
  readonly at: number; // ms since the epoch
  readonly seq: number;
}

/** `queued_messages` (protocol.md 4.4): the existing frontend ignores it, /play shows it. Null if nothing was missed. */
export function queuedMessages(view: RoomView, missed: readonly MissedEvent[]): WireMessage | null {
  const told = missed.filter(({ event }) => TOLD.has(event.type)).slice(-MISSED_MAX);
  if (told.length === 0) return null;
  const messages = told.map(({ event, at, seq }) => ({
    ...missedMessage(view, event, seq),
    timestamp: at / 1000,
    sequence: seq,
    is_critical: event.type === 'gameEnded',
  }));
  return { event: 'queued_messages', data: { messages, count: messages.length } };
}

/** Built from the event alone: the room has moved on since. */
function missedMessage(view: RoomView, event: RoomEvent, seq: number): { event_type: string; data: unknown } {
  switch (event.type) {
    case 'turnWon':
      return { event_type: 'turn_complete', data: turnComplete(event, view, seq).data };
    case 'hostChanged':
      return { event_type: 'host_changed', data: hostChanged(nameOf(view, event.from), nameOf(view, event.to)).data };
    case 'roundScored': {
      const roundScores: Record<string, unknown> = {};
      for (const seat of SEATS) {
        const { declared, captured, score, total } = event.scores[seat];
        roundScores[nameOf(view, seat)] = { declared, actual: captured, final_score: score, total_score: total };
      }
      const phaseData = { round_scores: roundScores };
      return { event_type: 'phase_change', data: { phase: 'scoring', round: event.round, phase_data: phaseData } };
    }
    case 'gameEnded': {
      const phaseData = { winners: event.winners.map((seat) => nameOf(view, seat)) };
      return { event_type: 'phase_change', data: { phase: 'game_over', phase_data: phaseData } };
    }
    default:
      throw new Error(`${event.type} is not told afterwards`);
  }
}
