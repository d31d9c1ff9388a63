import type { Cancel, Clock } from '../../actors/clock.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { Seat } from '../game/seats.js';
import type { AppliedNotice } from './game-notice.js';

/** An event and the entry that it stands in. */
export interface News {
  readonly event: RoomEvent;
  readonly notice: AppliedNotice;
}

/** A room hears of players who stay away at once, and then at most that often. */
const INTERVAL_MS = 250;

/**
 * That players stay away, coalesced: when many connections of a room drop together, what the newest news tells too is
 * not told before. Whoever tells a room anything else flushes it first, so that the order holds.
 */
export class PresenceNews {
  readonly #held = new Map<string, { readonly news: News[]; readonly cancel: Cancel }>(); // by room
  readonly #clock: Clock;
  readonly #tell: (roomId: string, news: readonly News[]) => void;

  constructor(clock: Clock, tell: (roomId: string, news: readonly News[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** An entry that the gateway itself caused: nobody waits for an answer. */
  add(notice: AppliedNotice): void {
    const { roomId } = notice;
    const news = notice.events.map((event) => ({ event, notice }));
    const held = this.#held.get(roomId);
    if (held !== undefined) {
      held.news.push(...news);
      return;
    }
    this.#wait(roomId);
    this.#tell(roomId, news);
  }

  flush(roomId: string): void {
    const held = this.#held.get(roomId);
    if (held === undefined) return;
    held.cancel();
    this.#held.delete(roomId);
    if (held.news.length > 0) this.#tell(roomId, coalesced(held.news));
  }

  stop(): void {
    for (const { cancel } of this.#held.values()) cancel();
    this.#held.clear();
  }

  #wait(roomId: string): void {
    const cancel = this.#clock.schedule(INTERVAL_MS, () => {
      const { news } = this.#held.get(roomId)!;
      this.#held.delete(roomId);
      if (news.length === 0) return;
      this.#wait(roomId);
      this.#tell(roomId, coalesced(news));
    });
    this.#held.set(roomId, { news: [], cancel });
  }
}

/**
 * Seats that became free one after the other are one new list of seats, the newest; a host role that went from one to
 * the next went from the first to the last. Each player who stays away is told of by name.
 */
export function coalesced(news: readonly News[]): readonly News[] {
  const freed = news.findLast(({ event }) => event.type === 'seatFreed');
  const host = news.findLast(({ event }) => event.type === 'hostChanged');
  const firstHost = news.find(({ event }) => event.type === 'hostChanged')?.event as
    | { readonly from: Seat }
    | undefined;
  return news.flatMap((one): readonly News[] => {
    const { event, notice } = one;
    if (event.type === 'seatFreed') return one === freed ? [one] : [];
    if (event.type !== 'hostChanged') return [one];
    if (one !== host || event.to === firstHost!.from) return [];
    return [{ event: { ...event, from: firstHost!.from }, notice }];
  });
}
