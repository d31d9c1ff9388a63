import { ANY_TEXT } from '../compare.js';
import {
  AT_ONCE_MS,
  before,
  dropWhere,
  eventOf,
  frame,
  isGot,
  isLobby,
  roomIdOf,
  type SendLine,
  sentLines,
} from '../edits.js';
import { type Line, remove, sends } from '../recording.js';

export function answerBadFrames(lines: Line[]): number {
  let uses = 0;
  for (const closed of lines.filter((line) => line.kind === 'closed')) {
    const { conn } = closed;
    if (lines.some((line) => line.conn === conn && line.kind === 'closes')) continue;
    const cause = before(lines, closed).findLast((line) => line.conn === conn && line.kind !== 'gets')!;
    uses++;
    const isAck = cause.kind === 'sends' && cause.message?.event === 'ack';
    const answer = frame(cause.t, conn, 'error', { message: ANY_TEXT, type: 'validation_error' });
    const room = isLobby(lines, conn) ? {} : { room_id: roomIdOf(lines, conn) };
    lines.splice(
      lines.indexOf(closed),
      1,
      ...(isAck ? [] : [answer]),
      sends(closed.t, conn, JSON.stringify({ event: 'ping', data: { timestamp: 1 } })),
      frame(closed.t, conn, 'pong', { timestamp: 1, server_time: 0, ...room }),
      { kind: 'closes', t: closed.t, conn, code: null },
      { kind: 'closed', t: closed.t, conn, code: 1006 },
    );
    dropWhere(
      lines,
      (line) =>
        line.t >= cause.t &&
        line.t <= cause.t + AT_ONCE_MS &&
        (isGot(line, 'player_disconnected') || isGot(line, 'host_changed')),
    );
  }
  return uses;
}

const FRAME_BYTES_MAX = 1024 * 1024;

export function closeTooLarge(lines: Line[]): number {
  let uses = 0;
  for (const line of sentLines(lines)) {
    const { t, conn } = line;
    if (line.text.length <= FRAME_BYTES_MAX || lines.some((other) => isClosedFor(other, conn, 1009))) continue;
    dropWhere(lines, (other) => other.conn === conn && (other.kind === 'gets' || other.kind === 'closed'));
    lines.splice(lines.indexOf(line) + 1, 0, { kind: 'closed', t, conn, code: 1009 });
    uses++;
  }
  return uses;
}

function isClosedFor(line: Line, conn: string, code: number): boolean {
  return line.kind === 'closed' && line.conn === conn && line.code === code;
}

export function refuseTrueAsNumber(lines: Line[]): number {
  let uses = 0;
  for (const line of sentLines(lines)) {
    if (line.message?.data['value'] !== true) continue;
    const { conn } = line;
    const next = lines.slice(lines.indexOf(line) + 1).find((other) => other.conn === conn);
    if (next?.kind === 'gets') remove(lines, next);
    const answer = { message: 'Invalid message: Declaration value must be an integer', type: 'validation_error' };
    lines.splice(lines.indexOf(line) + 1, 0, frame(line.t, conn, 'error', answer));
    uses++;
  }
  return uses;
}

const ANSWERS: ReadonlySet<string> = new Set(['error', 'room_list_update', 'game_started']);

/** Of a series of messages of one event the last ones, which got no answer, were beyond its limit. */
export function answerTooMany(lines: Line[]): number {
  let uses = 0;
  for (const conn of new Set(lines.map((line) => line.conn))) {
    const own = lines.filter((line) => line.conn === conn);
    for (const event of new Set(own.flatMap((line) => (line.kind === 'sends' ? [eventOf(line)] : [])))) {
      const series = own.filter((line): line is SendLine => line.kind === 'sends' && eventOf(line) === event);
      if (series.length === 1) continue;
      const last = own.indexOf(series.at(-1)!);
      const next = own.findIndex((line, index) => index > last && line.kind !== 'gets');
      const span = own.slice(own.indexOf(series[0]!), next);
      const answers = span.filter((line) => line.kind === 'gets' && ANSWERS.has(line.event)).length;
      for (const line of series.slice(answers)) {
        const answer = { message: ANY_TEXT, type: 'rate_limited', retry_after: 0, action: event };
        lines.splice(lines.indexOf(line) + 1, 0, frame(line.t, conn, 'error', answer));
        uses++;
      }
    }
  }
  return uses;
}
