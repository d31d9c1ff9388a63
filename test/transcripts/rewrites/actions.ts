import { ANY_TEXT } from '../compare.js';
import { AT_ONCE_MS, before, eventOf, frame, isGot, lastGot, type SendLine } from '../edits.js';
import {
  type Got,
  isPhase,
  type Line,
  type Members,
  nameOfConnection,
  phaseDataOf,
  playersOf,
  remove,
} from '../recording.js';

const ACTIONS = /^(declare|play|play_pieces|accept_redeal|decline_redeal)$/;
const SUCCESS = /^(play|redeal_response)_success$/;

/** The action of a line and the phase that its sender saw last; null outside a game. */
function actionOf(lines: readonly Line[], line: Line): { readonly action: SendLine; readonly phase: Got } | null {
  if (line.kind !== 'sends' || !ACTIONS.test(eventOf(line))) return null;
  const phase = lastGot(before(lines, line), (got) => got.conn === line.conn && isPhase(got));
  return phase === undefined ? null : { action: line, phase };
}

/** A small judge of its own: whose turn it is, and whether the pieces are there and of the right number. */
function whyRefused({ message }: SendLine, phase: Got, ownName: string | null): string | null {
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
  return null;
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
    const after = lines.slice(lines.indexOf(line));
    for (const later of after.filter((got): got is Got => isPhase(got, 'declaration') && got.data['round'] === round)) {
      const data = phaseDataOf(later);
      const made = data['declarations'] as Record<string, number>;
      const counted = made[name as string];
      if (counted === undefined || counted === value) continue;
      made[name as string] = value as number;
      data['declaration_total'] = Object.values(made).reduce((sum, each) => sum + each, 0);
      for (const complete of after.filter(
        (got): got is Got => isGot(got, 'turn_complete') && got.conn === later.conn,
      )) {
        const shown = (complete.data['turn_players_data'] as Members[]).find((player) => player['name'] === name);
        if (shown !== undefined) shown['declared'] = value;
      }
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
