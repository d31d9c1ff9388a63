import { QueryService } from '../../actors/query-service.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import type { RoomView } from '../../actors/room/room-view.js';
import type { GameNotice } from '../gateway/game-notice.js';
import { FlightRecorder } from './flight-recorder.js';
import { ListWatch } from './list-watch.js';
import { LiveEvents } from './live-events.js';
import { RoomIndex } from './room-index.js';
import { type Eye, PastDamaged, RoomPast, type ShownSource } from './room-past.js';
import { Sandboxes } from './sandboxes.js';
import { EntryShower, type EntryTimes } from './shown-entry.js';
import { waitingFor } from './waiting-for.js';
import type { Watched, VisualizerPorts } from './watched.js';

/** How often what nobody uses any more is looked for. */
const SWEEP_MS = 60_000;
/** Dead letters and waiting messages are counted up to that. */
const COUNTED_MAX = 200;

/** `times` is null where the notice is no new entry. */
export type ToldListener = (notice: GameNotice, times: EntryTimes | null) => void;

/**
 * What the visualizer knows of rooms: it reads the journal and hears what passed the gate, and changes nothing.
 * Make it before the gateway, and `listen` after it: so it knows how long the gateway took.
 */
export class Visualizer implements Watched {
  readonly ports: VisualizerPorts;
  readonly shower: EntryShower;
  readonly recorder: FlightRecorder;
  readonly past: RoomPast;
  readonly index: RoomIndex;
  readonly live: LiveEvents;
  readonly list: ListWatch;
  readonly sandboxes: Sandboxes;
  readonly #queries: QueryService<RoomState, RoomMessage, RoomEvent, RoomView>;
  #stop: (() => void)[] = [];
  #toldListeners: readonly ToldListener[] = [];

  constructor(ports: VisualizerPorts) {
    const { rooms, engine, definition, clock } = ports;
    this.ports = ports;
    this.shower = new EntryShower(definition);
    this.recorder = new FlightRecorder(clock.elapsedMs, this.shower);
    this.past = new RoomPast(definition, this.shower, (roomId, from, to) => this.recorder.timesOf(roomId, from, to));
    this.index = new RoomIndex({ rooms, engine, recorder: this.recorder, elapsedMs: clock.elapsedMs });
    this.live = new LiveEvents(this, ports.process);
    this.list = new ListWatch(this);
    const { elapsedMs, defer } = clock;
    this.sandboxes = new Sandboxes({ random: ports.random, now: ports.now, elapsedMs, defer });
    this.#queries = new QueryService({ engine, definition, rooms });
    this.#stop = [rooms.subscribe((notice) => this.recorder.durable(notice))];
  }

  listen(): void {
    const { rooms, clock } = this.ports;
    const unsubscribe = rooms.subscribe((notice) => {
      const times = this.recorder.told(notice);
      this.index.note(notice);
      this.live.note(notice, times);
      for (const listener of this.#toldListeners) listener(notice, times);
    });
    this.index.onChange = (roomId) => this.list.note(roomId);
    let cancel = (): void => undefined;
    const sweep = (): void => {
      this.index.forgetIdle();
      this.sandboxes.forgetIdle();
      cancel = clock.schedule(SWEEP_MS, sweep);
    };
    cancel = clock.schedule(SWEEP_MS, sweep);
    this.#stop.push(unsubscribe, () => cancel());
  }

  /** Hears of each notice once everybody whom it concerns was told, with the times of an entry's way. */
  onTold(listener: ToldListener): void {
    this.#toldListeners = [...this.#toldListeners, listener];
  }

  stop(): void {
    this.live.stop();
    this.list.stop();
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }

  /** A room's journal, hidden as long as its game runs unless that is asked for. */
  async source(roomId: string, reveal: boolean): Promise<ShownSource & { readonly isOver: boolean }> {
    const { engine } = this.ports;
    const isOver = await this.#isOver(roomId);
    return { key: roomId, roomId, reader: engine, revealed: reveal || isOver, isOver };
  }

  /** A room as it is now; null where there is none. */
  async overview(source: ShownSource & { readonly isOver: boolean }, eye: Eye) {
    const { roomId, revealed, isOver } = source;
    const { rooms, engine, definition, now, startedAt } = this.ports;
    const summary = await this.#queries.room(roomId);
    if (summary === null) return null;
    const { seq, state, stop } = await this.#stateNow(source, eye);
    const memory = this.memory(roomId);
    const { hold } = summary;
    const [letters, inbox] = await Promise.all([
      engine.select('deadLettersOfRoom', { roomId }, { limit: COUNTED_MAX }),
      engine.select('inboxOfRoom', { roomId }, { limit: COUNTED_MAX }),
    ]);
    const isRestarting = memory?.status === 'restarting';
    return {
      at: now(),
      roomId,
      code: rooms.codeOf(roomId) ?? summary.listing?.code ?? state?.view.code ?? null,
      kind: 'room' as const,
      seq,
      revealed,
      isOver,
      machine: {
        name: definition.name,
        version: definition.version,
        savedVersion: state?.entry.machineVersion ?? null,
      },
      leaf: state?.view.leaf ?? null,
      phase: state?.view.phase ?? null,
      waitingFor: state && waitingFor(state.view, { deadline: state.deadline, hold, isRestarting }),
      deadline: state?.deadline ?? null,
      view: state?.view ?? null,
      listing: summary.listing,
      head: summary.head,
      hold,
      restarts: rooms.restartsOf(roomId),
      deadLetters: letters.items.length,
      inbox: inbox.items.length,
      memory,
      owner: { pid: process.pid, startedAt },
      refusals: this.recorder.refusedIn(roomId),
      damaged: summary.damaged,
      stop,
    };
  }

  /** Streams that are open. */
  get watchers(): number {
    return this.live.watchers + this.list.watchers;
  }

  memory(roomId: string) {
    return this.ports.rooms.statusOf(roomId);
  }

  async #stateNow(source: ShownSource, eye: Eye) {
    try {
      const state = await this.past.state(source, eye);
      return { seq: state?.seq ?? 0, state, stop: null };
    } catch (failure) {
      if (!(failure instanceof PastDamaged)) throw failure;
      // What stands in front of the damage can still be seen.
      const { stop } = failure;
      const state = stop.seq > 1 ? await this.#stateBefore(source, eye, stop.seq - 1) : null;
      return { seq: state?.seq ?? 0, state, stop };
    }
  }

  async #stateBefore(source: ShownSource, eye: Eye, seq: number) {
    try {
      return await this.past.state(source, eye, { seq });
    } catch (failure) {
      if (failure instanceof PastDamaged) return null;
      throw failure;
    }
  }

  async #isOver(roomId: string): Promise<boolean> {
    try {
      const row = await this.ports.engine.row('rooms', roomId);
      return row !== null && row.status !== 'waiting' && row.status !== 'playing';
    } catch (failure) {
      if ((failure as { code?: unknown }).code === 'ROW_DAMAGED') return false; // nobody knows, so nothing is shown
      throw failure;
    }
  }
}
