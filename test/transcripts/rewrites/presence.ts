import {
  AT_ONCE_MS,
  before,
  DIRECT,
  dropWhere,
  frame,
  gotLines,
  isGot,
  isListBroadcast,
  lastGot,
  roomIdOf,
} from '../edits.js';
import {
  endOf,
  type Got,
  insertByTime,
  isPhase,
  type Line,
  type Members,
  nameOfConnection,
  playersOf,
  remove,
} from '../recording.js';

const GRACE_MS = 3_000;

/** Sockets that the server dropped because it could not show the turn to who came back. */
export function returnInMidTurn(lines: Line[]): number {
  const dropped = lines.filter(
    (line): line is Extract<Line, { kind: 'closed' }> =>
      line.kind === 'closed' &&
      lines.some((got) => got.conn === line.conn && isGot(got, 'room_state_update')) &&
      !lines.some((other) => other.conn === line.conn && (other.kind === 'closes' || isPhase(other))),
  );
  dropped.forEach((closed, index) => {
    const { conn } = closed;
    const name = nameOfConnection(lines, conn);
    if (index > 0) {
      const opened = lines.find((line) => line.conn === conn)!.t;
      dropWhere(
        lines,
        (line) =>
          line.conn === conn ||
          (line.kind === 'gets' && line.data['player_name'] === name && line.t >= opened && line.t <= closed.t),
      );
      return;
    }
    const shown = lines.find((line) => line.conn === conn && isGot(line, 'room_state_update'))!;
    const returned = lines.find((line) => isGot(line, 'player_reconnected') && line.t >= shown.t) as Got;
    const now = lastGot(before(lines, shown), (line) => isPhase(line) && 'reason' in line.data)!;
    const away = lines.find((line) => isGot(line, 'player_disconnected') && line.t >= returned.t)!;
    lines.splice(
      lines.indexOf(returned) + 1,
      0,
      { ...structuredClone(returned), conn },
      { ...structuredClone(now), t: returned.t, conn },
      { kind: 'closes', t: returned.t, conn, code: null },
    );
    // The socket's end comes before what it causes.
    remove(lines, closed);
    lines.splice(lines.indexOf(away), 0, { ...closed, t: returned.t, code: 1006 });
  });
  return dropped.length;
}

export function keepPresent(lines: Line[]): number {
  return dropWhere(lines, (line) => {
    if (!isGot(line, 'player_disconnected')) return false;
    const roomId = line.data['room_id'] as string;
    return lines.some(
      (other) =>
        other.kind === 'opens' &&
        other.t < line.t &&
        other.path.endsWith(roomId) &&
        nameOfConnection(lines, other.conn) === line.data['player_name'] &&
        endOf(lines, other.conn) > line.t,
    );
  });
}

/** What a lost socket causes comes when the grace is over, to who is still there; and not at all after a return. */
export function waitForReturn(lines: Line[]): number {
  let uses = 0;
  for (const end of lines.filter((line) => line.kind === 'closes')) {
    const { conn } = end;
    const name = nameOfConnection(lines, conn);
    const roomId = roomIdOf(lines, conn);
    if (name === null || roomId === 'lobby') continue;
    const caused = lines.filter((line): line is Got => isCausedByEnd(lines, line, end.t, name, roomId));
    if (caused.length === 0) continue;
    const due = end.t + GRACE_MS;
    const returns = lines.some(
      (line) => line.kind === 'opens' && line.t > end.t && line.t < due && isOf(lines, line.conn, name, roomId),
    );
    for (const line of caused) {
      remove(lines, line);
      if (!returns && endOf(lines, line.conn) > due) insertByTime(lines, { ...line, t: due });
    }
    keepSeat(lines, name, roomId, end.t, returns ? Infinity : due);
    uses += caused.length;
  }
  showBots(lines);
  return uses;
}

function isOf(lines: readonly Line[], conn: string, name: string, roomId: string): boolean {
  return roomIdOf(lines, conn) === roomId && nameOfConnection(lines, conn) === name;
}

