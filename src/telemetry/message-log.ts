import type { GameNotice } from '../gateway/gateway.js';
import type { EntryTimes } from '../visualizer/shown-entry.js';
import type { Log } from './log.js';

/**
 * A line for each message that a room judged (debug; its members too at trace), for each that it could not take, and
 * for each that was slow (warn). All carry the correlation id that the journal and the answers carry.
 * @param settings read for each message
 */
export function messageLog(
  log: Pick<Log, 'trace' | 'debug' | 'warn' | 'isLevelEnabled'>,
  settings: { readonly slowOperationMs: number },
): (notice: GameNotice, times: EntryTimes | null) => void {
  return (notice, times) => {
    const { roomId, kind } = notice;
    const { correlationId } = notice.cause;
    if (kind === 'applied') {
      const { seq, message } = notice;
      const tookMs = times === null ? 0 : times.waitMs + times.stepMs + times.commitMs + times.broadcastMs;
      const line = { correlationId, roomId, seq, type: message.type, ...times };
      if (tookMs > settings.slowOperationMs) log.warn(line, 'slow message');
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
