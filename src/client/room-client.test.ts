import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { Acknowledgement } from './acknowledgement.js';
import type { ClientSocket } from './client-socket.js';
import { RoomClient, type RoomClientOptions } from './room-client.js';
import { ScriptedServer, type ScriptedServerOptions } from './scripted-server.js';
import { Session } from './session.js';

interface Setup {
  readonly clock: SimulatedClock;
  readonly server: ScriptedServer;
  readonly client: RoomClient;
}

/** A client of room ABC123 that has been opened, and a server that says nothing by itself. */
async function setUp(
  options: Partial<RoomClientOptions> = {},
  serverOptions: Partial<ScriptedServerOptions> = {},
): Promise<Setup> {
  const clock = new SimulatedClock();
  const server = new ScriptedServer({ clock, ...serverOptions });
  let ids = 0;
  const client = new RoomClient({
    roomId: 'ABC123',
    ...(options.roomId === undefined ? { playerName: 'Hana' } : {}),
    connect: server.connect,
    clock,
    random: () => 1,
    newId: () => `id${++ids}`,
    session: new Session(),
    ...options,
  });
  client.open();
  await clock.advance(5);
  return { clock, server, client };
}

/** The same, known to the server. */
async function identified(
  options: Partial<RoomClientOptions> = {},
  serverOptions: Partial<ScriptedServerOptions> = {},
): Promise<Setup> {
  const setup = await setUp(options, serverOptions);
  await greet(setup);
  return setup;
}

/** Answers the `client_ready` of the newest connection. */
async function greet({ clock, server }: Setup): Promise<void> {
  const id = server.last.received.find(({ event }) => event === 'client_ready')!.id;
  server.last.send('room_state_update', { slots: {}, host_name: 'Hana', in_reply_to: id });
  await clock.advance(1);
}

/** What the promise of a command has settled with by now. */
function watch(acknowledgement: Promise<Acknowledgement>): { now: Acknowledgement | undefined } {
  const watched: { now: Acknowledgement | undefined } = { now: undefined };
  void acknowledgement.then((value) => {
    watched.now = value;
  });
  return watched;
}

function eventsAt(server: ScriptedServer, connection: number): string[] {
  return server.connections[connection]!.received.map(({ event }) => event);
}

test('introduces itself first, with sequence 1, and holds commands back until the server knows it', async () => {
  const setup = await setUp();
  const { server, client, clock } = setup;
  void client.command('start_game', {});
  await clock.advance(5);
  expect(server.last.path).toBe('/ws/ABC123');
  expect(server.last.received).toMatchObject([
    {
      event: 'client_ready',
      data: { room_id: 'ABC123', player_name: 'Hana', is_reconnection: false },
      sequence: 1,
      timestamp: clock.nowMs() - 8,
      id: 'id1',
    },
  ]);
  expect(client.link).toBe('open');

  await greet(setup);
  await clock.advance(1);
  expect(client.link).toBe('identified');
  expect(server.last.received[1]).toMatchObject({ event: 'start_game', data: {}, sequence: 2, id: 'id2' });
});

test('sends no name to the lobby', async () => {
  const { server } = await setUp({ roomId: 'lobby' });
  expect(server.last.received[0]!.data).toEqual({ room_id: 'lobby', is_reconnection: false });
});

test('takes the first frame that names its id for the acknowledgement, and measures the time to it', async () => {
  const { server, client, clock } = await identified();
  const declared = watch(client.command('declare', { value: 2 }));
  await clock.advance(1);
  server.last.send('phase_change', { note: 'for another message', in_reply_to: 'id99' });
  server.last.send('phase_change', { note: 'for none' });
  await clock.advance(1);
  expect(declared.now).toBeUndefined();

  server.last.send('phase_change', { note: 'mine', in_reply_to: 'id2' });
  server.last.send('error', { message: 'too late', in_reply_to: 'id2' });
  await clock.advance(1);
  expect(declared.now).toEqual({
    kind: 'applied',
    id: 'id2',
    frame: { event: 'phase_change', data: { note: 'mine', in_reply_to: 'id2' } },
    latencyUs: 3000,
  });
});

test('tells a refusal with its type, its reason and whether to try again', async () => {
  const { server, client, clock } = await identified();
  const answer = async (data: Record<string, unknown>): Promise<Acknowledgement | undefined> => {
    const command = watch(client.command('play', {}));
    await clock.advance(1);
    server.last.send('error', { ...data, in_reply_to: server.last.received.at(-1)!.id });
    await clock.advance(1);
    return command.now;
  };
  expect(
    await answer({ message: 'No.', type: 'action_rejected', reason: 'notYourTurn', action: 'play' }),
  ).toMatchObject({
    kind: 'refused',
    type: 'action_rejected',
    reason: 'notYourTurn',
    message: 'No.',
    retryAfterMs: undefined,
  });
  expect(await answer({ message: 'Wait.', type: 'temporarily_unavailable', retryable: true })).toMatchObject({
    kind: 'refused',
    retryAfterMs: 250,
  });
  expect(await answer({ message: 'Slow.', type: 'rate_limited', retry_after: 3 })).toMatchObject({
    kind: 'refused',
    retryAfterMs: 3000,
  });
});

