import type { Traffic } from './traffic.js';

/** What sockets had to do with a message. */
export interface Told {
  readonly readMs: number | null; // since its frame was begun to be read, until its room had it; null where no client sent it
  readonly viewers: number; // sockets in the room
  readonly frames: number; // that it caused, answers included
  readonly bytes: number; // of them
}

/** Measures the gateway's part of each message for its trace. It runs whether traces are sent or not. */
export class MessageMeter {
  /** Of the notice that was heard last: for who hears it next. */
  last: Told = { readMs: null, viewers: 0, frames: 0, bytes: 0 };
  readonly #elapsedMs: () => number;
  readonly #traffic: Pick<Traffic, 'framesOut' | 'bytesOut'>;
  #frameMs: number | null = null; // monotonic: when the frame that is being read was begun with

  constructor(elapsedMs: () => number, traffic: Pick<Traffic, 'framesOut' | 'bytesOut'>) {
    this.#elapsedMs = elapsedMs;
    this.#traffic = traffic;
  }

  frameBegun(): void {
    this.#frameMs = this.#elapsedMs();
  }

  frameRead(): void {
    this.#frameMs = null;
  }

  /** Since the frame was begun that is being read; null where none is. */
  get readMs(): number | null {
    return this.#frameMs === null ? null : this.#elapsedMs() - this.#frameMs;
  }

  /** @param before what had been sent before anybody was told */
  told(readMs: number | null, viewers: number, before: Pick<Traffic, 'framesOut' | 'bytesOut'>): void {
    this.last = {
      readMs,
      viewers,
      frames: this.#traffic.framesOut - before.framesOut,
      bytes: this.#traffic.bytesOut - before.bytesOut,
    };
  }
}
