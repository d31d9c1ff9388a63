import type { Cancel } from '../../actors/clock.js';
import type { Json } from '../../actors/difference.js';
import type { Entry, StreamPage } from '../../persistence/journal.js';
import type { GameNotice } from '../gateway/game-notice.js';
import { type EventSink, eventText, HEARTBEAT, send } from './event-sink.js';
import type { ShownSource } from './room-past.js';
import { type EntryTimes, type ShownEntry, speakerOf } from './shown-entry.js';
import type { Watched } from './watched.js';
import { waitingFor } from './waiting-for.js';

/** Which events a watcher wants. */
export interface LiveFilter {
  readonly types: readonly string[] | null; // of messages, or names of events
  readonly rooms: readonly string[] | null; // ids
  readonly player: string | null;
  readonly reveal: boolean;
}

/** What happened is gathered for so long. */
const GATHER_MS = 250;
/** Events that one flush sends to one kind of watcher; of more, the newest. */
const FLUSH_MAX = 50;
/** Events that are remembered for those who come back, and how long after the last watcher left. */
const RING_MAX = 4_096;
const HOT_MS = 60_000;
const HEARTBEAT_MS = 15_000;
/** A room's mailbox and hold are told by nobody: they are looked at that often while somebody watches. */
const LOOK_MS = 1_000;
/** Missed entries that are read back from the journal. */
const MISSED_MAX = 2_000;
/** Entries of different rooms become durable in another order than their times say: by that at most. */
const DISORDER_MS = 1_000;
const LEAVES_MAX = 10_000;
const PAGE = 500;

type Kind = 'entry' | 'refused' | 'restored' | 'failed';

interface Item {
  readonly n: number;
  readonly kind: Kind;
  readonly roomId: string;
  readonly seq: number | null; // of entries
  readonly at: number; // ms since the epoch
  readonly type: string; // of the message, '' where none is told
  readonly who: string | null;
  readonly data: (revealed: boolean) => object;
  readonly texts: Map<boolean, string>; // of `data`, by whether it is revealed
}

interface Watcher {
  readonly sink: EventSink;
  afterSeq: number; // of one room: entries up to this one came from the journal
}

/** Watchers who want the same: what they get is encoded once. */
interface Group {
  readonly filter: LiveFilter;
  readonly source: ShownSource | null; // of one room
  readonly watchers: Set<Watcher>;
  cursor: number; // the last item that was sent
  lastSeq: number; // of one room: the last entry that was seen, wanted or not; 0: none yet
  stateText: string;
  flushing: Promise<void>; // of one room: one after the other
}

/** Tells what passes the gate to those who watch. Where nobody does, a notice costs a look at a number. */
export class LiveEvents {
  readonly process: string;
  readonly #visualizer: Watched;
  readonly #groups = new Map<string, Group>();
  readonly #leaves = new Map<string, string>(); // by room, as last heard
  #ring: Item[] = []; // oldest first
  #n = 0;
  #hotUntilMs = 0;
  #watchers = 0;
  #flush: Cancel | null = null;
  #beat: Cancel | null = null;
  #look: Cancel | null = null;

  /** @param process tells this process from others that the same server runs in later */
  constructor(visualizer: Watched, process: string) {
    this.#visualizer = visualizer;
    this.process = process;
  }

  get watchers(): number {
    return this.#watchers;
  }

  note(notice: GameNotice, times: EntryTimes | null): void {
    if (this.#watchers === 0 && this.#visualizer.ports.clock.elapsedMs() > this.#hotUntilMs) {
      this.#ring = [];
      this.#n++; // whoever comes back later sees that something is missing here
      return;
    }
    const item = this.#itemOf(notice, times);
    if (item === null) return;
    this.#ring.push(item);
    if (this.#ring.length >= RING_MAX * 2) this.#ring = this.#ring.slice(-RING_MAX);
    if (this.#watchers > 0) {
      this.#flush ??= this.#visualizer.ports.clock.schedule(GATHER_MS, () => {
        this.#flush = null;
        for (const group of this.#groups.values()) this.#flushGroup(group);
      });
    }
  }

