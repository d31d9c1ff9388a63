// Goal: what the tool says of a data folder is what stands there. Method: a real journal with three rooms whose entries
// follow from a seed; a virtual minute later each command is run on it in this process.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqliteEngine } from '../../../persistence/sqlite/sqlite-engine.js';
import {
  appendsOf,
  CLOSED,
  damage,
  type JournalFolders,
  journalFolders,
  PLAYING,
  playingDriver,
  WAITING,
} from '../../../test/support/journal-folder.js';
import { runTool } from '../../../test/support/journal-tool.js';

let folders: JournalFolders;
let data: string; // is only read
beforeAll(async () => {
  folders = await journalFolders();
  data = folders.copy();
});
afterAll(() => folders.remove());

const run = (...args: string[]) => runTool([...args, '--data', data]);

test('advises commands for the same folder: named again where --data named it, not where DATA_DIR does', async () => {
  const advised = async (...[args, ports]: Parameters<typeof runTool>) => (await runTool(args, ports)).err.join();
  expect(await run('show', 'FFFFFF')).toMatchObject({
    err: [expect.stringContaining(`; npm run journal -- --data ${data} list shows them.`)],
  });
  const environment = { DATA_DIR: data };
  expect(await advised(['show', 'FFFFFF'], { environment })).toContain('; npm run journal -- list shows them.');

  const spaced = join(folders.copy(), "Ann's rooms");
  cpSync(data, spaced, { recursive: true });
  expect(await advised(['show', 'FFFFFF', '--data', spaced])).toContain(
    `--data '${spaced.replace("'", "'\\''")}' list`,
  );
});

describe('help', () => {
  test('shows what one does first, and what the exit codes mean', async () => {
    const { exit, out } = await runTool(['--help']);
    expect(exit).toBe(0);
    const text = out.join('\n');
    expect(text).toContain('npm run journal -- list                 what is there');
    expect(text).toContain('npm run journal -- verify --all         is it sound');
    expect(text).toContain('npm run journal -- show A1B2C3          one room');
    expect(text).toMatch(/0 fine, 1 something was found wrong, 2 bad arguments, 3 refused.*\n4 the store failed/);
  });

  test.each([
    'list',
    'show',
    'tail',
    'verify',
    'replay',
    'restore',
    'export',
    'import',
    'inbox',
    'backup',
    'compact',
    'stats',
  ])('%s has examples that can be typed', async (command) => {
    const { exit, out } = await runTool([command, '--help']);
    expect(exit).toBe(0);
    expect(out.join('\n')).toMatch(/Examples?:\n {2}npm run journal -- /);
  });

  test.each([
    { args: ['dance'], says: 'unknown command' },
    { args: ['list', '--nonsense'], says: 'unknown option' },
    { args: ['list', '--status', 'happy'], says: 'Allowed choices' },
    { args: ['show'], says: 'missing required argument' },
    { args: ['show', 'A1B2C3', '--at', 'yesterday'], says: 'It must be the number of an entry, or a time' },
    { args: ['restore', 'A1B2C3'], says: "required option '--to" },
    { args: ['verify'], says: 'Name one room, or all of them with --all' },
    { args: ['compact', 'A1B2C3', '--all'], says: 'Name one room, or all open ones with --all' },
    { args: ['tail', '--last', '5'], says: '--last needs a room' },
  ])('$args ends with 2 and a sentence', async ({ args, says }) => {
    const { exit, err, json } = await run(...args, '--json');
    expect(exit).toBe(2);
    expect(err.join('\n')).toContain(says);
    expect(json).toMatchObject({ ok: false, exit: 2, error: expect.stringContaining(says) });
  });
});

test('a folder without a journal is named, and none is made', async () => {
  const empty = folders.empty();
  const { exit, err, json } = await runTool(['list', '--data', empty, '--json']);
  expect(exit).toBe(2);
  expect(err).toEqual([`There is no journal in ${empty}. Name the server's data folder with --data or DATA_DIR.`]);
  expect(json).toEqual({ ok: false, exit: 2, error: err[0] });
  expect((await runTool(['pause', PLAYING.code, '--data', empty])).exit).toBe(2);
  expect((await runTool(['list', '--data', empty])).exit).toBe(2);
});

