import type { Cancel, Clock } from '../../actors/clock.js';
import type { Seat } from '../game/seats.js';
import { RoomPace } from './room-pace.js';

export interface PresenceOptions {
  readonly disconnectGraceMs: number; // between a seat's last socket and its player being away; read for each
}

/** Right after the start every client changes pages, some of them slowly (protocol.md 2.7). */
const START_GRACE_MS = 10_000;
const START_MS = 10_000;
/** Whoever sat down in the lobby is in the room by then: a host has as long (design.md section 9, Presence). */
const ARRIVAL_MS = 60_000;
/** A room that could not take the news is told again. */
const RETRY_MS = 1_000;

/**
 * Seats of people who have no socket: the last one has closed, or none came yet. Only when the grace runs out does the
 * room hear of it: a page switch or a reload is announced to nobody and moves no host. Where very many run out at once,
 * rooms hear of it one after the other, and each of all its seats together.
 */
export class Presence {
  readonly #leaving = new Map<string, Cancel>();
  readonly #away = new Map<string, Set<Seat>>(); // by room that has not heard of it
  readonly #pace: RoomPace;
  readonly #startedAt = new Map<string, number>(); // elapsed ms
  readonly #clock: Clock;
  readonly #options: PresenceOptions;
  readonly #onAway: (roomId: string, seat: Seat) => void;

  constructor(clock: Clock, options: PresenceOptions, onAway: (roomId: string, seat: Seat) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#onAway = onAway;
    this.#pace = new RoomPace(clock, (roomId) => this.#tell(roomId));
  }

  gameStarted(roomId: string): void {
    this.#startedAt.set(roomId, this.#clock.elapsedMs());
    this.#clock.schedule(START_MS, () => this.#startedAt.delete(roomId));
  }

  lost(roomId: string, seat: Seat): void {
    const { disconnectGraceMs } = this.#options;
    const started = this.#startedAt.has(roomId);
    this.#wait(roomId, seat, started ? Math.max(disconnectGraceMs, START_GRACE_MS) : disconnectGraceMs);
  }

  /** Somebody sat down and has no socket in the room yet. */
  awaited(roomId: string, seat: Seat): void {
    this.#wait(roomId, seat, ARRIVAL_MS);
  }

  /** Whether somebody has no socket and still has time to come. */
  isAwaited(roomId: string, seat: Seat): boolean {
    return this.#leaving.has(keyOf(roomId, seat));
  }

  retry(roomId: string, seat: Seat): void {
    this.#wait(roomId, seat, RETRY_MS);
  }

  returned(roomId: string, seat: Seat): void {
    const key = keyOf(roomId, seat);
    this.#leaving.get(key)?.();
    this.#leaving.delete(key);
    const away = this.#away.get(roomId);
    if (away?.delete(seat) !== true || away.size > 0) return;
    this.#away.delete(roomId);
    this.#pace.remove(roomId);
  }

  stop(): void {
    for (const cancel of this.#leaving.values()) cancel();
    this.#leaving.clear();
    this.#away.clear();
    this.#pace.stop();
  }

  #wait(roomId: string, seat: Seat, ms: number): void {
    this.returned(roomId, seat);
    const key = keyOf(roomId, seat);
    const cancel = this.#clock.schedule(ms, () => {
      this.#leaving.delete(key);
      const away = this.#away.get(roomId);
      if (away !== undefined) {
        away.add(seat);
        return;
      }
      this.#away.set(roomId, new Set([seat]));
      this.#pace.add(roomId);
    });
    this.#leaving.set(key, cancel);
  }

  #tell(roomId: string): void {
    const away = this.#away.get(roomId) ?? [];
    this.#away.delete(roomId);
    for (const seat of away) this.#onAway(roomId, seat);
  }
}

function keyOf(roomId: string, seat: Seat): string {
  return `${roomId}/${seat}`;
}
