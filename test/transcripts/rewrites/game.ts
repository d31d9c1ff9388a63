import { before, DIRECT, dropWhere, eventOf, gotLines, isGot, lastGot, reasonOf, roomIdOf } from '../edits.js';
import { type Got, isPhase, type Line, type Members, phaseDataOf, playersOf, remove } from '../recording.js';

export function startFirst(lines: Line[]): number {
  let uses = 0;
  for (const started of gotLines(lines, 'game_started')) {
    const first = lines.find((line) => line.conn === started.conn && isPhase(line))!;
    remove(lines, started);
    lines.splice(lines.indexOf(first), 0, { ...started, t: first.t });
    uses++;
  }
  return uses;
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
    if (asked !== undefined) {
      closing.data['phase_data'] = { ...phaseDataOf(asked), dealing_cards: false };
      // Of the redeal nothing else is recorded; so the script leaves before our server comes to it.
      for (const line of lines) if (line.conn === conn && /^close[sd]$/.test(line.kind)) line.t = follower.t + 1;
    }
    remove(lines, closing);
    lines.splice(lines.indexOf(follower), 0, { ...closing, t: follower.t });
    uses++;
  }
  return uses;
}

/** After a redeal the question came a third time, with the same content as the second. */
export function askTwice(lines: Line[]): number {
  return dropWhere(lines, (line) => reasonOf(line).startsWith('Weak hands') && isDealt(line));
}

function isDealt(line: Line): boolean {
  return isPhase(line) && phaseDataOf(line)['dealing_cards'] === false;
}

export function nobodyAwaitedAfterRedeal(lines: Line[]): number {
  let uses = 0;
  for (const line of lines.filter((each): each is Got => isPhase(each, 'preparation'))) {
    const data = phaseDataOf(line);
    const reason = reasonOf(line);
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
