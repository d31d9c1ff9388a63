const PING_EVERY_MS = 30_000;
/** For the handshake, and for any frame after a ping. A silent link is given up and opened anew. */
const ANSWER_WITHIN_MS = 10_000;
const RETRY_AFTER_MS = [500, 1000, 2000, 4000, 8000];
/** A server that restarts asks for no more than that. */
const COME_BACK_MS_MAX = 60_000;
/** The server's way to say "do not come back". */
const CLOSED_FOR_GOOD = 1000;

/**
 * One socket that is opened again whenever it is lost, until `close` or until the server closes it with 1000.
 * @param path e.g. '/ws/lobby'
 * @param on.open `(send, again)`: introduce yourself; `again` is true after a loss
 * @param on.status 'connecting' | 'open' | 'reconnecting' | 'closed'
 * @param on.frame `{ event, data }`
 */
export function connect(path, on) {
  let socket = null; // events of any other socket are too late to matter
  let failures = 0;
  let comeBackWithinMs = null; // what a server that ends asks for
  let sequence = 0;
  let retry, ping, silence;

  function open() {
    const attempt = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`);
    const current = (handler) => (event) => {
      if (attempt === socket) handler(event);
    };
    socket = attempt;
    sequence = 0;
    silence = setTimeout(lost, ANSWER_WITHIN_MS);
    attempt.onopen = current(() => {
      clearTimeout(silence);
      on.status('open');
      on.open(send, failures > 0);
      failures = 0;
      ping = setInterval(() => {
        send('ping', { timestamp: Date.now() });
        clearTimeout(silence);
        silence = setTimeout(lost, ANSWER_WITHIN_MS);
      }, PING_EVERY_MS);
    });
    attempt.onmessage = current((event) => {
      clearTimeout(silence);
      const frame = parseFrame(event.data);
      if (frame?.event === 'reconnect_hint')
        comeBackWithinMs = Math.min(Number(frame.data.within_ms), COME_BACK_MS_MAX);
      else if (frame !== null) on.frame(frame);
    });
    attempt.onclose = current((event) => {
      if (event.code !== CLOSED_FOR_GOOD) return lost();
      drop();
      on.status('closed');
    });
  }

  function drop() {
    clearTimeout(retry);
    clearInterval(ping);
    clearTimeout(silence);
    const dropped = socket;
    socket = null;
    dropped?.close(1000);
  }

  function lost() {
    drop();
    const wait = RETRY_AFTER_MS[Math.min(failures, RETRY_AFTER_MS.length - 1)];
    // Spread, so that not all come back at once.
    const pause = comeBackWithinMs === null ? wait * (0.8 + 0.4 * Math.random()) : comeBackWithinMs * Math.random();
    comeBackWithinMs = null;
    failures += 1;
    on.status('reconnecting');
    retry = setTimeout(open, pause);
  }

  /** @returns {string | null} the message's id, null if there is no connection now */
  function send(event, data = {}) {
    if (socket?.readyState !== WebSocket.OPEN) return null;
    const id = randomId();
    sequence += 1;
    socket.send(JSON.stringify({ event, data, sequence, timestamp: Date.now(), id }));
    return id;
  }

  on.status('connecting');
  open();
  return { send, close: drop };
}

function parseFrame(text) {
  try {
    const { event, data } = JSON.parse(text);
    return typeof event === 'string' ? { event, data: data ?? {} } : null;
  } catch {
    // Our server sends JSON only; whatever put this on the line, skipping it loses nothing of the game.
    return null;
  }
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
