// People at many tables in a process of their own: it ends, and with it all their connections in one moment.
import type { WebSocket } from 'ws';
import { connect, type Connected, each, type Frame, send, until } from './load/seating.js';
import { NAMES } from './load/table.js';

/** What the bench tells a crowd to do; each is answered by one message. */
export type CrowdTask =
  | { readonly task: 'open'; readonly url: string; readonly rooms: number } // as hosts
  | { readonly task: 'join'; readonly url: string; readonly codes: readonly string[] } // as all others: `Joined`
  | { readonly task: 'return'; readonly url: string; readonly codes: readonly string[]; readonly cookie: string } // `Joined`
  | { readonly task: 'start' }
  | { readonly task: 'sit'; readonly url: string; readonly tables: number; readonly seats: readonly number[] } // at replay: `Joined`
  | { readonly task: 'listen' }
  | { readonly task: 'heard' }; // `Heard`

export interface Joined {
  readonly sockets: number;
  readonly cookie: string; // of the session that has all their seats
}

/** What those who stay were told of those who went, since they were asked to listen. */
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
let heardMs: number[] = [];
let away = 0;

/** A socket that many ask on at once: each frame is read once, and goes to whom it answers. */
class Lobby {
  readonly #socket: WebSocket;
  readonly #asking = new Map<unknown, (frame: Frame) => void>(); // by message id

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as Frame;
      const id = frame.data['in_reply_to'];
      this.#asking.get(id)?.(frame);
      this.#asking.delete(id);
    });
  }

  static async enter(url: string): Promise<Lobby> {
    const connected: Connected = await connect(`${url}/ws/lobby`);
    cookie = connected.cookie;
    return new Lobby(connected.socket);
  }

  async ask(event: string, data: object): Promise<Frame> {
    const frame = await new Promise<Frame>((resolve) => this.#asking.set(send(this.#socket, event, data), resolve));
    if (frame.event === 'error') throw new Error(`${event} was refused: ${JSON.stringify(frame.data)}`);
    return frame;
  }

  leave(): void {
    this.#socket.terminate();
  }
}

/** Whoever is asked for a redeal says no: else a room would wait half a minute for each. */
function declineRedeals(socket: WebSocket, name: string): void {
  let declined = false;
  socket.on('message', (bytes: Buffer) => {
    if (declined || !bytes.includes('"weak_players_awaiting":["')) return;
    const { phase_data } = (JSON.parse(bytes.toString()) as Frame).data as {
      readonly phase_data?: { readonly weak_players_awaiting?: readonly string[] };
    };
    if (phase_data?.weak_players_awaiting?.includes(name) !== true) return;
    declined = true;
    send(socket, 'decline_redeal', { player_name: name });
  });
}

async function enter(url: string, code: string, seat: number): Promise<WebSocket> {
  const { socket } = await connect(`${url}/ws/${code}`, cookie);
  const seated = until(socket, ({ event }) => event === 'room_state_update');
  declineRedeals(socket, NAMES[seat]!);
  send(socket, 'client_ready', { room_id: code, player_name: NAMES[seat] });
  await seated;
  return socket;
}

/** Rooms with one person and three free seats. */
async function open(url: string, rooms: number): Promise<readonly string[]> {
  const lobby = await Lobby.enter(url);
  const codes = await each(rooms, AT_ONCE, async () => {
    const { data } = await lobby.ask('create_room', { player_name: NAMES[0] });
    return String(data['room_id']);
  });
  lobby.leave();
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
  for (const host of hosts) listenTo(host);
  return codes;
}

function listenTo(socket: WebSocket): void {
  socket.on('message', (bytes: Buffer) => {
    const isAway = bytes.indexOf('{"event":"player_disconnected"') === 0;
    if (!isAway && bytes.indexOf('{"event":"host_changed"') !== 0) return;
    if (isAway) away++;
    heardMs.push(Date.now());
  });
}

/** At tables of a server that replays, besides those where its moves are made. */
async function sit(url: string, tables: number, seats: readonly number[]): Promise<Joined> {
  const sockets = await each(tables * seats.length, AT_ONCE, async (place) => {
    const seat = seats[place % seats.length]!;
    const { socket } = await connect(`${url}/crowd-${Math.floor(place / seats.length)}/${seat}`);
    listenTo(socket);
    return socket;
  });
  return { sockets: sockets.length, cookie: '' };
}

async function join(url: string, codes: readonly string[]): Promise<Joined> {
  const lobby = await Lobby.enter(url);
  await each(codes.length, AT_ONCE, async (room) => {
    for (const name of NAMES.slice(1)) await lobby.ask('join_room', { room_id: codes[room], player_name: name });
  });
  lobby.leave();
  return takeSeats(url, codes);
}

async function takeSeats(url: string, codes: readonly string[]): Promise<Joined> {
  const others = NAMES.length - 1;
  const sockets = await each(codes.length * others, AT_ONCE, (place) =>
    enter(url, codes[Math.floor(place / others)]!, 1 + (place % others)),
  );
  return { sockets: sockets.length, cookie: cookie! };
}

async function start(): Promise<void> {
  await each(hosts.length, AT_ONCE, async (room) => {
    const asked = until(hosts[room]!, ({ event, data }) => event === 'phase_change' && data['phase'] === 'declaration');
    send(hosts[room]!, 'start_game', {});
    await asked;
  });
}

function listen(): void {
  [heardMs, away] = [[], 0];
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
    case 'return':
      cookie = message.cookie;
      return takeSeats(message.url, message.codes);
    case 'start':
      await start();
      return 'started';
    case 'sit':
      return sit(message.url, message.tables, message.seats);
    case 'listen':
      listen();
      return 'listening';
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
