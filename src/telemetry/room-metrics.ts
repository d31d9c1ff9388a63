import { LRUCache } from 'lru-cache';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Unavailable } from '../../actors/room-actor.js';
import type { Phase } from '../../actors/room/room-setup.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import { SEATS } from '../game/seats.js';
import type { GameNotice } from '../gateway/game-notice.js';
import type { GameRooms } from '../gateway/gateway.js';
import type { EntryTimes } from '../visualizer/shown-entry.js';
import { boundCounter, readCounter, readGauge } from './read-metrics.js';

type Applied = Extract<GameNotice, { kind: 'applied' }>;

const S = 1 / 1_000; // seconds of a millisecond
const STAGE_BUCKETS_S = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const PHASE_BUCKETS_S = [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800];
const GAME_BUCKETS_S = [60, 120, 300, 600, 900, 1_200, 1_800, 2_700, 3_600, 7_200];
const ROUND_BUCKETS = [1, 2, 3, 5, 8, 12, 16, 20];
/** Rooms whose course is remembered; of the others the duration of one phase is not counted. */
const ROOMS_MAX = 10_000;

const EVENTS = 'room_events_total';

const WHYS: readonly Unavailable[] = ['storeAway', 'mailboxFull', 'restarting', 'quarantined', 'failed', 'paused'];

/** The event with which a room enters a phase; the name of a phase is that of the wire (protocol.md 2.1). */
const ENTERED: Readonly<Partial<Record<RoomEvent['type'], Phase>>> = {
  roomCreated: 'waiting',
  dealingStarted: 'preparation',
  roundStarted: 'round_start',
  declarationStarted: 'declaration',
  turnStarted: 'turn',
  turnResultsShown: 'turn_results',
  roundScored: 'scoring',
  gameEnded: 'game_over',
  roomClosed: 'closed',
};

/** Where an entry leaves its room; null where it stays in its phase. */
export function phaseEntered(events: readonly RoomEvent[]): Phase | null {
  let entered: Phase | null = null;
  for (const { type } of events) entered = ENTERED[type] ?? entered;
  return entered;
}

/** How far a room has come, as far as this process saw it. */
interface Course {
  phase: Phase;
  since: number; // ms since the epoch
  startedAt: number | null; // of the game
  rounds: number;
}

/**
 * What rooms do: messages and their way, events, phases, games.
 * @returns what is to hear each notice once everybody was told of it
 */
