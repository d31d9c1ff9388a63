// Goal: a room's past can be read entry by entry, exactly, also where a part of it is damaged; and what players may not
// see of a running game is not in it.
import { describe, expect, test } from 'vitest';
import { type TinyGame, tinyGame, tinyGameBefore } from '../test/support/tiny-game.js';
import { TinyRooms } from '../test/support/tiny-rooms.js';
import {
  type Action,
  actionsOf,
  changesOf,
  type HistoryPage,
  type HistoryReader,
  seqAt,
  stateAt,
  timeOf,
} from './history.js';
import { liapTui } from './room/liap-tui.js';
import { verifyRoom } from './verification.js';

/** Shows the state's code to operators only, as a hand. */
const secretive: TinyGame = {
  ...tinyGame,
  view: (snapshot, viewer) => ({
    ...tinyGame.view(snapshot, viewer),
    adds: viewer === 'operator' ? snapshot.context.adds : [],
  }),
};

/** Entry 1 opens the room, each of the others adds 1. */
async function playedRoom(adds: number) {
  const tiny = await TinyRooms.start();
  const room = await tiny.open();
  const openedAt = tiny.clock.nowMs();
  for (let n = 1; n <= adds; n++) {
    tiny.add(room, 1);
    await tiny.clock.advance(100);
  }
  return { tiny, room, openedAt };
}

/** As a room's file is: without a quick way from a time to an entry. */
function plain({ engine }: TinyRooms): HistoryReader {
  return {
    heads: engine.heads.bind(engine),
    read: engine.read.bind(engine),
    snapshots: engine.snapshots.bind(engine),
  };
}

describe('actions', () => {
  test('are told in pages, each entry once', async () => {
    const { tiny, room } = await playedRoom(7);
    const seqs: number[] = [];
    for (let from: number | null = 1; from !== null; ) {
      const page: HistoryPage<Action> | null = await tiny.until(
        actionsOf(tiny.engine, tinyGame, room, { from, limit: 3 }),
      );
      seqs.push(...page!.items.map(({ seq }) => seq));
      from = page!.next;
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await tiny.until(actionsOf(tiny.engine, tinyGame, 'nowhere'))).toBeNull();
  });

  test('hide seed and session until the game is over, or they are revealed', async () => {
    const { tiny, room } = await playedRoom(1);
    const read = (reveal: boolean) => tiny.until(actionsOf(tiny.engine, tinyGame, room, { reveal, events: 'whole' }));
    const hidden = await read(false);
    expect(hidden).toMatchObject({
      revealed: false,
      items: [
        { seq: 1, type: 'open', outcome: 'applied', message: { type: 'open' }, events: [{ type: 'opened' }] },
        { seq: 2, type: 'add', message: { type: 'add', n: 1 }, events: [{ type: 'added', n: 1, count: 1 }] },
      ],
    });
    expect(JSON.stringify(hidden)).not.toMatch(/seed|session/);
    expect(JSON.stringify(await read(true))).toMatch(/"seed":"[0-9a-f]{64}"/);
    tiny.close(room);
    await tiny.clock.advance(100);
    expect(await read(false)).toMatchObject({ revealed: true });
    await tiny.until(tiny.rooms.operations.restore(room, 2));
    expect(await read(false), 'the game goes on').toMatchObject({ revealed: false });
  });

  test('are types only where the definition does not say what is secret', async () => {
    const { tiny, room } = await playedRoom(1);
    const silent = Object.fromEntries(Object.entries(tinyGame).filter(([member]) => member !== 'redact'));
    const page = await tiny.until(
      actionsOf(tiny.engine, silent as unknown as TinyGame, room, { from: 2, events: 'whole' }),
    );
    expect(page!.items).toMatchObject([{ seq: 2, type: 'add', message: null, events: ['added'] }]);
  });

  test('of a room that was set back say to where', async () => {
    const { tiny, room } = await playedRoom(3);
    await tiny.until(tiny.rooms.operations.restore(room, 2));
    const page = await tiny.until(actionsOf(tiny.engine, tinyGame, room, { from: 5 }));
    expect(page!.items).toMatchObject([{ seq: 5, type: 'restored', outcome: 'restored', message: { toSeq: 2 } }]);
  });

  test('of a damaged journal are told as they stand there', async () => {
    const { tiny, room } = await playedRoom(3);
    tiny.engine.tamper(room, 3, (entry) => ({ ...entry, message: '{"type":', events: 'x' }));
    const page = await tiny.until(actionsOf(tiny.engine, tinyGame, room));
    expect(page!.items.map(({ type }) => type)).toEqual(['open', 'add', 'unreadable', 'add']);
  });

  test('of the game hide the seed and who speaks, at any depth', () => {
    const shown = liapTui().redact!({
      type: 'seatFreed',
      seat: 2,
      why: 'left',
      who: { name: 'Bob', session: 'secret' },
    });
    expect(shown).toEqual({ type: 'seatFreed', seat: 2, why: 'left', who: { name: 'Bob' } });
    const create = {
      type: 'create',
      session: 's',
      code: 'ABC234',
      seed: 'f'.repeat(64),
      hostName: 'Ann',
      timeScale: 1,
    };
    expect(liapTui().redact!(create as never)).toEqual({
      type: 'create',
      code: 'ABC234',
      hostName: 'Ann',
      timeScale: 1,
    });
  });
});

