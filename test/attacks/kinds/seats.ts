import { type Arena, type Game, NAMES } from '../arena.js';
import { type Attack, refused } from '../attack.js';
import type { Peer } from '../peer.js';

const GATEWAY = 'src/gateway/gateway.ts';
const SESSIONS = 'src/gateway/sessions.ts';
const SEATS = 'actors/room/seats.ts';

/** Another session comes into a game under the host's name. */
function claims(arena: Arena, { code }: { readonly code: string }, cookie: string): Promise<readonly string[]> {
  return claimedBy(arena, code, { cookie });
}

async function claimedBy(
  arena: Arena,
  code: string,
  { cookie, token }: { readonly cookie?: string; readonly token?: string },
): Promise<readonly string[]> {
  const peer = await arena.socket(code, cookie === undefined ? {} : { cookie });
  const id = peer.send('client_ready', { player_name: NAMES[0], ...(token !== undefined && { session_token: token }) });
  // Whoever has no seat is shown the room as a spectator, and is told so.
  await peer.answerTo(id);
  return [await peer.try('declare', { player_name: NAMES[0], value: 1 })];
}

/** What somebody who sits at the table is answered, in a game that must not move by it. */
async function inGame(arena: Arena, tries: (game: Game) => Promise<readonly string[]>): Promise<readonly string[]> {
  const game = await arena.game();
  const before = arena.entriesOf(game.code);
  const outcomes = await tries(game);
  refused(arena.entriesOf(game.code) === before, 'something was written to the journal');
  return outcomes;
}

const sessionOf = (peer: Peer): string => peer.cookie.slice(peer.cookie.indexOf('=') + 1);
const asCookie = (token: string): string => `room_session=${token}`;

