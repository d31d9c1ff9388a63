import { describe, expect, test } from 'vitest';
import { RoomDriver, speaker, STARTED_AT } from '../../test/support/room-driver.js';
import { AVATAR_COLOURS, gameOf, type RoomState } from './room-state.js';
import { type Seat, SEATS } from './rules.js';

const names = ({ seats }: RoomState) => seats.map((occupant) => occupant?.name ?? null);

describe('before the start', () => {
  test('the maker is host in seat 0, bots sit around', () => {
    const { state, events } = new RoomDriver();
    expect(events).toEqual([{ type: 'roomCreated', code: 'ABCDEF', hostName: 'P0' }]);
    expect(names(state)).toEqual(['P0', 'Bot 2', 'Bot 3', 'Bot 4']);
    expect(state).toMatchObject({ host: 0, hostArrived: false, game: null });
    expect(() => gameOf(state)).toThrow('room ABCDEF has no game');
  });

  test('a joiner takes the lowest empty seat; bots do not give way', () => {
    const room = new RoomDriver();
    expect(room.reason({ type: 'join', session: 'x', name: 'Xi' })).toBe('roomFull');
    room.apply({ type: 'removePlayer', ...speaker(0), target: 3 });
    room.apply({ type: 'removePlayer', ...speaker(0), target: 2 });
    expect(room.apply({ type: 'join', session: 'x', name: 'Xi' })).toEqual([
      { type: 'playerJoined', seat: 2, name: 'Xi' },
    ]);
    expect(room.state.seats[2]).toMatchObject({ session: 'x', since: room.now, awaySince: null });
  });

  test('a name in use, also a bot’s, is refused (D15)', () => {
    const room = new RoomDriver();
    room.apply({ type: 'removePlayer', ...speaker(0), target: 3 });
    expect(room.reason({ type: 'join', session: 'x', name: 'P0' })).toBe('nameTaken');
    expect(room.reason({ type: 'join', session: 'x', name: 'Bot 2' })).toBe('nameTaken');
  });

  test('people have colours of their own, bots none', () => {
    const { state } = new RoomDriver({ people: 4 });
    const colours = state.seats.map((occupant) => (occupant?.kind === 'person' ? occupant.colour : null));
    expect(new Set(colours).size).toBe(4);
    for (const colour of colours) expect(AVATAR_COLOURS).toContain(colour);
  });

  test('the host puts bots in and people out, and whoever loses a seat is named', () => {
    const room = new RoomDriver({ people: 3 });
    expect(room.apply({ type: 'removePlayer', ...speaker(0), target: 1 })).toEqual([
      { type: 'seatFreed', seat: 1, why: 'removed', who: { name: 'P1', session: 's1' } },
    ]);
    expect(room.apply({ type: 'addBot', ...speaker(0), target: 2 })).toEqual([
      { type: 'botSeated', seat: 2, replaced: { name: 'P2', session: 's2' } },
    ]);
    expect(names(room.state)).toEqual(['P0', null, 'Bot 3', 'Bot 4']);
  });

  test('nobody but the host may, whatever seat the message names, and nobody may move the host', () => {
    const room = new RoomDriver({ people: 2 });
    for (const type of ['addBot', 'removePlayer'] as const) {
      const sentence = `Only the host can ${type === 'addBot' ? 'add bots' : 'remove players'}`;
      expect(room.send({ type, ...speaker(1), target: 2 })).toMatchObject({ reason: 'notHost', sentence });
      expect(room.reason({ type, seat: 0, session: 's1', target: 2 })).toBe('notHost');
      expect(room.reason({ type, ...speaker(0), target: 0 })).toBe('hostSeat');
    }
  });

  test.each(['leave', 'disconnect'] as const)(
    'a player who goes by %s frees the seat, a host closes the room',
    (how) => {
      const room = new RoomDriver({ people: 2 });
      const goes = (seat: Seat) => (how === 'leave' ? { type: how, ...speaker(seat) } : { type: how, seat });
      expect(room.apply(goes(1))).toMatchObject([{ type: 'seatFreed', seat: 1, why: 'left' }]);
      expect(room.reason(goes(1))).toBe('notSeated');
      expect(room.apply(goes(0))).toEqual([{ type: 'roomClosed', why: 'hostLeft' }]);
      expect(room.leaf).toBe('closed');
    },
  );

  test('a room whose host never came closes after exactly 60 s; one whose host came waits for ever', () => {
    const room = new RoomDriver();
    expect(room.reason({ type: 'timer', timer: 'hostArrival' }, STARTED_AT + 59_999)).toBe('notDue');
    expect(room.deadline?.at).toBe(STARTED_AT + 60_000);
    expect(room.reason({ type: 'timer', timer: 'pause' }, STARTED_AT + 60_000)).toBe('notDue');
    expect(room.ring()).toEqual([{ type: 'roomClosed', why: 'hostNeverCame' }]);
    expect(room.leaf).toBe('closed');

    const arrived = new RoomDriver({ people: 2 });
    expect(arrived.reason({ type: 'connect', ...speaker(1) })).toBe('alreadyHere');
    expect(arrived.apply({ type: 'connect', ...speaker(0) })).toEqual([{ type: 'hostArrived' }]);
    expect(arrived.reason({ type: 'connect', ...speaker(0) })).toBe('alreadyHere');
    expect(arrived.deadline).toBeNull();
    expect(arrived.reason({ type: 'timer', timer: 'hostArrival' }, STARTED_AT + 100_000)).toBe('notDue');
  });

  test('only the host starts, and only with four', () => {
    const room = new RoomDriver({ people: 2 });
    expect(room.send({ type: 'startGame', ...speaker(1) })).toMatchObject({
      reason: 'notHost',
      sentence: 'Only the host can start the game',
    });
    expect(room.reason({ type: 'startGame', seat: 0, session: 's1' })).toBe('notHost');
    room.apply({ type: 'removePlayer', ...speaker(0), target: 2 });
    expect(room.reason({ type: 'startGame', ...speaker(0) })).toBe('seatEmpty');
    room.apply({ type: 'addBot', ...speaker(0), target: 2 });
    expect(room.apply({ type: 'startGame', ...speaker(0) })[0]).toEqual({ type: 'gameStarted' });
    expect(room.game).toMatchObject({ hands: [[], [], [], []], declarations: [null, null, null, null] });
  });
});

