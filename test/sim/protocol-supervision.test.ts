import { describe, expect, test } from 'vitest';
import { NAMES, SIMPLE_BOTS, SLOW_BOTS, Table } from '../support/table.js';
import { at } from '../support/wire-client.js';

/*
 * Goal: whatever restarts, stops or is set back behind them, players keep their sockets, lose nothing, and are told what
 * they need. Method: a simulated server whose machine, rooms and operators misbehave under a running game.
 */

/** The first frame that answers an accepted declaration. */
const TAKEN = 'phase_change';

describe('a step that fails', () => {
  test('once, is not noticed by anybody', async () => {
    const table = await Table.declaring({ humans: 2 });
    table.sim.stepsToFail = 1;
    const answer = await table.declare(0, 1);
    expect(answer.event).toBe(TAKEN);
    expect(table.host.isOpen).toBe(true);
    expect((await table.view()).game?.declarations[0]).toBe(1);
  });

  test('twice, is told to its sender, who is not asked to repeat it; the game goes on', async () => {
    const table = await Table.declaring({ humans: 2 });
    table.sim.stepsToFail = 2;
    const answer = await table.declare(0, 1);
    expect(answer).toMatchObject({
      event: 'error',
      data: { type: 'temporarily_unavailable', reason: 'failed', retryable: false },
    });
    expect((await table.declare(0, 1)).event).toBe(TAKEN);
    expect(table.person(1).isOpen).toBe(true);
  });

  test('of a bot, twice, stops the room: health says so, players are told, and it can still be read', async () => {
    const table = await Table.declaring({ humans: 1, bots: SIMPLE_BOTS });
    await table.declare(0, 1);
    table.sim.stepsToFail = 1_000;
    await table.advance(60_000);
    table.sim.stepsToFail = 0;
    expect(table.sim.server.health().checks.find(({ name }) => name === 'rooms')).toMatchObject({ ok: false });
    const answer = await table.declare(0, 1);
    expect(answer.data).toMatchObject({ type: 'temporarily_unavailable', reason: 'quarantined', retryable: false });
    const back = await table.comeBack(0);
    expect(back.phase['phase']).toBe('declaration');
    const { rooms } = table.sim.server;
    await table.sim.until(rooms.operations.resume(table.roomId));
    await table.toPhase('turn');
    expect(table.sim.server.health().checks.every(({ ok }) => ok)).toBe(true);
  });

  test('of a bot, twice, is an alert that names the room and goes on until the room is released, also after a restart', async () => {
    const table = await Table.declaring({ humans: 1, bots: SIMPLE_BOTS });
    await table.declare(0, 1);
    expect(table.sim.alerts).toEqual([]);
    table.sim.stepsToFail = 1_000;
    await table.advance(60_000);
    table.sim.stepsToFail = 0;
    await table.sim.crash();
    const key = `room/${table.roomId}`;
    const summary = expect.stringContaining('Quarantined: ') as string;
    expect(table.sim.alerts).toMatchObject([
      { key, state: 'firing', summary },
      { key, state: 'firing', summary },
    ]);
    const [first, afterwards] = table.sim.alerts;
    expect(afterwards!.summary).toBe(first!.summary);
    expect(afterwards!.goesOn!()).toBe(true);
    await table.sim.until(table.sim.server.rooms.operations.resume(table.roomId));
    expect(afterwards!.goesOn!()).toBe(false);
  });
});

test('a room that an operator closes tells its players so and is gone', async () => {
  const table = await Table.declaring({ humans: 2 });
  const { rooms } = table.sim.server;
  const { code } = await table.view();
  await table.sim.until(rooms.operations.close(table.roomId));
  await table.settle(50);
  for (const person of [table.host, table.person(1)]) {
    expect(person.frames.at(-1)).toMatchObject({ event: 'room_closed', data: { reason: 'closed_by_operator' } });
  }
  expect(rooms.resolve(code)).toBeUndefined();
});

describe('a paused room', () => {
  test('answers a move when it goes on', async () => {
    const table = await Table.declaring({ humans: 2 });
    const { rooms } = table.sim.server;
    await table.sim.until(rooms.operations.pause(table.roomId, 'maintenance'));
    table.host.mark();
    const id = table.host.send('declare', { player_name: NAMES[0], value: 1 });
    await table.advance(20_000);
    expect(table.host.freshEvents.filter((event) => event !== 'ping')).toEqual([]);
    await table.sim.until(rooms.operations.resume(table.roomId));
    await table.settle(50);
    expect(table.host.fresh.find(({ data }) => data['in_reply_to'] === id)?.event).toBe(TAKEN);
  });

  test('shows itself to a player who comes back to it', async () => {
    const table = await Table.declaring({ humans: 2 });
    const { rooms } = table.sim.server;
    table.person(1).cut();
    await table.advance(20_000);
    await table.sim.until(rooms.operations.pause(table.roomId, 'maintenance'));
    const back = await table.comeBack(1);
    expect(back.phase['phase']).toBe('declaration');
    await table.sim.until(rooms.operations.resume(table.roomId));
    await table.settle(50);
    expect((await table.view()).seats[1]).toMatchObject({ isBot: false, awaySince: null });
  });

  test('keeps a waiting move through a crash of the server, and takes it once', async () => {
    const table = await Table.declaring({ humans: 2 });
    await table.sim.until(table.sim.server.rooms.operations.pause(table.roomId, 'maintenance'));
    table.person(0).send('declare', { player_name: NAMES[0], value: 1 }, 'the-move');
    await table.settle(50);
    await table.sim.crash();
    await table.sim.until(table.sim.server.rooms.operations.resume(table.roomId));
    await table.settle(50);
    expect((await table.view()).game?.declarations[0]).toBe(1);
    const back = await table.comeBack(0);
    const again = await back.call('declare', { player_name: NAMES[0], value: 1 }, 'the-move');
    expect(again.event).toBe(TAKEN);
    expect(table.entries.filter(({ message }) => message.includes('"declare"'))).toHaveLength(1);
  });
});

