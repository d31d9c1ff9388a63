import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { Cancel, Clock } from '../../actors/clock.js';
import type { Log } from './log.js';
import { NotTaken, postToWebhook, whyUndelivered } from './webhook.js';

/** Something that an operator should know at once. */
export interface OperatorAlert {
  /** What it is about, e.g. `health/eventLoop`, `room/<id>`. Alerts of one key replace each other. */
  readonly key: string;
  readonly state: 'firing' | 'resolved';
  readonly severity: 'warning' | 'critical';
  readonly summary: string; // a sentence: no secrets, no addresses
  /** Asked when it is raised and then each minute. Left out: it goes on until `resolved` is raised. */
  readonly goesOn?: () => boolean;
}

/** Of what happened and is over: told once, and never resolved. */
export const happened = (): boolean => false;

export interface OperatorAlertsOptions {
  readonly url: string | undefined; // of the webhook; without one alerts are lines of the log and nothing more
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly clock: Clock;
  readonly random: () => number; // from 0 to 1
  readonly attemptsMax?: number; // in a row
  readonly pauseMs?: number; // before the second attempt; doubles with each
  readonly timeoutMs?: number; // of one attempt
  readonly queueMax?: number;
}

export interface AlertCounters {
  readonly raised: number;
  readonly repeated: number; // known already, so that nobody was told
  readonly delivered: number; // to the webhook
  readonly failed: number; // all attempts in a row; it stays owed
  readonly dropped: number; // the queue was full: the oldest goes
}

/** What was told and may be told again. */
interface Known {
  readonly alert: OperatorAlert;
  readonly goesOn: boolean;
  readonly began: number; // ms since the epoch
  readonly toldMs: number; // elapsed
}

/** What the webhook is still to be told. */
interface Owed {
  readonly alert: OperatorAlert;
  readonly began: number; // ms since the epoch
  readonly at: number; // likewise
  why: string | null; // it was not delivered, as the log has it
}

/** An alert that goes on is told again after so long. */
const REPEAT_MS = 3_600_000;
/** While something goes on or is owed it is looked at that often, or up to twice as often. */
const LOOK_MS = 60_000;
/** Keys that are remembered. */
const KEYS_MAX = 1_000;
/** A stop waits so long for what is still to be told. */
const STOP_MS = 5_000;

/** Tells operators, by the log and by a webhook; one after the other, so that a receiver sees them in order. */
export class OperatorAlerts {
  readonly #options: OperatorAlertsOptions;
  readonly #known = new Map<string, Known>(); // the one that was told last is the last
  readonly #stopping = new AbortController();
  readonly #owed = new Map<string, Owed>(); // by key, oldest first
  readonly #round = new Set<Owed>(); // taken from there: under way, or failed and to be put back
  #sending: Promise<void> | null = null;
  #isUndelivered = false;
  #look: Cancel | null = null;
  #counters: AlertCounters = { raised: 0, repeated: 0, delivered: 0, failed: 0, dropped: 0 };

  constructor(options: OperatorAlertsOptions) {
    this.#options = options;
  }

  get counters(): AlertCounters {
    return this.#counters;
  }

  /** Whether the webhook did not take an alert, and there are some that it is still to be told. */
  get isUndelivered(): boolean {
    return this.#isUndelivered;
  }

