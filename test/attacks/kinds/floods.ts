import { once } from 'node:events';
import { join } from 'node:path';
import { type Frame, inReplyTo } from '../../../src/client/frame.js';
import { writeSuspect } from '../../../src/watchdog/suspect.js';
import { encodeFrame } from '../raw-connection.js';
import { Arena, NAMES } from '../arena.js';
import { type Attack, refused } from '../attack.js';
import { HandshakeRefused, outcomeOf, type Peer } from '../peer.js';

const LIMITS = 'src/gateway/rate-limit.ts';
const PING = 9;
const PONG = 10;

function isRejected(frame: Frame): boolean {
  return outcomeOf(frame).startsWith('error action_rejected');
}

/** Says something many times and waits for what answers the last one. @returns all outcomes but that of a served one */
async function flood(peer: Peer, count: number, event: string, data: object, served: string): Promise<Set<string>> {
  for (let sent = 0; sent < count; sent++) peer.send(event, data);
  await peer.until((frame) => outcomeOf(frame).startsWith('error rate_limited'));
  const answered = peer.frames.filter((frame) => frame.event === served && inReplyTo(frame) !== undefined).length;
  refused(answered < count / 2, `${answered} of ${count} were served`);
  return new Set(peer.frames.map(outcomeOf).filter((outcome) => outcome.startsWith('error')));
}

/** Many at once, but not all in one moment. */
async function inTurns<T>(count: number, atOnce: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let from = 0; from < count; from += atOnce) {
    made.push(...(await Promise.all(Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => make(from + n)))));
  }
  return made;
}

function whereRefused(failure: unknown): null {
  if (failure instanceof HandshakeRefused) return null;
  throw failure;
}

/** Whether the players of a game are served as if nothing were. */
async function goesOn(peer: Peer): Promise<string> {
  return (await peer.try('ping')) === 'pong' ? 'the players are served' : 'the players are not served';
}