function isCausedByEnd(lines: readonly Line[], line: Line, endT: number, name: string, roomId: string): boolean {
  if (line.kind !== 'gets' || line.t < endT || line.t > endT + AT_ONCE_MS) return false;
  const { event, data } = line;
  if (event === 'player_disconnected') return data['player_name'] === name;
  if (event === 'host_changed') return data['old_host'] === name;
  const inRoom = roomIdOf(lines, line.conn) === roomId;
  if (event === 'room_closed') return inRoom && data['reason'] === 'host_left';
  if (event === 'room_update') return inRoom && 'timestamp' in data;
  return isListBroadcast(line) && lines.some((other) => isCausedInRoom(lines, other, endT, roomId));
}

function isCausedInRoom(lines: readonly Line[], line: Line, endT: number, roomId: string): boolean {
  return (
    line.t >= endT &&
    line.t <= endT + GRACE_MS + AT_ONCE_MS &&
    (isGot(line, 'room_update') || isGot(line, 'room_closed')) &&
    roomIdOf(lines, line.conn) === roomId
  );
}

/** Until then the seat is still the lost player's. */
function keepSeat(lines: Line[], name: string, roomId: string, from: number, until: number): void {
  const known = lines.find(
    (line): line is Got => isGot(line, 'room_state_update') && isOf(lines, line.conn, name, roomId),
  );
  const slots = Object.entries((known?.data['slots'] ?? {}) as Record<string, Members | null>);
  const [slot, entry] = slots.find(([, player]) => player?.['name'] === name) ?? [];
  if (slot === undefined) return;
  for (const line of lines) {
    if (line.kind !== 'gets' || line.t < from || line.t >= until || roomIdOf(lines, line.conn) !== roomId) continue;
    if (line.event === 'room_state_update') (line.data['slots'] as Members)[slot] = entry;
    if (line.event === 'room_update') (line.data['players'] as unknown[])[Number(slot.slice(1)) - 1] = entry;
  }
}

/** A player is shown as a bot from `player_disconnected` to `player_reconnected`. */
function showBots(lines: readonly Line[]): void {
  const away = new Map<string, boolean>();
  for (const line of lines) {
    if (line.kind !== 'gets') continue;
    const name = String(line.data['player_name']);
    if (line.event === 'player_disconnected') away.set(name, true);
    if (line.event === 'player_reconnected') away.set(name, false);
    if (!isPhase(line)) continue;
    for (const [player, entry] of Object.entries(playersOf(line))) {
      if (entry['avatar_color'] !== null && 'is_bot' in entry) entry['is_bot'] = away.get(player) ?? false;
    }
  }
}

export function tellMissed(lines: Line[]): number {
  let uses = 0;
  for (const returned of gotLines(lines, 'player_reconnected')) {
    const { conn } = returned;
    const name = returned.data['player_name'] as string;
    if (nameOfConnection(lines, conn) !== name) continue;
    const early = before(lines, returned);
    const left = early.findLastIndex((line) => isGot(line, 'player_disconnected') && line.data['player_name'] === name);
    const isTold = (line: Line): line is Got => isGot(line, 'turn_complete') || isGot(line, 'host_changed');
    const missed = early.slice(left).filter(isTold);
    if (missed.length === 0) continue;
    const messages = missed.map(({ event, data }) => {
      const told = { ...data };
      delete told['timestamp'];
      delete told['room_id'];
      return { event_type: event, data: told, timestamp: 0, sequence: 0, is_critical: false };
    });
    lines.splice(
      lines.indexOf(returned) + 1,
      0,
      frame(returned.t, conn, 'queued_messages', { messages, count: messages.length }),
    );
    uses++;
  }
  return uses;
}

/** Replies that overtook: a leaver's confirmation, and the phase shown to who comes back. */
export function sendInOrder(lines: Line[]): number {
  let uses = 0;
  for (const reply of lines.filter((line): line is Got => line.kind === 'gets')) {
    const isDirectPhase = isPhase(reply) && reply.data['reason'] === DIRECT;
    if (reply.event !== 'player_left' && !isDirectPhase) continue;
    const overtaken = reply.event === 'player_left' ? ['room_update', 'room_closed'] : ['player_reconnected'];
    const next = lines.slice(lines.indexOf(reply) + 1).find((line) => line.conn === reply.conn);
    if (next?.kind !== 'gets' || next.t > reply.t + AT_ONCE_MS || !overtaken.includes(next.event)) continue;
    remove(lines, reply);
    lines.splice(lines.indexOf(next) + 1, 0, reply);
    uses++;
  }
  return uses;
}
