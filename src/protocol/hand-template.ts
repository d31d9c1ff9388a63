import { type PerSeat, perSeat, type Seat } from '../game/seats.js';
import { jsonCodec } from './frame-codec.js';
import type { WireMessage } from './wire.js';

/** Stands in a message for every reader where the player of that seat reads the own hand. */
export const HAND_OF: PerSeat<string> = perSeat((seat) => `\u0000${seat}`);

/** Such a place in a text, with what separates it from the next member. No name reads like it: its quotes are escaped. */
const PLACE = /"hand":"\\u0000([0-3])",/;

/**
 * The text of a message that differs between its readers only in the hand that each of them reads: encoded once, and put
 * together for each.
 */
export class HandTemplate {
  readonly #parts: readonly string[]; // text, seat, text, seat, …, text

  /** @param message with `HAND_OF` in the place of each hand */
  constructor(message: WireMessage) {
    this.#parts = (jsonCodec.encode(message) as string).split(PLACE);
  }

  /**
   * @param reader null: somebody who has no hand
   * @param hand of the reader, as on the wire
   * @param replyTo id of the reader's message that caused it (protocol.md 7.4)
   */
  text(reader: Seat | null, hand: readonly string[], replyTo: string | null): string {
    const own = String(reader);
    let text = this.#parts[0]!;
    for (let at = 1; at < this.#parts.length; at += 2) {
      if (this.#parts[at] === own) text += `"hand":${JSON.stringify(hand)},`;
      text += this.#parts[at + 1]!;
    }
    // A phase's data is never empty, so one more member goes behind a comma.
    return replyTo === null ? text : `${text.slice(0, -'}}'.length)},"in_reply_to":${JSON.stringify(replyTo)}}}`;
  }
}
