// One client that sends as fast as it is told to and comes back at once whenever it is sent away. Begins and ends with
// each message, and then says what it has sent.
import { WebSocket } from 'ws';

const { FLOOD_URL: url, FLOOD_PER_SECOND: perSecond } = process.env;
const EVERY_MS = 10;

/** What a hostile client may think of: legal, useless, without a seat, and none at all. */
const TEXTS = [
  '{"event":"get_room_state","data":{},"id":"flood"}',
  '{"event":"sync_request","data":{},"id":"flood"}',
  '{"event":"play","data":{"player_name":"Hana","piece_indices":[0]},"id":"flood"}',
  '{"event":"cheat"}',
];

let sent = 0;
let answers = 0;
let sentAway = 0;
let socket: WebSocket | null = null;
let timer: NodeJS.Timeout | undefined;

function connect(): void {
  const opened = new WebSocket(url!, { perMessageDeflate: false });
  socket = opened;
  opened.on('message', () => answers++);
  opened.on('error', () => undefined); // its close follows
  opened.on('close', () => {
    if (socket !== opened) return;
    sentAway++;
    connect();
  });
}

function flood(): void {
  for (let count = 0; count < (Number(perSecond) * EVERY_MS) / 1000; count++) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(TEXTS[sent++ % TEXTS.length]!);
  }
}

process.on('message', () => {
  if (socket === null) {
    connect();
    timer = setInterval(flood, EVERY_MS);
    return;
  }
  clearInterval(timer);
  const flooding = socket;
  socket = null;
  flooding.terminate();
  process.send!({ sent, answers, sentAway });
});
process.on('disconnect', () => process.exit(0));
process.send!('ready');
