import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { BrowserNetwork } from './browser-network.js';
import { ScriptedServer, type ScriptedServerOptions } from './scripted-server.js';
import { Session } from './session.js';

function setUp(serverOptions: Partial<ScriptedServerOptions> = {}, random = () => 0.5) {
  const clock = new SimulatedClock();
  const server = new ScriptedServer({ clock, ...serverOptions });
  const events: string[] = [];
  let ids = 0;
  const network = new BrowserNetwork({
    connect: server.connect,
    clock,
    random,
    newId: () => `b${++ids}`,
    session: new Session(),
    onConnected: (roomId) => events.push(`connected ${roomId}`),
    onFrame: (roomId, { event }) => events.push(`${roomId} ${event}`),
    onText: () => undefined,
    onFailed: (roomId) => events.push(`failed ${roomId}`),
  });
  return { clock, server, network, events };
}

/** The data of the first message of each connection. */
function introductions(server: ScriptedServer): unknown[] {
  return server.connections.map(({ received }) => received[0]?.data);
}

test('introduces itself with its name, which the lobby does not get, and with sequence 1', async () => {
  const { clock, server, network } = setUp();
  network.connect('lobby');
  network.connect('ABC123', 'Hana');
  await clock.advance(10);
  network.send('ABC123', 'get_room_state', {});
  await clock.advance(10);
  expect(introductions(server)).toEqual([
    { room_id: 'lobby', is_reconnection: false },
    { room_id: 'ABC123', player_name: 'Hana', is_reconnection: false },
  ]);
  expect(server.last.received.map(({ event, sequence }) => `${event} ${sequence}`)).toEqual([
    'client_ready 1',
    'get_room_state 2',
  ]);
});

test('loses what is sent before the connection is open', async () => {
  const { clock, server, network } = setUp();
  network.connect('lobby');
  network.send('lobby', 'get_rooms', {});
  await clock.advance(100);
  expect(network.lost).toEqual([{ roomId: 'lobby', event: 'get_rooms' }]);
  expect(server.last.received.map(({ event }) => event)).toEqual(['client_ready']);
});

test('comes back once after about a second with the name', async () => {
  for (const [roll, delayMs] of [
    [0, 900],
    [0.5, 1000],
    [1, 1100],
  ] as const) {
    const { clock, server, network } = setUp({}, () => roll);
    network.connect('ABC123', 'Hana');
    await clock.advance(10);
    server.last.close(1006);
    await clock.advance(delayMs);
    expect(server.connections).toHaveLength(1);
    await clock.advance(5);
    expect(introductions(server)[1]).toEqual({ room_id: 'ABC123', player_name: 'Hana', is_reconnection: false });
  }
});

test('when that fails it tries without a pause, and has forgotten the name', async () => {
  const { clock, server, network } = setUp();
  network.connect('ABC123', 'Hana');
  await clock.advance(10);
  server.accepting = false;
  server.last.close(1006);
  await clock.advance(1500);
  server.accepting = true;
  await clock.advance(50);
  expect(introductions(server)[1]).toEqual({ room_id: 'ABC123', is_reconnection: false });
  expect(network.isConnected('ABC123')).toBe(true);
});

test('stays away after the close code 1000', async () => {
  const { clock, server, network } = setUp();
  network.connect('ABC123', 'Hana');
  await clock.advance(10);
  server.last.close(1000);
  await clock.advance(60_000);
  expect(server.connections).toHaveLength(1);
  expect(network.isConnected('ABC123')).toBe(false);
});

test('takes the late end of an old socket for the end of the new one', async () => {
  const { clock, server, network, events } = setUp({ closeLatencyMs: 60 });
  network.connect('ABC123', 'Hana');
  await clock.advance(10);
  network.connect('ABC123', 'Hana');
  await clock.advance(10);
  expect(network.isConnected('ABC123')).toBe(true);
  await clock.advance(100);
  expect(network.isConnected('ABC123')).toBe(false);
  // It still hears, but cannot speak any more.
  server.last.send('phase_change', {});
  network.send('ABC123', 'declare', { value: 1 });
  await clock.advance(5000);
  expect(events.at(-1)).toBe('ABC123 phase_change');
  expect(network.lost).toEqual([{ roomId: 'ABC123', event: 'declare' }]);
});

test('an old socket that ends promptly is no harm to the new one', async () => {
  const { clock, network } = setUp({ closeLatencyMs: 40 });
  network.connect('ABC123', 'Hana');
  await clock.advance(10);
  network.connect('ABC123', 'Hana');
  await clock.advance(1000);
  expect(network.isConnected('ABC123')).toBe(true);
});

test('pings every 30 s, and ends everything with 1001 when the page goes', async () => {
  const codes: number[] = [];
  const { clock, server, network } = setUp({
    onConnection: (connection) => {
      connection.onClosed = (code) => codes.push(code);
    },
  });
  network.connect('ABC123', 'Hana');
  await clock.advance(60_100);
  expect(server.last.received.map(({ event }) => event)).toEqual(['client_ready', 'ping', 'ping']);
  network.unload();
  await clock.advance(60_000);
  expect(codes).toEqual([1001]);
  expect(server.last.received).toHaveLength(3);
  expect(clock.scheduledCount).toBe(0);
});

test('tells that a first connection could not be made, and leaves it at that', async () => {
  const { clock, server, network, events } = setUp();
  server.accepting = false;
  network.connect('ABC123', 'Hana');
  await clock.advance(60_000);
  expect(events).toEqual(['failed ABC123']);
});