test('the folder comes from DATA_DIR where --data is left out', async () => {
  const { exit, json } = await runTool(['list', '--json'], { environment: { DATA_DIR: data } });
  expect(exit).toBe(0);
  expect(json['rooms']).toHaveLength(3);
});

describe('list', () => {
  test('shows running rooms first', async () => {
    const { exit, out } = await run('list');
    expect(exit).toBe(0);
    expect(out.join('\n')).toMatchInlineSnapshot(`
      "CODE    ID                                    STATUS   PLAYERS     ENTRIES  SNAPSHOT  DEADLINE  HOLD  UPDATED
      A1B2C3  018f0000-0000-7000-8000-00000000a1b2  playing  1 + 3 bots        9         8  48 s ago  -     1 min ago
      A17E00  018f0000-0000-7000-8000-00000000a17e  waiting  2 + 2 bots        3         0  0 ms ago  -     1 min ago
      C105ED  018f0000-0000-7000-8000-00000000c105  closed   1 + 3 bots        3         0  -         -     1 min ago

      3 rooms"
    `);
  });

  test('fits a narrow terminal', async () => {
    const { out } = await runTool(['list', '--data', data], { columns: 60 });
    expect(Math.max(...out.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(out[0]).toMatch(/^CODE .*STATUS .*HOLD/);
  });

  test('takes a status and a limit', async () => {
    expect((await run('list', '--status', 'closed', '--json')).json['rooms']).toMatchObject([CLOSED]);
    expect((await run('list', '--limit', '2', '--json')).json['rooms']).toMatchObject([PLAYING, WAITING]);
    expect((await run('list', '--quarantined', '--json')).json['rooms']).toEqual([]);
  });

  test('names a row that is damaged, and goes on', async () => {
    const damaged = folders.copy();
    damage(damaged, `UPDATE rooms SET host_name = 'Mallory' WHERE room_id = ?`, WAITING.roomId);
    const { exit, json, out } = await runTool(['list', '--data', damaged, '--json']);
    expect(exit).toBe(1);
    expect(json['rooms']).toHaveLength(2);
    expect(json['damaged']).toEqual([WAITING.roomId]);
    expect(out).toHaveLength(1);
  });
});

describe('show', () => {
  test('tells a room to somebody who has never seen it', async () => {
    const { exit, out } = await run('show', PLAYING.code, '--entries', '3');
    expect(exit).toBe(0);
    expect(out.join('\n')).toMatchInlineSnapshot(`
      "room      A1B2C3  018f0000-0000-7000-8000-00000000a1b2
      status    playing
      entries   9, newest snapshot at 8
      shown     after entry 9, 1970-01-01 00:16:49.612, as the operator sees it
      deadline  48 s ago
      hold      none
      seed      (hidden until the game is over; --reveal shows it)

      machine    playing.turn.playing
      round      1
      turn       1, led by seat 2, 0 plays
      waits for  play of seat 2 since 1970-01-01 00:16:49.612

      SEAT  NAME   WHO           SCORE  DECLARED  PILES  HAND
         0  P0     person, host      0         1      0  SOLDIER_BLACK×2 ADVISOR_BLACK SOLDIER_RED×2 ADVISOR_RED CHARIOT_RED ELEPHANT_BLACK
         1  Bot 2  bot               0         1      0  HORSE_RED HORSE_BLACK×2 ELEPHANT_BLACK ELEPHANT_RED SOLDIER_BLACK×3
         2  Bot 3  bot               0         2      0  SOLDIER_RED×2 GENERAL_BLACK CANNON_RED×2 GENERAL_RED ELEPHANT_RED CHARIOT_BLACK
         3  Bot 4  bot               0         1      0  CANNON_BLACK×2 SOLDIER_RED ADVISOR_RED HORSE_RED CHARIOT_RED ADVISOR_BLACK CHARIOT_BLACK

      ENTRY  TIME (UTC)               MESSAGE                 EVENTS
          7  1970-01-01 00:16:48.547  botTimer seat=3         declared
          8  1970-01-01 00:16:48.547  declare seat=0 value=1  declared
          9  1970-01-01 00:16:49.612  botTimer seat=1         declared, turnStarted"
    `);
  });

  test('finds a room by its id and by its code in small letters', async () => {
    expect((await run('show', PLAYING.roomId, '--json')).json['roomId']).toBe(PLAYING.roomId);
    expect((await run('show', 'a1b2c3', '--json')).json['roomId']).toBe(PLAYING.roomId);
  });

  test('shows the state after an entry, or at a time', async () => {
    expect((await run('show', PLAYING.code, '--at', '3', '--json')).json).toMatchObject({
      seq: 3,
      state: { leaf: 'playing.preparation.dealing' },
    });
    const { json } = await run('show', PLAYING.code, '--at', '1970-01-01T00:16:42Z', '--json');
    expect(json).toMatchObject({ seq: 4, state: { leaf: 'playing.preparation.roundStart' } });
  });

  test('hides from a seat the hands of the others, and the seed from everybody', async () => {
    const asSeat = (await run('show', PLAYING.code, '--as', '1', '--entries', '1000', '--json')).json;
    expect(asSeat['state'].game.hands).toEqual([null, expect.any(Array), null, null]);
    const asOperator = await run('show', PLAYING.code, '--entries', '1000', '--changes', '--json');
    expect(asOperator.json['state'].game.hands[3]).toHaveLength(8);
    expect(asOperator.out.join('\n')).not.toContain('5'.repeat(20));
    expect((await run('show', PLAYING.code, '--entries', '1000')).out.join('\n')).not.toContain('5'.repeat(20));
  });

  test('shows the seed when it is asked to, and of a room that is closed', async () => {
    expect((await run('show', PLAYING.code, '--reveal', '--json')).json['seed']).toBe('5'.repeat(64));
    expect((await run('show', CLOSED.code, '--json')).json['seed']).toBe('5'.repeat(64));
  });

  test('shows what an entry changed', async () => {
    const { out } = await run('show', PLAYING.code, '--at', '8', '--entries', '1', '--changes');
    expect(out.join('\n')).toContain('/game/declarations/0: null → 1');
  });

  test.each([
    { args: ['show', 'FFFFFF'], says: 'There is no room FFFFFF in' },
    { args: ['show', PLAYING.code, '--at', '99'], says: `has no entry 99; it has entries from 1 to 9` },
    { args: ['show', PLAYING.code, '--at', '1970-01-01'], says: 'it begins later' },
  ])('$args ends with 2 and says what there is', async ({ args, says }) => {
    const { exit, err } = await run(...args);
    expect(exit).toBe(2);
    expect(err.join('\n')).toContain(says);
  });

  test('still shows the history of a room that can not be rebuilt, and where it breaks', async () => {
    const damaged = folders.copy();
    damage(damaged, 'UPDATE entries SET message = ? WHERE correlation_id = ?', '{"type":"x"', 'step-9');
    const { exit, out } = await runTool(['show', PLAYING.code, '--data', damaged]);
    expect(exit).toBe(1);
    expect(out.join('\n')).toContain(`room ${PLAYING.roomId}, entry 9`);
    expect(out.join('\n')).toContain('--at 8');
    expect(out.join('\n')).toContain('botTimer seat=3');
  });
});

describe('replay', () => {
  test('prints each step with what it caused and where it led', async () => {
    const { exit, out } = await run('replay', PLAYING.code, '--from', '3', '--to', '5');
    expect(exit).toBe(0);
    expect(out.join('\n')).toMatchInlineSnapshot(`
      "ENTRY  TIME (UTC)               MESSAGE            EVENTS                         THEN
          3  1970-01-01 00:16:40.000  startGame seat=0   gameStarted, dealingStarted    playing.preparation.dealing
          4  1970-01-01 00:16:42.000  timer timer=pause  dealingFinished, roundStarted  playing.preparation.roundStart
          5  1970-01-01 00:16:47.000  timer timer=pause  declarationStarted             playing.declaration

      3 entries of room 018f0000-0000-7000-8000-00000000a1b2 played again without a difference"
    `);
  });

  test('has every member in its JSON', async () => {
    const { json } = await run('replay', CLOSED.code, '--json');
    expect(json).toMatchObject({ roomId: CLOSED.roomId, from: 1, to: 3 });
    expect(json['steps']).toHaveLength(3);
    expect(json['steps'][2]).toMatchObject({ seq: 3, leaf: 'closed', events: [{ type: 'roomClosed' }] });
  });
});

describe('tail', () => {
  test('begins with entries that are there, and ends by its count', async () => {
    const { exit, out } = await run('tail', PLAYING.code, '--last', '2', '--count', '2');
    expect(exit).toBe(0);
    expect(out).toEqual([
      '1970-01-01 00:16:48.547      8  declare seat=0 value=1 → declared',
      '1970-01-01 00:16:49.612      9  botTimer seat=1 → declared, turnStarted',
      '',
      '2 entries printed',
    ]);
  });

  test('prints what is written while it waits, of new rooms too, until it is told to end', async () => {
    const folder = folders.copy();
    const engine = await openSqliteEngine({ folder });
    const stopping = new AbortController();
    const further = playingDriver();
    const known = further.messages.length;
    further.ring();
    const room = { roomId: '018f0000-0000-7000-8000-0000000000ff', code: 'FFFFFF' };
    const writes = [
      () => engine.commit(appendsOf(PLAYING, further.messages).slice(known), 1_100_000),
      () => engine.commit(appendsOf(room, further.messages.slice(0, 1)), 1_100_000),
    ];
    const wait = async (): Promise<void> => {
      const write = writes.shift();
      if (write === undefined) stopping.abort();
      else await write();
    };
    const { exit, json } = await runTool(['tail', '--json', '--data', folder], { wait, stopping: stopping.signal });
    await engine.close();
    expect(exit).toBe(0);
    expect(json).toMatchObject({
      printed: 2,
      entries: [
        { roomId: PLAYING.roomId, seq: 10, message: { type: 'botTimer', seat: 2 } },
        { roomId: room.roomId, seq: 1, message: { type: 'create', seed: expect.stringContaining('hidden') } },
      ],
    });
  });
});

describe('stats', () => {
  test('counts what there is', async () => {
    const { exit, json } = await run('stats', '--disk-min', '1', '--json');
    expect(exit).toBe(0);
    expect(json).toMatchObject({
      size: { streams: 3, openStreams: 2, entries: 15, snapshots: 1, oldestEntryAt: 1_000_000 },
      rooms: { waiting: 1, playing: 1, over: 0, closed: 1, archived: 0 },
      holds: { paused: 0, quarantined: 0 },
      waiting: 0,
      deadLetters: 0,
      outages: [],
      passed: [],
    });
    expect((await run('stats')).out.join('\n')).toContain('rooms         1 waiting, 1 playing, 0 over, 1 closed');
  });

  test('ends with 1 where a limit is passed', async () => {
    const { exit, out } = await runTool(['stats', '--age-max', '1', '--data', data], {
      now: () => 1_000_000 + 3 * 86_400_000,
    });
    expect(exit).toBe(1);
    expect(out).toContain('The oldest entry is 3.0 days old, more than 1.0 days.');
  });
});

test('backup writes a copy that is a journal, and replaces nothing', async () => {
  const to = folders.empty();
  expect((await run('backup', `${to}/journal.sqlite`)).exit).toBe(0);
  expect((await runTool(['list', '--json', '--data', to])).json['rooms']).toHaveLength(3);
  const again = await run('backup', `${to}/journal.sqlite`);
  expect([again.exit, again.err]).toEqual([3, [`${to}/journal.sqlite is there already and is not replaced.`]]);
});
