// Colyseus as its users hold it: a Room of four clients, in which each message of a player is a move. It is applied to the
// room's state, committed in a transaction of its own before anything else happens, and then shown to the four.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';
import Database from 'better-sqlite3';

const SEATS = 4;
const HAND = 8;
const BACKLOG = 4_096;
/** As large as the product's, so that neither pays for more checkpoints than the other. */
const CHECKPOINT_PAGES = 16_384;

const recorded = JSON.parse(readFileSync(process.env.RECORDING, 'utf8'));
const rowTexts = recorded.map(({ rows }) => rows.join(''));
const shows = recorded.map(({ frames }) => sendsOf(frames.slice(0, SEATS)));

const db = new Database(process.env.JOURNAL);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
db.exec('CREATE TABLE entries (id INTEGER PRIMARY KEY, room TEXT, seq INTEGER, text TEXT)');
const insert = db.prepare('INSERT INTO entries (room, seq, text) VALUES (?, ?, ?)');
const commit = db.transaction((room, seq, text) => insert.run(room, seq, text)).immediate;

/** What the product told the four seats, in its order; what all four got as the same text is one broadcast. */
function sendsOf(frames) {
  const sends = [];
  for (let index = 0; index < Math.max(...frames.map(({ length }) => length)); index++) {
    const texts = frames.map((texts) => texts[index]);
    if (texts.every((text) => text !== undefined && text === texts[0])) sends.push(sendOf('all', texts[0]));
    else texts.forEach((text, seat) => text !== undefined && sends.push(sendOf(seat, text)));
  }
  return sends;
}

function sendOf(to, text) {
  return { to, type: JSON.parse(text).event, text };
}

/** The game as the benches' reference plays it, without its chart: turns of four, the highest card takes the turn. */
class Game {
  hands = deal(1);
  declared = [];
  plays = [];
  piles = [0, 0, 0, 0];
  scores = [0, 0, 0, 0];
  round = 1;

  declare(_seat, value) {
    if (this.declared.length === SEATS) throw new Error('all have declared');
    this.declared.push(value);
  }

  play(seat, index) {
    const card = this.hands[seat][index];
    if (this.declared.length < SEATS || card === undefined || this.plays.some((play) => play.seat === seat)) {
      throw new Error(`seat ${seat} may not play`);
    }
    this.hands[seat].splice(index, 1);
    this.plays.push({ seat, card });
    if (this.plays.length === SEATS) this.#endTurn();
  }

  #endTurn() {
    this.piles[this.plays.reduce((best, play) => (play.card > best.card ? play : best)).seat]++;
    this.plays = [];
    if (this.hands.some(({ length }) => length > 0)) return;
    this.scores = this.scores.map((score, seat) => score - Math.abs(this.declared[seat] - this.piles[seat]));
    this.round++;
    this.hands = deal(this.round);
    this.declared = [];
    this.piles = [0, 0, 0, 0];
  }
}

function deal(round) {
  return Array.from({ length: SEATS }, (_, seat) =>
    Array.from({ length: HAND }, (_, index) => ((index * SEATS + seat) * 7 + round) % (SEATS * HAND)),
  );
}

class TableRoom extends Room {
  maxClients = SEATS;
  #seats = [];
  #game = new Game();
  #moves = 0;

  onCreate() {
    // A round ends with the question that begins the next.
    this.onMessage('start', () => this.#show(shows.length - 1));
    this.onMessage('declare', (client, { value }) => this.#move(client, 'declare', value));
    this.onMessage('play', (client, { piece_indices: [index] }) => this.#move(client, 'play', index));
  }

  onJoin(client, { seat }) {
    client.userData = { seat };
    this.#seats[seat] = client;
  }

  #move({ userData: { seat } }, type, value) {
    this.#game[type](seat, value);
    const index = this.#moves++ % recorded.length;
    const moved = { type: 'moved', seat, value, piles: this.#game.piles };
    const own = JSON.stringify({ at: Date.now(), move: { type, seat, value }, moved });
    // The rest of what the product writes for this move, so that the bytes are the same.
    commit(this.roomId, this.#moves, own + rowTexts[index].slice(own.length));
    this.#show(index);
  }

  #show(index) {
    for (const { to, type, text } of shows[index]) {
      if (to === 'all') this.broadcast(type, text);
      else this.#seats[to]?.send(type, text);
    }
  }
}

const http = createServer();
const server = new Server({ transport: new WebSocketTransport({ server: http }), greet: false });
server.define('table', TableRoom);
await server.listen(0, '127.0.0.1', BACKLOG);
process.on('disconnect', () => process.exit(0));
process.send({ port: http.address().port });
