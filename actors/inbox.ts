import type { InboxRow, RowChange } from '../persistence/rows.js';
import { type Envelope, letter } from './envelope.js';
import { LANES, type Lane } from './mailbox.js';
import type { Message, Untimed } from './room-definition.js';

const POSITION_DIGITS = 10;

/** A room's part of the inbox: messages that wait on the disk (checklist MQ-1), in their order. */
export class Inbox<M extends Message> {
  readonly #roomId: string;
  #lastPosition = 0;
  #isLoaded = false;

  constructor(roomId: string) {
    this.#roomId = roomId;
  }

  /** Whether all that waits on the disk is known: before that, a new message could take the place of one that waits. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /**
   * Gives a message its place.
   * @returns the row to write; from now on the row goes away with whatever settles the message
   */
  put(envelope: Envelope<M>, at: number): RowChange {
    if (envelope.body.kind !== 'message') throw new Error('only messages wait in the inbox');
    if (!this.#isLoaded) throw new Error(`the inbox of room ${this.#roomId} is not loaded`);
    const position = ++this.#lastPosition;
    const id = `${this.#roomId}/${String(position).padStart(POSITION_DIGITS, '0')}`;
    const { cause, lane, slot = null, bytes } = envelope;
    const { session, messageId, correlationId } = cause;
    const message = JSON.stringify(envelope.body.message);
    envelope.settles.push({ kind: 'delete', table: 'inbox', key: id });
    const values = {
      roomId: this.#roomId,
      position,
      at,
      lane,
      slot,
      bytes,
      message,
      session,
      messageId,
      correlationId,
    };
    return { kind: 'put', table: 'inbox', key: id, values };
  }

  /** Messages that an earlier process, or an earlier stay in memory, left behind. Rows in order of position. */
  load(rows: readonly InboxRow[]): Envelope<M>[] {
    this.#isLoaded = true;
    return rows.map((row) => {
      this.#lastPosition = Math.max(this.#lastPosition, row.position);
      const { session, messageId, correlationId, bytes, slot } = row;
      const envelope = letter<M>(
        { kind: 'message', message: JSON.parse(row.message) as Untimed<M> },
        { session, messageId, correlationId },
        { lane: laneOf(row.lane), bytes, ...(slot !== null && { slot }) },
      );
      envelope.settles.push({ kind: 'delete', table: 'inbox', key: row.id });
      return envelope;
    });
  }
}

export function isParked<M extends Message>({ settles }: Envelope<M>): boolean {
  return settles.some(({ table }) => table === 'inbox');
}

function laneOf(name: string): Lane {
  const lane = LANES.find((known) => known === name);
  if (lane === undefined) throw new Error(`the inbox holds a message of an unknown lane ${name}`);
  return lane;
}
