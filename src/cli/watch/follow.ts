import { EventParser, type SentEvent } from './event-lines.js';

export interface FollowPorts {
  readonly fetch: typeof fetch;
  readonly wait: (ms: number) => Promise<void>;
  readonly stopping: AbortSignal;
  readonly note: (text: string) => void; // of the connection
}

/** What the server will not do, however often it is asked. */
export class WatchRefused extends Error {
  override readonly name = 'WatchRefused';
}

const AGAIN_MS_FIRST = 250;
const AGAIN_MS_MAX = 5_000;

/**
 * Events of a stream, over restarts of the server: each connection goes on behind the last event that had an id.
 * @param address where the server is now; asked anew for each connection
 * @throws WatchRefused
 */
export async function* follow(
  address: () => URL,
  token: () => string,
  { fetch, wait, stopping, note }: FollowPorts,
): AsyncGenerator<SentEvent> {
  let lastId: string | null = null;
  let pauseMs = AGAIN_MS_FIRST;
  const isOver = (): boolean => stopping.aborted;
  while (!isOver()) {
    try {
      const response = await fetch(address(), { headers: headersOf(token(), lastId), signal: stopping });
      await refuseFinal(response);
      if (response.ok && response.body !== null) {
        const parser = new EventParser();
        for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
          for (const sent of parser.take(text)) {
            pauseMs = AGAIN_MS_FIRST;
            lastId = sent.id ?? lastId;
            yield sent;
          }
        }
      }
      note('the connection ended');
    } catch (failure) {
      if (isOver()) return;
      if (failure instanceof WatchRefused) throw failure;
      note(`not reached: ${failure instanceof Error ? failure.message : String(failure)}`);
    }
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 2, AGAIN_MS_MAX);
  }
}

function headersOf(token: string, lastId: string | null): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    accept: 'text/event-stream',
    ...(lastId !== null && { 'last-event-id': lastId }),
  };
}

/** A wrong question stays wrong; a server that starts or is busy may answer the next time. */
async function refuseFinal(response: Response): Promise<void> {
  if (![400, 401, 403, 404].includes(response.status)) return;
  const body = (await response.json().catch(() => ({}))) as { readonly detail?: unknown };
  const detail = typeof body.detail === 'string' ? body.detail : `it answered ${response.status}`;
  throw new WatchRefused(`The server says: ${detail}`);
}
