import type { HistoryReader, HistoryStop } from '../../actors/history.js';
import { stopOf } from '../../actors/history.js';
import { replay } from '../../actors/recovery.js';
import type { RoomSnapshot } from '../../actors/room-definition.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomState } from '../../actors/room/room-state.js';
import { upcastSnapshot } from '../../actors/versions.js';
import type { Entry } from '../../persistence/journal.js';

/** A journal to look at: a room's in the store, or one in memory. */
export interface PastSource {
  readonly key: string; // tells it from all others
  readonly roomId: string; // as its entries name it
  readonly reader: HistoryReader;
}

/** An entry, and the room before and after it as the machine of its version left it. */
export interface PastStage {
  readonly entry: Entry;
  readonly before: RoomSnapshot<unknown> | null; // null: the first, or the first that compaction left
  readonly beforeVersion: number;
  readonly after: RoomSnapshot<unknown>;
  readonly version: number;
  readonly events: readonly unknown[];
}

export interface PastPage {
  readonly stages: ReadonlyMap<number, PastStage>; // by entry
  readonly stop: HistoryStop | null; // why some are missing
}

/** Entries that are replayed and kept together: whoever looks at one soon looks at the next. */
const WINDOW = 32;
/** Windows that are kept: states share what a step leaves alone, so that one takes little more than its entries. */
const WINDOWS_MAX = 128;

interface Window extends PastPage {
  readonly through: number; // the last entry that was there
}

/** The states of rooms' pasts: replayed from the nearest snapshot, and remembered for whoever scrubs. */
export class Past {
  readonly #definition: LiapTui;
  readonly #windows = new Map<string, Promise<Window>>(); // the least recently used first

  constructor(definition: LiapTui) {
    this.#definition = definition;
  }

  /** @returns null where there is no such entry any more or yet; else it, or why it can't be had */
  async stage(source: PastSource, seq: number): Promise<PastStage | HistoryStop | null> {
    const { stages, stop } = await this.#window(source, indexOf(seq), seq);
    return stages.get(seq) ?? (stop !== null && stop.seq <= seq ? stop : null);
  }

  /** Entries `from..to` (inclusive), as many as there are. */
  async page(source: PastSource, from: number, to: number): Promise<PastPage> {
    const stages = new Map<number, PastStage>();
    let stop: HistoryStop | null = null;
    for (let index = indexOf(from); index <= indexOf(to); index++) {
      const window = await this.#window(source, index, Math.min(to, endOf(index)));
      for (const [seq, stage] of window.stages) if (seq >= from && seq <= to) stages.set(seq, stage);
      stop ??= window.stop;
    }
    return { stages, stop };
  }

  /** A state as the current machine has it. */
  current(snapshot: RoomSnapshot<unknown>, version: number): RoomSnapshot<RoomState> {
    return upcastSnapshot(this.#definition, snapshot, version);
  }

  async #window(source: PastSource, index: number, wanted: number): Promise<Window> {
    const key = `${source.key}/${index}`;
    const known = this.#windows.get(key);
    if (known !== undefined) {
      const window = await known;
      if (window.through >= wanted && window.stop === null) {
        this.#windows.delete(key);
        this.#windows.set(key, known);
        return window;
      }
    }
    const loading = this.#load(source, index);
    this.#windows.delete(key);
    this.#windows.set(key, loading);
    if (this.#windows.size > WINDOWS_MAX) this.#windows.delete(this.#windows.keys().next().value!);
    try {
      return await loading;
    } catch (failure) {
      if (this.#windows.get(key) === loading) this.#windows.delete(key);
      throw failure;
    }
  }

  async #load({ reader, roomId }: PastSource, index: number): Promise<Window> {
    const from = index * WINDOW + 1;
    const stages = new Map<number, PastStage>();
    let through = from - 1;
    let stop: HistoryStop | null = null;
    try {
      for await (const stage of replay(reader, this.#definition, roomId, { from, upTo: endOf(index) })) {
        const { entry, before, beforeVersion, after, version, events } = stage;
        through = entry.seq;
        stages.set(through, { entry, before, beforeVersion, after, version, events });
      }
    } catch (failure) {
      stop = stopOf(failure, through);
    }
    return { stages, through, stop };
  }
}

function indexOf(seq: number): number {
  return Math.floor((seq - 1) / WINDOW);
}

function endOf(index: number): number {
  return (index + 1) * WINDOW;
}
