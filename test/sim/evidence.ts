import { idempotencyKey } from '../../actors/idempotency.js';
import { MachineRunner } from '../../actors/machine-runner.js';
import type { CourseChange } from '../../actors/recovery.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import type { RoomSnapshot } from '../../actors/room-definition.js';
import type { Append, Entry } from '../../persistence/journal.js';
import type { SimulatedDisk } from '../../persistence/simulated/simulated-disk.js';
import { project } from '../../src/protocol/projector.js';
import { roomStateUpdate, roomUpdate } from '../../src/protocol/room-messages.js';

/** One durable step of a room, with the states before and after it as an independent replay finds them. */
export interface Step {
  readonly room: FollowedRoom;
  readonly entry: Entry;
  readonly message: { readonly type: string; readonly session?: string; readonly key?: string };
  readonly events: readonly RoomEvent[];
  readonly before: RoomSnapshot<RoomState> | null;
  readonly after: RoomSnapshot<RoomState>;
}

/** A room as its durable entries alone say it is. */
export interface FollowedRoom {
  readonly roomId: string;
  readonly code: string;
  readonly entries: Entry[];
  readonly states: RoomSnapshot<RoomState>[]; // after entry 1, 2, …
  readonly keys: Map<string, number[]>; // by `session key`: the entries that applied it
  readonly texts: Set<string>; // what its entries tell everybody, without stamps
  isClosed: boolean;
}

type Runner = MachineRunner<RoomState, RoomMessage, RoomEvent>;

/** What is durable, replayed entry by entry while it is written: what the oracles hold the server against. */
export class Evidence {
  readonly rooms = new Map<string, FollowedRoom>();
  readonly byCode = new Map<string, FollowedRoom>(); // the newest room of a code
  readonly parkedIds = new Map<string, string>(); // inbox rows that are on the disk, with their correlation id
  readonly #definition: LiapTui;
  readonly #runners = new Map<string, Runner>();

  constructor(definition: LiapTui) {
    this.#definition = definition;
  }

  get definition(): LiapTui {
    return this.#definition;
  }

  /** @throws where the entry does not follow from those in front of it */
  take(append: Append): Step | null {
    for (const row of append.rows) {
      if (row.table !== 'inbox') continue;
      if (row.kind === 'put') this.parkedIds.set(row.key, row.values.correlationId ?? '');
      else this.parkedIds.delete(row.key);
    }
    return append.entry === null ? null : this.#step(append.entry);
  }

  /** How a command of a session stands in the journal: the rooms' entries that applied it. */
  appliedAs(session: string, messageId: string): readonly { readonly room: FollowedRoom; readonly seq: number }[] {
    const key = `${session} ${idempotencyKey(session, messageId)}`;
    const found: { room: FollowedRoom; seq: number }[] = [];
    for (const room of this.rooms.values()) for (const seq of room.keys.get(key) ?? []) found.push({ room, seq });
    return found;
  }

  stateOf(room: FollowedRoom): RoomSnapshot<RoomState> {
    return room.states.at(-1)!;
  }

  /** The same evidence for another world that begins with this disk. Rooms that are closed stay behind. */
  fork(disk: SimulatedDisk): Evidence {
    const fork = new Evidence(this.#definition);
    for (const [roomId, room] of this.rooms) {
      if (room.isClosed) continue;
      const { entries, states, keys, texts } = room;
      const copy: FollowedRoom = {
        ...room,
        entries: [...entries],
        states: [...states],
        keys: new Map([...keys].map(([key, seqs]) => [key, [...seqs]])),
        texts: new Set(texts),
      };
      fork.rooms.set(roomId, copy);
      fork.byCode.set(room.code, copy);
    }
    for (const [key, value] of this.parkedIds) fork.parkedIds.set(key, value);
    for (const stream of disk.streams.values()) {
      const known = fork.rooms.get(stream.roomId);
      if (known === undefined && this.rooms.has(stream.roomId)) continue;
      const seq = known?.entries.at(-1)?.seq ?? 0;
      for (const entry of stream.entries) if (entry.seq > seq) fork.#step(entry);
    }
    fork.parkedIds.clear();
    for (const row of disk.rows.all('inbox')) fork.parkedIds.set(String(row['id']), String(row['correlationId']));
    return fork;
  }

  #step(entry: Entry): Step {
    const { roomId } = entry;
    const known = this.rooms.get(roomId);
    const before = known?.states.at(-1) ?? null;
    const { message, runner, events } = this.#replay(known, entry);
    if (JSON.stringify(events) !== entry.events) {
      throw new Error(`entry ${entry.seq} of ${roomId} says ${entry.events}, replaying it ${JSON.stringify(events)}`);
    }
    const after = runner.snapshot;
    const room = known ?? this.#opened(roomId, after.context.code);
    room.entries.push(entry);
    room.states.push(after);
    const { session, key } = message;
    if (session !== undefined && key !== undefined) {
      const name = `${session} ${key}`;
      room.keys.set(name, [...(room.keys.get(name) ?? []), entry.seq]);
    }
    room.isClosed = this.#definition.isClosed(after);
    this.#noteTexts(room, entry, events, after, before);
    if (room.isClosed) this.#runners.delete(roomId);
    else this.#runners.set(roomId, runner);
    return { room, entry, message, events, before, after };
  }

