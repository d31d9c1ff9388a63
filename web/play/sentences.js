import { typeName } from './rules.js';

/** e.g. 8, 0, −3 (with a true minus sign) */
export function plain(number) {
  return number < 0 ? `−${-number}` : String(number);
}

/** e.g. +8, 0, −3 */
export function signed(number) {
  return number > 0 ? `+${number}` : plain(number);
}

export function piles(count) {
  return count === 1 ? '1 pile' : `${count} piles`;
}

/**
 * One line of the log for a server event, live or kept while the player was away.
 * @returns {string | null} null for events that need no line
 */
export function sentenceFor(event, data) {
  switch (event) {
    case 'turn_complete': {
      const { pilesWon = 0, type } = data.winning_play ?? {};
      return `Turn ${data.turn_number}: ${data.winner} wins ${piles(pilesWon)} with ${typeName(type)}.`;
    }
    case 'player_disconnected':
      return `${data.player_name} ${data.can_reconnect === false ? 'has left' : 'is away'}; a bot plays on.`;
    case 'player_reconnected':
      return `${data.player_name} is back.`;
    case 'host_changed':
      return `${data.new_host} is now the host.`;
    case 'phase_change':
      return phaseSentence(data);
    default:
      return null;
  }
}

function phaseSentence({ phase, phase_data: phaseData, round }) {
  if (phase === 'scoring') {
    const scores = Object.entries(phaseData.round_scores ?? {});
    const list = scores.map(([name, score]) => `${name} ${signed(score.final_score)} (${plain(score.total_score)})`);
    return `Round ${round} scored: ${list.join(', ')}.`;
  }
  if (phase === 'game_over') {
    const list = (phaseData.final_rankings ?? []).map(
      (entry) => `${entry.rank}. ${entry.name} (${plain(entry.score)})`,
    );
    return `The game is over: ${list.join(', ')}.`;
  }
  return null;
}
