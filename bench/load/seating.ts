import { once } from 'node:events';
import { WebSocket } from 'ws';
import { NAMES, type Sockets } from './table.js';

/** Four sockets that are seated, and what makes their game begin. */
export interface Seated {
  readonly sockets: Sockets;
  readonly start: () => void;
}

export interface Frame {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const LIMIT_MS = 60_000;

export interface SeatedInRoom extends Seated {
  readonly code: string;
  readonly cookies: readonly string[]; // of the sessions, by seat
}

/** A new room of the product with four people in it, each with a session of its own. @param url `ws://host:port` */
export async function seatInRoom(url: string): Promise<SeatedInRoom> {
  const made = await inLobby(url, 'create_room', { player_name: NAMES[0] }, 'room_created');
  const code = String(made.data['room_id']);
  const host = await enter(url, code, 0, made.cookie);
  const sockets = [host];
  const cookies = [made.cookie];
  for (let seat = 1; seat < NAMES.length; seat++) {
    const freed = until(host, ({ event, data }) => {
      return event === 'room_update' && (data['players'] as readonly unknown[])[seat] === null;
    });
    send(host, 'remove_player', { slot_id: seat + 1 });
    await freed;
    const { cookie } = await inLobby(url, 'join_room', { room_id: code, player_name: NAMES[seat] }, 'room_joined');
    cookies.push(cookie);
    sockets.push(await enter(url, code, seat, cookie));
  }
  return { sockets: sockets as unknown as Sockets, start: () => send(host, 'start_game', {}), code, cookies };
}

/** A table of a server that replays recorded moves. */
export async function seatAtReplay(url: string, table: number): Promise<Seated> {
  const sockets = await Promise.all(NAMES.map((_, seat) => connect(`${url}/${table}/${seat}`)));
  const opened = sockets.map(({ socket }) => socket);
  return { sockets: opened as unknown as Sockets, start: () => opened[0]!.send('start') };
}

export interface Connected {
  readonly socket: WebSocket;
  readonly cookie: string;
}

export async function connect(url: string, cookie?: string): Promise<Connected> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...(cookie !== undefined && { headers: { cookie } }) });
  let issued = cookie ?? '';
  socket.once('upgrade', ({ headers }) => (issued = headers['set-cookie']?.[0]?.split(';')[0] ?? issued));
  await once(socket, 'open');
  return { socket, cookie: issued };
}

async function inLobby(url: string, event: string, data: object, answer: string) {
  const { socket, cookie } = await connect(`${url}/ws/lobby`);
  const answered = until(socket, (frame) => frame.event === answer);
  send(socket, event, data);
  const frame = await answered;
  socket.terminate();
  return { ...frame, cookie };
}

async function enter(url: string, code: string, seat: number, cookie: string): Promise<WebSocket> {
  const { socket } = await connect(`${url}/ws/${code}`, cookie);
  const seated = until(socket, ({ event }) => event === 'room_state_update');
  send(socket, 'client_ready', { room_id: code, player_name: NAMES[seat] });
  await seated;
  return socket;
}

let messages = 0;
/** @returns the id that its answers carry */
export function send(socket: WebSocket, event: string, data: object): string {
  const id = `s-${++messages}`;
  socket.send(JSON.stringify({ event, data, id }));
  return id;
}

/** @throws what the server said where it refused, and after a minute without the frame */
export function until(socket: WebSocket, wanted: (frame: Frame) => boolean): Promise<Frame> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      socket.off('message', onMessage).off('close', onClose);
    };
    const fail = (why: string): void => {
      end();
      reject(new Error(why));
    };
    const onClose = (code: number): void => fail(`the server closed the socket with ${code}`);
    const onMessage = (bytes: Buffer): void => {
      const frame = JSON.parse(bytes.toString()) as Frame;
      if (wanted(frame)) {
        end();
        resolve(frame);
      } else if (frame.event === 'error') fail(`the server said ${bytes.toString()}`);
    };
    const timer = setTimeout(() => fail(`the awaited frame did not come within ${LIMIT_MS / 1000} s`), LIMIT_MS);
    socket.on('message', onMessage).on('close', onClose);
  });
}

/** @returns what `make` gave for 0 to `count` - 1, made by as many as `atOnce` at a time */
export async function each<T>(count: number, atOnce: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      made[index] = await make(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  return made;
}
