// Goal: what becomes of a room whose machine throws. Method: tiny rooms under a virtual clock; a message that is unlucky
// makes the machine throw each time, `stepsToFail` makes the next steps fail whatever they are about.
import { describe, expect, test } from 'vitest';
import { UNLUCKY } from '../test/support/tiny-game.js';
import { type Told, TinyRooms } from '../test/support/tiny-rooms.js';

const kinds = (...told: Told[]): string[] =>
  told.flatMap((one) => one.heard().map((notice) => (notice.kind === 'unavailable' ? notice.why : notice.kind)));

describe('a message at which the machine throws', () => {
  test('is tried once more by the rebuilt room, and its sender never notices a fault that passes', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.stepsToFail = 1;
    const told = tiny.add(room, 3, { id: 'm1' });
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    expect(await tiny.count(room)).toBe(3);
    expect(tiny.failures).toHaveLength(1);
    expect(await tiny.deadLetters()).toEqual([]);
    expect(await tiny.inbox(room)).toEqual([]);
  });

  test('becomes a dead letter when it throws again: the sender is told, the room lives on as it was', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const [before, unlucky, after] = [tiny.add(room, 1), tiny.add(room, UNLUCKY, { id: 'm1' }), tiny.add(room, 2)];
    await tiny.clock.advance(1000);
    expect(kinds(before, unlucky, after)).toEqual(['applied', 'failed', 'applied']);
    expect(await tiny.count(room)).toBe(3);
    expect(tiny.rooms.counts.quarantined).toBe(0);
    expect(await tiny.inbox(room)).toEqual([]);
    const [letter, ...others] = await tiny.deadLetters();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ roomId: room, seq: 2, session: 'ann', messageId: 'm1' });
    expect(JSON.parse(letter!.message)).toEqual({ type: 'add', session: 'ann', n: UNLUCKY });
    expect(letter!.error).toContain('13 is unlucky');
  });

  test('costs nothing that was on its way before it', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const before = [1, 2, 3, 4].map((n) => tiny.add(room, n));
    tiny.add(room, UNLUCKY);
    await tiny.clock.advance(1000);
    expect(kinds(...before)).toEqual(['applied', 'applied', 'applied', 'applied']);
    expect(tiny.events(room)).toEqual(['opened', 'added', 'added', 'added', 'added']);
  });

  test('holds up what waits behind it, which then takes effect in its order', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, UNLUCKY);
    const behind = [1, 2, 3].map((n) => tiny.add(room, n));
    await tiny.clock.advance(1000);
    expect(kinds(...behind)).toEqual(['applied', 'applied', 'applied']);
    expect((await tiny.rooms.query(room, 'operator'))?.view.adds).toEqual([1, 2, 3]);
  });

  test('does not slow another room', async () => {
    const tiny = await TinyRooms.start();
    const [sick, healthy] = [await tiny.open(), await tiny.open()];
    tiny.add(sick, UNLUCKY);
    const told = tiny.add(healthy, 1);
    await tiny.clock.advance(10);
    expect(kinds(told)).toEqual(['applied']);
  });

  test('that waits while the room restarts survives a kill, and takes effect once', async () => {
    const tiny = await TinyRooms.start({ restarts: { delayMs: 10_000, delayMaxMs: 10_000 } });
    const room = await tiny.open();
    tiny.add(room, UNLUCKY); // two restarts: the second waits for seconds
    await tiny.clock.advance(100);
    const waiting = tiny.add(room, 5, { id: 'm5' });
    await tiny.clock.advance(100);
    expect(kinds(waiting)).toEqual([]);
    expect((await tiny.inbox(room)).map((text) => (JSON.parse(text) as { n: number }).n)).toEqual([5]);
    await tiny.crash({ downMs: 100 });
    await tiny.clock.advance(100);
    expect(await tiny.count(room)).toBe(5);
    const again = tiny.add(room, 5, { id: 'm5' });
    await tiny.clock.advance(100);
    expect(kinds(again)).toEqual(['repeated']);
    expect(await tiny.inbox(room)).toEqual([]);
  });
});