  /** Never throws, and never waits. */
  raise(alert: OperatorAlert): void {
    const { log, clock } = this.#options;
    const { key, state, summary } = alert;
    this.#count('raised');
    const before = this.#known.get(key);
    // An all-clear goes the way that its alert went, where a receiver tells them apart.
    const severity = (state === 'resolved' ? before?.alert.severity : undefined) ?? alert.severity;
    if (state === 'resolved' ? before === undefined : before !== undefined && this.#isKnown(before, alert)) {
      this.#count('repeated');
      return;
    }
    const at = clock.nowMs();
    const began = before?.goesOn === true ? before.began : at;
    this.#known.delete(key); // so that the map's order is that of the last alert
    if (state === 'firing') {
      this.#known.set(key, { alert, goesOn: alert.goesOn?.() ?? true, began, toldMs: clock.elapsedMs() });
      if (this.#known.size > KEYS_MAX) this.#known.delete(this.#known.keys().next().value!);
    }
    log[state === 'resolved' ? 'info' : severity === 'critical' ? 'error' : 'warn'](
      { alert: key, state, severity, summary },
      'operator alert',
    );
    if (this.#options.url !== undefined && !this.#stopping.signal.aborted) {
      this.#owe({ alert: { ...alert, severity }, began, at, why: null });
      this.#startSending();
    }
    this.#plan();
  }

  /** Tells what is still to be told, and gives up after 5 s. */
  async stop(): Promise<void> {
    this.#startSending();
    const cut = new Promise<void>((resolve) => {
      this.#stopping.signal.addEventListener('abort', () => resolve());
    });
    const timer = setTimeout(() => this.#stopping.abort(), STOP_MS);
    // A pause between two attempts can't be cut short.
    await Promise.race([this.#sending, cut]);
    clearTimeout(timer);
    this.#stopping.abort();
    this.#plan();
    const lost = [...this.#round, ...this.#owed.values()].map(({ alert }) => alert.key);
    if (lost.length > 0) this.#options.log.error({ alerts: lost }, 'operator alerts are lost: the server stops');
  }

  #isKnown({ alert, toldMs }: Known, { severity, summary }: OperatorAlert): boolean {
    const isSame = alert.severity === severity && alert.summary === summary;
    return isSame && this.#options.clock.elapsedMs() - toldMs < REPEAT_MS;
  }

  /** The newest state of a key is all that a late reader needs. */
  #owe(owed: Owed): void {
    const { queueMax = 100 } = this.#options;
    this.#owed.delete(owed.alert.key);
    this.#owed.set(owed.alert.key, owed);
    if (this.#owed.size <= queueMax) return;
    this.#owed.delete(this.#owed.keys().next().value!);
    this.#count('dropped');
  }

  #startSending(): void {
    const { url } = this.#options;
    if (url !== undefined && this.#owed.size > 0) this.#sending ??= this.#send(url);
  }

  async #send(url: string): Promise<void> {
    const { attemptsMax = 6, pauseMs = 1_000, timeoutMs = 5_000 } = this.#options;
    const policy = retry(
      handleWhen((failure) => !(failure instanceof NotTaken) || failure.passes),
      { maxAttempts: attemptsMax - 1, backoff: new ExponentialBackoff({ initialDelay: pauseMs }) },
    );
    for (let owed = this.#take(); owed !== null; owed = this.#take()) {
      const body = bodyOf(owed);
      try {
        await policy.execute(
          async (attempt) =>
            postToWebhook(url, body, AbortSignal.any([attempt.signal, AbortSignal.timeout(timeoutMs)])),
          this.#stopping.signal,
        );
        this.#round.delete(owed);
        this.#count('delivered');
      } catch (failure) {
        this.#fail(owed, failure);
        // Where this one alone is not wanted, the next one may be; else the receiver is left in peace for a while.
        if (!(failure instanceof NotTaken) || failure.passes) break;
      }
    }
    // At the end of the queue, so that one which is never taken holds up no other.
    for (const owed of this.#round) if (!this.#owed.has(owed.alert.key)) this.#owe(owed);
    this.#round.clear();
    if (this.#owed.size === 0) this.#isUndelivered = false;
    this.#sending = null;
    this.#plan();
  }

  #take(): Owed | null {
    const [owed] = this.#owed.values();
    if (owed === undefined) return null;
    this.#owed.delete(owed.alert.key);
    this.#round.add(owed);
    return owed;
  }

  #fail(owed: Owed, failure: unknown): void {
    this.#count('failed');
    this.#isUndelivered = true;
    const why = whyUndelivered(failure);
    // Once for each reason: it may fail each minute for a night.
    if (why !== owed.why) this.#options.log.error({ alert: owed.alert.key, why }, 'operator alert not delivered');
    owed.why = why;
  }

  /** One timer while something goes on or is owed, and else none. */
  #plan(): void {
    const { clock, random } = this.#options;
    const isIdle = this.#owed.size === 0 && ![...this.#known.values()].some(({ goesOn }) => goesOn);
    if (isIdle || this.#stopping.signal.aborted) {
      this.#look?.();
      this.#look = null;
      return;
    }
    this.#look ??= clock.schedule((LOOK_MS * (1 + random())) / 2, () => {
      this.#look = null;
      for (const { alert, goesOn } of [...this.#known.values()]) if (goesOn) this.#lookAt(alert);
      this.#startSending();
      this.#plan();
    });
  }

  #lookAt(alert: OperatorAlert): void {
    const known = this.#known.get(alert.key)!;
    if (alert.goesOn?.() === false) this.raise({ ...alert, state: 'resolved', summary: `Over: ${alert.summary}` });
    else if (this.#options.clock.elapsedMs() - known.toldMs >= REPEAT_MS) this.raise(alert);
  }

  #count(what: keyof AlertCounters): void {
    this.#counters = { ...this.#counters, [what]: this.#counters[what] + 1 };
  }
}

function bodyOf({ alert: { key, state, severity, summary }, began, at, why }: Owed): string {
  const time = { at: new Date(at).toISOString(), began: new Date(began).toISOString() };
  const isNew = began === at && why === null;
  // `text` is what chat systems show: of what comes late or again a reader wants to know since when.
  const text = `[${state}] ${key}: ${summary}${isNew ? '' : ` (began ${time.began})`}`;
  return JSON.stringify({ key, state, severity, summary, ...time, text });
}