test('takes a closed room for a refusal, but not when it asked to leave', async () => {
  const { server, client, clock } = await identified();
  const state = watch(client.command('get_room_state', {}, 'a'));
  const leave = watch(client.command('leave_room', {}, 'b'));
  await clock.advance(1);
  for (const id of ['a', 'b']) server.last.send('room_closed', { reason: 'host_left', in_reply_to: id });
  await clock.advance(1);
  expect(state.now).toMatchObject({ kind: 'refused', type: 'room_closed', reason: 'host_left' });
  expect(leave.now).toMatchObject({ kind: 'applied' });
});

test('sends an unanswered command again under its old id after a reconnect', async () => {
  const setup = await identified();
  const { server, client, clock } = setup;
  const declared = watch(client.command('declare', { value: 2 }));
  await clock.advance(1);
  server.last.close(1006);
  await clock.advance(500);
  await greet(setup);
  await clock.advance(1);

  expect(server.connections).toHaveLength(2);
  expect(server.last.received).toMatchObject([
    { event: 'client_ready', sequence: 1, id: 'id3' },
    { event: 'declare', data: { value: 2 }, sequence: 2, id: 'id2' },
  ]);
  server.last.send('phase_change', { in_reply_to: 'id2' });
  await clock.advance(1);
  expect(declared.now).toMatchObject({ kind: 'applied', id: 'id2' });
  expect(clock.scheduledCount).toBe(1); // the heartbeat
});

test('does not send an answered command again', async () => {
  const setup = await identified();
  const { server, client, clock } = setup;
  void client.command('declare', { value: 2 });
  await clock.advance(1);
  server.last.send('phase_change', { in_reply_to: 'id2' });
  await clock.advance(1);
  server.last.close(1006);
  await clock.advance(500);
  await greet(setup);
  await clock.advance(5);
  expect(eventsAt(server, 1)).toEqual(['client_ready']);
});

test('sends what was asked for while it was away in the order of asking', async () => {
  const setup = await identified();
  const { server, client, clock } = setup;
  server.last.close(1012);
  await clock.advance(5);
  void client.command('add_bot', { slot_id: 2 });
  void client.command('start_game', {});
  await clock.advance(500);
  await greet(setup);
  await clock.advance(1);
  expect(eventsAt(server, 1)).toEqual(['client_ready', 'add_bot', 'start_game']);
});

test.each([1001, 1006, 1011, 1012, 1013])('comes back after the close code %i', async (code) => {
  const { server, clock } = await identified();
  server.last.close(code);
  await clock.advance(1000);
  expect(server.connections).toHaveLength(2);
});

test('stays away after the close code 1000, and says that nothing will be answered', async () => {
  const { server, client, clock } = await identified();
  const command = watch(client.command('declare', { value: 2 }));
  await clock.advance(1);
  server.last.close(1000, 'Game has ended');
  await clock.advance(60_000);
  expect(server.connections).toHaveLength(1);
  expect(command.now).toEqual({ kind: 'unanswered', id: 'id2', why: 'closed' });
  expect(await client.ended).toEqual({ kind: 'closed', by: 'server', reason: 'Game has ended' });
  expect(await client.command('declare', {})).toMatchObject({ kind: 'unanswered', why: 'closed' });
  expect(clock.scheduledCount).toBe(0);
});

test('waits longer after each failure, with jitter, and gives up in the end', async () => {
  const handshakesMs: number[] = [];
  const rolls = [1, 0, 0.5];
  const clock = new SimulatedClock();
  const { client } = await setUp({
    clock,
    random: () => rolls.shift() ?? 1,
    connectFailuresMax: 4,
    connect: () => {
      handshakesMs.push(clock.elapsedMs());
      const nothing = (): void => undefined;
      const socket: ClientSocket = {
        onOpen: nothing,
        onMessage: nothing,
        onClose: nothing,
        send: nothing,
        close: nothing,
        terminate: nothing,
      };
      clock.defer(() => socket.onClose(1006, 'connect ECONNREFUSED'));
      return socket;
    },
  });
  await clock.advance(60_000);
  expect(handshakesMs).toEqual([0, 250, 500, 1250]);
  expect(await client.ended).toEqual({ kind: 'unreachable', reason: 'connect ECONNREFUSED' });
  expect(clock.scheduledCount).toBe(0);
});

