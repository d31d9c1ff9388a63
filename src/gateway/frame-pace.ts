import type { Cancel, Clock } from '../../actors/clock.js';
import { type Bucket, type BucketSize, draw } from '../limits/token-bucket.js';
import type { Frame } from '../protocol/frame-codec.js';

/** Frames that one socket is read, at once and a second, whatever they are: the only limit at TIME_SCALE 0. */
const FRAMES: BucketSize = { capacity: 200, perSecond: 200 };
/** What had been read when the socket was paused waits here, in order: a chunk of the network holds 64 KiB. */
const WAITING_MAX = { count: 1_000, bytes: 256 * 1024 };
/** A paused socket is looked at that often: ten frames at a time, which holds nobody else up. */
const LOOK_MS = 50;
/** A flood is over when nothing waited for so long; the bucket is full again then. */
const CALM_MS = 1_000;
/** Who floods for so long does not mean to stop. */
const FLOOD_MS = 30_000;

/** What waits of a socket. */
export interface Waiting {
  readonly count: number;
  readonly bytes: number;
}

export interface FrameVerdict {
  readonly kind: 'read' | 'wait' | 'refuse';
  readonly bucket: Bucket | undefined;
}

/**
 * What is to become of a frame that has come, before anybody decodes it: reading garbage is dearer than reading a
 * message. Behind a frame that waits each one waits, so that they keep their order.
 * @param factor on the limit; Infinity = off
 */
export function judgeFrame(
  bucket: Bucket | undefined,
  { count, bytes }: Waiting,
  factor: number,
  nowMs: number,
): FrameVerdict {
  if (count > 0) return { kind: count < WAITING_MAX.count && bytes < WAITING_MAX.bytes ? 'wait' : 'refuse', bucket };
  if (factor === Infinity) return { kind: 'read', bucket };
  const drawn = draw(bucket, sizeAt(factor), nowMs);
  return { kind: drawn.ok ? 'read' : 'wait', bucket: drawn.bucket };
}

function sizeAt(factor: number): BucketSize {
  const capacity = Math.max(Math.floor(FRAMES.capacity * factor), 1);
  return { capacity, perSecond: FRAMES.perSecond * factor };
}

export interface FramePacePorts {
  readonly clock: Clock;
  readonly settings: { readonly rateLimitFactor: number }; // read for each frame
  readonly read: (frame: Frame, binary: boolean) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly onSlowed: () => void; // reading pauses
  readonly onRefused: () => void; // a frame is dropped: too many wait
  readonly onFlooding: () => void; // it has gone on for too long
}

/**
 * Reads the frames of one socket at the pace of its limit. What comes faster stays in the network: the socket is not
 * read from until tokens come back, and its sender feels that.
 */
export class FramePace {
  readonly #ports: FramePacePorts;
  readonly #waiting: { readonly frame: Frame; readonly binary: boolean }[] = [];
  #bytes = 0; // of those
  #bucket: Bucket | undefined;
  #isPaused = false;
  #isStopped = false;
  #look: Cancel = () => undefined;
  #floodSinceMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs = Number.NEGATIVE_INFINITY;

  constructor(ports: FramePacePorts) {
    this.#ports = ports;
  }

  offer(frame: Frame, binary: boolean): void {
    if (this.#isStopped) return;
    const { clock, settings, read, onRefused } = this.#ports;
    const waiting = { count: this.#waiting.length, bytes: this.#bytes };
    const { kind, bucket } = judgeFrame(this.#bucket, waiting, settings.rateLimitFactor, clock.elapsedMs());
    this.#bucket = bucket;
    if (kind === 'read') read(frame, binary);
    else if (kind === 'refuse') onRefused();
    else {
      this.#waiting.push({ frame, binary });
      this.#bytes += frame.length;
      this.#hold();
    }
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isStopped = true;
    this.#look();
    this.#waiting.length = 0;
    this.#bytes = 0;
  }

  #hold(): void {
    if (this.#isPaused) return;
    const { clock, pause, onSlowed } = this.#ports;
    this.#isPaused = true;
    if (clock.elapsedMs() - this.#calmSinceMs > CALM_MS) this.#floodSinceMs = clock.elapsedMs();
    pause();
    onSlowed();
    this.#lookLater();
  }

  #lookLater(): void {
    this.#look = this.#ports.clock.schedule(LOOK_MS, () => this.#goOn());
  }

  #goOn(): void {
    const { clock, read, resume, onFlooding } = this.#ports;
    if (clock.elapsedMs() - this.#floodSinceMs >= FLOOD_MS) {
      onFlooding();
      return;
    }
    while (this.#waiting.length > 0 && this.#draw()) {
      const { frame, binary } = this.#waiting.shift()!;
      this.#bytes -= frame.length;
      read(frame, binary);
    }
    if (this.#isStopped) return;
    if (this.#waiting.length > 0) {
      this.#lookLater();
      return;
    }
    this.#isPaused = false;
    this.#calmSinceMs = clock.elapsedMs();
    resume(); // last: what was held back may come within the call
  }

  #draw(): boolean {
    const { clock, settings } = this.#ports;
    if (settings.rateLimitFactor === Infinity) return true;
    const drawn = draw(this.#bucket, sizeAt(settings.rateLimitFactor), clock.elapsedMs());
    this.#bucket = drawn.bucket;
    return drawn.ok;
  }
}