describe('dead letters', () => {
  async function withDeadLetter() {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.stepsToFail = 2;
    const told = tiny.add(room, 7, { id: 'm7' });
    await tiny.clock.advance(1000);
    expect(kinds(told)).toEqual(['failed']);
    const [letter] = await tiny.deadLetters();
    return { tiny, room, letter: letter! };
  }

  test('one that is retried takes effect as its sender’s message, and is a dead letter no more', async () => {
    const { tiny, room, letter } = await withDeadLetter();
    expect(await tiny.until(tiny.rooms.operations.retryDeadLetter(letter.id))).toBe('applied');
    expect(await tiny.count(room)).toBe(7);
    expect(await tiny.deadLetters()).toEqual([]);
    const repeated = tiny.add(room, 7, { id: 'm7' });
    await tiny.clock.advance(100);
    expect(kinds(repeated)).toEqual(['repeated']);
  });

  test('one that still throws is a dead letter again', async () => {
    const { tiny, letter } = await withDeadLetter();
    tiny.stepsToFail = 2;
    expect(await tiny.until(tiny.rooms.operations.retryDeadLetter(letter.id))).toBe('deadLetter');
    expect(await tiny.deadLetters()).toHaveLength(1);
  });

  test.each(['paused', 'all paused'])('one of a room that is %s is refused at once and stays', async (held) => {
    const { tiny, room, letter } = await withDeadLetter();
    const { operations } = tiny.rooms;
    await tiny.until(held === 'paused' ? operations.pause(room, 'to look') : operations.pauseAll('to look'));
    await expect(tiny.until(operations.retryDeadLetter(letter.id))).rejects.toThrow('is paused: resume it first');
    expect(await tiny.deadLetters()).toHaveLength(1);
    expect(await tiny.inbox(room)).toEqual([]);
  });

  test('one for which the mailbox has no place is not waited for', async () => {
    const tiny = await TinyRooms.start({ mailbox: { countMax: 1 } });
    const room = await tiny.open();
    tiny.add(room, UNLUCKY);
    await tiny.clock.advance(1000);
    const [letter] = await tiny.deadLetters();
    await tiny.crash();
    tiny.look(room); // fills the mailbox while the room is rebuilt
    expect(await tiny.until(tiny.rooms.operations.retryDeadLetter(letter!.id))).toBe('unavailable');
    expect(await tiny.deadLetters()).toHaveLength(1);
  });

  test('one that is refused by now is settled', async () => {
    const { tiny, room } = await withDeadLetter();
    tiny.stepsToFail = 2;
    tiny.add(room, -1);
    await tiny.clock.advance(1000);
    const bad = (await tiny.deadLetters()).find(({ message }) => message.includes('-1'))!;
    expect(await tiny.until(tiny.rooms.operations.retryDeadLetter(bad.id))).toBe('refused');
    expect(await tiny.deadLetters()).toHaveLength(1);
  });

  test('one that is dropped is gone, and dropping it twice is refused', async () => {
    const { tiny, room, letter } = await withDeadLetter();
    await tiny.until(tiny.rooms.operations.dropDeadLetter(letter.id));
    expect(await tiny.deadLetters()).toEqual([]);
    expect(await tiny.count(room)).toBe(0);
    await expect(tiny.until(tiny.rooms.operations.dropDeadLetter(letter.id))).rejects.toThrow(
      `no dead letter ${letter.id}`,
    );
  });
});