test.each([
  [0, 0],
  [0.5, 5_000],
  [0.999, 9_990],
])(
  'comes back at a random moment of the time that a server which ends asks for: at %s of it',
  async (roll, pauseMs) => {
    const { server, clock } = await identified({ random: () => roll });
    server.last.send('reconnect_hint', { within_ms: 10_000 });
    server.last.close(1012);
    await clock.advance(pauseMs);
    expect(server.connections).toHaveLength(1);
    await clock.advance(4);
    expect(server.connections).toHaveLength(2);
    server.last.close(1006); // asked for once only: now it waits as it always does
    await clock.advance(510);
    expect(server.connections).toHaveLength(3);
  },
);

test('no server can send it away for more than a minute', async () => {
  const { server, clock } = await identified({ random: () => 1 });
  server.last.send('reconnect_hint', { within_ms: 1e12 });
  server.last.close(1012);
  await clock.advance(60_010);
  expect(server.connections).toHaveLength(2);
});

test('waits as long as a refused handshake says, and up to half of that longer', async () => {
  const { server, clock } = await identified({ random: () => 0.5 });
  server.last.client.onClose(1006, 'Unexpected server response: 503', 4_000);
  await clock.advance(4_999);
  expect(server.connections).toHaveLength(1);
  await clock.advance(10);
  expect(server.connections).toHaveLength(2);
});

test('gives a handshake 10 s', async () => {
  const { server, clock } = await setUp({}, { latencyMs: 20_000 });
  await clock.advance(10_000);
  expect(server.connections).toHaveLength(0);
  await clock.advance(250);
  expect(clock.scheduledCount).toBeGreaterThan(0);
});

test('pings every 30 s while it is connected', async () => {
  const { server, clock, client } = await identified();
  await clock.advance(60_010);
  const pings = server.last.received.filter(({ event }) => event === 'ping');
  expect(pings.map(({ sequence }) => sequence)).toEqual([2, 3]);
  expect(pings[0]!.data['timestamp']).toBe(clock.nowMs() - 60_016 + 30_002);
  client.close();
  await clock.advance(60_000);
  expect(server.last.received).toHaveLength(3);
});

test('sends the cookie of the first handshake with all later ones, and no token', async () => {
  const session = new Session();
  const setup = await identified(
    { session },
    { setCookie: (headers) => (headers['cookie'] === undefined ? ['room_session=abc; Path=/; HttpOnly'] : []) },
  );
  const { server, clock } = setup;
  server.last.send('room_joined', { session_token: 'tok' });
  await clock.advance(1);
  server.last.close(1006);
  await clock.advance(500);
  expect(server.connections.map(({ headers }) => headers)).toEqual([{}, { cookie: 'room_session=abc' }]);
  expect(server.last.received[0]!.data).not.toHaveProperty('session_token');
});

test('a client without cookies says its token in each client_ready', async () => {
  const setup = await identified({ session: new Session('token') }, { setCookie: () => ['room_session=abc'] });
  const { server, clock } = setup;
  server.last.send('room_joined', { session_token: 'tok' });
  await clock.advance(1);
  server.last.close(1006);
  await clock.advance(500);
  expect(server.last.headers).toEqual({});
  expect(server.last.received[0]!.data).toMatchObject({ session_token: 'tok' });
});

test('introduces itself again, under the same id, where the server has a passing trouble', async () => {
  const setup = await setUp();
  const { server, clock, client } = setup;
  server.last.send('error', { message: 'Later', type: 'temporarily_unavailable', retryable: true, in_reply_to: 'id1' });
  await clock.advance(600);
  expect(server.last.received.map(({ event, id }) => `${event} ${id}`)).toEqual([
    'client_ready id1',
    'client_ready id1',
  ]);
  await greet(setup);
  expect(client.link).toBe('identified');
});

test('knows that it has no seat where another session holds it', async () => {
  const { server, clock, client } = await setUp();
  const seated = client.identified();
  server.last.send('error', { message: 'That seat belongs to somebody else', type: 'seat_taken', in_reply_to: 'id1' });
  await clock.advance(1);
  expect(client.link).toBe('refused');
  expect(await seated).toBe(false);
});

test('says when a command was not answered in time, and gives up a connection that answers nothing', async () => {
  const { server, client, clock } = await identified({ ackLimitMs: 5000 });
  const command = watch(client.command('declare', { value: 2 }));
  await clock.advance(5000);
  expect(command.now).toEqual({ kind: 'unanswered', id: 'id2', why: 'timeout' });

  server.last.close(1006);
  await clock.advance(500);
  expect(server.connections).toHaveLength(2);
  await clock.advance(6000); // nobody answers the second client_ready
  expect(server.connections).toHaveLength(3);
});

