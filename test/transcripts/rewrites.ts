import { ANY_TEXT } from './compare.js';
import {
  endOf,
  type Got,
  insertByTime,
  isPhase,
  type Line,
  type Members,
  nameOfConnection,
  pathOf,
  phaseDataOf,
  playersOf,
  remove,
  sends,
} from './recording.js';

/*
 * The work behind the table in rewrite-rules.ts. Each function changes the lines in place and returns how often it
 * had to. What they need to know they read from the recording, never from our server.
 */

/** Effects of one message follow it in the recordings within this time, on whichever socket. */
const AT_ONCE_MS = 10;
const GRACE_MS = 3_000;
const START_GRACE_MS = 10_000;
const REPEAT_MS = 250;
const COALESCE_MS = 250;

type SendLine = Extract<Line, { kind: 'sends' }>;

function frame(t: number, conn: string, event: string, data: Members): Got {
  return { kind: 'gets', t, conn, event, data };
}

function isGot(line: Line, event: string): line is Got {
  return line.kind === 'gets' && line.event === event;
}

function roomIdOf(lines: readonly Line[], conn: string): string {
  return pathOf(lines, conn).slice('/ws/'.length);
}

function isLobby(lines: readonly Line[], conn: string): boolean {
  return roomIdOf(lines, conn) === 'lobby';
}

function dropWhere(lines: Line[], unwanted: (line: Line) => boolean): number {
  const found = lines.filter(unwanted);
  for (const line of found) remove(lines, line);
  return found.length;
}

function before(lines: readonly Line[], line: Line): readonly Line[] {
  return lines.slice(0, lines.indexOf(line));
}

function lastGot(lines: readonly Line[], wanted: (line: Got) => boolean): Got | undefined {
  return lines.findLast((line): line is Got => line.kind === 'gets' && wanted(line));
}

// ---- lobby -----------------------------------------------------------------------------------------------------------

export function dropLobbyNotices(lines: Line[]): number {
  for (const line of lines) if (isListBroadcast(line)) delete line.data['reason']; // names the notice it came with
  return dropWhere(
    lines,
    (line) => isGot(line, 'room_updated') || (isGot(line, 'room_created') && line.data['room_id'] === 'lobby'),
  );
}

function isListBroadcast(line: Line): line is Got {
  return isGot(line, 'room_list_update') && line.data['room_id'] === 'lobby';
}

