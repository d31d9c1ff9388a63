import { type Change, changesBetween, plainJson } from '../../actors/difference.js';
import type { HistoryStop } from '../../actors/history.js';
import { seqAt } from '../../actors/history.js';
import type { Viewer } from '../../actors/room-definition.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { upcastEvent } from '../../actors/versions.js';
import type { Seat } from '../game/seats.js';
import { framesOf, presentOf } from './frames.js';
import { Past, type PastSource, type PastStage } from './past.js';
import { EntryShower, type EntryTimes, type ShownEntry } from './shown-entry.js';
import { Tallies, type Tally } from './tallies.js';
import { type Deadline, waitingFor, type WaitingFor } from './waiting-for.js';

/** Whose eye a room is seen with. */
export type Eye = 'spectator' | 'operator' | Seat;

/** A journal to look at, and whether all of it may be shown. */
export interface ShownSource extends PastSource {
  readonly revealed: boolean;
}

/** A room as it was after an entry, seen by somebody. */
export interface StateThen {
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly last: number; // the newest entry
  readonly as: string;
  readonly revealed: boolean;
  readonly leaf: string;
  readonly phase: RoomView['phase'];
  readonly waitingFor: WaitingFor;
  readonly deadline: Deadline | null;
  readonly entry: ShownEntry;
  readonly changes: readonly Change[] | null; // null: the state in front is gone
  readonly view: RoomView;
}

export interface TimelinePage {
  readonly revealed: boolean;
  readonly first: number;
  readonly last: number;
  readonly next: number | null; // `from` of the page behind
  readonly stop: HistoryStop | null;
  readonly items: readonly ShownEntry[];
}

export type TimesOf = (roomId: string, from: number, to: number) => ReadonlyMap<number, EntryTimes>;

/** An entry whose state can't be had. */
export class PastDamaged extends Error {
  override readonly name = 'PastDamaged';
  readonly stop: HistoryStop;

  constructor(stop: HistoryStop) {
    super(`The state can't be had: ${stop.why}`);
    this.stop = stop;
  }
}

/** Everything that can be asked about the past of a room, of the store or of a sandbox alike. */
export class RoomPast {
  readonly shower: EntryShower;
  readonly tallies: Tallies;
  readonly #definition: LiapTui;
  readonly #past: Past;
  readonly #timesOf: TimesOf;

  constructor(definition: LiapTui, shower: EntryShower, timesOf: TimesOf) {
    this.#definition = definition;
    this.#timesOf = timesOf;
    this.shower = shower;
    this.tallies = new Tallies(definition, shower);
    this.#past = new Past(definition);
  }

  /** @param from below 0: that many of the last; null where there is no such journal */
  async timeline(source: ShownSource, from: number, limit: number): Promise<TimelinePage | null> {
    const extent = await this.extent(source);
    if (extent === null) return null;
    const { first, last } = extent;
    const start = Math.max(first, from < 0 ? last + 1 + from : from);
    const end = Math.min(last, start + limit - 1);
    const entries = start > end ? [] : await source.reader.read(source.roomId, start, end);
    const { stages, stop } =
      start > end ? { stages: new Map<number, PastStage>(), stop: null } : await this.#past.page(source, start, end);
    const times = this.#timesOf(source.roomId, start, end);
    return {
      revealed: source.revealed,
      first,
      last,
      next: end < last && entries.length > 0 ? end + 1 : null,
      stop,
      items: entries.map((entry) =>
        this.shower.show(entry, stages.get(entry.seq) ?? null, source.revealed, times.get(entry.seq) ?? null),
      ),
    };
  }

