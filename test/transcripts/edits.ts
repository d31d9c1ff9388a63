import { type Got, isPhase, type Line, type Members, pathOf, remove } from './recording.js';

/* What the rewrites have in common: finding, making and dropping lines of a conversation. */

/** Effects of one message follow it in the recordings within this time, on whichever socket. */
export const AT_ONCE_MS = 10;

export type SendLine = Extract<Line, { kind: 'sends' }>;

export function frame(t: number, conn: string, event: string, data: Members): Got {
  return { kind: 'gets', t, conn, event, data };
}

export function isGot(line: Line, event: string): line is Got {
  return line.kind === 'gets' && line.event === event;
}

export function gotLines(lines: readonly Line[], event: string): Got[] {
  return lines.filter((line) => isGot(line, event));
}

export function sentLines(lines: readonly Line[]): SendLine[] {
  return lines.filter((line) => line.kind === 'sends');
}

export function roomIdOf(lines: readonly Line[], conn: string): string {
  return pathOf(lines, conn).slice('/ws/'.length);
}

export function isLobby(lines: readonly Line[], conn: string): boolean {
  return roomIdOf(lines, conn) === 'lobby';
}

export function dropWhere(lines: Line[], unwanted: (line: Line) => boolean): number {
  const found = lines.filter(unwanted);
  for (const line of found) remove(lines, line);
  return found.length;
}

export function before(lines: readonly Line[], line: Line): readonly Line[] {
  return lines.slice(0, lines.indexOf(line));
}

export function lastGot(lines: readonly Line[], wanted: (line: Got) => boolean): Got | undefined {
  return lines.findLast((line): line is Got => line.kind === 'gets' && wanted(line));
}

export function isListBroadcast(line: Line): line is Got {
  return isGot(line, 'room_list_update') && line.data['room_id'] === 'lobby';
}

export function eventOf(line: SendLine): string {
  return line.message?.event ?? '';
}

/** The reason that stands in a phase shown to one socket. */
export const DIRECT = 'to one socket';

export function reasonOf(line: Line): string {
  return isPhase(line) && typeof line.data['reason'] === 'string' ? line.data['reason'] : '';
}
