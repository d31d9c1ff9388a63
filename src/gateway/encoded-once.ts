import type { Frame, FrameCodec } from '../protocol/frame-codec.js';
import type { WireMessage } from '../protocol/wire.js';
import type { Traffic } from './traffic.js';

/** One message to many sockets: made once for each kind of viewer, and encoded once for each codec among them. */
export class EncodedOnce {
  readonly #messages = new Map<string, WireMessage>();
  readonly #frames = new Map<FrameCodec, Map<string, Frame>>();
  readonly #traffic: Pick<Traffic, 'encoded'>;

  constructor(traffic: Pick<Traffic, 'encoded'>) {
    this.#traffic = traffic;
  }

  /** @param key of what this viewer sees: equal for all who see the same */
  frame(codec: FrameCodec, key: string, make: () => WireMessage): Frame {
    let frames = this.#frames.get(codec);
    if (frames === undefined) {
      frames = new Map();
      this.#frames.set(codec, frames);
    }
    let frame = frames.get(key);
    if (frame === undefined) {
      let message = this.#messages.get(key);
      if (message === undefined) {
        message = make();
        this.#messages.set(key, message);
      }
      this.#traffic.encoded++;
      frame = codec.encode(message);
      frames.set(key, frame);
    }
    return frame;
  }
}
