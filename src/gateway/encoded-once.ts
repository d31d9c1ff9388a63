import type { Frame, FrameCodec } from '../protocol/frame-codec.js';
import type { Traffic } from './traffic.js';

/** One message to many sockets: encoded once for each codec, and each kind of viewer, among them. */
export class EncodedOnce {
  readonly #frames = new Map<FrameCodec, Map<string, Frame>>();
  readonly #traffic: Pick<Traffic, 'encoded'>;

  constructor(traffic: Pick<Traffic, 'encoded'>) {
    this.#traffic = traffic;
  }

  /** @param key of what this viewer sees: equal for all who see the same */
  frame(codec: FrameCodec, key: string, encode: () => Frame): Frame {
    let frames = this.#frames.get(codec);
    if (frames === undefined) {
      frames = new Map();
      this.#frames.set(codec, frames);
    }
    let frame = frames.get(key);
    if (frame === undefined) {
      this.#traffic.encoded++;
      frame = encode();
      frames.set(key, frame);
    }
    return frame;
  }
}