export function keepLobbySocket(lines: Line[]): number {
  let uses = 0;
  for (const created of lines.filter((line) => isGot(line, 'room_created'))) {
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
  for (const list of lines.filter((line) => isGot(line, 'room_list_update') && line.t > end)) {
    const known = lastGot(before(lines, list), (line) => line.event === 'room_list_update');
    (list as Got).data['rooms'] = structuredClone(known!.data['rooms']);
  }
  return closed;
}

/** A second room is created, the list is given, and a room's request is ignored. */
function answerAsLobby(lines: Line[], conn: string, created: Got): number {
  let uses = 0;
  let added = 0;
  const asked = lines.filter((line) => line.conn === conn && line.kind === 'sends' && line.t > created.t);
  for (const line of asked as SendLine[]) {
    const at = lines.indexOf(line) + 1;
    const rooms = lastGot(lines, (list) => list.conn === conn && isListBroadcast(list))?.data['rooms'] as Members[];
    switch (line.message?.event) {
      case 'create_room': {
        const hostName = line.message.data['player_name'] as string;
        const room = renamed(rooms.at(-1)!, hostName, `0NEW0${++added}`);
        const list = { ...lastGot(lines, isListBroadcast)!.data, rooms: [...rooms, room] };
        const answer = { room_id: room['room_id'], host_name: hostName, success: true };
        lines.splice(at, 0, frame(line.t, conn, 'room_created', answer), frame(line.t, conn, 'room_list_update', list));
        for (const later of lines.slice(at + 2)) {
          if (isGot(later, 'room_list_update')) (later.data['rooms'] as Members[]).splice(added, 0, room);
        }
        uses++;
        break;
      }
      case 'get_rooms':
        lines.splice(at, 0, frame(line.t, conn, 'room_list_update', { rooms, timestamp: 0, requested_by: 'unknown' }));
        uses++;
        break;
      case 'get_room_state':
        uses += dropWhere(lines, (answer) => isGot(answer, 'room_update') && answer.conn === conn);
    }
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
    const due = first + COALESCE_MS;
    while (changes[0] !== undefined && changes[0] <= due) changes.shift();
    const told = lines.filter((line): line is Got => isListBroadcast(line) && line.t >= first! && line.t <= due);
    for (const line of told) remove(lines, line);
    for (const conn of new Set(told.map((line) => line.conn))) {
      if (endOf(lines, conn) > due) insertByTime(lines, { ...told.findLast((line) => line.conn === conn)!, t: due });
    }
    uses += told.length;
  }
  return uses;
}

// ---- waiting rooms ---------------------------------------------------------------------------------------------------

export function startNeedsSeat(lines: Line[]): number {
  let uses = 0;
  for (const line of lines.filter((each): each is SendLine => each.kind === 'sends')) {
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
  for (const line of lines.filter((each): each is SendLine => each.kind === 'sends')) {
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
  for (const line of lines.filter((each): each is SendLine => each.kind === 'sends')) {
    const { conn } = line;
    if (line.message?.event !== 'client_ready' || isLobby(lines, conn)) continue;
    const due = line.t + REPEAT_MS;
    const answer = lines.slice(lines.indexOf(line)).find((got) => got.conn === conn && got.kind === 'gets');
    const early = lines.filter(({ t }) => t <= due);
    const isOver = early.some((got) => got.conn === conn && (isGot(got, 'game_started') || isGot(got, 'room_closed')));
    if (answer === undefined || !isGot(answer, 'room_state_update') || isOver || endOf(lines, conn) <= due) continue;
    insertByTime(lines, frame(due, conn, 'room_update', seatsOf(early, lines, roomIdOf(lines, conn))));
    uses++;
  }
  return uses;
}

/** A room as the last message about its seats shows it. */
function seatsOf(early: readonly Line[], lines: readonly Line[], roomId: string): Members {
  const last = lastGot(
    early,
    ({ event, conn }) => /^room_(state_)?update$/.test(event) && roomIdOf(lines, conn) === roomId,
  )!;
  const players = last.data['players'] ?? Object.values(last.data['slots'] as Members);
  return { players, host_name: last.data['host_name'], room_id: roomId, started: false };
}

// ---- coming and going ------------------------------------------------------------------------------------------------

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
    const started = lastGot(before(lines, end), (line) => line.event === 'game_started' && line.conn === conn)?.t;
    const due = end.t + (started !== undefined && end.t < started + START_GRACE_MS ? START_GRACE_MS : GRACE_MS);
    const returns = lines.some(
      (line) => line.kind === 'opens' && line.t > end.t && line.t < due && isOf(lines, line.conn, name, roomId),
    );
    for (const line of caused) {
      remove(lines, line);
      if (!returns && endOf(lines, line.conn) > due) insertByTime(lines, { ...line, t: due });
    }
    if (started === undefined) keepSeat(lines, name, roomId, end.t, returns ? Infinity : due);
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
  for (const returned of lines.filter((line) => isGot(line, 'player_reconnected')) as Got[]) {
    const { conn } = returned;
    const name = returned.data['player_name'] as string;
    if (nameOfConnection(lines, conn) !== name) continue;
    const early = before(lines, returned);
    const left = early.findLastIndex((line) => isGot(line, 'player_disconnected') && line.data['player_name'] === name);
    const missed = early.slice(left).filter((line) => isGot(line, 'turn_complete') || isGot(line, 'host_changed'));
    if (missed.length === 0) continue;
    const messages = (missed as Got[]).map(({ event, data }) => {
      const { timestamp: _at, room_id: _room, ...told } = data;
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

// ---- bad and too many messages ---------------------------------------------------------------------------------------

export function answerBadFrames(lines: Line[]): number {
  let uses = 0;
  for (const closed of lines.filter((line) => line.kind === 'closed')) {
    const { conn } = closed;
    if (lines.some((line) => line.conn === conn && line.kind === 'closes')) continue;
    const cause = before(lines, closed).findLast((line) => line.conn === conn && line.kind !== 'gets')!;
    remove(lines, closed);
    uses++;
    if (cause.kind === 'sends' && cause.message?.event === 'ack') continue;
    const answer = { message: ANY_TEXT, type: 'validation_error' };
    lines.splice(lines.indexOf(cause) + 1, 0, frame(cause.t, conn, 'error', answer));
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
  for (const line of lines.filter((each): each is SendLine => each.kind === 'sends')) {
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
  for (const line of lines.filter((each): each is SendLine => each.kind === 'sends')) {
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

function eventOf(line: SendLine): string {
  return line.message?.event ?? '';
}

// ---- the game --------------------------------------------------------------------------------------------------------

/** The reason that stands in a phase shown to one socket. */
const DIRECT = 'to one socket';

export function startFirst(lines: Line[]): number {
  let uses = 0;
  for (const started of lines.filter((line): line is Got => isGot(line, 'game_started'))) {
    const first = lines.find((line) => line.conn === started.conn && isPhase(line))!;
    remove(lines, started);
    lines.splice(lines.indexOf(first), 0, { ...started, t: first.t });
    uses++;
  }
  return uses;
}

function reasonOf(line: Line): string {
  return isPhase(line) ? String(line.data['reason'] ?? '') : '';
}

/** Where the first deal of a game was already over when its closing message came. */
export function dealBeforeRoundStart(lines: Line[]): number {
  let uses = 0;
  for (const conn of new Set(lines.filter((line) => isGot(line, 'game_started')).map((line) => line.conn))) {
    const phases = lines.filter((line): line is Got => line.conn === conn && isPhase(line));
    const dealt = phases.findIndex((line) => reasonOf(line).startsWith('Cards dealt'));
    const next = phases.findIndex(
      (line, index) => index > 0 && (line.data['phase'] === 'round_start' || reasonOf(line).startsWith('Starting to')),
    );
    if (dealt === -1 || next === -1 || next > dealt) continue;
    const [closing, follower] = [phases[dealt]!, phases[next]!];
    const asked = phases.slice(0, next).find((line) => reasonOf(line).startsWith('Weak hands'));
    if (asked !== undefined) closing.data['phase_data'] = { ...phaseDataOf(asked), dealing_cards: false };
    remove(lines, closing);
    lines.splice(lines.indexOf(follower), 0, { ...closing, t: follower.t });
    uses++;
  }
  return uses;
}

export function nobodyAwaitedAfterRedeal(lines: Line[]): number {
  let uses = 0;
  for (const line of lines.filter((each): each is Got => isPhase(each, 'preparation'))) {
    const data = phaseDataOf(line);
    const reason = reasonOf(line);
    if (reason.startsWith('Weak hands') && data['dealing_cards'] === false) {
      remove(lines, line);
      uses++;
    }
    if (Number(data['redeal_multiplier']) === 1 || !Array.isArray(data['weak_players_awaiting'])) continue;
    if (reason.startsWith('Starting to')) {
      data['weak_players_awaiting'] = [];
      data['decisions_received'] = data['decisions_needed'];
      uses++;
    }
    if ((data['weak_players'] as unknown[]).length === 0) {
      data['weak_players_awaiting'] = [];
      data['decisions_needed'] = 0;
      uses++;
    }
  }
  return uses;
}

export function forgetOldWinner(lines: Line[]): number {
  let uses = 0;
  for (const line of lines.filter((each): each is Got => isPhase(each, 'turn'))) {
    const data = phaseDataOf(line);
    if (!('winner' in data) || reasonOf(line).startsWith('Turn completed')) continue;
    delete data['winner'];
    delete data['piles_won'];
    delete data['next_turn_starter'];
    uses++;
  }
  // The first new turn of a round never had one; what counts is that later ones have none.
  return uses;
}

export function fillTurnResults(lines: Line[]): number {
  let uses = 0;
  const won = new Map<string, string>(); // winner by round and turn
  let round: unknown;
  for (const line of lines) {
    if (isPhase(line)) ({ round } = line.data);
    if (isGot(line, 'turn_complete')) {
      won.set(`${String(round)}/${String(line.data['turn_number'])}`, line.data['winner'] as string);
    }
    if (!isPhase(line)) continue;
    const data = phaseDataOf(line);
    if (line.data['phase'] === 'turn_results') {
      const early = before(lines, line);
      const complete = lastGot(early, ({ event, conn }) => event === 'turn_complete' && conn === line.conn)!.data;
      const turn = lastGot(early, (got) => isPhase(got, 'turn') && got.conn === line.conn)!;
      data['turn_winner'] = complete['winner'];
      data['winning_play'] = complete['winning_play'];
      data['turn_plays'] = phaseDataOf(turn)['turn_plays'];
      uses++;
    }
    const turnsWon = (name: unknown): number => [...won.values()].filter((winner) => winner === name).length;
    for (const [name, stats] of Object.entries((data['player_stats'] ?? {}) as Record<string, Members>)) {
      stats['turns_won'] = turnsWon(name);
    }
    for (const ranking of (data['final_rankings'] ?? []) as Members[]) ranking['turns_won'] = turnsWon(ranking['name']);
  }
  return uses;
}

export function completeDirectPhase(lines: Line[]): number {
  let uses = 0;
  for (const line of lines.filter((each): each is Got => isPhase(each) && !('reason' in each.data))) {
    const roomId = roomIdOf(lines, line.conn);
    const full = lastGot(
      before(lines, line),
      (other) => isPhase(other) && 'reason' in other.data && roomIdOf(lines, other.conn) === roomId,
    )!;
    Object.assign(line.data, { reason: DIRECT, sequence: 0, timestamp: 0, room_id: roomId });
    for (const [name, entry] of Object.entries(playersOf(line))) {
      const { is_bot, avatar_color, captured_piles } = playersOf(full)[name]!;
      Object.assign(entry, { name, is_bot, avatar_color, captured_piles });
    }
    uses++;
  }
  return uses;
}

/** A socket reads the hand of the player that it has said it is. */
export function hideHands(lines: Line[]): number {
  let uses = 0;
  const seats = new Map<string, string>(); // names by connection
  for (const line of lines) {
    if (line.kind === 'sends' && eventOf(line) === 'client_ready') {
      const name = line.message?.data['player_name'];
      if (typeof name === 'string') seats.set(line.conn, name);
    }
    if (!isPhase(line)) continue;
    for (const [name, entry] of Object.entries(playersOf(line)))
      if (name !== seats.get(line.conn)) delete entry['hand'];
    uses++;
  }
  return uses;
}

// ---- actions ---------------------------------------------------------------------------------------------------------

const ACTIONS = /^(declare|play|play_pieces|accept_redeal|decline_redeal)$/;
const SUCCESS = /^(play|redeal_response)_success$/;

/** The action of a line and the phase that its sender saw last; null outside a game. */
function actionOf(lines: readonly Line[], line: Line): { readonly action: SendLine; readonly phase: Got } | null {
  if (line.kind !== 'sends' || !ACTIONS.test(eventOf(line))) return null;
  const phase = lastGot(before(lines, line), (got) => got.conn === line.conn && isPhase(got));
  return phase === undefined ? null : { action: line, phase };
}

/** A small judge of its own: whose turn it is, and whether the pieces are there and of the right number. */
function whyRefused({ conn, message }: SendLine, phase: Got, ownName: string | null): string | null {
  const { event, data } = message!;
  const name = data['player_name'];
  if (name !== ownName) return 'foreignSeat';
  const shown = phaseDataOf(phase);
  if (/_redeal$/.test(event)) {
    const asked = shown['dealing_cards'] === false && (shown['weak_players_awaiting'] as unknown[]).includes(name);
    return asked ? null : 'wrongPhase';
  }
  if (phase.data['phase'] !== (event === 'declare' ? 'declaration' : 'turn')) return 'wrongPhase';
  if (event === 'declare') return shown['current_declarer'] === name ? null : 'notYourTurn';
  if (shown['turn_complete'] === true) return 'wrongPhase';
  if (shown['current_player'] !== name) return 'notYourTurn';
  const indices = (data['piece_indices'] ?? data['indices']) as number[];
  const hand = Number(playersOf(phase)[name as string]?.['hand_size']);
  if (shown['required_piece_count'] !== null && indices.length !== shown['required_piece_count'])
    return 'wrongPieceCount';
  if (indices.some((index) => index >= hand)) return 'pieceNotHeld';
  return conn === '' ? 'notSeated' : null;
}

export function refuseIllegal(lines: Line[]): number {
  let uses = 0;
  for (const line of [...lines]) {
    const asked = actionOf(lines, line);
    if (asked === null) continue;
    const { action, phase } = asked;
    const reason = whyRefused(action, phase, nameOfConnection(lines, line.conn));
    if (reason === null) continue;
    const next = lines.slice(lines.indexOf(line) + 1).find((other) => other.conn === line.conn && isSuccess(other));
    if (next !== undefined && next.t <= line.t + AT_ONCE_MS) remove(lines, next);
    const answer = { message: ANY_TEXT, type: 'action_rejected', reason, action: eventOf(action) };
    const warning = lines.slice(lines.indexOf(line) + 1).find((other) => other.conn === line.conn);
    const isWarned = warning !== undefined && isGot(warning, 'rate_limit_warning');
    lines.splice(lines.indexOf(isWarned ? warning : line) + 1, 0, frame(line.t, line.conn, 'error', answer));
    uses++;
  }
  return uses;
}

function isSuccess(line: Line): boolean {
  return line.kind === 'gets' && SUCCESS.test(line.event);
}

/** Where the recording counts an early declaration, the later one that was in turn takes its place. */
export function judgeAtOnce(lines: Line[]): number {
  let uses = 0;
  for (const line of [...lines]) {
    const asked = actionOf(lines, line);
    if (asked === null || eventOf(asked.action) !== 'declare') continue;
    const { player_name: name, value } = asked.action.message!.data;
    if (whyRefused(asked.action, asked.phase, nameOfConnection(lines, line.conn)) !== null) continue;
    const { round } = asked.phase.data;
    for (const later of lines.slice(lines.indexOf(line))) {
      if (!isPhase(later, 'declaration') || later.data['round'] !== round) continue;
      const data = phaseDataOf(later);
      const made = data['declarations'] as Record<string, number>;
      const counted = made[name as string];
      if (counted === undefined || counted === value) continue;
      made[name as string] = value as number;
      data['declaration_total'] = Object.values(made).reduce((sum, each) => sum + each, 0);
      uses++;
    }
  }
  return uses;
}

/** Each further message of the same id brings what the first one brought. */
export function appendRepeats(lines: Line[]): number {
  let uses = 0;
  const seen = new Set<string>();
  for (const line of [...lines]) {
    const asked = actionOf(lines, line);
    const id = asked?.action.message?.id ?? null;
    if (id === null) continue;
    if (seen.has(id)) {
      const effect = lines.slice(lines.indexOf(line)).find((got) => got.conn === line.conn && isPhase(got)) as Got;
      lines.splice(lines.indexOf(effect) + 1, 0, structuredClone(effect));
      uses++;
    }
    seen.add(id);
  }
  return uses;
}