test('a connection that stays silent after a ping is replaced, one that brings anything is not', async () => {
  const setup = await identified({ silenceLimitMs: 10_000 });
  const { server, client, clock } = setup;
  await clock.advance(30_000); // the first ping
  server.last.sendText('nonsense');
  await clock.advance(29_990);
  expect(server.connections).toHaveLength(1);

  await clock.advance(9_990); // after the second ping
  expect(client.link).toBe('identified');
  await clock.advance(30);
  expect(client.link).toBe('waiting');
  await clock.advance(500);
  await greet(setup);
  expect(server.connections).toHaveLength(2);
  await clock.advance(39_500); // the limit of the new connection begins with its own ping
  expect(client.link).toBe('identified');
  await clock.advance(500);
  expect(server.connections).toHaveLength(3);
});

test('without a limit a silent connection is kept', async () => {
  const { server, clock } = await identified();
  await clock.advance(300_000);
  expect(server.connections).toHaveLength(1);
});

test('what is asked for on hearing of the link is sent once, after what was asked for before', async () => {
  const setup = await setUp();
  const { server, client, clock } = setup;
  client.listen({ link: (link) => link === 'identified' && void client.command('get_room_state', {}) });
  void client.command('add_bot', { slot_id: 2 });
  await greet(setup);
  await clock.advance(1);
  expect(eventsAt(server, 0)).toEqual(['client_ready', 'add_bot', 'get_room_state']);
});

test('whoever hears of the link finds what the server said with it in the view', async () => {
  const { server, client, clock } = await setUp();
  const hosts: (string | undefined)[] = [];
  client.listen({ link: () => hosts.push(client.view.hostName) });
  server.last.send('room_update', { players: [null, null, null, null], host_name: 'Hana', in_reply_to: 'id1' });
  await clock.advance(1);
  expect(hosts).toEqual(['Hana']);
});

test('hands on every text, and every frame that can be read', async () => {
  const { server, client, clock } = await identified();
  const texts: string[] = [];
  const frames: string[] = [];
  const stop = client.listen({ text: (text) => texts.push(text), frame: ({ event }) => frames.push(event) });
  for (const text of [
    'nonsense',
    '[]',
    '{"event":"x"}',
    '{"event":"x","data":null}',
    '{"event":"y","data":{},"sequence":1}',
  ]) {
    server.last.sendText(text);
  }
  await clock.advance(1);
  stop();
  server.last.send('z', {});
  await clock.advance(1);
  expect(texts).toHaveLength(5);
  expect(frames).toEqual(['y']);
});

test('keeps the view: seats, host, phase and the own hand as last sent', async () => {
  const { server, client, clock } = await identified();
  const seat = (name: string, is_host = false) => ({ name, is_bot: !is_host, is_host, avatar_color: null });
  server.last.send('room_update', {
    players: [seat('Hana', true), null, seat('Bot 3'), seat('Bot 4')],
    host_name: 'Hana',
  });
  await clock.advance(1);
  expect(client.view.hostName).toBe('Hana');
  expect(client.view.seats?.map((each) => each?.name)).toEqual(['Hana', undefined, 'Bot 3', 'Bot 4']);

  const player = { is_bot: false, hand_size: 2, zero_declares_in_a_row: 1, score: -3 };
  const change = { phase: 'turn', phase_data: { current_player: 'Gio' }, round: 2 };
  server.last.send('phase_change', {
    ...change,
    players: { Gio: player, Hana: { ...player, hand: ['SOLDIER_RED(2)', 'GENERAL_BLACK(13)'] } },
  });
  server.last.send('phase_change', {
    ...change,
    phase_data: { current_player: 'Hana' },
    players: { Gio: player, Hana: player },
  });
  server.last.send('phase_change', { phase: 'no such phase' });
  await clock.advance(1);
  expect(client.view.started).toBe(true);
  expect(client.view.game).toMatchObject({
    phase: 'turn',
    round: 2,
    players: [{ name: 'Gio', zeroStreak: 1, score: -3, handSize: 2 }, { name: 'Hana' }],
    // The second message has no own hand, and so leaves it.
    hand: ['SOLDIER_RED', 'GENERAL_BLACK'],
    data: { current_player: 'Hana' },
  });
});

test('hears nothing more from a connection that it has dropped', async () => {
  const setup = await identified();
  const { server, client, clock } = setup;
  const frames: string[] = [];
  client.listen({ frame: ({ event }) => frames.push(event) });
  server.last.send('late', {});
  client.drop();
  await clock.advance(500);
  await greet(setup);
  expect(frames).toEqual(['room_state_update']);
});
