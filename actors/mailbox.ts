/** Lanes in the order in which they are served; order holds inside a lane. */
export const LANES = ['system', 'timer', 'player', 'bot'] as const;
export type Lane = (typeof LANES)[number];

export interface MailboxOptions {
  readonly countMax?: number; // messages waiting at most; the next one is refused
  readonly bytesMax?: number; // sum of the sizes of the waiting messages
}

export interface Mail {
  readonly lane: Lane;
  readonly bytes: number; // as the sender sent it; 0 for our own
  /** At most one message of a slot waits, the newest; it is never refused (timers, presence). */
  readonly slot?: string;
}

export type Offer<M = unknown> =
  | { readonly kind: 'accepted'; readonly superseded?: M } // the message that waited in the same slot
  | { readonly kind: 'refused'; readonly reason: 'mailboxFull' };

const ACCEPTED = { kind: 'accepted' } as const;
const FULL = { kind: 'refused', reason: 'mailboxFull' } as const;

/** The bounded queue in front of a room. Empty lanes own no memory but their array. */
export class Mailbox<M extends Mail> {
  readonly #lanes: Record<Lane, M[]> = { system: [], timer: [], player: [], bot: [] };
  readonly #countMax: number;
  readonly #bytesMax: number;
  #count = 0;
  #bytes = 0;

  constructor({ countMax = 256, bytesMax = 256 * 1024 }: MailboxOptions = {}) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many wait in each lane. */
  get lanes(): Readonly<Record<Lane, number>> {
    const { system, timer, player, bot } = this.#lanes;
    return { system: system.length, timer: timer.length, player: player.length, bot: bot.length };
  }

  offer(mail: M): Offer<M> {
    const lane = this.#lanes[mail.lane];
    let superseded: M | undefined;
    if (mail.slot !== undefined) {
      const waiting = lane.findIndex((other) => other.slot === mail.slot);
      if (waiting >= 0) superseded = this.#remove(lane, waiting);
    } else if (this.#count >= this.#countMax || this.#bytes + mail.bytes > this.#bytesMax) {
      return FULL;
    }
    lane.push(mail);
    this.#count++;
    this.#bytes += mail.bytes;
    return superseded === undefined ? ACCEPTED : { kind: 'accepted', superseded };
  }

  /** Every waiting message, by lane and order. */
  *waiting(): IterableIterator<M> {
    for (const name of LANES) yield* this.#lanes[name];
  }

  /** Puts a message that was taken back in front of its lane: it was let in before, so it is never refused. */
  putBack(mail: M): void {
    this.#lanes[mail.lane].unshift(mail);
    this.#count++;
    this.#bytes += mail.bytes;
  }

  /** Takes a message out of turn. @returns whether it still waited */
  remove(mail: M): boolean {
    const lane = this.#lanes[mail.lane];
    const index = lane.indexOf(mail);
    if (index >= 0) this.#remove(lane, index);
    return index >= 0;
  }

  /** The next message by lane and order, or undefined. */
  take(): M | undefined {
    for (const name of LANES) {
      const lane = this.#lanes[name];
      if (lane.length > 0) return this.#remove(lane, 0);
    }
    return undefined;
  }

  #remove(lane: M[], index: number): M {
    const [mail] = lane.splice(index, 1) as [M];
    this.#count--;
    this.#bytes -= mail.bytes;
    return mail;
  }
}
