// A record as a row of steps, and the table as it was after any of them. Pure.

/**
 * @typedef {object} Step
 * @property {number} round index of the round in the record
 * @property {'deal' | 'answer' | 'declaration' | 'play' | 'turn' | 'scores'} kind
 * @property {number} deal index of the deal in the round
 * @property {number} answers of that deal, so far
 * @property {number} declarations made so far
 * @property {number} turn index of the turn in the round, −1 before the first
 * @property {number} plays of that turn, so far
 * @property {string} text what happened
 */

/** @returns {Step[]} */
export function stepsOf(record) {
  return record.rounds.flatMap((round, index) => roundSteps(record, round, index));
}

function roundSteps({ players }, round, index) {
  const name = (seat) => players[seat].name;
  const steps = [];
  const at = { round: index, deal: 0, answers: 0, declarations: 0, turn: -1, plays: 0 };
  const add = (kind, text, change) => steps.push({ ...Object.assign(at, change), kind, text });
  round.deals.forEach((deal, number) => {
    const weak = deal.weak.map(name).join(' and ');
    const said = weak === '' ? '' : ` ${weak} ${deal.weak.length > 1 ? 'hold' : 'holds'} a weak hand.`;
    add('deal', `Round ${round.round}: ${number === 0 ? 'the pieces are dealt' : 'dealt again'}.${said}`, {
      deal: number,
      answers: 0,
    });
    deal.answers.forEach(({ seat, accept }, answer) =>
      add('answer', `${name(seat)} ${accept ? 'asks for a new deal' : 'keeps the hand'}.`, { answers: answer + 1 }),
    );
  });
  round.declarations.forEach(({ seat, value }, number) =>
    add('declaration', `${name(seat)} declares ${value}.`, { declarations: number + 1 }),
  );
  round.turns.forEach((turn, number) => {
    turn.plays.forEach(({ seat }, play) =>
      add('play', `Turn ${turn.number}: ${name(seat)} ${play === 0 ? 'leads' : 'plays'}.`, {
        turn: number,
        plays: play + 1,
      }),
    );
    if (turn.winner !== null) {
      add(
        'turn',
        `Turn ${turn.number}: ${name(turn.winner)} wins ${turn.piles} ${turn.piles === 1 ? 'pile' : 'piles'}.`,
      );
    }
  });
  if (round.scores !== null) add('scores', `Round ${round.round} is scored.`);
  return steps;
}

/**
 * @param {Step} step
 * @returns {{ round: object, seats: { hand: string[], declared: number | null, piles: number, total: number, points: number | null, play: object | null, wins: boolean }[] }}
 */
export function tableAt(record, step) {
  const round = record.rounds[step.round];
  const scored = step.kind === 'scores';
  const isDecided = (number) => number < step.turn || (number === step.turn && (step.kind === 'turn' || scored));
  const played = round.turns.flatMap(({ plays }, number) =>
    number > step.turn ? [] : plays.slice(0, number === step.turn ? step.plays : plays.length),
  );
  const turn = round.turns[step.turn];
  const shown = turn === undefined || scored ? [] : turn.plays.slice(0, step.plays);
  const seats = record.players.map((_, seat) => ({
    hand: without(
      round.deals[step.deal].hands[seat],
      played.filter((play) => play.seat === seat).flatMap((play) => play.pieces),
    ),
    declared: round.declarations.slice(0, step.declarations).find((made) => made.seat === seat)?.value ?? null,
    piles: round.turns.reduce(
      (sum, { winner, piles }, number) => sum + (isDecided(number) && winner === seat ? piles : 0),
      0,
    ),
    total: totalOf(record, step.round, seat, scored),
    points: scored ? round.scores[seat].score : null,
    play: shown.find((play) => play.seat === seat) ?? null,
    wins: step.kind === 'turn' && turn.winner === seat,
  }));
  return { round, seats };
}

/** Before a round is scored its points are not in the total. */
function totalOf({ rounds }, index, seat, scored) {
  const { scores } = rounds[index];
  if (scored) return scores[seat].total;
  if (scores !== null) return scores[seat].total - scores[seat].score;
  return rounds[index - 1]?.scores[seat].total ?? 0;
}

/** Each played piece leaves the hand once; which of two alike makes no difference. */
function without(hand, played) {
  const left = [...hand];
  for (const piece of played) left.splice(left.indexOf(piece), 1);
  return left;
}
