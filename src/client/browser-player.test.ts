import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { BrowserPlayer } from './browser-player.js';
import { FakeGameServer, type FakeGameServerOptions } from './fake-game-server.js';
import { seededRandom } from './random.js';
import type { ReceivedMessage, ServerConnection } from './scripted-server.js';
import { carefulStrategy } from './strategy.js';

interface Tab {
  readonly clock: SimulatedClock;
  readonly server: FakeGameServer;
  readonly person: BrowserPlayer;
}

function open(serverOptions: Partial<FakeGameServerOptions> = {}): Tab {
  const clock = new SimulatedClock();
  const server = new FakeGameServer({ clock, totals: 44, ...serverOptions });
  const random = seededRandom(5);
  let ids = 0;
  const person = new BrowserPlayer({
    name: 'Hana',
    connect: server.sockets.connect,
    clock,
    random,
    newId: () => `b${++ids}`,
    strategy: carefulStrategy(random),
    thinkMs: () => 300,
  });
  person.load();
  return { clock, server, person };
}

/** Hana in a room of her own. */
async function openRoom(serverOptions: Partial<FakeGameServerOptions> = {}): Promise<Tab> {
  const tab = open(serverOptions);
  tab.person.visitLobby();
  await tab.clock.advance(20);
  tab.person.clickCreate();
  await tab.clock.advance(500);
  expect(tab.person.page).toBe('room');
  return tab;
}

async function startGame(serverOptions: Partial<FakeGameServerOptions> = {}): Promise<Tab> {
  const tab = await openRoom(serverOptions);
  tab.person.clickStart();
  await tab.clock.runUntil(() => tab.person.game !== undefined, 10_000);
  return tab;
}

function said({ received }: ServerConnection): string[] {
  return received.map(({ event }) => event);
}

function messages({ server }: Tab, event: string): ReceivedMessage[] {
  return server.sockets.connections.flatMap(({ received }) => received.filter((message) => message.event === event));
}

test('opens two lobby sockets one after the other, and a third one to create a room 100 ms later', async () => {
  const tab = open();
  tab.person.visitLobby();
  await tab.clock.advance(1000);
  const { connections } = tab.server.sockets;
  expect(connections.map(({ path, state }) => `${path} ${state}`)).toEqual(['/ws/lobby closed', '/ws/lobby open']);

  tab.person.clickCreate();
  await tab.clock.advance(100);
  expect(connections[2]).toMatchObject({ path: '/ws/lobby', state: 'open' });
  expect(said(connections[2]!)).toEqual(['client_ready']);
  await tab.clock.advance(3);
  expect(said(connections[2]!)).toEqual(['client_ready', 'create_room']);
  await tab.clock.advance(10);
  expect(tab.person.page).toBe('room');
  expect(connections[2]!.state).toBe('closed');
});

test('carries the cookie of its first handshake, and never a token', async () => {
  const tab = await openRoom();
  const headers = tab.server.sockets.connections.map((connection) => connection.headers['cookie']);
  expect(headers).toEqual([undefined, 'room_session=s1', 'room_session=s1', 'room_session=s1']);
  expect(JSON.stringify(tab.server.sockets.connections.map(({ received }) => received))).not.toContain('session_token');
});

test('asks for the seats before it listens, and so sees them only when they are repeated', async () => {
  const tab = open();
  tab.person.visitLobby();
  await tab.clock.advance(20);
  tab.person.clickCreate();
  await tab.clock.advance(200);
  expect(said(tab.server.sockets.last)).toEqual(['client_ready', 'get_room_state']);
  expect(tab.person.seats).toBeUndefined();
  await tab.clock.advance(250);
  expect(tab.person.seats?.map((seat) => seat?.name)).toEqual(['Hana', 'Bot 2', 'Bot 3', 'Bot 4']);
});

