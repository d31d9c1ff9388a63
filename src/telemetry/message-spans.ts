import { type HrTime, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import type { GameNotice } from '../gateway/game-notice.js';
import type { Told } from '../gateway/message-meter.js';
import type { EntryTimes } from '../visualizer/shown-entry.js';

const STAGES = ['wait', 'step', 'commit', 'broadcast'] as const;

/**
 * One trace for each message that a room judged: the whole way from its frame to those of everybody who was told, and its
 * stages below. Spans are made from measured times when all is done, so that nothing is carried along on the way.
 * @param nowMs since the epoch, with fraction
 * @param toldOf what sockets had to do with the notice that is heard
 */
export function messageSpans(
  tracer: Tracer,
  nowMs: () => number,
  toldOf: () => Told,
): (notice: GameNotice, times: EntryTimes | null) => void {
  return (notice, times) => {
    if (notice.kind !== 'applied' && notice.kind !== 'refused') return;
    const endMs = nowMs();
    const { readMs, viewers, frames, bytes } = toldOf();
    const stages: { readonly stage: string; readonly ms: number }[] = [
      ...(readMs === null ? [] : [{ stage: 'socket', ms: readMs }]),
      ...(times === null ? [] : STAGES.map((stage) => ({ stage, ms: times[`${stage}Ms`] }))),
    ];
    const tookMs = stages.reduce((sum, { ms }) => sum + ms, 0);
    const { roomId, seq, message, cause } = notice;
    const root = tracer.startSpan(
      `room ${message.type}`,
      { startTime: hrTime(endMs - tookMs), attributes: { 'correlation.id': cause.correlationId } },
      ROOT_CONTEXT,
    );
    if (root.isRecording()) {
      const { phase, leaf } = notice.view('spectator');
      root.setAttributes({
        'room.id': roomId,
        'room.seq': seq,
        'room.message': message.type,
        'room.outcome': notice.kind,
        'room.phase': phase,
        'room.state': leaf, // after it
        ...(notice.kind === 'refused'
          ? { 'room.refusal': notice.refusal.reason }
          : { 'room.events': notice.events.map(({ type }) => type) }),
      });
      const context = trace.setSpan(ROOT_CONTEXT, root);
      let atMs = endMs - tookMs;
      for (const { stage, ms } of stages) {
        const span = tracer.startSpan(stage, { startTime: hrTime(atMs) }, context);
        if (stage === 'broadcast') span.setAttributes({ viewers, frames, bytes });
        atMs += ms;
        span.end(hrTime(atMs));
      }
    }
    root.end(hrTime(endMs));
  };
}

/** As seconds and nanoseconds: a plain number below the process's start would be read as one of its monotonic times. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
