/** Says how far a long work is. */
export interface Progress {
  /** @param done 0 to 1 */
  readonly tell: (done: number, text: string) => void;
  readonly end: () => void;
}

/** What a bar is drawn on. */
export interface Drawing {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CHARS = 30;
const CLEAR_LINE = '\r\x1b[K';

/** A bar that is drawn over itself on a terminal; nothing where the stream is none, so that logs stay readable. */
export function progressOn(stream: Drawing): Progress {
  if (stream.isTTY !== true) return NO_PROGRESS;
  let shown = '';
  return {
    tell: (done, text) => {
      const line = progressLine(done, text).slice(0, (stream.columns ?? 80) - 1);
      if (line === shown) return;
      shown = line;
      stream.write(CLEAR_LINE + line);
    },
    end: () => {
      if (shown !== '') stream.write(CLEAR_LINE);
      shown = '';
    },
  };
}

const NO_PROGRESS: Progress = { tell: () => undefined, end: () => undefined };

/** `[###############···············]  50 %  room A1B2C3` */
export function progressLine(done: number, text: string): string {
  const share = Math.min(Math.max(done, 0), 1);
  const full = Math.floor(share * BAR_CHARS);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(full)}${'·'.repeat(BAR_CHARS - full)}] ${percent} %  ${text}`;
}