describe('quarantine', () => {
  test('a timer that throws twice stops the room: readable, refusing, visible; others are unharmed', async () => {
    const tiny = await TinyRooms.start();
    const [broken, healthy] = [await tiny.open(), await tiny.open()];
    tiny.wind(broken, -1000);
    tiny.wind(healthy, 1000);
    await tiny.clock.advance(2000);
    expect(tiny.failures).toHaveLength(2);
    expect(tiny.events(healthy)).toEqual(['opened', 'wound', 'rang']);
    expect(tiny.rooms.counts.quarantined).toBe(1);
    expect(tiny.rooms.holdOf(broken)?.why).toContain('the egg timer is broken');
    const [told, look] = [tiny.add(broken, 1), tiny.look(broken)];
    await tiny.clock.advance(10);
    expect(kinds(told)).toEqual(['quarantined']);
    expect(kinds(look)).toEqual(['seen']);
    expect((await tiny.until(tiny.rooms.query(broken, 'operator')))?.seq).toBe(2);
    expect(tiny.findings).toMatchObject([
      { roomId: broken, finding: expect.stringContaining('Quarantined') as string },
    ]);
  });

  test('outlives the process, and its deadline wakes nobody', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, -1000);
    await tiny.clock.advance(2000);
    await tiny.crash({ downMs: 5000 });
    const failures = tiny.failures.length;
    await tiny.clock.advance(100_000);
    expect(tiny.failures).toHaveLength(failures);
    expect(tiny.rooms.holdOf(room)).toMatchObject({ kind: 'quarantined' });
    const told = tiny.add(room, 1);
    expect(kinds(told)).toEqual(['quarantined']);
  });

  test('a room that is released goes on where its clocks stood', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 1000);
    await tiny.clock.advance(900);
    tiny.stepsToFail = 2;
    await tiny.clock.advance(200);
    expect(tiny.rooms.holdOf(room)?.kind).toBe('quarantined');
    await tiny.clock.advance(60_000);
    await tiny.until(tiny.rooms.operations.resume(room));
    expect(tiny.rooms.holdOf(room)).toBeNull();
    await tiny.clock.advance(100);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'shifted', 'rang']);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(10);
    expect(kinds(told)).toEqual(['applied']);
    await tiny.crash();
    expect(tiny.rooms.holdOf(room)).toBeNull();
  });

  test('a room that crashes again at its release stays in quarantine', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, -1000);
    await tiny.clock.advance(2000);
    await expect(tiny.until(tiny.rooms.operations.resume(room))).rejects.toThrow('could not be released');
    await tiny.clock.advance(1000);
    expect(tiny.rooms.holdOf(room)?.kind).toBe('quarantined');
    const told = tiny.add(room, 1);
    await tiny.clock.advance(10);
    expect(kinds(told)).toEqual(['quarantined']);
  });

  test('the shift of its clocks counts as the room’s own doing, whoever brought it up', async () => {
    const tiny = await TinyRooms.start();
    const [byTimer, byMessage] = [await tiny.open(), await tiny.open()];
    tiny.wind(byTimer, -10_000);
    tiny.wind(byMessage, -1_000_000);
    await tiny.clock.advance(5);
    await tiny.crash({ downMs: 60_000 });
    const told = tiny.add(byMessage, 1, { id: 'm1' });
    await tiny.clock.advance(100_000);
    expect(tiny.rooms.counts.quarantined).toBe(2);
    // The message was not at fault: it goes on waiting until somebody releases the room.
    expect(kinds(told)).toEqual([]);
    expect(await tiny.inbox(byMessage)).toHaveLength(1);
    expect(await tiny.deadLetters()).toEqual([]);
  });

  test('comes at more restarts within the time than are allowed, with growing pauses before', async () => {
    const tiny = await TinyRooms.start({ restarts: { restartsMax: 4, withinMs: 60_000, delayMs: 100 } });
    const room = await tiny.open();
    const letters: Told[] = [];
    for (let count = 0; count < 3; count++) {
      letters.push(tiny.add(room, UNLUCKY, { id: `m${count}` }));
      await tiny.clock.advance(2000);
    }
    expect(kinds(...letters)).toEqual(['failed', 'failed']);
    expect(tiny.rooms.holdOf(room)?.why).toMatch(/crashed 5 times in 60 s/);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(10_000);
    expect(kinds(letters[2]!), 'it is tried once more after the release').toEqual(['failed']);
    expect(tiny.rooms.holdOf(room), 'a release begins the count anew').toBeNull();
  });

  test('a damaged journal quarantines its room, naming the entry; what is before it can be read', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    for (let n = 1; n <= 5; n++) {
      tiny.add(room, n);
      await tiny.clock.advance(10);
    }
    await tiny.crash();
    tiny.engine.tamper(room, 4, (entry) => ({ ...entry, events: entry.events.replace('"n":3', '"n":4') }));
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['quarantined']);
    expect(tiny.rooms.holdOf(room)).toMatchObject({ kind: 'quarantined', seq: 4 });
    expect((await tiny.until(tiny.rooms.query(room, 'operator')))?.seq).toBe(3);
    await expect(tiny.until(tiny.rooms.operations.resume(room))).rejects.toThrow(/entry 4/);
  });
});

describe('all rooms beginning anew', () => {
  test('keeps every room, every deadline and what waits in the mailboxes', async () => {
    const tiny = await TinyRooms.start();
    const [one, two] = [await tiny.open(), await tiny.open()];
    tiny.wind(two, 5000);
    const told = [tiny.add(one, 1), tiny.add(one, 2), tiny.add(two, 3)];
    await tiny.until(tiny.rooms.restart());
    const late = tiny.add(one, 4);
    await tiny.clock.advance(100);
    expect(kinds(...told, late)).toEqual(['applied', 'applied', 'applied', 'applied']);
    expect(await tiny.count(one)).toBe(7);
    await tiny.clock.advance(5000);
    expect(tiny.events(two)).toEqual(['opened', 'wound', 'added', 'rang']);
  });

  test('one room that is restarted by hand answers what waited', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const told = tiny.add(room, 1);
    const restarted = tiny.rooms.operations.restartRoom(room);
    const waiting = tiny.add(room, 2);
    await tiny.until(restarted);
    await tiny.clock.advance(100);
    expect(kinds(told, waiting)).toEqual(['applied', 'applied']);
  });
});
