import {
  AT_ONCE_MS,
  before,
  dropWhere,
  frame,
  isGot,
  isListBroadcast,
  isLobby,
  lastGot,
  roomIdOf,
  type SendLine,
  sentLines,
} from '../edits.js';
import { endOf, insertByTime, type Line, type Members, nameOfConnection, pathOf, remove, sends } from '../recording.js';

const REPEAT_MS = 250;

export function startNeedsSeat(lines: Line[]): number {
  let uses = 0;
  for (const line of sentLines(lines)) {
    if (line.message?.event !== 'start_game' || isReady(lines, line)) continue;
    const { t, conn } = line;
    const name = nameOfConnection(lines, conn);
    const seats = lastGot(before(lines, line), ({ event }) => event === 'room_update')!.data;
    const state = { slots: slotsOf(seats['players'] as unknown[]), host_name: seats['host_name'] };
    const refusal = { message: 'Only the host can start the game', type: 'permission_denied' };
    lines.splice(
      lines.indexOf(line) + 1,
      0,
      frame(t, conn, 'error', refusal),
      sends(t, conn, JSON.stringify({ event: 'client_ready', data: { player_name: name }, id: 'added 1' })),
      frame(t, conn, 'room_state_update', state),
      sends(t, conn, JSON.stringify({ event: 'start_game', data: {}, id: 'added 2' })),
    );
    uses++;
  }
  return uses;
}

function isReady(lines: readonly Line[], line: SendLine): boolean {
  return before(lines, line).some(
    (other) => other.conn === line.conn && other.kind === 'sends' && other.message?.event === 'client_ready',
  );
}

function slotsOf(players: readonly unknown[]): Members {
  return Object.fromEntries(players.map((player, index) => [`P${index + 1}`, player]));
}

export function keepHostSeat(lines: Line[]): number {
  let uses = 0;
  for (const line of sentLines(lines)) {
    if (line.message?.event !== 'remove_player' || line.message.data['slot_id'] !== 1) continue;
    const closed = lines.find((got) => isGot(got, 'room_closed') && got.conn === line.conn && got.t >= line.t);
    if (closed === undefined || closed.t > line.t + AT_ONCE_MS) continue;
    const host = (
      lastGot(before(lines, line), ({ event }) => event === 'room_update')!.data['players'] as unknown[]
    )[0];
    remove(lines, closed);
    dropWhere(lines, (got) => isGot(got, 'room_update') && got.t >= line.t && got.t <= line.t + AT_ONCE_MS);
    const refusal = { message: "The host can't be replaced", type: 'permission_denied' };
    lines.splice(lines.indexOf(line) + 1, 0, frame(line.t, line.conn, 'error', refusal));
    for (const got of lines) {
      if (isGot(got, 'room_update') && got.t > line.t) (got.data['players'] as unknown[])[0] = host;
    }
    uses++;
  }
  return uses;
}

export function dropSecondFarewell(lines: Line[]): number {
  let uses = 0;
  for (const end of lines.filter((line) => line.kind === 'closes')) {
    const name = nameOfConnection(lines, end.conn);
    const known = lastGot(
      before(lines, end),
      (line) => line.event === 'room_update' && line.data['room_id'] === roomIdOf(lines, end.conn),
    );
    const seated = (known?.data['players'] as (Members | null)[] | undefined)?.some(
      (player) => player?.['name'] === name,
    );
    if (known === undefined || seated === true) continue;
    uses += dropWhere(
      lines,
      (line) =>
        line.t >= end.t && line.t <= end.t + AT_ONCE_MS && (isGot(line, 'room_update') || isListBroadcast(line)),
    );
  }
  return uses;
}

export function repeatRoomUpdate(lines: Line[]): number {
  let uses = 0;
  for (const line of sentLines(lines)) {
    const { conn } = line;
    if (line.message?.event !== 'client_ready' || isLobby(lines, conn)) continue;
    const due = line.t + REPEAT_MS;
    const answer = lines.slice(lines.indexOf(line)).find((got) => got.conn === conn && got.kind === 'gets');
    const early = lines.filter((other) => other.t <= due && pathOf(lines, other.conn) === pathOf(lines, conn));
    const isOver = early.some((got) => isGot(got, 'game_started') || isGot(got, 'room_closed'));
    if (answer === undefined || !isGot(answer, 'room_state_update') || isOver || endOf(lines, conn) <= due) continue;
    insertByTime(lines, frame(due, conn, 'room_update', seatsOf(early, roomIdOf(lines, conn))));
    uses++;
  }
  return uses;
}

/** A room as the last message about its seats shows it. */
function seatsOf(lines: readonly Line[], roomId: string): Members {
  const { data } = lastGot(lines, ({ event }) => /^room_(state_)?update$/.test(event))!;
  const players = data['players'] ?? Object.values(data['slots'] as Members);
  return { players, host_name: data['host_name'], room_id: roomId, started: false };
}
