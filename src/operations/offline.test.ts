import { beforeAll, expect, test } from 'vitest';
import { liapTui } from '../../actors/room/liap-tui.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { appendsOf, PLAYING, playingDriver } from '../../test/support/journal-folder.js';
import { openOffline } from './offline.js';
import { perform } from './perform.js';

// Goal: rooms that a tool opens stand still. Method: a game whose next step is long due, on a simulated disk.
const MINUTE_MS = 60_000;
let clock: SimulatedClock;
let engine: SimulatedEngine;
let entries: number;

beforeAll(async () => {
  clock = new SimulatedClock();
  engine = new SimulatedEngine(clock, { commitDelayMs: 1 });
  const appends = appendsOf(PLAYING, playingDriver().messages);
  entries = appends.length;
  await until(engine.commit(appends, clock.nowMs()));
  await clock.advance(MINUTE_MS);
});

async function until<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const done = promise.finally(() => (settled = true));
  done.catch(() => undefined); // thrown to the caller below
  await clock.runUntil(() => settled, MINUTE_MS);
  return done;
}

const open = () =>
  until(
    openOffline({
      engine,
      dataDir: '/nowhere',
      definition: liapTui(),
      clock,
      random: (count) => Buffer.alloc(count, 7),
      retentionMs: MINUTE_MS,
      onFailure: (_roomId, failure) => {
        throw failure;
      },
      onFinding: () => undefined,
    }),
  );

test('no room does anything by itself, not even one that is woken, and the tool’s time joins the outage', async () => {
  const began = (await until(engine.marks())).aliveAt;
  const offline = await open();
  await until(perform(offline.context, 'pause', { room: PLAYING.roomId }, 'tool'));
  await until(perform(offline.context, 'snapshot', { room: PLAYING.roomId }, 'tool'));
  await clock.advance(10 * MINUTE_MS);
  await until(offline.stop());

  expect(await until(engine.heads([PLAYING.roomId]))).toMatchObject([{ seq: entries }]);
  const { aliveAt } = await until(engine.marks());
  expect(await until(engine.outages())).toEqual([{ from: began, to: aliveAt }]);
  expect(aliveAt).toBeGreaterThanOrEqual(began + 11 * MINUTE_MS);
  expect(await until(engine.row('holds', PLAYING.roomId))).toMatchObject({ kind: 'paused' });
});
