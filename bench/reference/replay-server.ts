// A server that answers each move with the frames that the product sent for the same move: the same number to the same
// sockets, the same bytes. JOURNAL=none echoes; JOURNAL=a file steps a machine and makes each move durable first.
// TABLES_TOLD_PER_S=a number: tables hear of seats whose sockets have ended, so many of them a second.
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RecordedMove } from '../load/recorded-moves.js';
import { type MoveEvent, ReferenceRoom } from './game-machine.js';
import { PlainJournal } from './plain-journal.js';
import { PlainPresence } from './plain-presence.js';

interface Table {
  readonly name: string;
  readonly sockets: (WebSocket | undefined)[]; // by seat
  readonly spectators: WebSocket[];
  readonly room: ReferenceRoom;
  moves: number;
  away: number; // seats that were told of
}

const SEATS = 4;

const recorded = JSON.parse(readFileSync(process.env['RECORDING']!, 'utf8')) as readonly RecordedMove[];
const rowTexts = recorded.map(({ rows }) => rows.join(''));
const journal = process.env['JOURNAL'] === 'none' ? null : await PlainJournal.open(process.env['JOURNAL']!);
const tables = new Map<string, Table>();
const toldPerS = process.env['TABLES_TOLD_PER_S'];
const presence = toldPerS === undefined ? null : new PlainPresence<Table>(Number(toldPerS), tellAway);

/** Frame by frame, so that no viewer waits for another's last one. */
function show({ sockets, spectators }: Table, { frames }: RecordedMove): void {
  const count = Math.max(...frames.map(({ length }) => length));
  for (let index = 0; index < count; index++) {
    for (let seat = 0; seat < SEATS; seat++) {
      const text = frames[seat]![index];
      if (text !== undefined) sockets[seat]?.send(text);
    }
    const text = frames[SEATS]![index];
    if (text === undefined) continue;
    for (const spectator of spectators) spectator.send(text);
  }
}

function echo(table: Table): void {
  show(table, recorded[table.moves++ % recorded.length]!);
}

interface SentMove {
  readonly event: 'declare' | 'play';
  readonly data: { readonly value?: number; readonly piece_indices?: readonly number[] };
}

function journaled(table: Table, seat: number, text: string, into: PlainJournal): void {
  const { event, data } = JSON.parse(text) as SentMove;
  const move: MoveEvent = { type: event, seat, value: data.value ?? data.piece_indices![0]! };
  const moved = table.room.step(move);
  const index = table.moves++ % recorded.length;
  const own = JSON.stringify({ at: Date.now(), move, moved });
  // The rest of what the product writes for this move, so that the bytes are the same.
  const row = own + rowTexts[index]!.slice(own.length);
  into.append(table.name, table.moves, row, () => show(table, recorded[index]!));
}

/** Durable first, as the product's. */
function tellAway(table: Table, seat: number): void {
  const data = { player_name: `Player ${seat}`, ai_activated: true, can_reconnect: true, is_bot: true };
  const text = JSON.stringify({ event: 'player_disconnected', data });
  const tell = (): void => {
    for (const socket of table.sockets) socket?.send(text);
  };
  if (journal === null) tell();
  else journal.append(table.name, ++table.away, text, tell);
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4_096, perMessageDeflate: false });
server.on('connection', (socket, { url }) => {
  const [, name, seatText] = url!.split('/');
  const seat = Number(seatText);
  let table = tables.get(name!);
  if (table === undefined) {
    table = { name: name!, sockets: [], spectators: [], room: new ReferenceRoom(), moves: 0, away: 0 };
    tables.set(name!, table);
  }
  const its = table;
  if (seat < SEATS) its.sockets[seat] = socket;
  else its.spectators.push(socket);
  socket.on('message', (bytes: Buffer) => {
    const text = bytes.toString();
    // A round ends with the question that begins the next.
    if (text === 'start') show(its, recorded.at(-1)!);
    else if (journal === null) echo(its);
    else journaled(its, seat, text, journal);
  });
  socket.on('close', () => {
    if (presence === null || its.sockets[seat] !== socket) return;
    its.sockets[seat] = undefined;
    presence.lost(its, seat);
  });
  socket.on('error', () => undefined); // the generator cuts its sockets at the end
});
server.on('listening', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