describe('a room that an operator sets back', () => {
  test('is shown to everybody as it is now, each with its own hand only', async () => {
    const table = await Table.playing();
    const before = table.entries.length;
    const hands = (await table.view()).game!.hands;
    await table.play(0, 0);
    await table.play(1, 0);
    expect((await table.view()).game!.handSizes.slice(0, 2)).toEqual([7, 7]);
    for (const person of table.people) person.mark();
    await table.sim.until(table.sim.server.rooms.operations.restore(table.roomId, before));
    await table.settle(50);
    for (const [seat, person] of table.people.entries()) {
      expect(person.isOpen).toBe(true);
      expect(person.freshEvents).toContain('phase_change');
      const players = at(person.phase, 'players');
      expect(at(players, NAMES[seat]!)['hand']).toHaveLength(8);
      for (const other of NAMES.filter((name) => name !== NAMES[seat])) {
        expect(at(players, other)['hand'] ?? []).toEqual([]);
      }
    }
    expect((await table.view()).game!.hands).toEqual(hands);
    expect((await table.play(0, 0)).event).not.toBe('error');
  });

  test('to before its game, it is in the list again', async () => {
    const table = await Table.declaring({ humans: 1 });
    expect((await table.lobby.call('get_rooms')).data['rooms']).toEqual([]);
    const started = table.entries.findIndex(({ message }) => message.includes('"startGame"'));
    await table.sim.until(table.sim.server.rooms.operations.restore(table.roomId, started));
    await table.settle(300);
    expect((await table.lobby.call('get_rooms')).data['rooms']).toHaveLength(1);
    expect(table.host.last('room_update').data['started']).toBe(false);
  });
});

describe('a process that starts', () => {
  test('stands behind the outage that the one before recorded, though the wall clock has been set back since', async () => {
    const table = await Table.declaring({ humans: 1, bots: SIMPLE_BOTS });
    await table.declare(0, 1);
    const before = table.entries.length;
    table.sim.clock.jumpWall(86_400_000);
    await table.sim.crash(); // the next process writes down a day, and dies before it writes anything else
    table.sim.clock.jumpWall(-86_400_000);
    await table.sim.crash(0);
    await table.advance(10_000);
    expect(table.entries.length).toBeGreaterThan(before + 2);
  });
});

describe('the supervision tree', () => {
  test('rooms that begin anew keep every socket and every game', async () => {
    const table = await Table.declaring({ humans: 2 });
    const other = await Table.add(table.sim, 1);
    const answers = [table.declare(0, 1)];
    table.sim.server.supervisor.failed('rooms', new Error('for the test'));
    answers.push(other.host.call('get_room_state'));
    await table.settle(100);
    expect((await Promise.all(answers)).map(({ event }) => event)).toEqual([TAKEN, 'room_update']);
    for (const { isOpen } of [...table.people, other.host, table.lobby]) expect(isOpen).toBe(true);
    expect((await table.declare(1, 1)).event).toBe(TAKEN);
    expect(table.sim.gaveUp).toBe(0);
  });

  test('a journal that begins anew is followed by the rooms; moves under way are answered', async () => {
    const table = await Table.declaring({ humans: 2 });
    const answer = table.declare(0, 1);
    table.sim.server.supervisor.failed('journal', new Error('for the test'));
    await table.settle(5_000);
    const { event, data } = await answer;
    if (event === 'error') expect(data).toMatchObject({ type: 'temporarily_unavailable', retryable: true });
    else expect(event).toBe(TAKEN);
    expect(table.host.isOpen).toBe(true);
    const again = await table.declare(0, 1);
    expect([TAKEN, 'error']).toContain(again.event);
    expect((await table.view()).game?.declarations[0]).toBe(1);
  });

  test('what fails again and again ends the process, which its manager starts anew', async () => {
    const table = await Table.open({ bots: SLOW_BOTS });
    for (let count = 0; count < 7; count++) {
      table.sim.server.supervisor.failed('rooms', new Error('for the test'));
      await table.advance(2_000);
    }
    expect(table.sim.gaveUp).toBe(1);
  });

  test('a store that stays away for half a minute gets new connections', async () => {
    const table = await Table.declaring({ humans: 2 });
    let restarts = 0;
    const restart = table.sim.engine.restart.bind(table.sim.engine);
    table.sim.engine.restart = () => {
      restarts++;
      return restart();
    };
    table.sim.engine.failNext(1_000_000, 'SQLITE_IOERR');
    while (table.sim.server.writer.available) await table.declare(0, 1);
    await table.advance(29_000);
    expect(restarts).toBe(0);
    await table.advance(2_000);
    expect(restarts).toBe(1);
    table.sim.engine.failNext(0, '');
    await table.advance(5_000);
    expect((await table.declare(0, 1)).event).toBe(TAKEN);
  });
});
