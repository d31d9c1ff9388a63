import { LOBBY, RoomLink } from '/client/room-link.js';
import { Session } from '/client/session.js';

/** For any frame after a ping. A silent connection is given up and made anew. */
const SILENCE_MS = 10_000;

const clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * The place in a room, or in the lobby, until `close` or until the server closes it for good. What was sent and lost with a
 * connection is sent again, and applied at most once.
 * @param roomId null for the lobby
 * @param name of the player
 * @param on.status 'connecting' | 'open' (the server knows us) | 'reconnecting' | 'closed'
 * @param on.frame `{ event, data }`
 * @param on.unanswered `(id)`: nobody knows whether that message was applied
 */
export function connect(roomId, name, on) {
  const link = new RoomLink({
    roomId: roomId ?? LOBBY,
    ...(roomId !== null && { playerName: name }),
    connect: openSocket,
    clock,
    random: Math.random,
    newId: randomId,
    session: new Session(), // the browser sends the cookie by itself
    connectFailuresMax: Infinity, // a page that is left open comes back whenever the server does
    silenceLimitMs: SILENCE_MS,
  });
  const isOpen = () => link.link === 'identified' || link.link === 'refused';
  let lost = false;
  const stop = link.listen({
    frame: on.frame,
    link: (now) => {
      if (now === 'waiting') lost = true;
      if (isOpen()) lost = false;
      on.status(now === 'closed' ? 'closed' : isOpen() ? 'open' : lost ? 'reconnecting' : 'connecting');
      // The seats; who we are and how the game stands was answered already.
      if (isOpen() && roomId !== null) void link.command('get_room_state', {});
    },
  });

  /** @returns {string | null} the message's id, null if there is no connection now */
  function send(event, data = {}) {
    if (!isOpen()) return null;
    const id = randomId();
    void link.command(event, data, id).then(({ why }) => {
      if (why === 'timeout') on.unanswered(id);
    });
    return id;
  }

  function close() {
    stop();
    link.close();
  }

  on.status('connecting');
  link.open();
  return { send, close };
}

/** A browser's WebSocket as the library wants it. */
function openSocket(path) {
  const ws = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`);
  const socket = {
    onOpen: () => {},
    onMessage: () => {},
    onClose: () => {},
    send: (text) => ws.readyState === WebSocket.OPEN && ws.send(text),
    close: (code = 1000, reason = '') => ws.close(code, reason),
    terminate: () => ws.close(), // a page can't cut; whoever terminates listens no longer
  };
  ws.onopen = () => socket.onOpen([]);
  ws.onmessage = ({ data }) => socket.onMessage(data);
  ws.onclose = ({ code, reason }) => socket.onClose(code, reason);
  return socket;
}

/** A UUID v4. On plain http (a game in the local network) browsers do not offer `crypto.randomUUID`. */
function randomId() {
  if (crypto.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
