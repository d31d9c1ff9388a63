import { type TinyEvent, type TinyMessage } from '../../test/support/tiny-game.js';
import { type Told, TinyRooms } from '../../test/support/tiny-rooms.js';
import type { Broken } from '../subject.js';
import type { MailboxAct } from './mailbox-act.js';

/** What the way through the mailbox to the disk promises, one name each. */
export const MAILBOX_PROMISES = {
  answered: 'each command is answered once',
  once: 'each key takes effect once',
  durable: 'nothing is told before it is durable',
  order: 'what happened is told in the order of the journal, without gaps',
  retryable: 'what is to be tried again has had no effect',
  acknowledged: 'what was acknowledged is in the journal',
  journal: 'the live state is what the journal leads to',
  throws: 'the runtime itself never fails',
} as const;

const SETTLED_MS = 120_000; // room time in which everything is answered: restarts back off

interface Asked {
  readonly told: Told;
  readonly key: string | null; // session and id
  readonly n: number | null; // to be added
  readonly lives: number[]; // by answer: how often the process had died
  lost: boolean; // the process died before the answer
}

/** One tiny room behind its mailbox on a simulated disk; acts are done in order, and what is heard is held against the disk. */
export async function runMailbox(acts: readonly MailboxAct[]): Promise<Broken | null> {
  const run = await MailboxRun.start();
  try {
    for (const act of acts) {
      await run.perform(act);
      if (run.broken !== null) return run.broken;
    }
    await run.end();
  } catch (failure) {
    run.breaks('throws', failure instanceof Error ? failure.message : String(failure));
  }
  return run.broken;
}

class MailboxRun {
  broken: Broken | null = null;
  readonly #tiny: TinyRooms;
  readonly #roomId: string;
  readonly #asked: Asked[] = [];
  #heard = 0; // notices looked at
  #life = 0;
  #told = 1; // the last entry that was told of; the first one was when the room was opened

  private constructor(tiny: TinyRooms, roomId: string) {
    this.#tiny = tiny;
    this.#roomId = roomId;
  }

  static async start(): Promise<MailboxRun> {
    const tiny = await TinyRooms.start();
    const roomId = await tiny.open();
    return new MailboxRun(tiny, roomId);
  }

  async perform(act: MailboxAct): Promise<void> {
    const { clock, engine } = this.#tiny;
    switch (act.do) {
      case 'add':
        this.#add(act.n, act.session, act.id);
        break;
      case 'burst':
        for (let index = 0; index < act.count; index++) this.#add(1, 'ann', null);
        break;
      case 'wind':
        this.#ask(this.#tiny.wind(this.#roomId, act.ms), null, null);
        break;
      case 'look':
        this.#ask(this.#tiny.look(this.#roomId), null, null);
        break;
      case 'wait':
        await clock.advance(act.ms);
        break;
      case 'fail':
        engine.failNext(act.count, 'full');
        break;
      case 'loseAnswer':
        engine.loseNextAnswer(act.of);
        break;
      case 'stall':
        engine.stall();
        break;
      case 'resume':
        engine.resume();
        break;
      case 'crash':
        this.#listen();
        for (const asked of this.#asked) asked.lost ||= asked.told.heard().length === 0;
        this.#life++;
        await this.#tiny.crash({ underWay: act.underWay, downMs: act.downMs });
        // Whoever comes back asks for the present; what was told before the crash may end anywhere.
        this.#told = this.#tiny.engine.durableEntries(this.#roomId).length;
        break;
    }
    this.#listen();
  }

  async end(): Promise<void> {
    this.#tiny.engine.failNext(0, '');
    this.#tiny.engine.resume();
    await this.#tiny.clock.advance(SETTLED_MS);
    this.#listen();
    this.#judgeAnswers();
    this.#judgeKeys();
    await this.#judgeState();
  }

  breaks(promise: keyof typeof MAILBOX_PROMISES, message: string): void {
    this.broken ??= { promise: MAILBOX_PROMISES[promise], message };
  }

  #add(n: number, session: string, id: string | null): void {
    const told = this.#tiny.add(this.#roomId, n, { session, ...(id !== null && { id }) });
    this.#ask(told, id === null ? null : `${session} ${id}`, n);
  }

