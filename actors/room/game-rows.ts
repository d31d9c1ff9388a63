import type { GamePlayerRow, GameRow, PlayerRow, RowChange } from '../../persistence/rows.js';
import type { RoomSnapshot } from '../room-definition.js';
import type { Game, RoomState } from './room-state.js';
import { type Seat, SEATS, sharedRanks, winners } from './rules.js';

/** What the statistics are told of a room: its snapshot where a game has begun. */
interface Played {
  readonly game: Game;
  readonly code: string;
  readonly closed: boolean;
}

/** A finished game's part of a person's sums. */
type Sums = Required<Omit<PlayerRow, 'playerId' | 'name' | 'lastPlayedAt'>>;

/**
 * The changes of `games`, `gamePlayers` and `players` between two states. Rows of game and seats are those of the later
 * state; the sums of `players` get the difference, so that a game that is undone is taken out of them again.
 */
export function gameRows(
  roomId: string,
  before: RoomSnapshot<RoomState> | null,
  after: RoomSnapshot<RoomState>,
): RowChange[] {
  const from = before === null ? null : playedIn(before);
  const to = playedIn(after);
  if (isCountedAlike(from, to)) return [];
  return [...changesOfGame(roomId, from, to), ...changesOfPlayers(from?.game ?? null, to?.game ?? null)];
}

function playedIn({ value, context: { game, code } }: RoomSnapshot<RoomState>): Played | null {
  return game === null ? null : { game, code, closed: value === 'closed' };
}

/**
 * Turns won and perfect rounds count with the end only, and have changed with the totals by then. Each game has its own
 * entrants.
 */
function isCountedAlike(from: Played | null, to: Played | null): boolean {
  if (from === null || to === null) return from === to;
  return (
    from.closed === to.closed &&
    from.game.endedAt === to.game.endedAt &&
    from.game.round === to.game.round &&
    from.game.entrants === to.game.entrants &&
    from.game.scores === to.game.scores
  );
}

function changesOfGame(roomId: string, from: Played | null, to: Played | null): RowChange[] {
  const seatKey = (seat: Seat) => `${roomId}/${seat}`;
  if (to === null) {
    const seats = SEATS.map((seat): RowChange => ({ kind: 'delete', table: 'gamePlayers', key: seatKey(seat) }));
    return [{ kind: 'delete', table: 'games', key: roomId }, ...seats];
  }
  const changes: RowChange[] = [];
  const game = difference(from && gameRow(from), gameRow(to));
  if (game !== null) changes.push({ kind: 'put', table: 'games', key: roomId, values: game });
  for (const seat of SEATS) {
    const values = difference(from && seatRow(roomId, from.game, seat), seatRow(roomId, to.game, seat));
    if (values !== null) changes.push({ kind: 'put', table: 'gamePlayers', key: seatKey(seat), values });
  }
  return changes;
}

function gameRow({ game, code, closed }: Played): Omit<GameRow, 'roomId'> {
  const { startedAt, endedAt, round, entrants, scores } = game;
  return {
    code,
    status: endedAt !== null ? 'over' : closed ? 'aborted' : 'running',
    startedAt,
    endedAt,
    rounds: round,
    players: JSON.stringify(entrants.map(({ name }) => name)),
    totals: JSON.stringify(scores),
    winners: JSON.stringify(endedAt === null ? [] : winners(scores)),
  };
}

/**
 * A seat's game is that of who began it, also where a bot ended it. Member by member: it is made for each entry in which
 * the game moved on, and an object that is spread into another costs ten times as much.
 */
function seatRow(roomId: string, game: Game, seat: Seat): Omit<GamePlayerRow, 'id'> {
  const { startedAt, endedAt } = game;
  const { name, playerId, leftAt } = game.entrants[seat];
  const isOver = endedAt !== null;
  const { wins, score, perfectRounds, turnsWon } = isOver ? sumsOf(game, seat) : NOTHING;
  const rank = isOver ? sharedRanks(game.scores)[seat] : null;
  return { roomId, seat, playerId, name, startedAt, endedAt, leftAt, rank, score, won: wins, perfectRounds, turnsWon };
}

function sumsOf(game: Game, seat: Seat): Sums {
  return {
    games: 1,
    wins: winners(game.scores).includes(seat) ? 1 : 0,
    score: game.scores[seat],
    perfectRounds: game.perfectRounds[seat],
    turnsWon: game.turnsWon[seat],
  };
}

const NOTHING: Sums = { games: 0, wins: 0, score: 0, perfectRounds: 0, turnsWon: 0 };

function changesOfPlayers(from: Game | null, to: Game | null): RowChange[] {
  const counted = sumsByPlayer(from);
  const due = sumsByPlayer(to);
  const changes: RowChange[] = [];
  for (const playerId of new Set([...counted.keys(), ...due.keys()])) {
    const values = growth(counted.get(playerId) ?? NOTHING, due.get(playerId) ?? NOTHING);
    if (values !== null) changes.push({ kind: 'add', table: 'players', key: playerId, values });
  }
  if (to === null || to.endedAt === null || to.endedAt === from?.endedAt) return changes;
  const lastPlayedAt = to.endedAt;
  for (const { playerId, name } of to.entrants) {
    if (playerId === null) continue;
    changes.push({ kind: 'put', table: 'players', key: playerId, values: { name, lastPlayedAt } });
  }
  return changes;
}

/** A person may have begun in two seats: each is a game of its own, as in `gamePlayers`. */
function sumsByPlayer(game: Game | null): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  if (game === null || game.endedAt === null) return sums;
  for (const seat of SEATS) {
    const { playerId } = game.entrants[seat];
    if (playerId !== null) sums.set(playerId, plus(sums.get(playerId) ?? NOTHING, sumsOf(game, seat)));
  }
  return sums;
}

function plus(a: Sums, b: Sums): Sums {
  return {
    games: a.games + b.games,
    wins: a.wins + b.wins,
    score: a.score + b.score,
    perfectRounds: a.perfectRounds + b.perfectRounds,
    turnsWon: a.turnsWon + b.turnsWon,
  };
}

/** The members that grow or shrink; null where none does. */
function growth(from: Sums, to: Sums): Partial<Sums> | null {
  const members = Object.keys(to) as (keyof Sums)[];
  const changed = members.filter((member) => to[member] !== from[member]);
  if (changed.length === 0) return null;
  return Object.fromEntries(changed.map((member) => [member, to[member] - from[member]]));
}

/** The members of a row that are others than before; all of them for a new row, null for none. */
function difference<R extends object>(from: R | null, to: R): Partial<R> | null {
  if (from === null) return to;
  const changed = (Object.keys(to) as (keyof R)[]).filter((member) => to[member] !== from[member]);
  if (changed.length === 0) return null;
  return Object.fromEntries(changed.map((member) => [member, to[member]])) as Partial<R>;
}