describe('changes', () => {
  test('say what each entry changed, from any entry on', async () => {
    const { tiny, room } = await playedRoom(70);
    const page = await tiny.until(changesOf(tiny.engine, tinyGame, room, { from: 66, limit: 2 }));
    expect(page).toMatchObject({ next: 68, stop: null });
    expect(page!.items.map(({ changes }) => changes)).toEqual([
      [
        { path: '/count', before: 64, after: 65 },
        { path: '/adds/64', after: 1 },
      ],
      [
        { path: '/count', before: 65, after: 66 },
        { path: '/adds/65', after: 1 },
      ],
    ]);
    const first = await tiny.until(changesOf(tiny.engine, tinyGame, room, { limit: 1 }));
    expect(first!.items[0]).toMatchObject({ seq: 1, changes: [{ path: '', after: { count: 0 } }] });
  });

  test('go across an upgrade and a restore', async () => {
    const tiny = await TinyRooms.start({ definition: tinyGameBefore });
    const room = await tiny.open();
    tiny.add(room, 4);
    await tiny.clock.advance(100);
    tiny.definition = tinyGame;
    await tiny.crash();
    tiny.add(room, 5);
    await tiny.clock.advance(100);
    await tiny.until(tiny.rooms.operations.restore(room, 1));
    const page = await tiny.until(changesOf(tiny.engine, tinyGame, room, { from: 2 }));
    expect(page!.items.map(({ type, changes }) => [type, changes!.map(({ path, after }) => [path, after])])).toEqual([
      ['add', [['/count', 4]]],
      ['upgraded', []],
      [
        'add',
        [
          ['/count', 9],
          ['/adds/0', 5],
        ],
      ],
      [
        'restored',
        [
          ['/count', 0],
          ['/adds/0', undefined],
        ],
      ],
    ]);
  });

  test('show what only operators see when it is revealed', async () => {
    const { tiny, room } = await playedRoom(2);
    const read = (reveal: boolean) => tiny.until(changesOf(tiny.engine, secretive, room, { from: 3, reveal }));
    expect((await read(false))!.items[0]!.changes).toEqual([{ path: '/count', before: 1, after: 2 }]);
    expect((await read(true))!.items[0]!.changes).toContainEqual({ path: '/adds/1', after: 1 });
  });

  test('end in front of a damaged entry, with the reason', async () => {
    const { tiny, room } = await playedRoom(5);
    tiny.engine.tamper(room, 4, (entry) => ({ ...entry, events: '[]' }));
    const page = await tiny.until(changesOf(tiny.engine, tinyGame, room));
    expect(page!.items.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(page).toMatchObject({ next: null, stop: { seq: 4, why: expect.stringContaining('hash') as string } });
  });

  test('are not known of the first entry that compaction left', async () => {
    const { tiny, room } = await playedRoom(150);
    while ((await tiny.until(tiny.engine.compact(room, 1_000))) > 0);
    const page = await tiny.until(changesOf(tiny.engine, tinyGame, room, { limit: 2 }));
    expect(page!.items).toMatchObject([
      { seq: 136, changes: null },
      { seq: 137, changes: [{ path: '/count' }, { path: '/adds/135' }] },
    ]);
  });
});

describe('a journal whose first snapshot is that of the last entry that compaction removed', () => {
  test('begins with the next one', async () => {
    const { tiny, room } = await playedRoom(3);
    for (let n = 0; n < 3; n++) {
      await tiny.until(tiny.rooms.operations.snapshotRoom(room));
      tiny.add(room, 1);
      await tiny.clock.advance(10);
    }
    while ((await tiny.until(tiny.engine.compact(room, 1_000))) > 0);
    const saved = await tiny.until(tiny.engine.snapshots(room, 100, 10));
    const [head] = await tiny.until(tiny.engine.heads([room]));
    expect(saved.at(-1)!.seq).toBe(head!.anchorSeq);
    const page = await tiny.until(changesOf(tiny.engine, tinyGame, room));
    expect(page).toMatchObject({ stop: null, items: [{ seq: 5, changes: null }, { seq: 6 }, { seq: 7 }] });
    expect(await tiny.until(verifyRoom(tiny.engine, tinyGame, room))).toMatchObject({ kind: 'sound' });
    tiny.engine.tamperSnapshot(room, 5, (one) => ({ ...one, state: '{' }));
    const later = await tiny.until(changesOf(tiny.engine, tinyGame, room));
    expect(later).toMatchObject({ stop: null, items: [{ seq: 6, changes: null }, { seq: 7 }] });
  });
});

describe('the state at a point in time', () => {
  test('is that after the last entry which was made by then', async () => {
    const { tiny, room, openedAt } = await playedRoom(5);
    for (const reader of [tiny.engine, plain(tiny)]) {
      for (const seq of [1, 2, 5, 6]) {
        const at = (await tiny.until(timeOf(reader, room, seq)))!;
        expect(await tiny.until(seqAt(reader, room, at))).toBe(seq);
        expect(await tiny.until(seqAt(reader, room, at - 1))).toBe(seq - 1);
        const then = await tiny.until(stateAt(reader, tinyGame, room, { at }));
        expect(then).toMatchObject({ seq, at, view: { count: seq - 1, viewer: 'spectator' } });
      }
      expect(await tiny.until(stateAt(reader, tinyGame, room, { at: openedAt - 1_000 }))).toBeNull();
      expect(await tiny.until(stateAt(reader, tinyGame, room, { at: openedAt + 1e9 }))).toMatchObject({ seq: 6 });
    }
  });

  test('can be asked for by entry, and is none where there is no such entry', async () => {
    const { tiny, room } = await playedRoom(5);
    const read = (seq: number) => tiny.until(stateAt(tiny.engine, tinyGame, room, { seq }, { reveal: true }));
    expect(await read(3)).toMatchObject({ seq: 3, view: { count: 2, viewer: 'operator' }, revealed: true });
    expect(await read(7)).toBeNull();
    expect(await read(0)).toBeNull();
  });

  test('is damaged where the journal is', async () => {
    const { tiny, room } = await playedRoom(5);
    tiny.engine.tamper(room, 4, (entry) => ({ ...entry, events: '[]' }));
    expect(await tiny.until(stateAt(tiny.engine, tinyGame, room, { seq: 3 }))).toMatchObject({ seq: 3 });
    await expect(tiny.until(stateAt(tiny.engine, tinyGame, room, { seq: 4 }))).rejects.toMatchObject({ seq: 4 });
  });
});
