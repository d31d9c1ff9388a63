const ROOT = '/api/visualizer';
/** The window hears it when the server does not know us any more. */
export const UNKNOWN = 'visualizer:unknown';

/** An answer of the server that is no success, or none at all (`status` 0). Its message is for people. */
class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * @param path below /api/visualizer
 * @throws Problem; AbortError where `signal` ended it
 */
export function get(path, signal) {
  return ask(ROOT + path, { signal });
}

/** @param body an object, sent as JSON; or a file, sent as it is */
export function post(path, body = {}, signal) {
  return ask(ROOT + path, { method: 'POST', signal, ...content(body) });
}

export function remove(path) {
  return ask(ROOT + path, { method: 'DELETE', headers: OWN_PAGE });
}

/** What operators can see and do beside the visualizer (docs/ADMIN_API.md). */
export function getAdmin(path, signal) {
  return ask(`/api/admin${path}`, { signal });
}

export function operate(name, parameters) {
  return ask(`/api/admin/operations/${name}`, { method: 'POST', ...content(parameters) });
}

/** @returns {Promise<{ name: string, blob: Blob }>} a file that the server makes */
export async function download(path) {
  const response = await answerTo(ROOT + path, {});
  const named = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '');
  return { name: named?.[1] ?? 'room.json', blob: await response.blob() };
}

/** Tells the server that a change was asked for by its own page. */
const OWN_PAGE = { 'X-Visualizer': '1' };

function content(body) {
  if (body instanceof Blob) return { body, headers: { ...OWN_PAGE, 'Content-Type': 'application/octet-stream' } };
  return { body: JSON.stringify(body), headers: { ...OWN_PAGE, 'Content-Type': 'application/json' } };
}

async function ask(url, options) {
  return (await answerTo(url, options)).json();
}

async function answerTo(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    throw new Problem(0, 'The server does not answer.');
  }
  if (response.ok) return response;
  if (response.status === 401 && !url.endsWith('/session')) dispatchEvent(new Event(UNKNOWN));
  throw new Problem(response.status, await detailOf(response));
}

async function detailOf(response) {
  const wait = response.headers.get('Retry-After');
  if (response.status === 429) return `Too many requests; try again in ${wait ?? 'a few'} s.`;
  try {
    const { detail, title } = await response.json();
    return detail ?? title ?? `The server answered ${response.status}.`;
  } catch {
    // A proxy's page, or nothing at all: the status is all there is to tell.
    return `The server answered ${response.status}.`;
  }
}

/** A closed stream is opened again by ourselves: browsers give up on the first answer that is no stream. */
const RETRY_MS = 2000;

/**
 * Hears server-sent events until it is closed.
 * @param path a function, because a stream that is opened again goes on elsewhere
 * @param on `{ status: (kind) => …, <event>: (data) => … }`; kinds: 'connecting', 'open', 'lost'
 * @returns a function that closes it
 */
export function listen(path, on) {
  const { status, ...handlers } = on;
  let source;
  let retry;
  const open = () => {
    source = new EventSource(ROOT + path());
    source.onopen = () => status('open');
    source.onerror = () => {
      status('lost');
      if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself, where it left off
      clearTimeout(retry);
      retry = setTimeout(open, RETRY_MS);
      // A stream does not say why it was refused. This asks whether we are still known; the next attempt tells the rest.
      get('').catch(() => undefined);
    };
    for (const [event, handle] of Object.entries(handlers)) {
      source.addEventListener(event, ({ data }) => handle(JSON.parse(data)));
    }
  };
  // Browsers allow some six connections to a server, all tabs together: a tab that nobody sees gives its own back, and
  // catches up when it is seen again.
  const seen = () => {
    clearTimeout(retry);
    source?.close();
    if (!document.hidden) open();
  };
  document.addEventListener('visibilitychange', seen);
  status('connecting');
  seen();
  return () => {
    document.removeEventListener('visibilitychange', seen);
    clearTimeout(retry);
    source?.close();
  };
}

/** '?from=1&limit=100' without the members that are undefined or null; '' for none. */
export function query(parameters) {
  const text = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value != null && value !== ''),
  ).toString();
  return text === '' ? '' : `?${text}`;
}
