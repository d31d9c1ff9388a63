// People at many tables in a process of their own: it ends, and with it all their connections in one moment.
import type { WebSocket } from 'ws';
import { connect, type Connected, each, type Frame, send, until } from './load/seating.js';
import { NAMES } from './load/table.js';

/** What the bench tells a crowd to do; each is answered by one message. */
export type CrowdTask =
  | { readonly task: 'open'; readonly url: string; readonly rooms: number } // as hosts
  | { readonly task: 'join'; readonly url: string; readonly codes: readonly string[] } // as all others
  | { readonly task: 'start' }
  | { readonly task: 'heard' };

/** What the hosts were told of those who went. */
export interface Heard {
  readonly away: number; // `player_disconnected`
  readonly hosts: number; // `host_changed`
  readonly firstMs: number; // wall clock
  readonly lastMs: number;
  readonly mostInSecond: number; // of both, over all rooms
}

const AT_ONCE = 100;

const answer = (message: unknown): void => void process.send!(message);

let cookie: string | undefined;
let hosts: readonly WebSocket[] = [];
const heardMs: number[] = [];
let away = 0;

async function lobby(url: string): Promise<WebSocket> {
  const connected: Connected = await connect(`${url}/ws/lobby`);
  cookie = connected.cookie;
  connected.socket.setMaxListeners(0); // one for each that is asked at once
  return connected.socket;
}

function asked(socket: WebSocket, event: string, data: object): Promise<Frame> {
  const id = send(socket, event, data);
  return until(socket, (frame) => frame.data['in_reply_to'] === id);
}

async function enter(url: string, code: string, seat: number): Promise<WebSocket> {
  const { socket } = await connect(`${url}/ws/${code}`, cookie);
  const seated = until(socket, ({ event }) => event === 'room_state_update');
  send(socket, 'client_ready', { room_id: code, player_name: NAMES[seat] });
  await seated;
  return socket;
}

/** Rooms with one person and three free seats. */
async function open(url: string, rooms: number): Promise<readonly string[]> {
  const inLobby = await lobby(url);
  const codes = await each(rooms, AT_ONCE, async () => {
    const { data } = await asked(inLobby, 'create_room', { player_name: NAMES[0] });
    return String(data['room_id']);
  });
  inLobby.terminate();
  hosts = await each(rooms, AT_ONCE, async (room) => {
    const socket = await enter(url, codes[room]!, 0);
    for (let seat = 1; seat < NAMES.length; seat++) {
      const freed = until(socket, ({ event, data }) => {
        return event === 'room_update' && (data['players'] as readonly unknown[])[seat] === null;
      });
      send(socket, 'remove_player', { slot_id: seat + 1 });
      await freed;
    }
    return socket;
  });
  for (const socket of hosts) {
    socket.on('message', (bytes: Buffer) => {
      const isAway = bytes.indexOf('{"event":"player_disconnected"') === 0;
      if (!isAway && bytes.indexOf('{"event":"host_changed"') !== 0) return;
      if (isAway) away++;
      heardMs.push(Date.now());
    });
  }
  return codes;
}

async function join(url: string, codes: readonly string[]): Promise<number> {
  const inLobby = await lobby(url);
  await each(codes.length, AT_ONCE, async (room) => {
    for (const name of NAMES.slice(1)) {
      await asked(inLobby, 'join_room', { room_id: codes[room], player_name: name });
    }
  });
  inLobby.terminate();
  const others = NAMES.length - 1;
  const sockets = await each(codes.length * others, AT_ONCE, (place) =>
    enter(url, codes[Math.floor(place / others)]!, 1 + (place % others)),
  );
  return sockets.length;
}

async function start(): Promise<void> {
  await each(hosts.length, AT_ONCE, async (room) => {
    const asked = until(hosts[room]!, ({ event, data }) => event === 'phase_change' && data['phase'] === 'declaration');
    send(hosts[room]!, 'start_game', {});
    await asked;
  });
}

function heard(): Heard {
  heardMs.sort((a, b) => a - b);
  let mostInSecond = 0;
  let from = 0;
  heardMs.forEach((ms, at) => {
    while (ms - heardMs[from]! >= 1_000) from++;
    mostInSecond = Math.max(mostInSecond, at - from + 1);
  });
  return { away, hosts: heardMs.length - away, firstMs: heardMs[0] ?? 0, lastMs: heardMs.at(-1) ?? 0, mostInSecond };
}

async function perform(message: CrowdTask): Promise<unknown> {
  switch (message.task) {
    case 'open':
      return open(message.url, message.rooms);
    case 'join':
      return join(message.url, message.codes);
    case 'start':
      await start();
      return 'started';
    case 'heard':
      return heard();
  }
}

process.on('message', (message: CrowdTask) => {
  perform(message).then(answer, (failure: unknown) => {
    process.stderr.write(`${String(failure)}\n`);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
