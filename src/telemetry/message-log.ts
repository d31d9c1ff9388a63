import type { GameNotice } from '../gateway/game-notice.js';
import { type Bucket, type BucketSize, draw } from '../limits/token-bucket.js';
import type { EntryTimes } from '../visualizer/shown-entry.js';
import type { Log } from './log.js';

/** Where everything is slow, as after a crash of thousands of rooms, some lines tell as much as all. */
const SLOW_LINES: BucketSize = { capacity: 50, perSecond: 5 };

/**
 * A line for each message that a room judged (debug; its members too at trace), for each that it could not take, and
 * for those that were slow (warn; `unlogged` counts the ones left out since the line before). All carry the correlation
 * id that the journal and the answers carry.
 * @param settings read for each message
 * @param elapsedMs monotonic
 */
export function messageLog(
  log: Pick<Log, 'trace' | 'debug' | 'warn' | 'isLevelEnabled'>,
  settings: { readonly slowOperationMs: number },
  elapsedMs: () => number,
): (notice: GameNotice, times: EntryTimes | null) => void {
  let bucket: Bucket | undefined;
  let unlogged = 0;
  const warnSlow = (line: object): void => {
    const drawn = draw(bucket, SLOW_LINES, elapsedMs());
    bucket = drawn.bucket;
    if (!drawn.ok) {
      unlogged++;
      return;
    }
    log.warn({ ...line, ...(unlogged > 0 && { unlogged }) }, 'slow message');
    unlogged = 0;
  };
  return (notice, times) => {
    const { roomId, kind } = notice;
    const { correlationId } = notice.cause;
    if (kind === 'applied') {
      const { seq, message } = notice;
      const tookMs = times === null ? 0 : times.waitMs + times.stepMs + times.commitMs + times.broadcastMs;
      const line = { correlationId, roomId, seq, type: message.type, ...times };
      if (tookMs > settings.slowOperationMs) warnSlow(line);
      if (!log.isLevelEnabled('debug')) return;
      log.debug({ ...line, events: notice.events.map(({ type }) => type) }, 'message applied');
      log.trace({ correlationId, roomId, message }, 'message');
    } else if (kind === 'refused') {
      const { seq, message, refusal } = notice;
      log.debug({ correlationId, roomId, seq, type: message.type, reason: refusal.reason }, 'message refused');
      log.trace({ correlationId, roomId, message }, 'message');
    } else if (kind === 'unavailable') {
      const line = { correlationId, roomId, why: notice.why };
      if (notice.why === 'failed') log.warn(line, 'message became a dead letter');
      else log.debug(line, 'message not taken');
    } else if (kind !== 'released') {
      log.debug({ correlationId, roomId, kind }, 'room answered');
    }
  };
}