export function addRoomMetrics(
  registry: Registry,
  rooms: Pick<GameRooms, 'counts' | 'counters'>,
): (notice: GameNotice, times: EntryTimes | null) => void {
  const registers = [registry];
  const messages = boundCounter(
    new Counter({
      name: 'room_messages_total',
      help: 'Messages that rooms judged, by their type and whether they were applied or refused',
      labelNames: ['type', 'outcome'],
      registers,
    }),
  );
  const refusals = boundCounter(
    new Counter({
      name: 'room_refusals_total',
      help: 'Messages that the rules refused, by the reason',
      labelNames: ['reason'],
      registers,
    }),
  );
  const untaken = new Counter({
    name: 'room_unavailable_total',
    help: 'Messages that had no effect: storeAway, mailboxFull, restarting, quarantined, paused (no new rooms), or failed (a dead letter)',
    labelNames: ['why'],
    registers,
  });
  // A counter that begins with its first count is no increase for Prometheus: the first dead letter would go unseen.
  for (const why of WHYS) untaken.labels(why).inc(0);
  const unavailable = boundCounter(untaken);
  const others = boundCounter(
    new Counter({
      name: 'room_answers_total',
      help: 'Answers that changed nothing: seen, repeated, restored, released, unknownRoom',
      labelNames: ['kind'],
      registers,
    }),
  );
  const events = boundCounter(
    new Counter({ name: EVENTS, help: 'Events of rooms, by type', labelNames: ['type'], registers }),
  );
  const stages = new Histogram({
    name: 'room_stage_seconds',
    help: 'How long an entry waited in its mailbox, was stepped, was committed, and was broadcast',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS_S,
    registers,
  });
  const [wait, step, commit, broadcast] = [
    stages.labels('wait'),
    stages.labels('step'),
    stages.labels('commit'),
    stages.labels('broadcast'),
  ];
  const phases = new Histogram({
    name: 'game_phase_seconds',
    help: 'How long rooms stayed in a phase',
    labelNames: ['phase'],
    buckets: PHASE_BUCKETS_S,
    registers,
  });
  const started = new Counter({ name: 'games_started_total', help: 'Games that began', registers });
  const finished = boundCounter(
    new Counter({
      name: 'games_finished_total',
      help: 'Games that were played to their end, by who won: person, bot, or shared by both',
      labelNames: ['winner'],
      registers,
    }),
  );
  const seats = boundCounter(
    new Counter({
      name: 'game_seats_total',
      help: 'Seats of finished games, by who sat there (person, bot) and whether they won (won, lost)',
      labelNames: ['kind', 'result'],
      registers,
    }),
  );
  const rounds = new Counter({ name: 'game_rounds_total', help: 'Rounds that were scored', registers });
  const gameTime = new Histogram({
    name: 'game_duration_seconds',
    help: 'From the start of a game to its end',
    buckets: GAME_BUCKETS_S,
    registers,
  });
  const gameRounds = new Histogram({
    name: 'game_rounds',
    help: 'Rounds of a finished game',
    buckets: ROUND_BUCKETS,
    registers,
  });
  addRoomCounts(registry, rooms);

  const courses = new LRUCache<string, Course>({ max: ROOMS_MAX });
  const enter = (roomId: string, phase: Phase, at: number): void => {
    const course = courses.get(roomId);
    if (course === undefined) {
      if (phase !== 'closed') courses.set(roomId, { phase, since: at, startedAt: null, rounds: 0 });
      return;
    }
    phases.labels(course.phase).observe(Math.max(at - course.since, 0) * S);
    course.phase = phase;
    course.since = at;
    if (phase === 'closed') courses.delete(roomId);
  };
  const gameEnded = (notice: Applied, winners: readonly number[]): void => {
    const course = courses.get(notice.roomId);
    // A game that began under another process has no beginning here.
    if (course?.startedAt != null) {
      gameTime.observe(Math.max(notice.at - course.startedAt, 0) * S);
      gameRounds.observe(course.rounds);
    }
    const view = notice.view('spectator');
    const kinds = new Set<string>();
    for (const seat of SEATS) {
      const kind = view.seats[seat]?.isPerson === true ? 'person' : 'bot';
      const won = winners.includes(seat);
      if (won) kinds.add(kind);
      seats(kind, won ? 'won' : 'lost');
    }
    finished(kinds.size > 1 ? 'shared' : [...kinds][0]!);
  };

  const applied = (notice: Applied, times: EntryTimes | null): void => {
    const { roomId, message, at } = notice;
    messages(message.type, 'applied');
    if (times !== null) {
      wait.observe(times.waitMs * S);
      step.observe(times.stepMs * S);
      commit.observe(times.commitMs * S);
      broadcast.observe(times.broadcastMs * S);
    }
    for (const event of notice.events) {
      events(event.type);
      const course = courses.get(roomId);
      if (event.type === 'gameStarted') {
        started.inc();
        if (course !== undefined) course.startedAt = at;
      } else if (event.type === 'roundScored') {
        rounds.inc();
        if (course !== undefined) course.rounds++;
      } else if (event.type === 'gameEnded') gameEnded(notice, event.winners);
      const phase = ENTERED[event.type];
      if (phase !== undefined) enter(roomId, phase, at);
    }
  };

  return (notice, times) => {
    switch (notice.kind) {
      case 'applied':
        applied(notice, times);
        return;
      case 'refused':
        messages(notice.message.type, 'refused');
        refusals(notice.refusal.reason);
        return;
      case 'unavailable':
        unavailable(notice.why);
        return;
      case 'restored': // an operator set it back: what was seen of its course counts no more
        courses.delete(notice.roomId);
        others(notice.kind);
        return;
      default:
        others(notice.kind);
    }
  };
}

function addRoomCounts(registry: Registry, rooms: Pick<GameRooms, 'counts' | 'counters'>): void {
  // Counting goes through every room in memory, so it is done once for all that is read of it.
  let counts = rooms.counts;
  readGauge(registry, { name: 'rooms', help: 'Rooms, by state; one room may be in several', label: 'state' }, () => {
    counts = rooms.counts;
    const { open, inMemory, restarting, paused, quarantined } = counts;
    return Object.entries({ open, in_memory: inMemory, restarting, paused, quarantined });
  });
  readGauge(
    registry,
    { name: 'room_mailbox_messages', help: 'Messages that wait in mailboxes' },
    () => counts.mailboxMessages,
  );
  readGauge(
    registry,
    { name: 'room_mailbox_lag_seconds', help: 'How long the message that waits longest has waited' },
    () => counts.mailboxLagMs * S,
  );
  readGauge(registry, { name: 'room_deadlines', help: 'Rooms with an alarm that is set' }, () => counts.deadlines);
  readCounter(
    registry,
    { name: 'room_restarts_total', help: 'Rooms that crashed and were restarted by their supervisor' },
    () => rooms.counters.restarts,
  );
  readCounter(
    registry,
    { name: 'room_quarantines_total', help: 'Rooms that were taken out of service' },
    () => rooms.counters.quarantines,
  );
  readCounter(
    registry,
    { name: 'room_rebuilds_total', help: 'Rooms that were not in memory and were read from the journal' },
    () => rooms.counters.rebuilds,
  );
}

/** Events of rooms since the start, by type, as `/metrics` has them. */
export async function countsByType(registry: Registry): Promise<Readonly<Record<string, number>>> {
  const { values } = (await registry.getSingleMetric(EVENTS)?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['type']), value]));
}
