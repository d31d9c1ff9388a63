import { EventEmitter, once } from 'node:events';
import { Packr } from 'msgpackr';
import { WebSocket } from 'ws';
import type { Seated } from './seating.js';
import { NAMES, type Sockets, type TableSocket } from './table.js';

// First bytes of Colyseus' frames.
const JOIN_ROOM = 10;
const ROOM_DATA = 13;

const packr = new Packr({ useRecords: false });

/** A table of the room server: a room of its own, made by the first player and joined by the others, as its own client does. */
export async function seatAtRoomServer(url: string): Promise<Seated> {
  const http = url.replace(/^ws/, 'http');
  const host = await enter(url, await reserve(`${http}/matchmake/create/table`, 0));
  const sockets = [host.socket];
  for (let seat = 1; seat < NAMES.length; seat++) {
    const { socket } = await enter(url, await reserve(`${http}/matchmake/joinById/${host.roomId}`, seat));
    sockets.push(socket);
  }
  return { sockets: sockets as unknown as Sockets, start: () => host.socket.tell('start', {}) };
}

interface Reservation {
  readonly roomId: string;
  readonly processId: string;
  readonly sessionId: string;
}

async function reserve(url: string, seat: number): Promise<Reservation> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ seat }) });
  if (!answer.ok) throw new Error(`the room server answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Reservation;
}

async function enter(url: string, { roomId, processId, sessionId }: Reservation) {
  const socket = new WebSocket(`${url}/${processId}/${roomId}?sessionId=${sessionId}`, { perMessageDeflate: false });
  const [bytes] = (await once(socket, 'message')) as [Buffer];
  if (bytes[0] !== JOIN_ROOM) throw new Error(`the room server began with ${bytes.toString()}`);
  socket.send(Buffer.of(JOIN_ROOM)); // before that it keeps back what it tells this client
  return { socket: new RoomServerSocket(socket), roomId };
}

/** Hears the texts in the frames of one socket, and puts moves into frames. */
class RoomServerSocket extends EventEmitter implements TableSocket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (bytes: Buffer) => this.emit('message', textIn(bytes)));
    socket.on('error', (failure) => this.emit('error', failure));
    socket.on('close', () => this.emit('close'));
  }

  send(text: string): void {
    const { event, data } = JSON.parse(text) as { event: string; data: object };
    this.tell(event, data);
  }

  tell(type: string, message: object): void {
    this.#socket.send(Buffer.concat([Buffer.of(ROOM_DATA), packr.pack(type), packr.pack(message)]));
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

/** What stands behind the name of a message's type: a string of MessagePack. @throws where the frame is no message */
function textIn(bytes: Buffer): Buffer {
  if (bytes[0] !== ROOM_DATA) throw new Error(`the room server sent a frame of another kind: ${bytes.toString()}`);
  return bytes.subarray(afterHead(bytes, afterHead(bytes, 1) + shortLength(bytes[1]!)));
}

function shortLength(head: number): number {
  if (head >> 5 === 0b101) return head & 0b11111;
  throw new Error('names of types have at most 31 characters');
}

/** Behind the head of a string. */
function afterHead(bytes: Buffer, at: number): number {
  const head = bytes[at]!;
  if (head >> 5 === 0b101) return at + 1;
  if (head >= 0xd9 && head <= 0xdb) return at + 1 + (1 << (head - 0xd9));
  throw new Error(`a message is not a string: its head is ${head}`);
}
