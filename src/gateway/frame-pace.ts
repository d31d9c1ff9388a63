import type { Cancel, Clock } from '../../actors/clock.js';
import { type Bucket, type BucketSize, draw } from '../limits/token-bucket.js';
import type { Frame } from '../protocol/frame-codec.js';
import type { ReadingShare } from './reading-shares.js';

/** Frames that one socket is read, at once and a second, whatever they are: the only limit at TIME_SCALE 0. */
const FRAMES: BucketSize = { capacity: 200, perSecond: 200 };
/** What had been read when the socket was paused waits here, in order: a chunk of the network holds 64 KiB. */
const WAITING_MAX = { count: 1_000, bytes: 256 * 1024 };
/** A socket without tokens is looked at that often. */
const LOOK_MS = 50;
/** One whose messages are not answered is looked at that often: an operator may hold its room since then. */
const UNANSWERED_LOOK_MS = 1_000;
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
 * @param factor on the limit; Infinity = off, and then what waits is bounded by its bytes alone
 */
export function judgeFrame(
  bucket: Bucket | undefined,
  { count, bytes }: Waiting,
  factor: number,
  nowMs: number,
): FrameVerdict {
  if (count > 0) {
    const isFull = bytes >= WAITING_MAX.bytes || (count >= WAITING_MAX.count && factor !== Infinity);
    return { kind: isFull ? 'refuse' : 'wait', bucket };
  }
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
  readonly share: ReadingShare; // with other sockets of its seat, or of its room
  readonly read: (frame: Frame, binary: boolean) => void;
  readonly mayRead: () => boolean; // false while too many of its messages are unanswered
  readonly pause: () => void;
  readonly resume: () => void;
  readonly onOutOfTurn: () => void; // a frame waits for others with its share
  readonly onSlowed: () => void; // its limit makes a frame wait
  readonly onRefused: () => void; // a frame is dropped: too many wait
  readonly onFlooding: () => void; // it has gone on for too long
}

/**
 * Reads the frames of one socket at the pace of its limit, in turn with those that have its share, and no faster than
 * they are answered. What comes faster stays in the network: the socket is not read from until it is its turn again, and
 * its sender feels that.
 */
export class FramePace {
  readonly #ports: FramePacePorts;
  readonly #waiting: { readonly frame: Frame; readonly binary: boolean }[] = [];
  #bytes = 0; // of those
  #bucket: Bucket | undefined;
  #isStopped = false;
  #look: Cancel = () => undefined;
  #awaitsAnswer = false;
  #isFlooding = false;
  #floodSinceMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs = Number.NEGATIVE_INFINITY;

  constructor(ports: FramePacePorts) {
    this.#ports = ports;
  }

  offer(frame: Frame, binary: boolean): void {
    if (this.#isStopped) return;
    const { mayRead, share, pause, read, onOutOfTurn, onRefused } = this.#ports;
    const isFirst = this.#waiting.length === 0;
    const isUnanswered = isFirst && !mayRead();
    const isOutOfTurn = isFirst && !isUnanswered && !share.take();
    const kind = isUnanswered || isOutOfTurn ? 'wait' : this.#judge();
    if (kind === 'read') read(frame, binary);
    else if (kind === 'refuse') onRefused();
    else {
      this.#waiting.push({ frame, binary });
      this.#bytes += frame.length;
      if (!isFirst) return;
      pause();
      if (isOutOfTurn) {
        onOutOfTurn();
        this.#readNext();
      } else this.#holdBack();
    }
  }

  /** One of its messages was answered: it may be its turn again. */
  answered(): void {
    if (!this.#awaitsAnswer || !this.#ports.mayRead()) return;
    this.#look();
    this.#readNext();
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isStopped = true;
    this.#look();
    this.#waiting.length = 0;
    this.#bytes = 0;
  }

  #judge(): FrameVerdict['kind'] {
    const { clock, settings } = this.#ports;
    const waiting = { count: this.#waiting.length, bytes: this.#bytes };
    const { kind, bucket } = judgeFrame(this.#bucket, waiting, settings.rateLimitFactor, clock.elapsedMs());
    this.#bucket = bucket;
    return kind;
  }

  /** Until its messages are answered, or until tokens come back. */
  #holdBack(): void {
    const { clock, mayRead, onSlowed, onFlooding } = this.#ports;
    const nowMs = clock.elapsedMs();
    if (!mayRead()) {
      this.#awaitsAnswer = true;
      this.#lookIn(UNANSWERED_LOOK_MS);
      return;
    }
    if (!this.#isFlooding) {
      this.#isFlooding = true;
      if (nowMs - this.#calmSinceMs > CALM_MS) this.#floodSinceMs = nowMs;
      onSlowed();
    }
    if (nowMs - this.#floodSinceMs >= FLOOD_MS) onFlooding();
    else this.#lookIn(LOOK_MS);
  }

  #lookIn(delayMs: number): void {
    const { clock, mayRead } = this.#ports;
    // Who may not be read yet uses up no turn of those with its share.
    this.#look = clock.schedule(delayMs, () => (mayRead() ? this.#readNext() : this.#holdBack()));
  }

  /** In a later turn of the event loop, when its share has one for it: all others have theirs in between. */
  #readNext(): void {
    this.#awaitsAnswer = false;
    this.#ports.share.next(() => this.#goOn());
  }

  #goOn(): void {
    const { clock, mayRead, read, resume } = this.#ports;
    this.#awaitsAnswer = false;
    const [next] = this.#waiting;
    if (next === undefined) return; // stopped meanwhile
    if (!mayRead() || !this.#draw()) {
      this.#holdBack();
      return;
    }
    this.#waiting.shift();
    this.#bytes -= next.frame.length;
    read(next.frame, next.binary);
    if (this.#isStopped) return;
    if (this.#waiting.length > 0) {
      this.#readNext();
      return;
    }
    if (this.#isFlooding) this.#calmSinceMs = clock.elapsedMs();
    this.#isFlooding = false;
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
