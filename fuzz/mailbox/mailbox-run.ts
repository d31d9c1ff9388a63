import { IDS_PER_SENDER_MAX } from '../../actors/idempotency.js';
import { OperationRefused } from '../../actors/operation-refused.js';
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
  due: 'a deadline is heard when it is due, and no sooner for an outage',
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
    run.threw(failure);
  }
  return run.broken;
}

class MailboxRun {
  broken: Broken | null = null;
  readonly #tiny: TinyRooms;
  readonly #roomId: string;
  readonly #asked: Asked[] = [];
  readonly #idsOfAnn: string[] = []; // in order, each once
  #heard = 0; // notices looked at
  readonly #downs: { readonly at: number; readonly ms: number }[] = []; // of the process
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
        this.#add(act.n, act.session, act.id, act.slot);
        break;
      case 'burst':
        for (let index = 0; index < act.count; index++) this.#add(1, 'ann', null);
        break;
      case 'keyedBurst':
        for (let index = 0; index < act.count; index++) this.#add(1, 'ann', `b${this.#asked.length}`);
        break;
      case 'again': {
        const id = this.#idsOfAnn.at(-act.back);
        if (id !== undefined) this.#add(1, 'ann', id);
        break;
      }
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
      case 'pause':
        this.#operate(this.#tiny.rooms.operations.pause(this.#roomId, 'a look'));
        break;
      case 'release':
        this.#operate(this.#tiny.rooms.operations.resume(this.#roomId));
        break;
      case 'crash':
        this.#listen();
        for (const asked of this.#asked) asked.lost ||= asked.told.heard().length === 0;
        this.#life++;
        this.#downs.push({ at: this.#now(), ms: act.downMs });
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
    if (this.#tiny.rooms.holdOf(this.#roomId) !== null) {
      this.#operate(this.#tiny.rooms.operations.resume(this.#roomId));
      await this.#tiny.clock.advance(SETTLED_MS);
    }
    this.#listen();
    this.#judgeAnswers();
    this.#judgeKeys();
    this.#judgeDeadlines();
    await this.#judgeState();
  }

  breaks(promise: keyof typeof MAILBOX_PROMISES, message: string): void {
    this.broken ??= { promise: MAILBOX_PROMISES[promise], message };
  }

  #add(n: number, session: string, id: string | null, slot?: string): void {
    if (session === 'ann' && id !== null && !this.#idsOfAnn.includes(id)) this.#idsOfAnn.push(id);
    const told = this.#tiny.add(this.#roomId, n, {
      session,
      ...(id !== null && { id }),
      ...(slot !== undefined && { slot }),
    });
    this.#ask(told, id === null ? null : `${session} ${id}`, n);
  }

  /** What an operator does may take until the disk goes on, and may be refused. */
  #operate(operation: Promise<void>): void {
    operation.catch((failure: unknown) => {
      if (!(failure instanceof OperationRefused)) this.threw(failure);
    });
  }

  threw(failure: unknown): void {
    this.breaks('throws', failure instanceof Error ? failure.message : String(failure));
  }

  #now(): number {
    return this.#tiny.clock.nowMs();
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
    const keysOf = new Map<string, string[]>(); // by session, in order
    for (const { seq, message } of entries) {
      const { key, session = '' } = JSON.parse(message) as { readonly key?: string; readonly session?: string };
      if (key === undefined) continue;
      const keys = keysOf.get(session) ?? [];
      keysOf.set(session, keys);
      if (keys.slice(-IDS_PER_SENDER_MAX).includes(key)) this.breaks('once', `entry ${seq} has a key of one before`);
      keys.push(key);
    }
    for (const { told, key } of this.#asked) {
      const [answer] = told.heard();
      if (answer?.kind !== 'applied' || key === null) continue;
      const { key: saved } = JSON.parse(entries[answer.seq - 1]!.message) as { readonly key?: string };
      if (saved === undefined) this.breaks('once', `entry ${answer.seq} forgot the key of ${key}`);
    }
  }

  /** The egg timer: it rings, and the times in which the process was down are not counted. */
  #judgeDeadlines(): void {
    let wound: { readonly seq: number; readonly at: number; readonly dueAt: number } | null = null;
    for (const { seq, at, message } of this.#tiny.engine.durableEntries(this.#roomId)) {
      const told = JSON.parse(message) as TinyMessage;
      if (told.type === 'wind') wound = { seq, at, dueAt: at + told.ms };
      if (told.type !== 'ring' || wound === null) continue;
      const { at: woundAt, dueAt } = wound;
      const downMs = this.#downs.reduce((sum, down) => sum + (down.at >= woundAt && down.at < at ? down.ms : 0), 0);
      if (at < dueAt + downMs) {
        this.breaks('due', `entry ${seq} rang ${dueAt + downMs - at} ms early, the process was down for ${downMs} ms`);
      }
      wound = null;
    }
    if (wound !== null) this.breaks('due', `what entry ${wound.seq} wound was never heard`);
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
