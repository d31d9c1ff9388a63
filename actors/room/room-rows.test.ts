// Goal: lists and statistics follow a room wherever its state goes, backwards as well. Method: the changes of real steps
// by name; then walks over states of real games in any order, whose folded changes are compared with rows made at once.
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { PlayerRow } from '../../persistence/rows.js';
import { FoldedRows } from '../../test/support/folded-rows.js';
import { RoomDriver, speaker } from '../../test/support/room-driver.js';
import type { RoomSnapshot } from '../room-definition.js';
import { roomRows } from './room-rows.js';
import { gameOf, type RoomState } from './room-state.js';
import { SEATS, sharedRanks, winners } from './rules.js';

type At = RoomSnapshot<RoomState>;

/** A room whose every step is told to the rows. */
class ListedRoom {
  readonly rows = new FoldedRows();
  readonly driver: RoomDriver;
  #last: At | null = null;

  constructor(driver: RoomDriver) {
    this.driver = driver;
    this.follow();
  }

  /** Takes the rows from the state that was told last to the present one. */
  follow(): ReturnType<typeof roomRows> {
    const { driver } = this;
    const changes = driver.definition.rows('r1', this.#last, driver.snapshot, driver.messages.at(-1)!);
    this.#last = driver.snapshot;
    this.rows.apply(changes);
    return changes;
  }

  say(...said: Parameters<RoomDriver['apply']>): ReturnType<typeof roomRows> {
    this.driver.apply(...said);
    return this.follow();
  }

  ring(): ReturnType<typeof roomRows> {
    this.driver.ring();
    return this.follow();
  }

  restore(to: At): void {
    this.rows.apply(roomRows('r1', this.#last, to, null));
    this.#last = to;
  }

  get listed() {
    return this.rows.get('rooms', 'r1')!;
  }

  get game() {
    return this.rows.get('games', 'r1');
  }

  get seats() {
    return this.rows.all('gamePlayers');
  }

  get players() {
    return this.rows.all('players');
  }
}

const playing = (people = 4) => RoomDriver.playing({ people }).runTo('playing.turn.playing');

describe('the row of a room', () => {
  test('is there from its first entry, with its maker', () => {
    const room = new ListedRoom(new RoomDriver());
    expect(room.listed).toMatchObject({
      roomId: 'r1',
      code: 'ABCDEF',
      status: 'waiting',
      hostName: 'P0',
      freeSeats: 0,
      creator: 's0',
      creationKey: null,
    });
    expect(JSON.parse(room.listed.seats)).toHaveLength(4);
  });

  test('keeps the hash of the message that made it', () => {
    const { messages, snapshot } = new RoomDriver();
    const [change] = roomRows('r1', null, snapshot, { ...messages[0]!, key: 'k1' } as never);
    expect(change).toMatchObject({ values: { creationKey: 'k1' } });
  });

  test('changes whole with its seats, also where an empty one is freed again, and keeps its maker', () => {
    const room = new ListedRoom(new RoomDriver());
    for (const at of [2_000_000, 3_000_000]) {
      const changes = room.say({ type: 'removePlayer', ...speaker(0), target: 2 }, at);
      expect(changes).toMatchObject([
        { kind: 'put', table: 'rooms', values: { freeSeats: 1, hostName: 'P0', updatedAt: at } },
      ]);
      expect(changes[0]).not.toHaveProperty('values.creator');
    }
    expect(room.listed.creator).toBe('s0');
  });

  test('shows no session', () => {
    expect(new ListedRoom(playing()).listed.seats).not.toContain('"s1"');
  });

  test('changes with its host', () => {
    const room = new ListedRoom(playing());
    room.say({ type: 'disconnect', seat: 0 });
    expect(room.listed.hostName).toBe('P1');
  });

  test('has the status of the game: waiting, playing, over, closed', () => {
    const finished = RoomDriver.finished();
    const rooms = [new RoomDriver(), playing(), finished].map((driver) => new ListedRoom(driver));
    expect(rooms.map(({ listed }) => listed.status)).toEqual(['waiting', 'playing', 'over']);
    rooms[2]!.ring();
    expect(rooms[2]!.listed.status).toBe('closed');
  });
});

describe('a step that no list and no count knows of', () => {
  test('changes no row', () => {
    const room = new ListedRoom(playing());
    const seat = room.driver.state.awaiting!.seats[0]!;
    expect(room.say({ type: 'play', ...speaker(seat), indices: [0] })).toEqual([]);
    expect(new ListedRoom(new RoomDriver()).say({ type: 'connect', ...speaker(0) })).toEqual([]);
  });
});

describe('the rows of a game', () => {
  test('begin with it, and not before', () => {
    const room = new ListedRoom(new RoomDriver({ people: 2 }));
    expect(room.game).toBeUndefined();
    room.say({ type: 'startGame', ...speaker(0) });
    const { now } = room.driver;
    expect(room.game).toMatchObject({ status: 'running', code: 'ABCDEF', startedAt: now, endedAt: null, rounds: 1 });
    expect(JSON.parse(room.game!.players)).toEqual(['P0', 'P1', 'Bot 3', 'Bot 4']);
    expect(JSON.parse(room.game!.winners)).toEqual([]);
    expect(room.seats).toMatchObject(
      ['s0', 's1', null, null].map((playerId, seat) => ({
        id: `r1/${seat}`,
        roomId: 'r1',
        seat,
        playerId,
        startedAt: now,
        endedAt: null,
        rank: null,
        leftAt: null,
      })),
    );
    expect(room.players).toEqual([]);
  });

  test('count the rounds as they begin, and the totals as they are scored', () => {
    const room = new ListedRoom(RoomDriver.playing({ people: 1 }));
    room.driver.runTo('playing.scoring');
    room.follow();
    expect(JSON.parse(room.game!.totals)).toEqual(room.driver.game.scores);
    expect(room.game!.rounds).toBe(1);
    expect(room.ring()).toEqual([{ kind: 'put', table: 'games', key: 'r1', values: { rounds: 2 } }]);
  });

  test('name no winner before it has ended, whatever the totals', () => {
    const room = new ListedRoom(RoomDriver.playing({ people: 1 }).runTo('playing.scoring'));
    room.driver.restored((state) => ({ ...state, game: { ...gameOf(state), scores: [51, -4, 51, 7] } }));
    room.follow();
    expect(room.game).toMatchObject({ status: 'running', totals: '[51,-4,51,7]', winners: '[]' });
  });

  test('end with it: winners, shared ranks, and what everybody who began it has reached', () => {
    const driver = RoomDriver.playing({ people: 3 }).runTo('playing.scoring');
    const room = new ListedRoom(driver);
    driver.restored((state) => ({ ...state, game: { ...gameOf(state), scores: [51, -4, 51, 7] } }));
    expect(new Set(room.ring().map(({ kind }) => kind))).toEqual(new Set(['put', 'add']));
    const { endedAt, turnsWon, perfectRounds } = driver.game;
    expect(room.game).toMatchObject({ status: 'over', endedAt, totals: '[51,-4,51,7]', winners: '[0,2]' });
    expect(room.seats.map(({ rank, won, score }) => [rank, won, score])).toEqual([
      [1, 1, 51],
      [4, 0, -4],
      [1, 1, 51],
      [3, 0, 7],
    ]);
    expect(room.seats.map((seat) => seat.turnsWon)).toEqual(turnsWon);
    expect(room.seats.map((seat) => seat.perfectRounds)).toEqual(perfectRounds);
    expect(room.players).toEqual(
      [0, 1, 2].map((seat) => ({
        playerId: `s${seat}`,
        name: `P${seat}`,
        games: 1,
        wins: seat === 1 ? 0 : 1,
        score: [51, -4, 51][seat],
        perfectRounds: perfectRounds[seat],
        turnsWon: turnsWon[seat],
        lastPlayedAt: endedAt,
      })),
    );
  });

  test('say who left for good and when, and the game counts for them all the same', () => {
    const room = new ListedRoom(playing(2));
    const leftAt = room.driver.now;
    expect(room.say({ type: 'leave', ...speaker(1) }).filter(({ table }) => table !== 'rooms')).toEqual([
      { kind: 'put', table: 'gamePlayers', key: 'r1/1', values: { leftAt } },
    ]);
    room.driver.runTo('playing.scoring');
    room.driver.restored((state) => ({ ...state, game: { ...gameOf(state), scores: [1, 50, 2, 3] } }));
    room.driver.runTo('gameOver');
    room.follow();
    expect(room.seats[1]).toMatchObject({ playerId: 's1', name: 'P1', leftAt, won: 1 });
    expect(room.rows.get('players', 's1')).toMatchObject({ name: 'P1', games: 1, wins: 1, score: 50 });
  });

  test('are aborted where the room closes first, and then count for nobody', () => {
    const room = new ListedRoom(playing());
    room.say({ type: 'close', reason: 'operator' });
    expect(room.game).toMatchObject({ status: 'aborted', endedAt: null });
    expect(room.seats.every(({ endedAt, rank }) => endedAt === null && rank === null)).toBe(true);
    expect(room.players).toEqual([]);
  });

  test('stay as they are when a finished room closes', () => {
    const room = new ListedRoom(RoomDriver.finished());
    const before = [room.game, room.seats, room.players];
    expect(room.ring().map(({ table }) => table)).toEqual(['rooms']);
    expect([room.game, room.seats, room.players]).toEqual(before);
  });
});

describe('a room that is set back', () => {
  test('to before the end of its game takes the game out of the sums', () => {
    const driver = RoomDriver.finished({ people: 2 });
    const room = new ListedRoom(driver);
    expect(room.players.map(({ games }) => games)).toEqual([1, 1]);
    room.restore(playing(2).snapshot);
    expect(room.game).toMatchObject({ status: 'running', endedAt: null, winners: '[]' });
    expect(room.seats).toMatchObject(SEATS.map(() => ({ endedAt: null, rank: null, won: 0, score: 0 })));
    expect(room.players).toMatchObject(
      [0, 1].map(() => ({ games: 0, wins: 0, score: 0, perfectRounds: 0, turnsWon: 0 })),
    );
  });

  test('to before the start has no game', () => {
    const room = new ListedRoom(RoomDriver.finished());
    room.restore(new RoomDriver().snapshot);
    expect(room.game).toBeUndefined();
    expect(room.seats).toEqual([]);
    expect(room.listed.status).toBe('waiting');
  });
});

/** States of several games that could have been played in one room, by the same people and by others. */
function statesOfGames(): At[] {
  const states: At[] = [];
  for (const people of [1, 2, 4]) {
    const driver = new RoomDriver({ people, seed: String(people).repeat(64) });
    const note = (from: RoomDriver): number => states.push(from.snapshot);
    note(driver);
    driver.apply({ type: 'startGame', ...speaker(0) }, driver.now + people);
    note(driver);
    note(driver.runTo('playing.turn.playing'));
    note(driver.runTo('playing.scoring'));
    note(driver.runTo('playing.turn.playing'));
    if (people > 1) driver.apply({ type: 'leave', ...speaker(1) });
    note(driver);
    note(driver.runTo('playing.scoring'));
    const game = gameOf(driver.state);
    driver.apply({ type: 'close', reason: 'operator' });
    note(driver);
    for (const scores of [[60, 1, 60, 3] as const, [-5, 50, 2, 3] as const]) {
      const ended = { ...game, scores, endedAt: driver.now + people };
      const over = RoomDriver.finished({ people }).restored((state) => ({ ...state, game: ended }));
      note(over);
      over.apply({ type: 'resumed', outageMs: 7 });
      note(over);
      over.apply({ type: 'close', reason: 'shutdown' });
      note(over);
      const [first, second, third, fourth] = ended.entrants; // one person in two seats
      const entrants = [first, second, { ...third, playerId: 's0' }, fourth] as const;
      note(over.restored((state) => ({ ...state, game: { ...gameOf(state), entrants } })));
    }
  }
  return states;
}

const STATES = statesOfGames();
/** Half of the steps go on in order, as rooms do; the others jump, as operators do. */
const walk = fc.array(fc.oneof(fc.constant<'next'>('next'), fc.nat(STATES.length - 1)), {
  minLength: 1,
  maxLength: 40,
});

function walked(rows: FoldedRows, roomId: string, steps: readonly ('next' | number)[]): At {
  let at = 0;
  let last: At | null = null;
  for (const step of steps) {
    at = step === 'next' ? (at + 1) % STATES.length : step;
    rows.apply(roomRows(roomId, last, STATES[at]!, null));
    last = STATES[at]!;
  }
  return last!;
}

property.prop([walk, walk], { seed: 20_260_401, numRuns: 400 })(
  'however rooms got to their states, their rows are those of the states, and players are the sums of their games',
  (first, second) => {
    const rows = new FoldedRows();
    const direct = new FoldedRows();
    for (const [roomId, steps] of [
      ['r1', first],
      ['r2', second],
    ] as const) {
      direct.apply(roomRows(roomId, null, walked(rows, roomId, steps), null));
    }
    expect(rows.all('games')).toEqual(direct.all('games'));
    expect(rows.all('gamePlayers')).toEqual(direct.all('gamePlayers'));
    // When a row changed last depends on the way.
    const listed = (from: FoldedRows) => from.all('rooms').map((row) => ({ ...row, updatedAt: 0 }));
    expect(listed(rows)).toEqual(listed(direct));
    expect(sumsIn(rows)).toEqual(sumsOfGames(rows));
  },
);

test('the walks above lead over games that run, are over and are aborted, and over rooms without one', () => {
  const rows = STATES.map((state) => new FoldedRows().apply(roomRows('r1', null, state, null)).get('games', 'r1'));
  expect(new Set(rows.map((row) => row?.status))).toEqual(new Set(['running', 'over', 'aborted', undefined]));
});

type Sums = Omit<PlayerRow, 'name' | 'lastPlayedAt'>;

/** Without those who have no finished game: their row may be left over from one that was undone. */
function sumsIn(rows: FoldedRows): Sums[] {
  return rows.all('players').flatMap(({ name, lastPlayedAt, ...sums }) => {
    if (sums.games > 0) return [sums];
    expect(sums).toEqual({ playerId: sums.playerId, games: 0, wins: 0, score: 0, perfectRounds: 0, turnsWon: 0 });
    return [];
  });
}

function sumsOfGames(rows: FoldedRows): Sums[] {
  const sums = new Map<string, Sums>();
  for (const { playerId, endedAt, won, score, perfectRounds, turnsWon } of rows.all('gamePlayers')) {
    if (playerId === null || endedAt === null) continue;
    const old = sums.get(playerId) ?? { playerId, games: 0, wins: 0, score: 0, perfectRounds: 0, turnsWon: 0 };
    sums.set(playerId, {
      playerId,
      games: old.games + 1,
      wins: old.wins + won,
      score: old.score + score,
      perfectRounds: old.perfectRounds + perfectRounds,
      turnsWon: old.turnsWon + turnsWon,
    });
  }
  return [...sums.values()].sort((a, b) => (a.playerId < b.playerId ? -1 : 1));
}

test('ranks and winners of a row are those that the rules give', () => {
  const over = STATES.find(({ context }) => context.game?.endedAt != null)!;
  const { scores } = gameOf(over.context);
  const rows = new FoldedRows().apply(roomRows('r1', null, over, null));
  expect(rows.all('gamePlayers').map(({ rank }) => rank)).toEqual(sharedRanks(scores));
  expect(rows.get('games', 'r1')?.winners).toBe(JSON.stringify(winners(scores)));
});