  #ask(told: Told, key: string | null, n: number | null): void {
    this.#asked.push({ told, key, n, lives: [], lost: false });
  }

  /** Holds what is newly heard against what is on the disk at this moment. */
  #listen(): void {
    const { notices, engine } = this.#tiny;
    const entries = engine.durableEntries(this.#roomId);
    for (const notice of notices.slice(this.#heard)) {
      if (notice.kind !== 'applied' && notice.kind !== 'repeated' && notice.kind !== 'seen') continue;
      const { seq } = notice;
      if (seq > entries.length) this.breaks('durable', `entry ${seq} was told of, ${entries.length} are durable`);
      if (notice.kind !== 'applied' || notice.roomId !== this.#roomId || seq === 1) continue;
      const entry = entries[seq - 1];
      if (entry !== undefined && entry.events !== JSON.stringify(notice.events)) {
        this.breaks('acknowledged', `entry ${seq} says ${entry.events}, and ${JSON.stringify(notice.events)} was told`);
      }
      const skipped = entries.slice(this.#told, seq - 1).some(({ outcome }) => outcome === 'applied');
      if (seq <= this.#told || skipped) this.breaks('order', `entry ${seq} was told of after entry ${this.#told}`);
      this.#told = seq;
    }
    this.#heard = notices.length;
    for (const { told, lives } of this.#asked) {
      for (let more = told.heard().length - lives.length; more > 0; more--) lives.push(this.#life);
    }
  }

  /** A message that waited on the disk may be answered once more by the next process: who asked is gone by then. */
  #judgeAnswers(): void {
    const applied = new Set(this.#tiny.engine.durableEntries(this.#roomId).map(({ correlationId }) => correlationId));
    for (const { told, lost, lives } of this.#asked) {
      const kinds = told.heard().map(({ kind }) => kind);
      const name = told.cause.correlationId;
      if (new Set(lives).size < lives.length) this.breaks('answered', `${name} was answered ${kinds.join(', ')}`);
      if (kinds.length === 0 && !lost) this.breaks('answered', `${name} was never answered`);
      if (kinds[0] === 'unavailable' && applied.has(name)) this.breaks('retryable', `${name} was applied all the same`);
    }
  }

  #judgeKeys(): void {
    const entries = this.#tiny.engine.durableEntries(this.#roomId);
    const seen = new Map<string, number>();
    for (const { seq, message } of entries) {
      const { key, session } = JSON.parse(message) as { readonly key?: string; readonly session?: string };
      if (key === undefined) continue;
      const keyed = `${session} ${key}`;
      const first = seen.get(keyed);
      if (first !== undefined) this.breaks('once', `entries ${first} and ${seq} have the same key`);
      seen.set(keyed, seq);
    }
    for (const { told, key } of this.#asked) {
      const [answer] = told.heard();
      if (answer?.kind !== 'applied' || key === null) continue;
      const { key: saved } = JSON.parse(entries[answer.seq - 1]!.message) as { readonly key?: string };
      if (saved === undefined) this.breaks('once', `entry ${answer.seq} forgot the key of ${key}`);
    }
  }

  /** The sum of what the journal says was added, the state rebuilt from it, and the live room are one. */
  async #judgeState(): Promise<void> {
    const entries = this.#tiny.engine.durableEntries(this.#roomId);
    const added = entries.flatMap(({ message }) => {
      const told = JSON.parse(message) as TinyMessage;
      return told.type === 'add' ? [told.n] : [];
    });
    const events = entries.flatMap((entry) => JSON.parse(entry.events) as TinyEvent[]);
    const counted = events.filter(({ type }) => type === 'added').length;
    const sum = added.reduce((total, n) => total + n, 0);
    if (counted !== added.length) this.breaks('journal', `${added.length} were added, ${counted} events say so`);
    const live = await this.#tiny.until(this.#tiny.rooms.query(this.#roomId, 'operator'));
    if (live === null) {
      this.breaks('journal', 'the room is gone');
      return;
    }
    if (live.view.count !== sum || live.view.adds.join() !== added.join()) {
      this.breaks('journal', `it counts ${live.view.count}, and the journal ${sum}`);
    }
    const { text } = await this.#tiny.durable(this.#roomId);
    const { context } = JSON.parse(text) as { readonly context: { readonly count: number } };
    if (context.count !== sum)
      this.breaks('journal', `it is rebuilt with ${context.count}, and the journal has ${sum}`);
  }
}