  #replay(room: FollowedRoom | undefined, entry: Entry) {
    const told = JSON.parse(entry.message) as RoomMessage;
    const message = told as unknown as Step['message'];
    if (room === undefined) {
      return { message, ...MachineRunner.create<RoomState, RoomMessage, RoomEvent>(this.#definition, told) };
    }
    if (entry.seq !== room.entries.length + 1) {
      throw new Error(`entry ${entry.seq} of ${entry.roomId} stands behind entry ${room.entries.length}`);
    }
    if (entry.outcome === 'restored') {
      const { toSeq, shift } = told as unknown as Extract<CourseChange<RoomMessage>, { type: 'restored' }>;
      const runner = this.#restored(room.states[toSeq - 1]!);
      const result = shift === null ? null : runner.step(shift);
      this.#forgetKeysBehind(room, toSeq);
      return { message: { type: 'restored' }, runner, events: result?.kind === 'applied' ? result.events : [] };
    }
    const runner = this.#runners.get(entry.roomId) ?? this.#restored(room.states.at(-1)!);
    const result = runner.step(told);
    if (result.kind === 'refused') throw new Error(`entry ${entry.seq} is refused when replayed: ${result.sentence}`);
    return { message, runner, events: result.events };
  }

  #restored(state: RoomSnapshot<RoomState>): Runner {
    return MachineRunner.restore<RoomState, RoomMessage, RoomEvent>(this.#definition, state);
  }

  /** A room that was set back has forgotten what it applied since: a repeat is then new. */
  #forgetKeysBehind(room: FollowedRoom, seq: number): void {
    for (const [key, seqs] of room.keys) if (seqs.some((each) => each > seq)) room.keys.set(key, []);
  }

  #opened(roomId: string, code: string): FollowedRoom {
    const room: FollowedRoom = {
      roomId,
      code,
      entries: [],
      states: [],
      keys: new Map(),
      texts: new Set(),
      isClosed: false,
    };
    this.rooms.set(roomId, room);
    this.byCode.set(code, room);
    return room;
  }

  #noteTexts(
    room: FollowedRoom,
    { seq, correlationId }: Entry,
    events: readonly RoomEvent[],
    after: RoomSnapshot<RoomState>,
    before: RoomSnapshot<RoomState> | null,
  ): void {
    const isSeated = before?.context.seats === after.context.seats && before.context.host === after.context.host;
    const isOpen = events.some((event) => !PRIVATE.has(event.type));
    if (isSeated && !isOpen && before.context.game !== null) return;
    const view = this.#definition.view(after, 'spectator');
    room.texts.add(bare(roomUpdate(view).event, roomUpdate(view).data));
    room.texts.add(bare('room_state_update', roomStateUpdate(view).data));
    for (const event of events) {
      for (const shown of project(event, seq, correlationId)) {
        if (shown.private) continue;
        const { event: name, data } = shown.make(view, null);
        room.texts.add(bare(name, data));
      }
    }
  }
}

/** Events that are told by `phase_change` only, which names its entry. */
const PRIVATE: ReadonlySet<RoomEvent['type']> = new Set<RoomEvent['type']>([
  'dealingStarted',
  'weakHandsFound',
  'redealAnswered',
  'redealWarned',
  'redealUnanswered',
  'dealingFinished',
  'roundStarted',
  'declarationStarted',
  'declared',
  'turnStarted',
  'played',
  'turnResultsShown',
  'turnResultsEnded',
  'roundScored',
  'clockShifted',
  'hostArrived',
]);

/** A frame without what only its sending adds. */
export function bare(event: string, data: Readonly<Record<string, unknown>>): string {
  const { timestamp, room_id, in_reply_to, operation_id, ...rest } = data;
  return `${event} ${JSON.stringify(rest)}`;
}
