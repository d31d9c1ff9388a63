import type { DestinationStream } from 'pino';

/** What takes lines, at once or later, and never throws: `process.stderr`, or the thread that writes a file. */
export interface LineStream {
  readonly write: (line: string) => boolean; // false: some of what was written waits
  readonly writableLength?: number; // bytes that wait; a thread does not say
  readonly on: (event: 'error', listener: (failure: Error) => void) => unknown;
}

/** Bytes of lines that may wait; more than a burst at `trace` brings, and little beside the memory of a server. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;
/** At the end of the process whoever reads the lines gets so long to take the last ones. */
export const END_MS = 1_000;

/**
 * Lines to a stream that may stand still: a pipe whose reader hangs, a full disk. The rooms never wait for it. What it
 * does not take at once waits in memory, up to a bound; further lines are lost and counted, and the first line that gets
 * through again has one before it that says how many.
 */
export class BoundedLines implements DestinationStream {
  readonly #stream: LineStream;
  readonly #bytesMax: number;
  #owedBytes = 0; // of a stream that does not say: written since it last took all
  #isFull = false;
  #lost = 0; // since it was last told

  constructor(stream: LineStream, bytesMax = WAITING_BYTES_MAX) {
    this.#stream = stream;
    this.#bytesMax = bytesMax;
    // A line that failed is gone, but the next one may get through: the disk has room again, a named pipe a reader.
    stream.on('error', () => this.#lost++);
  }

  write(line: string): void {
    // Full until half of it is taken, or every other line would be about a lost one.
    this.#isFull = this.#waitingBytes + line.length > (this.#isFull ? this.#bytesMax / 2 : this.#bytesMax);
    if (this.#isFull) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      const lines = this.#lost;
      this.#lost = 0;
      this.#pass(errorLine({ lines }, 'lines of the log were lost'));
    }
    this.#pass(line);
  }

  /** Resolves when all is taken, or after a limit: a process that ends can't wait for a reader that hangs. */
  async end(limitMs = END_MS): Promise<void> {
    const giveUpAt = performance.now() + limitMs;
    while (this.#waitingBytes > 0 && performance.now() < giveUpAt)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  get #waitingBytes(): number {
    return this.#stream.writableLength ?? this.#owedBytes;
  }

  #pass(line: string): void {
    this.#owedBytes = this.#stream.write(line) ? 0 : this.#owedBytes + line.length;
  }
}

let standardError: BoundedLines | undefined;

/** Lines on stderr; one for the process, since what waits is of the process. */
export function stderrLines(): BoundedLines {
  return (standardError ??= new BoundedLines(process.stderr));
}

/** A line about the log itself, which no logger can write. */
export function errorLine(members: object, msg: string): string {
  return `${JSON.stringify({ level: 'error', time: new Date().toISOString(), ...members, msg })}\n`;
}