  /**
   * The room after an entry, the newest where `point` is left out.
   * @returns null where there is no such entry any more or yet
   * @throws PastDamaged
   */
  async state(source: ShownSource, eye: Eye, point?: { seq: number } | { at: number }): Promise<StateThen | null> {
    const extent = await this.extent(source);
    if (extent === null) return null;
    const seq = await this.#seqOf(source, extent.last, point);
    const stage = await this.#stage(source, seq);
    if (stage === null) return null;
    const times = this.#timesOf(source.roomId, seq, seq);
    return this.#stateThen(source, eye, stage, extent.last, times.get(seq) ?? null);
  }

  /** States in a row, for playing them back. */
  async states(source: ShownSource, eye: Eye, from: number, limit: number) {
    const extent = await this.extent(source);
    if (extent === null) return null;
    const start = Math.max(extent.first, from);
    const end = Math.min(extent.last, start + limit - 1);
    const { stages, stop } = await this.#past.page(source, start, end);
    const times = this.#timesOf(source.roomId, start, end);
    const items = [...stages.values()].map((stage) =>
      this.#stateThen(source, eye, stage, extent.last, times.get(stage.entry.seq) ?? null),
    );
    return { items, last: extent.last, next: end < extent.last && stop === null ? end + 1 : null, stop };
  }

  /** What the projector sent because of an entry. @throws PastDamaged */
  async frames(source: ShownSource, viewer: Seat | null, seq: number) {
    const stage = await this.#stage(source, seq);
    if (stage === null) return null;
    const { entry, before, beforeVersion, after, version } = stage;
    const view = this.#view(after, version, viewer ?? 'spectator');
    const seated = before === null ? null : this.#past.current(before, beforeVersion).context.seats[viewer ?? 0];
    const seen = {
      seq,
      at: entry.at,
      events: stage.events.map((event) => upcastEvent(this.#definition, event, entry.machineVersion)),
      correlationId: entry.correlationId,
      view,
      viewer,
      session: viewer !== null && seated?.kind === 'person' ? seated.session : null,
    };
    const present = presentOf(seen);
    // A restore is told to everybody as what is now.
    return { at: entry.at, frames: entry.outcome === 'restored' ? present : framesOf(seen), present };
  }

  tally(source: PastSource): Promise<Tally> {
    return this.tallies.of(source);
  }

  /** @returns null where there is no such journal */
  async extent({ reader, roomId }: PastSource): Promise<{ readonly first: number; readonly last: number } | null> {
    const [head] = await reader.heads([roomId]);
    return head === undefined ? null : { first: head.anchorSeq + 1, last: head.seq };
  }

  async #seqOf(source: ShownSource, last: number, point?: { seq: number } | { at: number }): Promise<number> {
    if (point === undefined) return last;
    return 'seq' in point ? point.seq : seqAt(source.reader, source.roomId, point.at);
  }

  async #stage(source: ShownSource, seq: number): Promise<PastStage | null> {
    if (seq < 1) return null;
    const found = await this.#past.stage(source, seq);
    if (found !== null && 'why' in found) throw new PastDamaged(found);
    return found;
  }

  #stateThen(source: ShownSource, eye: Eye, stage: PastStage, last: number, times: EntryTimes | null): StateThen {
    const { entry, before, beforeVersion, after, version } = stage;
    const { roomId, revealed } = source;
    const current = this.#past.current(after, version);
    const view = this.#definition.view(current, eye);
    const deadline = this.#definition.deadline(current);
    const earlier = before === null ? undefined : plainJson(this.#view(before, beforeVersion, eye));
    return {
      roomId,
      seq: entry.seq,
      at: entry.at,
      last,
      as: String(eye),
      revealed,
      leaf: view.leaf,
      phase: view.phase,
      waitingFor: waitingFor(view, { deadline }),
      deadline,
      entry: this.shower.show(entry, stage, revealed, times),
      changes: before === null && entry.seq > 1 ? null : changesBetween(earlier, plainJson(view)),
      view,
    };
  }

  #view(snapshot: PastStage['after'], version: number, viewer: Viewer): RoomView {
    return this.#definition.view(this.#past.current(snapshot, version), viewer);
  }
}
