import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { Clock } from '../../actors/clock.js';
import type { Log } from './log.js';

/** Something that an operator should know at once. */
export interface OperatorAlert {
  /** What it is about, e.g. `health/eventLoop`, `room/<id>`. Alerts of one key replace each other. */
  readonly key: string;
  readonly state: 'firing' | 'resolved';
  readonly severity: 'warning' | 'critical';
  readonly summary: string; // a sentence: no secrets, no addresses
}

export interface OperatorAlertsOptions {
  readonly url: string | undefined; // of the webhook; without one alerts are lines of the log and nothing more
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly clock: Clock;
  readonly attemptsMax?: number;
  readonly pauseMs?: number; // before the second attempt; doubles with each
  readonly timeoutMs?: number; // of one attempt
  readonly queueMax?: number;
}

export interface AlertCounters {
  readonly raised: number;
  readonly repeated: number; // known already, so that nobody was told
  readonly delivered: number; // to the webhook
  readonly failed: number; // given up after the last attempt
  readonly dropped: number; // the queue was full: the oldest goes
}

/** An alert that goes on is told again after so long. */
const REPEAT_MS = 3_600_000;
/** Keys that are remembered. */
const KEYS_MAX = 1_000;
/** A stop waits so long for what is still to be told. */
const STOP_MS = 5_000;

/** The receiver does not want this, now or ever: another attempt would change nothing. */
class NotAccepted extends Error {
  override readonly name = 'NotAccepted';
}

/** Tells operators, by the log and by a webhook; one after the other, so that a receiver sees them in order. */
export class OperatorAlerts {
  readonly #options: OperatorAlertsOptions;
  readonly #told = new Map<string, { readonly state: OperatorAlert['state']; readonly atMs: number }>();
  readonly #stopping = new AbortController();
  #queue: string[] = []; // bodies, oldest first
  #sending: Promise<void> | null = null;
  #isUndelivered = false;
  #counters: AlertCounters = { raised: 0, repeated: 0, delivered: 0, failed: 0, dropped: 0 };

  constructor(options: OperatorAlertsOptions) {
    this.#options = options;
  }

  get counters(): AlertCounters {
    return this.#counters;
  }

  /** Whether the webhook did not take the last alert that it was told. */
  get isUndelivered(): boolean {
    return this.#isUndelivered;
  }

  /** Never throws, and never waits. */
  raise(alert: OperatorAlert): void {
    const { url, log, clock, queueMax = 100 } = this.#options;
    const { key, state, severity, summary } = alert;
    this.#count('raised');
    const before = this.#told.get(key);
    const isKnown = before?.state === state && clock.elapsedMs() - before.atMs < REPEAT_MS;
    if (isKnown || (before === undefined && state === 'resolved')) {
      this.#count('repeated');
      return;
    }
    this.#told.delete(key); // so that the map's order is that of the last alert
    this.#told.set(key, { state, atMs: clock.elapsedMs() });
    if (this.#told.size > KEYS_MAX) this.#told.delete(this.#told.keys().next().value!);
    log[state === 'resolved' ? 'info' : severity === 'critical' ? 'error' : 'warn'](
      { alert: key, state, severity, summary },
      'operator alert',
    );
    if (url === undefined || this.#stopping.signal.aborted) return;
    const at = new Date(clock.nowMs()).toISOString();
    // `text` is what chat systems show.
    this.#queue.push(JSON.stringify({ key, state, severity, summary, at, text: `[${state}] ${key}: ${summary}` }));
    if (this.#queue.length > queueMax) {
      this.#queue.shift();
      this.#count('dropped');
    }
    this.#sending ??= this.#send(url);
  }

  /** Tells what is still to be told, and gives up after 5 s. */
  async stop(): Promise<void> {
    const cut = setTimeout(() => this.#stopping.abort(), STOP_MS);
    await this.#sending;
    clearTimeout(cut);
    this.#stopping.abort();
  }

  async #send(url: string): Promise<void> {
    const { log, attemptsMax = 6, pauseMs = 1_000, timeoutMs = 5_000 } = this.#options;
    const policy = retry(
      handleWhen((failure) => !(failure instanceof NotAccepted)),
      { maxAttempts: attemptsMax - 1, backoff: new ExponentialBackoff({ initialDelay: pauseMs }) },
    );
    for (let body = this.#queue.shift(); body !== undefined; body = this.#queue.shift()) {
      const text = body;
      try {
        const { signal } = this.#stopping;
        await policy.execute(
          async (attempt) => post(url, text, AbortSignal.any([attempt.signal, AbortSignal.timeout(timeoutMs)])),
          signal,
        );
        this.#count('delivered');
        this.#isUndelivered = false;
      } catch (failure) {
        this.#count('failed');
        this.#isUndelivered = true;
        // The URL may hold a secret, and the failure's own text names it.
        const why = failure instanceof NotAccepted ? failure.message : (failure as Error).name;
        log.error({ why }, 'operator alert not delivered');
      }
    }
    this.#sending = null;
  }

  #count(what: keyof AlertCounters): void {
    this.#counters = { ...this.#counters, [what]: this.#counters[what] + 1 };
  }
}

async function post(url: string, body: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body, signal });
  await answer.body?.cancel();
  if (answer.ok) return;
  const { status } = answer;
  const passes = status >= 500 || status === 408 || status === 429;
  if (!passes) throw new NotAccepted(`the webhook answered ${status}`);
  throw new Error(`the webhook answered ${status}`);
}