test('changes seats by the buttons of the room page', async () => {
  const tab = await openRoom();
  tab.person.clickRemove(3);
  await tab.clock.advance(10);
  expect(tab.person.seats?.[2]).toBeNull();
  tab.person.clickAddBot(3);
  await tab.clock.advance(10);
  expect(tab.person.seats?.[2]?.name).toBe('Bot 3');
});

test('shows an error of the lobby in an alert box, and nothing of the kind elsewhere', async () => {
  const tab = open();
  tab.person.visitLobby();
  await tab.clock.advance(20);
  tab.person.clickJoin('NOROOM');
  await tab.clock.advance(10);
  expect(tab.person.alerts).toEqual(['Room is full']);
});

test('changes pages at the start by a new socket, and plays to the end', async () => {
  const tab = await startGame();
  const [page, game] = tab.server.sockets.connections.slice(-2);
  expect(page).toMatchObject({ path: game!.path, state: 'closed' });
  expect(game!.state).toBe('open');
  await tab.clock.runUntil(() => tab.person.game?.phase === 'game_over', 3_600_000);
  expect(tab.person.violations).toEqual([]);
  expect(tab.person.lost).toEqual([]);
  expect(await tab.person.finished).toMatchObject({ winners: [expect.any(String)] });

  await tab.clock.advance(10_020);
  expect(tab.person.page).toBe('lobby');
});

test('sends start_next_round 5 s into a scoring page that is still there', async () => {
  const slow = await startGame({ totals: 0, pauseMs: 7000 });
  await slow.clock.runUntil(() => slow.person.game?.phase === 'scoring', 3_600_000);
  await slow.clock.advance(4990);
  expect(messages(slow, 'start_next_round')).toHaveLength(0);
  await slow.clock.advance(20);
  expect(messages(slow, 'start_next_round')).toHaveLength(1);

  const quick = await startGame({ totals: 0 });
  await quick.clock.runUntil(() => quick.person.game?.round === 3, 3_600_000);
  expect(messages(quick, 'start_next_round')).toHaveLength(0);
});

test('is back in the game after a drop and after a reload, but not after leaving by a reload of the room page', async () => {
  const tab = await startGame({ pauseMs: 500 });
  tab.person.drop();
  await tab.clock.advance(2000);
  expect(tab.person.connected).toBe(true);
  expect(tab.server.sockets.last.received[0]!.data).toMatchObject({ player_name: 'Hana' });

  tab.person.load();
  expect(tab.person.page).toBe('game');
  await tab.clock.runUntil(() => tab.person.game?.phase === 'turn', 600_000);
  expect(tab.person.violations).toEqual([]);

  const other = await openRoom();
  other.person.load();
  expect(other.person.page).toBe('start');
});

test('goes to the lobby when its room is closed', async () => {
  const tab = await openRoom();
  tab.server.sockets.last.send('room_closed', { reason: 'player_removed' });
  await tab.clock.advance(20);
  expect(tab.person.page).toBe('lobby');
});

test('forgets a game that is gone, and shows the start page 3 s later', async () => {
  const tab = await startGame({ pauseMs: 60_000 });
  tab.server.sockets.last.send('room_not_found', { message: 'This game room no longer exists', suggestion: '' });
  await tab.clock.advance(2990);
  expect(tab.person.page).toBe('game');
  await tab.clock.advance(20);
  expect(tab.person.page).toBe('start');
});

test('clicks again when a click has no effect, without reading the error', async () => {
  let refusals = 0;
  const refuse: FakeGameServerOptions['refuse'] = ({ event }) =>
    event === 'declare' && refusals++ === 0 ? { message: 'No.', type: 'action_rejected' } : undefined;
  const tab = await startGame({ refuse });
  await tab.clock.runUntil(() => messages(tab, 'declare').length === 2, 600_000);
  const [first, second] = messages(tab, 'declare');
  expect(second!.id).not.toBe(first!.id);
  expect(tab.person.alerts).toEqual([]);
});
