// Goal: rooms that come and go leave nothing in memory, whatever happened to them meanwhile. Method: as in rooms.test.ts;
// the simulated disk grows with every room, as a disk does, so the heap is bounded by what it holds.
import { expect, test } from 'vitest';
import { NO_ROOMS, TinyRooms } from '../test/support/tiny-rooms.js';

const ROOMS = 2_000;
const WAVE = 100;
const IDLE_MS = 60_000;

/** A wave of rooms lives and closes: some are spoken to, some rest and return, some are paused, some crash. */
async function live(tiny: TinyRooms, wave: number): Promise<void> {
  const told = Array.from({ length: WAVE }, (_, index) => tiny.create({ id: `room-${wave}-${index}` }));
  await tiny.clock.advance(20);
  const rooms = told.map((one) => one.heard()[0]!.roomId);
  for (const [index, room] of rooms.entries()) {
    tiny.add(room, 1, { id: `add-${index}` });
    if (index % 4 === 0) tiny.wind(room, 30_000);
    if (index % 5 === 0) tiny.look(room);
  }
  await tiny.clock.advance(20);
  const paused = rooms.filter((_, index) => index % 10 === 3);
  await tiny.until(Promise.all(paused.map((room) => tiny.rooms.operations.pause(room, 'a look inside'))));
  for (const room of paused) tiny.add(room, 2);
  await tiny.clock.advance(20);
  await tiny.until(Promise.all(paused.map((room) => tiny.rooms.operations.resume(room))));
  tiny.stepsToFail = wave % 3; // passes: the message is tried again
  tiny.add(rooms[0]!, 3);
  await tiny.clock.advance(1_000);
  if (wave % 2 === 0) await tiny.clock.advance(3 * IDLE_MS);
  for (const room of rooms) tiny.close(room);
  await tiny.clock.advance(1_000);
  tiny.notices.length = 0; // the test's own record
}

test('two thousand rooms that were opened and closed leave nothing behind', async () => {
  const tiny = await TinyRooms.start();
  for (let wave = 0; wave * WAVE < ROOMS; wave++) {
    await live(tiny, wave);
    expect(tiny.rooms.counts).toEqual(NO_ROOMS);
    expect([...tiny.rooms.openIds]).toEqual([]);
  }
  expect(tiny.writer.undecidedCount).toBe(0);
  const failures = tiny.failures.map(({ failure }) => (failure as Error).message);
  expect(failures.filter((message) => !message.includes('made to fail'))).toEqual([]);
});