describe('in a game', () => {
  test('nobody joins, no seat is given away, and the game starts once', () => {
    const room = RoomDriver.playing({ people: 2 });
    expect(room.reason({ type: 'join', session: 'x', name: 'Xi' })).toBe('alreadyStarted');
    expect(room.reason({ type: 'addBot', ...speaker(0), target: 1 })).toBe('alreadyStarted');
    expect(room.reason({ type: 'removePlayer', ...speaker(0), target: 1 })).toBe('alreadyStarted');
    expect(room.reason({ type: 'startGame', ...speaker(0) })).toBe('wrongPhase');
  });

  test('who goes keeps seat, hand, declaration, score and zero streak, and is human again at once on return', () => {
    const room = RoomDriver.playing({ people: 2 }).runTo('playing.turn.playing');
    const before = room.game;
    expect(room.apply({ type: 'disconnect', seat: 1 })).toEqual([{ type: 'playerDisconnected', seat: 1 }]);
    expect(room.state.seats[1]).toMatchObject({ kind: 'person', name: 'P1', awaySince: room.now });
    expect(room.game).toEqual(before);
    expect(room.reason({ type: 'disconnect', seat: 1 })).toBe('alreadyHere');
    expect(room.reason({ type: 'disconnect', seat: 3 }), 'a bot').toBe('notSeated');
    expect(room.send({ type: 'leave', seat: 1, session: 'thief' })).toEqual({
      kind: 'refused',
      reason: 'notSeated',
      sentence: 'That seat belongs to somebody else.',
    });
    expect(room.reason({ type: 'connect', seat: 1, session: 'thief' })).toBe('notSeated');
    expect(room.apply({ type: 'connect', ...speaker(1) })).toEqual([{ type: 'playerReconnected', seat: 1 }]);
    expect(room.state.seats[1]).toMatchObject({ awaySince: null });
    expect(room.reason({ type: 'connect', ...speaker(1) })).toBe('alreadyHere');
  });

  test.each([
    ['playing.declaration', 'disconnect', 'declare'],
    ['playing.declaration', 'leave', 'declare'],
    ['playing.turn.playing', 'disconnect', 'play'],
    ['playing.turn.playing', 'leave', 'play'],
  ] as const)(
    'a bot acts for who goes while on turn, when it has thought and not before: %s, %s (D6)',
    (leaf, how, verb) => {
      const room = RoomDriver.playing({ people: 4 }).runTo(leaf);
      const seat = room.state.awaiting!.seats[0]!;
      expect(room.deadline, 'nothing happens by itself while a person thinks').toBeNull();
      room.apply({ type: how, ...speaker(seat) }, room.now + 10_000);
      const { at, message } = room.deadline!;
      expect(message).toEqual({ type: 'botTimer', seat });
      expect(at - room.now).toBeGreaterThanOrEqual(500);
      expect(at - room.now).toBeLessThanOrEqual(1500);
      expect(room.send(message, at - 1)).toMatchObject({ reason: 'notDue', sentence: `No bot is to ${verb} now.` });
      expect(room.ring()[0]).toMatchObject({ type: leaf === 'playing.declaration' ? 'declared' : 'played', seat });
    },
  );

  test('who returns before the bot acted plays on', () => {
    const room = RoomDriver.playing({ people: 4 }).runTo('playing.declaration');
    const [seat] = room.state.awaiting!.seats;
    room.apply({ type: 'disconnect', seat: seat! });
    const dueAt = room.deadline!.at;
    room.apply({ type: 'connect', ...speaker(seat!) });
    expect(room.deadline).toBeNull();
    expect(room.reason({ type: 'botTimer', seat: seat! }, dueAt)).toBe('notDue');
  });

  test('the host role goes to the next person by seat, else to the first bot, and does not come back', () => {
    const room = RoomDriver.playing({ people: 3 });
    expect(room.apply({ type: 'disconnect', seat: 1 })).toHaveLength(1);
    expect(room.apply({ type: 'disconnect', seat: 0 })[1]).toEqual({ type: 'hostChanged', from: 0, to: 2 });
    room.apply({ type: 'connect', ...speaker(0) });
    room.apply({ type: 'connect', ...speaker(1) });
    expect(room.apply({ type: 'disconnect', seat: 1 }), 'a guest who goes moves no host').toHaveLength(1);
    expect(room.state.host).toBe(2);
    room.apply({ type: 'disconnect', seat: 0 });
    expect(room.apply({ type: 'disconnect', seat: 2 })[1]).toMatchObject({ type: 'hostChanged', from: 2 });

    const alone = RoomDriver.playing({ people: 1 });
    expect(alone.apply({ type: 'disconnect', seat: 0 })[1]).toEqual({ type: 'hostChanged', from: 0, to: 1 });
  });

  test('leaving is for good: the seat is a bot’s under the same name, and its session has no claim (D7)', () => {
    const room = RoomDriver.playing({ people: 2 });
    expect(room.apply({ type: 'leave', ...speaker(0) })).toEqual([
      { type: 'playerLeft', seat: 0 },
      { type: 'hostChanged', from: 0, to: 1 },
    ]);
    expect(room.state.seats[0]).toEqual({ kind: 'bot', name: 'P0', since: room.now });
    expect(room.reason({ type: 'connect', ...speaker(0) })).toBe('notSeated');
    expect(room.reason({ type: 'leave', ...speaker(0) })).toBe('notSeated');
  });

  test('who began it is remembered, and when they left it for good; who is only away has not left', () => {
    const room = RoomDriver.playing({ people: 3 });
    room.apply({ type: 'disconnect', seat: 2 });
    room.apply({ type: 'leave', ...speaker(1) }, room.now + 5_000);
    const leftAt = room.now;
    room.runTo('playing.declaration');
    expect(room.game.entrants).toEqual([
      { name: 'P0', playerId: 's0', leftAt: null },
      { name: 'P1', playerId: 's1', leftAt },
      { name: 'P2', playerId: 's2', leftAt: null },
      { name: 'Bot 4', playerId: null, leftAt: null },
    ]);
  });

  test('who leaves its result has not left it', () => {
    const room = RoomDriver.finished({ people: 2 });
    const { entrants } = room.game;
    room.apply({ type: 'leave', ...speaker(1) });
    expect(room.state.seats[1]?.kind).toBe('bot');
    expect(room.game.entrants).toEqual(entrants);
  });

  test('a room without people closes after exactly 30 s, unless somebody returns', () => {
    const room = RoomDriver.playing({ people: 2 }).runTo('playing.turn.playing');
    room.apply({ type: 'disconnect', seat: 0 });
    expect(room.state.emptySince).toBeNull();
    room.apply({ type: 'disconnect', seat: 1 }, room.now + 1_000);
    const emptySince = room.now;
    expect(room.state.emptySince).toBe(emptySince);
    expect(room.reason({ type: 'timer', timer: 'abandoned' }, emptySince + 29_999)).toBe('notDue');
    expect(room.reason({ type: 'timer', timer: 'finished' }, emptySince + 30_000)).toBe('notDue');
    room.now = emptySince;
    room.apply({ type: 'connect', ...speaker(0) }, emptySince + 10_000);
    expect(room.reason({ type: 'timer', timer: 'abandoned' }, emptySince + 30_000)).toBe('notDue');
    room.apply({ type: 'disconnect', seat: 0 });
    const again = room.now;
    room.runUntil(({ leaf }) => leaf === 'closed');
    expect(room.now).toBe(again + 30_000);
    expect(room.events.at(-1)).toEqual({ type: 'roomClosed', why: 'abandoned' });
  });
});

test('a seat keeps its place: whoever comes and goes, there are four', () => {
  const room = RoomDriver.playing({ people: 4 });
  for (const seat of SEATS) room.apply({ type: 'leave', ...speaker(seat) });
  expect(room.state.seats.map((occupant) => occupant?.kind)).toEqual(['bot', 'bot', 'bot', 'bot']);
});
