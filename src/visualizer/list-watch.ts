import type { Cancel } from '../../actors/clock.js';
import { type EventSink, eventText, HEARTBEAT, send } from './event-sink.js';
import type { Watched } from './watched.js';

/** Changes of lines are gathered for so long. */
const GATHER_MS = 500;
/** Counts, and what nobody tells of (lag, holds, dead letters), are looked at that often. */
const LOOK_MS = 1_000;
const HEARTBEAT_LOOKS = 15;

interface ListWatcher {
  readonly sink: EventSink;
  readonly roomIds: ReadonlySet<string>;
}

/** Keeps the lines that watchers have on their screens up to date. Each line is encoded once for all of them. */
export class ListWatch {
  readonly #visualizer: Watched;
  readonly #watchers = new Set<ListWatcher>();
  readonly #wanted = new Map<string, number>(); // watchers by room
  readonly #texts = new Map<string, string>(); // of lines, as last sent
  readonly #dirty = new Set<string>();
  #flush: Cancel | null = null;
  #look: Cancel | null = null;
  #looks = 0;
  #countsText = '';

  constructor(visualizer: Watched) {
    this.#visualizer = visualizer;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** A room's line may have changed. */
  note(roomId: string): void {
    if (!this.#wanted.has(roomId)) return;
    this.#dirty.add(roomId);
    this.#flush ??= this.#visualizer.ports.clock.schedule(GATHER_MS, () => {
      this.#flush = null;
      this.#tell();
    });
  }

  /** @param names codes or ids */
  async watch(names: readonly string[], sink: EventSink): Promise<void> {
    const { index, ports } = this.#visualizer;
    const lines = (await Promise.all(names.map((name) => index.find(name)))).filter((line) => line !== null);
    if (sink.isClosed) return;
    const watcher = { sink, roomIds: new Set(lines.map(({ roomId }) => roomId)) };
    this.#watchers.add(watcher);
    for (const roomId of watcher.roomIds) this.#wanted.set(roomId, (this.#wanted.get(roomId) ?? 0) + 1);
    sink.onClose = () => this.#leave(watcher);
    send(sink, eventText('rooms', { version: 1, at: ports.now(), items: lines, gone: [] }));
    send(sink, eventText('counts', { version: 1, at: ports.now(), ...(await index.counts()) }));
    this.#look ??= ports.clock.schedule(LOOK_MS, () => void this.#lookAround());
  }

  stop(): void {
    this.#flush?.();
    this.#look?.();
    for (const { sink } of [...this.#watchers]) sink.close();
  }

  #leave(watcher: ListWatcher): void {
    if (!this.#watchers.delete(watcher)) return;
    for (const roomId of watcher.roomIds) {
      const left = (this.#wanted.get(roomId) ?? 1) - 1;
      if (left > 0) this.#wanted.set(roomId, left);
      else {
        this.#wanted.delete(roomId);
        this.#texts.delete(roomId);
      }
    }
  }

  #tell(): void {
    const { index, ports } = this.#visualizer;
    const changed = new Map<string, string>();
    const gone: string[] = [];
    for (const roomId of this.#dirty) {
      const line = index.line(roomId);
      if (line === null) gone.push(roomId);
      const text = JSON.stringify(line);
      if (line === null || text === this.#texts.get(roomId)) continue;
      this.#texts.set(roomId, text);
      changed.set(roomId, text);
    }
    this.#dirty.clear();
    for (const { sink, roomIds } of this.#watchers) {
      const items = [...changed].filter(([roomId]) => roomIds.has(roomId)).map(([, text]) => text);
      const lost = gone.filter((roomId) => roomIds.has(roomId));
      if (items.length === 0 && lost.length === 0) continue;
      const body = `{"version":1,"at":${ports.now()},"items":[${items.join(',')}],"gone":${JSON.stringify(lost)}}`;
      send(sink, eventText('rooms', body));
    }
  }

  async #lookAround(): Promise<void> {
    this.#look = null;
    if (this.#watchers.size === 0) return;
    const { index, ports } = this.#visualizer;
    for (const roomId of this.#wanted.keys()) this.#dirty.add(roomId);
    this.#tell();
    try {
      const counts = await index.counts();
      const text = JSON.stringify(counts);
      if (text !== this.#countsText) {
        this.#countsText = text;
        for (const { sink } of this.#watchers)
          send(sink, eventText('counts', { version: 1, at: ports.now(), ...counts }));
      }
    } catch {
      // The store is away: the next look tells.
    }
    if (++this.#looks % HEARTBEAT_LOOKS === 0) for (const { sink } of this.#watchers) send(sink, HEARTBEAT);
    this.#look = ports.clock.schedule(LOOK_MS, () => void this.#lookAround());
  }
}