export const SEAT_ATTACKS: readonly Attack[] = [
  {
    name: 'seat-theft-before-the-start',
    does: "comes into a waiting room under its host's name",
    expected: ['error permission_denied', 'room_closed name_in_use'],
    by: GATEWAY,
    run: async (arena) => {
      const { code } = await arena.waitingRoom();
      const peer = await arena.socket(code);
      return [await peer.try('client_ready', { player_name: NAMES[0] }), await peer.try('start_game')];
    },
  },
  {
    name: 'seat-theft-in-a-game',
    does: "comes into a game under a player's name, as another session",
    expected: ['error not_seated', 'error seat_taken'],
    by: GATEWAY,
    run: (arena) =>
      inGame(arena, async ({ code }) => {
        const peer = await arena.socket(code);
        peer.send('client_ready', { player_name: NAMES[1] });
        const told = await peer.until(({ event }) => event === 'error');
        return [`error ${String(told?.data['type'])}`, await peer.try('declare', { player_name: NAMES[1], value: 1 })];
      }),
  },
  {
    name: 'acting-without-a-seat',
    does: 'sends every command of a game on a socket that never said who it is',
    expected: ['error not_seated', 'error permission_denied'],
    by: GATEWAY,
    run: (arena) =>
      inGame(arena, async ({ code }) => {
        const peer = await arena.socket(code);
        const outcomes: string[] = [];
        for (const [event, data] of COMMANDS) outcomes.push(await peer.try(event, { player_name: NAMES[0], ...data }));
        return outcomes;
      }),
  },
  {
    name: 'acting-for-another',
    does: "sends the commands of a game in another player's name, from an own seat",
    expected: ['error action_rejected foreignSeat'],
    by: GATEWAY,
    run: (arena) =>
      inGame(arena, async ({ current, others }) => {
        const outcomes: string[] = [];
        for (const [event, data] of COMMANDS.filter(([, , isNamed]) => isNamed)) {
          outcomes.push(await others[0].try(event, { player_name: current.name, ...data }));
        }
        return outcomes;
      }),
  },
  {
    name: 'acting-out-of-turn',
    does: 'declares and plays before it is its turn, and plays while all declare',
    expected: ['error action_rejected notYourTurn', 'error action_rejected wrongPhase'],
    by: 'actors/room/phases/declaration.ts',
    run: (arena) =>
      inGame(arena, async ({ current, others }) => {
        const outcomes: string[] = [];
        for (const peer of others) outcomes.push(await peer.try('declare', { player_name: peer.name, value: 1 }));
        outcomes.push(await current.try('play', { player_name: current.name, piece_indices: [0] }));
        outcomes.push(await current.try('accept_redeal', { player_name: current.name }));
        return outcomes;
      }),
  },
  {
    name: 'playing-what-is-not-held',
    does: 'plays pieces at places where the hand has none',
    expected: ['error action_rejected'],
    by: 'actors/room/phases/turn.ts',
    run: async (arena) => {
      const game = await arena.game();
      const starter = await declareAll(game);
      const before = arena.entriesOf(game.code);
      const outcomes: string[] = [];
      for (const piece_indices of [[8], [31], [0, 30]]) {
        outcomes.push(await starter.try('play', { player_name: starter.name, piece_indices }));
      }
      refused(arena.entriesOf(game.code) === before, 'something was written to the journal');
      // Each of these refusals has its reason; that there is one is what counts.
      return outcomes.map((outcome) => outcome.split(' ').slice(0, 2).join(' '));
    },
  },
  {
    name: 'replaying-an-own-message',
    does: 'sends a move of its own again and again under its id, and again under other ids',
    expected: ['applied once', 'error action_rejected notYourTurn', 'phase_change'],
    by: 'actors/idempotency.ts',
    run: async (arena) => {
      const { code, current } = await arena.game();
      const before = arena.entriesOf(code);
      const declaration = { player_name: current.name, value: 1 };
      const outcomes: string[] = [];
      for (let again = 0; again < 10; again++) outcomes.push(await current.try('declare', declaration, 'mine'));
      outcomes.push(await current.try('declare', declaration, 'mine-2'));
      const written = arena.entriesOf(code) - before;
      return [...outcomes, written === 1 ? 'applied once' : `applied ${written} times`];
    },
  },
  {
    name: 'replaying-a-foreign-message',
    does: "sends another player's message under that one's id, to be taken for it or to see its answer",
    expected: ['error action_rejected foreignSeat', 'error not_seated'],
    by: 'actors/idempotency.ts',
    run: async (arena) => {
      const { code, current, others } = await arena.game();
      const declaration = { player_name: current.name, value: 1 };
      await current.try('declare', declaration, 'yours');
      const before = arena.entriesOf(code);
      const stranger = await arena.socket(code);
      const outcomes = [
        await others[0].try('declare', declaration, 'yours'),
        await stranger.try('declare', declaration, 'yours'),
      ];
      refused(arena.entriesOf(code) === before, 'something was written to the journal');
      return outcomes;
    },
  },
  {
    name: 'guests-as-hosts',
    does: "starts the game, seats bots and removes people, from a guest's seat and from none",
    expected: ['error permission_denied'],
    by: SEATS,
    run: async (arena) => {
      const { code, guest } = await arena.waitingRoom();
      const stranger = await arena.socket(code);
      const outcomes: string[] = [];
      for (const peer of [guest, stranger]) {
        outcomes.push(await peer.try('start_game'));
        outcomes.push(await peer.try('add_bot', { slot_id: 1 }));
        outcomes.push(await peer.try('remove_player', { slot_id: 1 }));
        outcomes.push(await peer.try('remove_player', { slot_id: 3 }));
      }
      return outcomes;
    },
  },
  {
    name: 'throwing-others-out',
    does: "leaves the room and the game in another's name",
    expected: ['error action_rejected foreignSeat', 'error not_seated'],
    by: GATEWAY,
    run: (arena) =>
      inGame(arena, async ({ code, others: [own, other] }) => {
        const stranger = await arena.socket(code);
        const outcomes: string[] = [];
        for (const event of ['leave_room', 'leave_game']) {
          outcomes.push(await own.try(event, { player_name: other.name }));
          outcomes.push(await stranger.try(event, { player_name: other.name }));
        }
        return outcomes;
      }),
  },
  {
    name: 'changing-seats-in-a-game',
    does: 'as the host, replaces players by bots while the game runs',
    expected: ['error permission_denied'],
    by: SEATS,
    run: (arena) =>
      inGame(arena, async ({ people: [host] }) => [
        await host.try('remove_player', { slot_id: 2 }),
        await host.try('add_bot', { slot_id: 2 }),
        await host.try('add_bot', { slot_id: 1 }),
      ]),
  },
  {
    name: 'forged-cookie',
    does: 'makes up sessions: no signature, an empty one, one of another key, one that is too long',
    expected: ['error not_seated'],
    by: SESSIONS,
    run: async (arena) => {
      const game = await arena.game();
      const [sid] = sessionOf(game.people[0]).split('.');
      const forged = [sid!, `${sid}.`, `${sid}.${'A'.repeat(43)}`, `${sid}.${'A'.repeat(5_000)}`, '../../etc/passwd'];
      return (await Promise.all(forged.map((token) => claims(arena, game, asCookie(token))))).flat();
    },
  },
  {
    name: 'altered-cookie',
    does: 'changes one letter of a real session, in each of its halves, and the case of its signature',
    expected: ['error not_seated'],
    by: SESSIONS,
    run: async (arena) => {
      const game = await arena.game();
      const token = sessionOf(game.people[0]);
      const [sid, signature] = token.split('.') as [string, string];
      // The last letter of a signature has spare bits: another spelling of the same bytes is another token all the same.
      const respelled = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(42) + 1);
      const altered = [
        `${changed(sid)}.${signature}`,
        `${sid}.${changed(signature)}`,
        `${sid}.${respelled}`,
        `${sid}.${signature.toUpperCase()}x`,
        `${signature}.${sid}`,
      ];
      return (await Promise.all(altered.map((text) => claims(arena, game, asCookie(text))))).flat();
    },
  },
  {
    name: 'forged-session-token',
    does: 'sends made-up and altered tokens in `client_ready`, the way of clients without cookies',
    expected: ['error not_seated'],
    by: SESSIONS,
    run: async (arena) => {
      const { code, people } = await arena.game();
      const token = sessionOf(people[0]);
      const forged = [changed(token), token.slice(0, -1), `${token}x`, 'x'.repeat(200), ''];
      return (await Promise.all(forged.map((text) => claimedBy(arena, code, { token: text })))).flat();
    },
  },
  {
    name: 'own-session-foreign-seat',
    does: "with an own, real session of another room, claims a player's seat by name and by none",
    expected: ['error not_seated'],
    by: GATEWAY,
    run: async (arena) => {
      const game = await arena.game();
      const elsewhere = await arena.waitingRoom();
      const nameless = await arena.socket(game.code, { cookie: elsewhere.host.cookie });
      await nameless.answerTo(nameless.send('client_ready', {}));
      return [
        ...(await claims(arena, game, elsewhere.host.cookie)),
        await nameless.try('declare', { player_name: NAMES[0], value: 1 }),
      ];
    },
  },
  {
    name: 'many-cookies',
    does: 'sends hundreds of sessions in one header, none of them signed here',
    expected: ['error not_seated'],
    by: SESSIONS,
    run: async (arena) => {
      const game = await arena.game();
      const [sid] = sessionOf(game.people[0]).split('.');
      const cookie = Array.from({ length: 150 }, (_, index) => asCookie(`${sid}.${String(index).padStart(43, 'A')}`));
      return claims(arena, game, cookie.join('; '));
    },
  },
  {
    name: 'joining-again-and-again',
    does: 'joins a room under a name that is taken, a full one, one that plays, and one that is not there',
    expected: ['error join_room_error'],
    by: SEATS,
    run: async (arena) => {
      const { code, host } = await arena.waitingRoom();
      const game = await arena.game();
      const lobby = await arena.socket('lobby');
      const full = await lobby.try('join_room', { room_id: code, player_name: 'Mallory' });
      await host.must('remove_player', { slot_id: 3 });
      return [
        full,
        await lobby.try('join_room', { room_id: code, player_name: NAMES[0] }),
        await lobby.try('join_room', { room_id: code, player_name: ` ${NAMES[1]} ` }),
        await lobby.try('join_room', { room_id: game.code, player_name: 'Mallory' }),
        await lobby.try('join_room', { room_id: 'ZZZZZZ', player_name: 'Mallory' }),
      ];
    },
  },
  {
    name: 'coming-and-going',
    does: 'as a player, opens and cuts its socket again and again, to fill the journal with news of it',
    expected: ['nothing was written'],
    by: 'src/gateway/presence.ts',
    sizes: [30, 300],
    run: async (arena, size) => {
      const { code, people } = await arena.game();
      const [, guest] = people;
      const before = arena.entriesOf(code);
      const { cookie, address } = guest;
      for (let time = 0; time < size; time++) {
        const peer = await arena.socket(code, { cookie, address });
        peer.name = NAMES[1];
        await peer.answerTo(peer.send('client_ready', { player_name: NAMES[1] }));
        await peer.end();
      }
      const written = arena.entriesOf(code) - before;
      return [written === 0 ? 'nothing was written' : `${written} entries were written`];
    },
  },
];

