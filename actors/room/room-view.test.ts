import { describe, expect, test } from 'vitest';
import { CANDIDATES } from '../../test/support/reached-states.js';
import { RoomDriver, speaker, STARTED_AT } from '../../test/support/room-driver.js';
import type { UntimedMessage } from './room-message.js';
import { viewRoom } from './room-view.js';
import { SEATS } from './rules.js';

const playing = () => RoomDriver.playing({ people: 4 }).runTo('playing.turn.playing');

describe('what a viewer sees', () => {
  test('a player its own hand, of the others the size (D13)', () => {
    const { snapshot, game } = playing();
    for (const viewer of SEATS) {
      const view = viewRoom(snapshot, viewer);
      for (const seat of SEATS) expect(view.game?.hands[seat]).toEqual(seat === viewer ? game.hands[seat] : null);
      expect(view.game?.handSizes).toEqual([8, 8, 8, 8]);
    }
  });

  test('a spectator and the router no hand at all, an operator all of them', () => {
    const { snapshot, game } = playing();
    expect(viewRoom(snapshot, 'spectator').game?.hands).toEqual([null, null, null, null]);
    expect(viewRoom(snapshot, 'router').game?.hands).toEqual([null, null, null, null]);
    expect(viewRoom(snapshot, 'operator').game?.hands).toEqual(game.hands);
  });

  test('nobody the seed, nobody but the router a session, and nobody who began the game', () => {
    const { snapshot, state } = playing();
    expect(viewRoom(snapshot, 'operator').game).not.toHaveProperty('entrants');
    for (const viewer of [...SEATS, 'spectator', 'router', 'operator'] as const) {
      const text = JSON.stringify(viewRoom(snapshot, viewer));
      expect(text).not.toContain(state.seed);
      expect(text.includes('"s1"'), String(viewer)).toBe(viewer === 'router');
    }
  });

  test('who declares and what is allowed, who plays and how many pieces', () => {
    const room = RoomDriver.playing({ people: 4 }).runTo('playing.declaration');
    for (let asked = 0; asked < 3; asked++) {
      const seat = room.state.awaiting!.seats[0]!;
      const { game } = viewRoom(room.snapshot, 'spectator');
      expect(game).toMatchObject({ declarer: seat, player: null, declareOptions: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
      room.apply({ type: 'declare', ...speaker(seat), value: 1 });
    }
    expect(viewRoom(room.snapshot, 'spectator').game?.declareOptions).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
    room.runTo('playing.turn.playing');
    const leader = room.state.awaiting!.seats[0]!;
    expect(viewRoom(room.snapshot, 0).game).toMatchObject({
      declarer: null,
      declareOptions: null,
      player: leader,
      requiredCount: null,
    });
    room.apply({ type: 'play', ...speaker(leader), indices: [0] });
    expect(viewRoom(room.snapshot, 0).game).toMatchObject({ player: (leader + 1) % 4, requiredCount: 1 });
    room.runTo('playing.turn.shown');
    expect(viewRoom(room.snapshot, 0)).toMatchObject({
      phase: 'turn',
      leaf: 'playing.turn.shown',
      awaiting: null,
      game: { declarer: null, declareOptions: null, player: null },
    });
  });

  test('a person who is away as played by a bot, and as a person still; an empty seat as empty', () => {
    const room = playing();
    room.apply({ type: 'disconnect', seat: 1 });
    room.apply({ type: 'leave', ...speaker(2) });
    const [host, away, bot] = viewRoom(room.snapshot, 'router').seats;
    expect(host).toMatchObject({ isBot: false, isPerson: true, awaySince: null });
    expect(away).toMatchObject({ isBot: true, isPerson: true, awaySince: room.now });
    expect(bot).toStrictEqual({
      name: 'P2',
      isBot: true,
      isPerson: false,
      awaySince: null,
      colour: null,
      since: room.now,
      session: null,
    });
    const waiting = new RoomDriver();
    waiting.apply({ type: 'removePlayer', ...speaker(0), target: 3 });
    expect(viewRoom(waiting.snapshot, 'spectator')).toMatchObject({ phase: 'waiting', game: null });
    expect(viewRoom(waiting.snapshot, 'spectator').seats[3]).toBeNull();
  });
});

describe('the definition', () => {
  test('a room begins with create', () => {
    const { definition, snapshot, messages } = new RoomDriver();
    expect(() => definition.create({ type: 'close', at: 1, reason: 'operator' })).toThrow('not with close');
    expect(definition.name).toBe('liap-tui');
    expect(definition.isClosed(snapshot)).toBe(false);
    expect(definition.closing()).toEqual({ type: 'close', reason: 'operator' });
    expect(definition.resumed(5)).toEqual({ type: 'resumed', outageMs: 5 });
    expect(definition.message.parse(messages[0])).toEqual(messages[0]);
  });

  test('a message of each type is read as it was written, and refused without any of its members', () => {
    const { definition } = new RoomDriver();
    for (const message of Object.values(CANDIDATES).flat()) {
      expect(definition.message.parse({ ...message, at: 1 })).toEqual({ ...message, at: 1 });
    }
    for (const [candidate] of Object.values(CANDIDATES)) {
      const message: Record<string, unknown> = { ...candidate!, at: 1 };
      for (const member of Object.keys(message)) {
        const { [member]: gone, ...rest } = message;
        expect(() => definition.message.parse(rest), `${candidate!.type} without ${member}`).toThrow();
        expect(() => definition.message.parse({ ...message, [member]: {} }), `${candidate!.type}, ${member}`).toThrow();
      }
    }
    const [create] = CANDIDATES.create;
    for (const wrong of [{ at: -1 }, { at: 0.5 }, { seed: '5'.repeat(63) }, { timeScale: -1 }, { key: 5 }]) {
      expect(() => definition.message.parse({ ...create, at: 1, ...wrong }), JSON.stringify(wrong)).toThrow();
    }
    for (const outageMs of [0, -5, 0.5]) {
      expect(() => definition.message.parse({ type: 'resumed', at: 1, outageMs })).toThrow();
    }
  });

  test('what is told of messages and events has no seed and nobody’s session, at any depth', () => {
    const { definition, messages } = new RoomDriver();
    const first: object = { ...messages[0]!, key: 'k1' };
    const create = definition.redact!(first as UntimedMessage);
    const botSeated = definition.redact!({ type: 'botSeated', seat: 1, replaced: { name: 'P1', session: 's1' } });
    expect(create).toEqual({ type: 'create', at: STARTED_AT, code: 'ABCDEF', hostName: 'P0', timeScale: 1 });
    expect(botSeated).toEqual({ type: 'botSeated', seat: 1, replaced: { name: 'P1' } });
  });

  test('messages and events without their shape are refused, members of later versions are kept', () => {
    const { definition } = new RoomDriver();
    expect(() => definition.message.parse({ type: 'dance', at: 1 })).toThrow();
    expect(() => definition.message.parse({ type: 'disconnect', at: 1, seat: 4 })).toThrow('a seat is 0 to 3');
    expect(definition.message.parse({ type: 'disconnect', at: 1, seat: 3, later: true })).toHaveProperty('later', true);
    expect(definition.event.parse({ type: 'hostArrived' })).toEqual({ type: 'hostArrived' });
    for (const shapeless of [null, 'hostArrived', {}, { type: 1 }])
      expect(() => definition.event.parse(shapeless)).toThrow('an event is an object with a type');
  });
});