  /** @param lastId of a watcher that comes back */
  async watchAll(filter: LiveFilter, lastId: string | null, sink: EventSink): Promise<void> {
    const group = this.#group(filter, null);
    this.#admit(sink);
    this.#hello(sink);
    if (lastId !== null) {
      const heard = group.cursor;
      const missed = await this.#missed(group, lastId);
      // The others of the group went on meanwhile.
      send(sink, missed + this.#between(group, heard, group.cursor));
    }
    this.#join(group, { sink, afterSeq: 0 });
  }

  /** @param from entries from this one on come first; null: only what happens from now on */
  async watchRoom(source: ShownSource, filter: LiveFilter, from: number | null, sink: EventSink): Promise<void> {
    const { past } = this.#visualizer;
    const group = this.#group(filter, source);
    this.#admit(sink);
    this.#hello(sink);
    const last = (await past.extent(source))?.last ?? 0;
    const state = await this.#stateOf(source);
    if (state !== null) {
      this.#leaves.set(source.roomId, state.leaf);
      send(sink, eventText('state', state));
    }
    let afterSeq = from === null ? last : Math.min(from - 1, last);
    // The others of the group go on while this one reads.
    while (afterSeq < Math.max(last, group.lastSeq)) {
      const page = await past.timeline(source, afterSeq + 1, PAGE);
      if (page === null || page.items.length === 0) break;
      const code = this.#codeOf(source.roomId);
      for (const entry of page.items) {
        if (!isWanted(group, 'entry', source.roomId, entry.type, entry.who)) continue;
        send(sink, eventText('entry', { version: 1, roomId: source.roomId, code, ...entry }, String(entry.seq)));
      }
      afterSeq = page.items.at(-1)!.seq;
    }
    group.lastSeq = Math.max(group.lastSeq, afterSeq);
    this.#join(group, { sink, afterSeq });
  }

  stop(): void {
    this.#flush?.();
    this.#beat?.();
    this.#look?.();
    this.#hotUntilMs = 0;
    for (const { watchers } of [...this.#groups.values()]) for (const { sink } of [...watchers]) sink.close();
  }

  #hello(sink: EventSink): void {
    send(sink, eventText('hello', { version: 1, at: this.#visualizer.ports.now(), process: this.process }));
  }

  /** From here on the watcher counts, though it may still be reading what it missed. */
  #admit(sink: EventSink): void {
    this.#watchers++;
    let isOver = false;
    sink.onClose = () => {
      if (isOver) return;
      isOver = true;
      this.#watchers--;
      this.#hotUntilMs = this.#visualizer.ports.clock.elapsedMs() + HOT_MS;
      for (const [key, group] of this.#groups) {
        for (const watcher of group.watchers) if (watcher.sink === sink) group.watchers.delete(watcher);
        if (group.watchers.size === 0) this.#groups.delete(key);
      }
    };
    const { clock } = this.#visualizer.ports;
    this.#beat ??= clock.schedule(HEARTBEAT_MS, () => this.#heartbeat());
    this.#look ??= clock.schedule(LOOK_MS, () => this.#lookAtRooms());
  }

  #group(filter: LiveFilter, source: ShownSource | null): Group {
    const key = JSON.stringify([source?.roomId ?? null, source?.revealed ?? null, filter]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = {
      filter,
      source,
      watchers: new Set<Watcher>(),
      cursor: this.#n,
      lastSeq: 0,
      stateText: '',
      flushing: Promise.resolve(),
    };
    this.#groups.set(key, group);
    return group;
  }

  #join(group: Group, watcher: Watcher): void {
    if (watcher.sink.isClosed) return;
    // The last of a group may have left while this one read what it had missed.
    const key = JSON.stringify([group.source?.roomId ?? null, group.source?.revealed ?? null, group.filter]);
    if (this.#groups.get(key) === undefined) this.#groups.set(key, group);
    (this.#groups.get(key) ?? group).watchers.add(watcher);
  }

  #heartbeat(): void {
    this.#beat = null;
    if (this.#watchers === 0) return;
    for (const { watchers } of this.#groups.values()) for (const { sink } of watchers) send(sink, HEARTBEAT);
    this.#beat = this.#visualizer.ports.clock.schedule(HEARTBEAT_MS, () => this.#heartbeat());
  }

  #lookAtRooms(): void {
    this.#look = null;
    if (this.#watchers === 0) return;
    for (const group of this.#groups.values()) if (group.source !== null) void this.#tellState(group);
    this.#look = this.#visualizer.ports.clock.schedule(LOOK_MS, () => this.#lookAtRooms());
  }

  #flushGroup(group: Group): void {
    const { cursor, source } = group;
    const start = this.#ring.length - (this.#n - cursor);
    const items = this.#ring.slice(Math.max(0, start));
    group.cursor = this.#n;
    if (source === null) this.#tell(group, items);
    else group.flushing = group.flushing.then(() => this.#tellRoom(group, source, items));
  }

  /** Entries that nobody was told of, such as an upgrade, are read from the journal and told in their place. */
  async #tellRoom(group: Group, source: ShownSource, items: readonly Item[]): Promise<void> {
    const own = items.filter(({ roomId, seq, kind }) => roomId === source.roomId && seq !== null && kind !== 'refused');
    for (const { seq } of own) {
      if (group.lastSeq > 0 && seq! > group.lastSeq + 1) await this.#tellUntold(group, source, seq! - 1);
      group.lastSeq = seq!;
    }
    this.#tell(group, items);
    const isBack = own.some(({ kind }) => kind === 'restored');
    if (isBack && source.revealed && !group.filter.reveal) {
      // Its game was over and hid nothing; now it may run again. Who comes back is shown what may be shown then.
      for (const { sink } of [...group.watchers]) sink.close();
      return;
    }
    if (items.length > 0) await this.#tellState(group);
  }

  async #tellUntold(group: Group, source: ShownSource, to: number): Promise<void> {
    const from = group.lastSeq + 1;
    const page = await this.#visualizer.past.timeline(source, from, Math.min(PAGE, to - from + 1)).catch(() => null);
    for (const entry of page?.items ?? []) {
      if (!isWanted(group, 'entry', source.roomId, entry.type, entry.who)) continue;
      const data = { version: 1, roomId: source.roomId, code: this.#codeOf(source.roomId), ...entry };
      for (const { sink, afterSeq } of group.watchers) {
        if (entry.seq > afterSeq) send(sink, eventText('entry', data, String(entry.seq)));
      }
    }
  }

  #tell(group: Group, items: readonly Item[]): void {
    const { source } = group;
    const fresh = items.filter((item) => isWantedItem(group, item));
    if (fresh.length === 0) return;
    const sent = fresh.slice(-FLUSH_MAX);
    const skipped = fresh.length - sent.length;
    const head = skipped === 0 ? '' : eventText('skipped', { version: 1, count: skipped });
    const revealed = source?.revealed ?? group.filter.reveal;
    const text = head + sent.map((item) => this.#textOf(item, source !== null, revealed)).join('');
    const firstSeq = sent.find(({ seq }) => seq !== null)?.seq ?? Number.MAX_SAFE_INTEGER;
    for (const watcher of group.watchers) {
      if (firstSeq > watcher.afterSeq) send(watcher.sink, text);
      else {
        const rest = sent.filter(({ seq }) => seq === null || seq > watcher.afterSeq);
        send(watcher.sink, rest.map((item) => this.#textOf(item, true, revealed)).join(''));
      }
    }
  }

  async #tellState(group: Group): Promise<void> {
    const { source } = group;
    if (source === null || group.watchers.size === 0) return;
    const state = await this.#stateOf(source);
    if (state === null) return;
    const { at, ...rest } = state;
    const text = JSON.stringify(rest);
    if (text === group.stateText) return;
    group.stateText = text;
    const event = eventText('state', { ...rest, at });
    for (const { sink } of group.watchers) send(sink, event);
  }

  async #stateOf(source: ShownSource) {
    const visualizer = this.#visualizer;
    const { rooms, now } = visualizer.ports;
    const { roomId, revealed } = source;
    const eye = revealed ? 'operator' : 'spectator';
    try {
      const memory = rooms.statusOf(roomId);
      const live = memory === null ? null : await rooms.query(roomId, eye);
      const due = live === null ? undefined : rooms.dueOf(roomId);
      const then = live === null || due === undefined ? await visualizer.past.state(source, eye) : null;
      const view = live?.view ?? then?.view;
      if (view === undefined) return null;
      const deadline = due === undefined ? (then?.deadline ?? null) : due;
      const hold = rooms.holdOf(roomId);
      const isRestarting = memory?.status === 'restarting';
      return {
        version: 1,
        at: now(),
        seq: live?.seq ?? then?.seq ?? 0,
        leaf: view.leaf,
        phase: view.phase,
        waitingFor: waitingFor(view, { deadline, hold, isRestarting }),
        deadline,
        memory,
        hold,
        restarts: rooms.restartsOf(roomId),
        refusals: visualizer.recorder.refusedIn(roomId),
        view,
      };
    } catch {
      return null; // damaged, or the store is away: the room's own page says so
    }
  }

  #itemOf(notice: GameNotice, times: EntryTimes | null): Item | null {
    const { roomId } = notice;
    switch (notice.kind) {
      case 'applied':
        return this.#entryItem(notice, times);
      case 'restored': {
        const { seq, at } = notice;
        this.#leaves.set(roomId, notice.view('spectator').leaf);
        return this.#item('restored', roomId, at, { seq }, () => ({ seq, at }));
      }
      case 'refused': {
        const refusal = this.#visualizer.recorder.refusalsOf(roomId).newest[0];
        if (refusal === undefined) return null;
        const { type, who, message, ...rest } = refusal;
        return this.#item('refused', roomId, refusal.at, { type, who }, (revealed) => ({
          type,
          who,
          ...rest,
          message: this.#visualizer.shower.redacted(message, revealed),
        }));
      }
      case 'unavailable': {
        const at = this.#visualizer.ports.now();
        const { why, cause } = notice;
        return this.#item('failed', roomId, at, {}, () => ({ at, why, correlationId: cause.correlationId }));
      }
      case 'released':
      case 'repeated':
      case 'seen':
      case 'unknownRoom':
        return null;
    }
  }

  #entryItem(notice: Extract<GameNotice, { kind: 'applied' }>, times: EntryTimes | null): Item {
    const { roomId, seq, at, message, events, cause } = notice;
    const { shower, ports } = this.#visualizer;
    const view = notice.view('spectator');
    const from = this.#leaves.get(roomId) ?? null;
    const to = view.leaf;
    this.#leaves.delete(roomId);
    this.#leaves.set(roomId, to);
    if (this.#leaves.size > LEAVES_MAX) this.#leaves.delete(this.#leaves.keys().next().value!);
    const { type } = message;
    const speaker = speakerOf({ ...message }, 'applied', view);
    const data = (revealed: boolean): ShownEntry => ({
      seq,
      at,
      type,
      outcome: 'applied',
      ...speaker,
      message: shower.redacted(message, revealed),
      events: events.map((event): Json => shower.redacted(event, revealed)),
      from,
      to,
      transitions: from === null ? (seq === 1 ? [] : null) : shower.chart().inferred(from, type, to),
      correlationId: cause.correlationId,
      machineVersion: ports.definition.version,
      nextDeadline: null,
      times,
    });
    return this.#item('entry', roomId, at, { seq, type, who: speaker.who }, data);
  }

  #item(
    kind: Kind,
    roomId: string,
    at: number,
    { seq = null, type = '', who = null }: Partial<Pick<Item, 'seq' | 'type' | 'who'>>,
    data: Item['data'],
  ): Item {
    return { n: ++this.#n, kind, roomId, seq, at, type, who, data, texts: new Map() };
  }

  #textOf(item: Item, isOfRoom: boolean, revealed: boolean): string {
    let data = item.texts.get(revealed);
    if (data === undefined) {
      const { roomId } = item;
      data = JSON.stringify({ version: 1, roomId, code: this.#codeOf(roomId), ...item.data(revealed) });
      item.texts.set(revealed, data);
    }
    if (!isOfRoom) return eventText(item.kind, data, this.#idOf(item.n, item.at));
    return eventText(item.kind, data, item.seq === null ? undefined : String(item.seq));
  }

  #idOf(n: number, at: number): string {
    return `${this.process}-${n}@${at}`;
  }

  #codeOf(roomId: string): string | null {
    return this.#visualizer.ports.rooms.codeOf(roomId) ?? this.#visualizer.index.line(roomId)?.code ?? null;
  }

  /** What a watcher of all rooms missed: from memory where that reaches so far, else from the journal. */
  async #missed(group: Group, lastId: string): Promise<string> {
    const [, process, n, at] = /^(\w+)-(\d{1,15})@(\d{1,15})$/.exec(lastId) ?? [];
    if (n === undefined || at === undefined) return '';
    const first = this.#ring[0]?.n ?? this.#n + 1;
    const { reveal } = group.filter;
    if (process === this.process && Number(n) + 1 >= first) return this.#between(group, Number(n), group.cursor);
    const { entries, count } = await this.#entriesSince(Number(at) - DISORDER_MS, group.filter.rooms);
    if (count > MISSED_MAX) return eventText('skipped', { version: 1, count });
    const texts: string[] = [];
    const seats = new Map<string, readonly ({ readonly name: string } | null)[]>();
    for (const entry of entries) {
      const { roomId, at: then } = entry;
      if (!seats.has(roomId)) seats.set(roomId, await this.#seatsOf(roomId));
      const shown = this.#visualizer.shower.show(entry, null, reveal, null, seats.get(roomId));
      if (!isWanted(group, 'entry', roomId, shown.type, shown.who)) continue;
      const data = { version: 1, roomId, code: this.#codeOf(roomId), ...shown };
      texts.push(eventText('entry', data, this.#idOf(group.cursor, then)));
    }
    return texts.join('');
  }

  /** Who sits where now: the state at each entry would be a replay of each room. */
  async #seatsOf(roomId: string): Promise<readonly ({ readonly name: string } | null)[]> {
    const row = await this.#visualizer.ports.engine.row('rooms', roomId).catch(() => null); // damaged: without names
    return row === null ? [] : (JSON.parse(row.seats) as readonly ({ readonly name: string } | null)[]);
  }

  /** What the ring has behind `after` and up to `through`, as the group gets it. */
  #between(group: Group, after: number, through: number): string {
    return this.#ring
      .filter((item) => item.n > after && item.n <= through && isWantedItem(group, item))
      .map((item) => this.#textOf(item, false, group.filter.reveal))
      .join('');
  }

  async #entriesSince(since: number, rooms: readonly string[] | null) {
    const { engine } = this.#visualizer.ports;
    const entries: Entry[] = [];
    let count = 0;
    for (let cursor: number | null = 0; cursor !== null; ) {
      const page: StreamPage = await engine.streams('all', cursor);
      for (const { roomId, at, seq } of page.items) {
        if (at < since || (rooms !== null && !rooms.includes(roomId))) continue;
        const from = (await engine.seqAt(roomId, since)) + 1;
        count += seq - from + 1;
        if (count <= MISSED_MAX) entries.push(...(await engine.read(roomId, from, seq)));
      }
      cursor = page.next;
    }
    return { entries: entries.sort((a, b) => a.at - b.at), count };
  }
}

function isWantedItem(group: Group, { kind, roomId, type, who }: Item): boolean {
  return isWanted(group, kind, roomId, type, who);
}

function isWanted({ filter, source }: Group, kind: Kind, roomId: string, type: string, who: string | null): boolean {
  const { types, rooms, player } = filter;
  if (source !== null ? roomId !== source.roomId : rooms !== null && !rooms.includes(roomId)) return false;
  if (player !== null && who !== player) return false;
  return types === null || types.includes(type) || types.includes(kind);
}