export const FLOOD_ATTACKS: readonly Attack[] = [
  {
    name: 'message-flood',
    does: 'sends thousands of messages at once on one socket',
    expected: ['error rate_limited'],
    by: LIMITS,
    sizes: [500, 20_000],
    run: async (arena, size) => flood(await arena.socket('lobby'), size, 'ping', {}, 'pong'),
  },
  {
    name: 'expensive-message-flood',
    does: 'asks again and again for what costs the server most, at a pace below the limit of all messages',
    expected: ['error rate_limited'],
    by: LIMITS,
    run: async (arena) => {
      const { code } = await arena.game();
      const peer = await arena.socket(code);
      const lobby = await arena.socket('lobby');
      return [
        ...(await flood(peer, 160, 'get_room_state', {}, 'room_update')),
        ...(await flood(lobby, 160, 'get_rooms', {}, 'room_list_update')),
      ];
    },
  },
  {
    name: 'garbage-flood',
    does: 'sends frames that are no messages without an end, each of which takes longer to read than one',
    expected: ['closed 1008', 'error validation_error'],
    by: 'src/gateway/enforcement.ts',
    sizes: [1_000, 20_000],
    run: async (arena, size) => {
      const peer = await arena.socket('lobby');
      for (let sent = 0; sent < size; sent++) peer.socket.send(`{"event":"create_room","data":{"player_name":[${sent}`);
      const code = await peer.closed;
      const outcomes = peer.frames.map(outcomeOf).filter((outcome) => outcome.startsWith('error validation_error'));
      refused(outcomes.length < size / 2, `${outcomes.length} of ${size} were answered`);
      return [...outcomes, `closed ${code}`];
    },
  },
  {
    name: 'move-flood',
    does: 'as a player, sends moves that are not allowed by thousands, to keep the room from those who may move',
    expected: ['error action_rejected', 'the players are served'],
    by: 'src/gateway/frame-pace.ts',
    sizes: [600, 10_000],
    run: async (arena, size) => {
      const { current, others } = await arena.game();
      const [flooder] = others;
      for (let sent = 0; sent < size; sent++) flooder.send('declare', { player_name: flooder.name, value: 1 });
      const moved = await current.try('declare', { player_name: current.name, value: 1 });
      const answered = flooder.frames.filter(isRejected).length;
      refused(answered < size, 'the whole flood was read before a move');
      // The move may be answered before anything of the flood is.
      const told = (await flooder.until(isRejected)) === null ? [] : ['error action_rejected'];
      return [...told, moved === 'phase_change' ? 'the players are served' : `a move was answered by ${moved}`];
    },
  },
  {
    name: 'pong-flood',
    does: 'sends thousands of pongs that nobody asked for',
    expected: ['the socket is served'],
    by: 'src/gateway/heartbeat.ts',
    sizes: [2_000, 200_000],
    run: async (arena, size) => {
      const raw = await arena.raw();
      await raw.upgrade('lobby');
      for (let sent = 0; sent < size; sent++) raw.frame({ opcode: PONG, payload: 'unasked' });
      raw.frame({ payload: '{"event":"ping","data":{}}' });
      await raw.heard('"pong"');
      return ['the socket is served'];
    },
  },
  {
    name: 'ping-flood-without-reading',
    does: 'sends pings of the WebSocket protocol without reading a pong, so that the pongs pile up',
    expected: ['closed'],
    by: 'src/gateway/ws-sockets.ts',
    // More pongs than the system holds for a connection on its way.
    sizes: [400_000, 2_000_000],
    run: async (arena, size) => {
      const raw = await arena.raw();
      await raw.upgrade('lobby');
      raw.socket.pause();
      const pings = Buffer.concat(
        Array.from({ length: 500 }, () => encodeFrame({ opcode: PING, payload: 'x'.repeat(125) })),
      );
      for (let sent = 0; sent < size && !raw.isEnded; sent += 500) {
        if (!raw.socket.write(pings)) await Promise.race([once(raw.socket, 'drain'), raw.ended]);
      }
      raw.socket.resume();
      return [/^closed/.exec(await raw.closing())![0]];
    },
  },
  {
    name: 'request-flood',
    does: 'asks for pages and for health from one address without an end, each time as another client',
    expected: ['200', '429'],
    by: 'src/http/address-limit.ts',
    sizes: [120, 3_000],
    run: async (arena, size) => {
      const address = arena.address();
      return inTurns(size, 20, (index) => {
        const headers = { 'x-forwarded-for': `10.0.0.${index % 250}`, 'user-agent': `agent-${index}` };
        return arena.statusOf('/health', { address, headers });
      });
    },
  },
  {
    name: 'trying-codes-over-http',
    does: 'tries codes of rooms at the replays until one is right',
    expected: ['404', '429'],
    by: 'src/http/address-limit.ts',
    run: async (arena) => {
      const address = arena.address();
      return inTurns(100, 20, (index) => {
        return arena.statusOf(`/api/replay/${index.toString(16).padStart(6, '0')}`, { address });
      });
    },
  },
  {
    name: 'trying-codes-on-sockets',
    does: 'tries codes of rooms by opening sockets from one address',
    expected: ['closed 1008', 'room_not_found'],
    by: 'src/gateway/enforcement.ts',
    run: async (arena) => {
      const address = arena.address();
      const peers = await inTurns(70, 10, (index) => arena.socket(index.toString(16).padStart(6, '0'), { address }));
      const told = await Promise.all(peers.map((peer) => peer.until(() => true)));
      return [...told.map((frame) => frame!.event), `closed ${await Promise.race(peers.map(({ closed }) => closed))}`];
    },
  },
  {
    name: 'rooms-without-end',
    does: 'makes rooms from one address by thousands, each few of them as another session on another socket',
    expected: ['error rate_limited', 'room_created'],
    by: 'src/gateway/enforcement.ts',
    sizes: [20, 80],
    run: async (arena, size) => {
      const address = arena.address();
      const outcomes = await inTurns(size, 10, async () => {
        const peer = await arena.socket('lobby', { address });
        const made: string[] = [];
        // As many as one socket may make in a minute.
        for (let room = 0; room < 7; room++) made.push(await peer.try('create_room', { player_name: 'Mallory' }));
        await peer.end();
        return made;
      });
      return outcomes.flat();
    },
  },
  {
    name: 'sockets-of-one-session',
    does: 'opens socket after socket with one session, from as many addresses',
    expected: ['101', '429'],
    by: 'src/gateway/admission.ts',
    run: async (arena) => {
      const { cookie } = await arena.socket('lobby');
      return inTurns(40, 10, () => arena.handshake('lobby', { cookie }));
    },
  },
  {
    name: 'sockets-by-one-token',
    does: 'opens socket after socket, each without a cookie and then by one token the same player’s',
    expected: ['room_state_update', 'closed 1008'],
    by: 'src/gateway/admission.ts',
    run: async (arena) => {
      const maker = await arena.socket('lobby');
      const { data } = await maker.must('create_room', { player_name: 'Tokens' });
      return inTurns(40, 10, async () => {
        const peer = await arena.socket(String(data['room_id']));
        return peer.try('client_ready', { session_token: data['session_token'] });
      });
    },
  },
  {
    name: 'sockets-of-one-address',
    does: 'opens hundreds of sockets from one address, each as another session, and keeps them',
    expected: ['101', '429'],
    by: 'src/gateway/admission.ts',
    isSlow: true,
    run: (arena) => {
      const address = arena.address();
      return inTurns(520, 20, () => arena.handshake('lobby', { address }));
    },
  },
  {
    name: 'audience-flood',
    does: 'fills one game with spectators, who all get each of its frames',
    expected: ['the players are served'],
    by: 'src/gateway/gateway.ts',
    sizes: [30, 1_000],
    run: async (arena, size) => {
      const { code, current } = await arena.game();
      // Where it comes in faster than anybody may, some stay outside.
      const audience = (await inTurns(size, 20, () => arena.socket(code).catch(whereRefused))).filter(
        (peer) => peer !== null,
      );
      const moved = await current.try('declare', { player_name: current.name, value: 1 });
      refused(moved === 'phase_change', `a move was answered by ${moved}`);
      await Promise.all(audience.map((peer) => peer.until(({ event }) => event === 'phase_change')));
      return [await goesOn(current)];
    },
  },
  {
    name: 'lobby-amplification',
    does: 'makes rooms one after the other while many watch the lobby, each of whom is sent the whole list each time',
    expected: ['coalesced'],
    by: 'actors/lobby.ts',
    sizes: [10, 200],
    run: async (arena, size) => {
      const watchers = await inTurns(size, 20, () => arena.socket('lobby'));
      const startMs = performance.now();
      for (let made = 0; made < size; made++) await arena.waitingRoom();
      const tookMs = performance.now() - startMs;
      const lists = Math.max(...watchers.map(({ frames }) => frames.length));
      // At most one list in 250 ms, with one at either end.
      return [lists <= tookMs / 250 + 2 ? 'coalesced' : `${lists} lists in ${tookMs.toFixed()} ms`];
    },
  },
  {
    name: 'messages-to-a-paused-room',
    does: 'as a player of a room that an operator has paused, sends messages that would all wait on the disk',
    expected: ['a bounded number waits', 'error temporarily_unavailable mailboxFull'],
    by: 'actors/mailbox.ts',
    sizes: [4, 30], // below what one session may open
    run: async (arena, size) => {
      const { code, people } = await arena.game();
      const [player] = people;
      const { status } = await arena.operate('pause', { room: code, why: 'an attack' });
      refused(status === 200, `the operator is answered with ${status}`);
      const tabs = await inTurns(size, 10, async () => {
        const tab = await arena.socket(code, { cookie: player.cookie });
        tab.name = NAMES[0];
        await tab.answerTo(tab.send('client_ready', { player_name: NAMES[0] }));
        return tab;
      });
      for (const tab of tabs)
        for (let sent = 0; sent < 100; sent++) tab.send('declare', { player_name: NAMES[0], value: 1 });
      const full = await tabs.at(-1)!.until((frame) => outcomeOf(frame).includes('mailboxFull'));
      const { body } = await arena.http(`/api/admin/rooms/${code}`, { headers: arena.asOperator });
      const { waiting } = (JSON.parse(body) as { memory: { waiting: number } }).memory;
      await arena.operate('resume', { room: code });
      return [outcomeOf(full!), waiting <= 256 ? 'a bounded number waits' : `${waiting} wait`];
    },
  },
  {
    name: 'messages-to-a-quarantined-room',
    does: 'as a player of a room that its supervisor has stopped, sends moves and asks for its state without an end',
    expected: ['error temporarily_unavailable quarantined', 'room_update'],
    by: 'actors/room-actor.ts',
    isSlow: true,
    run: async () => {
      const own = await Arena.start();
      try {
        const { code, people } = await own.game();
        const { body } = await own.http(`/api/admin/rooms/${code}`, { headers: own.asOperator });
        await own.server.kill();
        // As a watchdog leaves it that has ended the process over this room: the next start stops the room.
        const { roomId } = JSON.parse(body) as { roomId: string };
        writeSuspect(join(own.server.dataDir, 'suspect.json'), { roomId, at: Date.now(), blockedMs: 10_000 });
        await own.server.restart();
        const player = await own.socket(code, { cookie: people[0].cookie });
        player.name = NAMES[0];
        await player.answerTo(player.send('client_ready', { player_name: NAMES[0] }));
        const declaration = { player_name: NAMES[0], value: 1 };
        const outcomes = [await player.try('declare', declaration), await player.try('get_room_state')];
        for (let sent = 0; sent < 500; sent++) player.send('declare', declaration);
        return [...outcomes, await player.try('declare', declaration)];
      } finally {
        await own.dispose();
      }
    },
  },
];
