import { type Arena, NAMES } from '../arena.js';
import { type Attack, refused } from '../attack.js';

const SCHEMAS = 'src/protocol/client-message.ts';

/** How rooms are made and joined under names. */
async function sitDownAs(arena: Arena, names: readonly string[]): Promise<string[]> {
  const { code, host } = await arena.waitingRoom();
  await host.must('remove_player', { slot_id: 3 });
  const outcomes: string[] = [];
  for (const name of names) {
    const peer = await arena.socket('lobby');
    outcomes.push(await peer.try('create_room', { player_name: name }));
    outcomes.push(await peer.try('join_room', { player_name: name, room_id: code }));
    await peer.end();
  }
  return outcomes;
}

export const NAME_ATTACKS: readonly Attack[] = [
  {
    name: 'markup-in-names',
    does: 'takes seats under names that are elements, attributes or entities of HTML, for the pages of others',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) =>
      sitDownAs(arena, ['<script>alert(1)</script>', '<img src=x onerror=a()>', '"onload="a()', "'><b>", '&lt;b&gt;']),
  },
  {
    name: 'line-breaks-in-names',
    does: 'takes seats under names with line breaks, for headers and lines of the log',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) =>
      sitDownAs(arena, ['Mal\nlory', 'Mal\rlory', 'a\r\nSet-Cookie: x=1', 'Mal\u2028lory', 'Mal\u0085lory']),
  },
  {
    name: 'terminal-codes-in-names',
    does: 'takes seats under names with the codes that colour, move and rename terminals, for the tools of operators',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) =>
      sitDownAs(arena, ['\u001b[31mred', '\u001b]0;title\u0007', '\u009b2J', 'a\bb', 'a\u0000b', '\u007f']),
  },
  {
    name: 'invisible-names',
    does: "takes a seat under a player's name with something invisible in it, or under nothing visible",
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) =>
      sitDownAs(arena, [
        'Ha\u200bna',
        'Hana\u2060',
        'Ha\u00adna',
        'Hana\u200d',
        'Hana\ufe0f',
        '\u200b',
        '\u3164',
        '   ',
        '\u2800',
      ]),
  },
  {
    name: 'names-that-turn-the-text-around',
    does: 'takes seats under names that change the direction of what stands behind them',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) => sitDownAs(arena, ['\u202eanaH', 'Hana\u2066', '\u200fHana', 'Hana\u061c', '\u2069\u202c']),
  },
  {
    name: 'equal-looking-names',
    does: 'takes a seat under letters of another script that look like those of a player, or other bytes for the same text',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) =>
      sitDownAs(arena, ['H\u0430na', 'G\u0456o', '\u041dana', 'M\u03bfna', 'Rene\u0301', '\uff28\uff41\uff4e\uff41']),
  },
  {
    name: 'broken-characters-in-names',
    does: 'takes seats under halves of characters, which texts on the disk can not hold',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) => sitDownAs(arena, ['a\ud800', '\udc00b', '\ud83d', '\uffff', '\ufdd0']),
  },
  {
    name: 'names-of-bots-and-numbers',
    does: "takes seats under a bot's name, under digits, which browsers sort, and under `__proto__`",
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) => sitDownAs(arena, ['Bot 2', 'bot2', 'BOT  4', '42', '0', '__proto__', '__PROTO__']),
  },
  {
    name: 'names-without-end',
    does: 'takes seats under names of thousands of letters, and of letters piled upon each other',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: (arena) => sitDownAs(arena, ['x'.repeat(51), 'x'.repeat(60_000), `a${'\u0334'.repeat(40)}`]),
  },
  {
    name: 'names-of-object-members',
    does: 'takes seats under names that objects have of themselves, and plays on',
    expected: ['room_created', 'the room knows it by its name'],
    by: 'src/protocol/room-messages.ts',
    run: async (arena) => {
      const outcomes: string[] = [];
      for (const name of ['constructor', 'toString', 'hasOwnProperty', 'then']) {
        const lobby = await arena.socket('lobby');
        const created = await lobby.must('create_room', { player_name: name });
        outcomes.push(created.event);
        const { cookie, address } = lobby;
        const host = await arena.socket(String(created.data['room_id']), { cookie, address });
        host.name = name;
        await host.must('client_ready', { player_name: name });
        host.send('start_game');
        const shown = await host.until(({ event }) => event === 'phase_change');
        const players = shown!.data['players'] as object;
        refused(Object.hasOwn(players, name) && Object.keys(players).length === 4, `${name} is lost among the players`);
        outcomes.push('the room knows it by its name');
      }
      return outcomes;
    },
  },
  {
    name: 'injection-into-the-store',
    does: 'sends fragments of SQL as names, codes, cursors and numbers',
    expected: ['400', '404', 'error join_room_error', 'error validation_error', 'the players are as before'],
    by: 'src/http/query.ts',
    run: async (arena) => {
      const sql = "x'; DROP TABLE rooms; --";
      const lobby = await arena.socket('lobby');
      const headers = arena.asOperator;
      const query = encodeURIComponent(sql);
      const outcomes = [
        await lobby.try('create_room', { player_name: sql }),
        await lobby.try('join_room', { player_name: 'Mallory', room_id: '1 OR 1=1; --' }),
        await arena.statusOf(`/api/replay/${query}`),
        await arena.statusOf(`/api/leaderboard?limit=${query}`),
        await arena.statusOf(`/api/leaderboard?after=${query}`),
        await arena.statusOf(`/api/admin/rooms?after=${query}`, { headers }),
        await arena.statusOf(`/api/admin/rooms/${query}`, { headers }),
      ];
      const { status } = await arena.http('/api/leaderboard');
      return [...outcomes, status === 200 ? 'the players are as before' : `the leaderboard answers ${status}`];
    },
  },
  {
    name: 'unknown-rooms-by-strange-names',
    does: 'opens sockets of rooms whose names are paths, members of objects, or longer than any code',
    expected: ['room_not_found'],
    by: 'src/gateway/gateway.ts',
    run: async (arena) => {
      const places = [
        '__proto__',
        'constructor',
        '..%2f..%2fetc',
        '%0d%0aSet-Cookie:x',
        'x'.repeat(5_000),
        '%00',
        NAMES[0],
      ];
      return Promise.all(places.map(async (place) => (await (await arena.socket(place)).until(() => true))!.event));
    },
  },
];
