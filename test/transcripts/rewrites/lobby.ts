import {
  eventOf,
  AT_ONCE_MS,
  before,
  dropWhere,
  frame,
  gotLines,
  isGot,
  isListBroadcast,
  lastGot,
  sentLines,
} from '../edits.js';
import { endOf, type Got, insertByTime, type Line, type Members, remove } from '../recording.js';

const COALESCE_MS = 250;

export function dropLobbyNotices(lines: Line[]): number {
  for (const line of lines) if (isListBroadcast(line)) delete line.data['reason']; // names the notice it came with
  return dropWhere(lines, (line) => isGot(line, 'room_updated') || isCreationBroadcast(line));
}

function isCreationBroadcast(line: Line): boolean {
  return isGot(line, 'room_created') && line.data['room_id'] === 'lobby';
}

export function keepLobbySocket(lines: Line[]): number {
  let uses = 0;
  for (const created of gotLines(lines, 'room_created')) {
    const { conn } = created;
    uses += dropEffectsOfEnd(lines, conn, created.data['room_id'] as string);
    uses += answerAsLobby(lines, conn, created);
  }
  return uses;
}

/** The room that was closed with the lobby socket lives on. */
function dropEffectsOfEnd(lines: Line[], conn: string, roomId: string): number {
  const end = endOf(lines, conn);
  const isEffect = (line: Line): boolean => line.t >= end && line.t <= end + AT_ONCE_MS;
  const closed = dropWhere(
    lines,
    (line) => isEffect(line) && isGot(line, 'room_closed') && line.data['room_id'] === roomId,
  );
  if (closed === 0) return 0;
  dropWhere(lines, (line) => isEffect(line) && isListBroadcast(line));
  for (const list of gotLines(lines, 'room_list_update').filter((line) => line.t > end)) {
    const known = lastGot(before(lines, list), (line) => line.event === 'room_list_update');
    list.data['rooms'] = structuredClone(known?.data['rooms']);
  }
  return closed;
}

/** A second room is created, the list is given, and a room's request is ignored. */
function answerAsLobby(lines: Line[], conn: string, created: Got): number {
  let uses = 0;
  let added = 0;
  for (const line of sentLines(lines).filter((sent) => sent.conn === conn && sent.t > created.t)) {
    const at = lines.indexOf(line) + 1;
    const list = lastGot(lines, (got) => got.conn === conn && isListBroadcast(got))!;
    const rooms = list.data['rooms'] as Members[];
    if (eventOf(line) === 'get_rooms') {
      const answer = { rooms, timestamp: 0, requested_by: 'unknown' };
      lines.splice(at, 0, frame(line.t, conn, 'room_list_update', answer));
    } else if (eventOf(line) === 'get_room_state') {
      dropWhere(lines, (answer) => isGot(answer, 'room_update') && answer.conn === conn);
    } else if (eventOf(line) === 'create_room') {
      const hostName = String(line.message?.data['player_name']);
      const room = renamed(rooms.at(-1)!, hostName, `0NEW0${++added}`);
      const answer = { room_id: room['room_id'], host_name: hostName, success: true };
      const told = { ...list.data, rooms: [...rooms, room] };
      lines.splice(at, 0, frame(line.t, conn, 'room_created', answer), frame(line.t, conn, 'room_list_update', told));
      for (const later of gotLines(lines.slice(at + 2), 'room_list_update')) {
        (later.data['rooms'] as Members[]).splice(added, 0, room);
      }
    }
    uses++;
  }
  return uses;
}

/** The same room of another host, under a code of its own. */
function renamed(room: Members, hostName: string, code: string): Members {
  const text = JSON.stringify({ ...room, room_id: code });
  return JSON.parse(text.replaceAll(`"${String(room['host_name'])}"`, `"${hostName}"`)) as Members;
}

/** Changes within 250 ms become one list, shown at their end to who is still there. */
export function coalesceLists(lines: Line[]): number {
  let uses = 0;
  const changes = [...new Set(lines.filter(isListBroadcast).map(({ t }) => t))].sort((a, b) => a - b);
  for (let first = changes.shift(); first !== undefined; first = changes.shift()) {
    const from = first;
    const due = from + COALESCE_MS;
    while (changes[0] !== undefined && changes[0] <= due) changes.shift();
    const told = lines.filter((line): line is Got => isListBroadcast(line) && line.t >= from && line.t <= due);
    for (const line of told) remove(lines, line);
    for (const conn of new Set(told.map((line) => line.conn))) {
      if (endOf(lines, conn) > due) insertByTime(lines, { ...told.findLast((line) => line.conn === conn)!, t: due });
    }
    uses += told.length;
  }
  return uses;
}
