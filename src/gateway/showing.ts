import { type Frame, type FrameCodec, jsonCodec } from '../protocol/frame-codec.js';
import { HandTemplate } from '../protocol/hand-template.js';
import { type Reader, running, wireHand } from '../protocol/phase-change.js';
import type { Projection } from '../protocol/projector.js';
import { inReplyTo, stamped, type WireMessage } from '../protocol/wire.js';
import type { Seat } from '../game/seats.js';
import { EncodedOnce } from './encoded-once.js';
import type { AppliedNotice } from './game-notice.js';
import type { Traffic } from './traffic.js';

/** One message of an entry to all sockets of its room. What they share is made once, however many there are. */
export class Showing {
  readonly #projection: Projection;
  readonly #notice: Pick<AppliedNotice, 'at' | 'view'>;
  readonly #once: EncodedOnce;
  #template: HandTemplate | undefined;

  constructor(projection: Projection, notice: Pick<AppliedNotice, 'at' | 'view'>, traffic: Pick<Traffic, 'encoded'>) {
    this.#projection = projection;
    this.#notice = notice;
    this.#once = new EncodedOnce(traffic);
  }

  /**
   * @param seat of the viewer
   * @param replyTo id of the viewer's message that caused it
   */
  frame(codec: FrameCodec, seat: Seat | null, replyTo: string | null): Frame {
    const reader = this.#projection.private ? seat : null;
    const key = `${reader ?? '-'}${replyTo === null ? '' : '!'}`;
    return this.#once.frame(codec, key, () => this.#encode(codec, reader, replyTo));
  }

  #encode(codec: FrameCodec, reader: Seat | null, replyTo: string | null): Frame {
    if (!this.#projection.private || codec !== jsonCodec) return codec.encode(inReplyTo(this.#make(reader), replyTo));
    this.#template ??= new HandTemplate(this.#make('each'));
    const hand = reader === null ? [] : wireHand(running(this.#notice.view(reader)), reader);
    return this.#template.text(reader, hand, replyTo);
  }

  #make(reader: Reader): WireMessage {
    const { at, view } = this.#notice;
    const seen = view(reader === null || reader === 'each' ? 'spectator' : reader);
    return stamped(this.#projection.make(seen, reader), { atMs: at, roomId: seen.code });
  }
}