/** Event, data, and whether it names its sender. */
const COMMANDS: readonly (readonly [event: string, data: object, isNamed: boolean])[] = [
  ['declare', { value: 1 }, true],
  ['play', { piece_indices: [0] }, true],
  ['play_pieces', { indices: [0] }, true],
  ['request_redeal', {}, true],
  ['accept_redeal', {}, true],
  ['decline_redeal', {}, true],
  ['redeal_decision', { choice: 'accept' }, true],
  ['leave_game', {}, true],
  ['leave_room', {}, true],
  ['start_game', {}, false],
  ['add_bot', { slot_id: 1 }, false],
  ['remove_player', { slot_id: 1 }, false],
];

/** @returns who plays first */
async function declareAll({ people }: Game): Promise<Peer> {
  for (;;) {
    const { phase, phase_data: data } = people[0].frames.findLast(({ event }) => event === 'phase_change')!.data as {
      phase: string;
      phase_data: { current_declarer?: string | null; current_player?: string };
    };
    const asked = (name: string | null | undefined): Peer | undefined => people.find((peer) => peer.name === name);
    if (phase === 'turn') return asked(data.current_player)!;
    const from = people[0].frames.length;
    const declarer = asked(data.current_declarer);
    if (declarer !== undefined) await declarer.try('declare', { player_name: declarer.name, value: 3 });
    if (people[0].frames.length === from) await people[0].until(({ event }) => event === 'phase_change', from);
  }
}

/** The text with another first letter. */
function changed(text: string): string {
  return (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
}
