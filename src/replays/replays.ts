import { type Fairness, fairnessOf } from '../../actors/room/fairness.js';
import { type GameRecord, GameRecorder, type RecordedStep } from '../../actors/room/game-record.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import { recover, replay, type Stage } from '../../actors/recovery.js';
import { Turns } from '../../actors/turns.js';
import { upcastEvent, upcastSnapshot } from '../../actors/versions.js';
import { findArchived } from '../../persistence/archive.js';
import type { JournalEngine, JournalReader } from '../../persistence/journal.js';
import { RoomFileReader } from '../../persistence/room-file-reader.js';

export interface ReplaysPorts {
  readonly engine: Pick<JournalEngine, 'heads' | 'read' | 'snapshots' | 'row' | 'roomByCode'>;
  readonly definition: LiapTui;
  readonly dataDir: string; // where the archive is
  readonly defer: (run: () => void) => void; // in a later turn of the event loop
}

export interface RoomFairness extends Fairness {
  readonly roomId: string;
  readonly code: string;
}

/** The newest entries of a game that a replay shows: about a hundred rounds. */
const ENTRIES_MAX = 10_000;
/** Entries replayed before anybody else gets a turn, a few milliseconds' work. */
const ENTRIES_AT_ONCE = 50;
/** Records, and apart from them fairnesses, under way and waiting; the next one is told to come back. */
const WAITING_MAX = 20;
const RECORDS_KEPT_BYTES = 8 * 1024 * 1024;
const FAIRNESS_KEPT = 2_000; // rooms

/** Too many ask for what is still to be made. */
export class ReplaysBusy extends Error {
  override readonly name = 'ReplaysBusy';
}

/** By what it is of. */
type UnderWay<T> = Map<string, Promise<T | null>>;

/**
 * What players may look up about a room: its fairness at any time, and its game once that is over. It only reads the
 * journal, or the file of an archived room, and what is durable there.
 */
export class Replays {
  readonly #ports: ReplaysPorts;
  readonly #turns = new Turns(1); // replays cost the thread's time: one at a time
  readonly #recordsMaking: UnderWay<string> = new Map();
  readonly #fairnessMaking: UnderWay<RoomFairness> = new Map();
  // By room and end of the game, so that a game that an operator set back is not taken for the one that ended.
  readonly #records = new Map<string, string>(); // least recently asked for first
  #recordsBytes = 0;
  readonly #fairness = new Map<string, RoomFairness>(); // oldest first
  /** Times that something was asked for and was kept, or was not. */
  readonly reads = { records: { hits: 0, misses: 0 }, fairness: { hits: 0, misses: 0 } };

  constructor(ports: ReplaysPorts) {
    this.#ports = ports;
  }

  /**
   * The id of the room that somebody calls by its id or, in any case, by its code, or null. Codes are used again once
   * a room is archived; ids never are.
   */
  async roomId(name: string): Promise<string | null> {
    const { engine } = this.#ports;
    if (/^[0-9A-F]{6}$/i.test(name)) return (await engine.roomByCode(name.toUpperCase()))?.roomId ?? null;
    return (await engine.row('rooms', name))?.roomId ?? null;
  }

  /**
   * @returns null where there is no such room, or nothing of it is stored any more
   * @throws ReplaysBusy, JournalCorrupt, StoreFailure, RoomFileDamaged
   */
  async fairness(roomId: string): Promise<RoomFairness | null> {
    const endedAt = await this.#endOf(roomId);
    const key = `${roomId}/${endedAt}`;
    const known = this.#fairness.get(key);
    this.reads.fairness[known === undefined ? 'misses' : 'hits']++;
    if (known !== undefined) return known;
    return this.#made(this.#fairnessMaking, key, async () => {
      const fairness = await this.#fairnessOf(roomId);
      // A game that ended, or was set back, while its journal was read is looked at anew by whoever asks next.
      if (fairness !== null && (fairness.seed !== null) === (endedAt !== null)) this.#keepFairness(key, fairness);
      return fairness;
    });
  }

  /**
   * A finished game as JSON text, whose shape `encode` gives.
   * @returns null where no game of that room is over: whether there is such a room is not told
   * @throws ReplaysBusy, JournalCorrupt, StoreFailure, RoomFileDamaged
   */
  async record(roomId: string, encode: (roomId: string, record: GameRecord) => unknown): Promise<string | null> {
    const endedAt = await this.#endOf(roomId);
    if (endedAt === null) return null;
    const key = `${roomId}/${endedAt}`;
    const known = this.#records.get(key);
    this.reads.records[known === undefined ? 'misses' : 'hits']++;
    if (known !== undefined) {
      this.#keep(key, known);
      return known;
    }
    return this.#made(this.#recordsMaking, key, async () => {
      const record = await this.#make(roomId);
      if (record === null) return null;
      const text = JSON.stringify(encode(roomId, record));
      this.#keep(key, text);
      return text;
    });
  }

  /** One after the other, and once for all who ask for it meanwhile. */
  async #made<T>(underWay: UnderWay<T>, key: string, make: () => Promise<T | null>): Promise<T | null> {
    const already = underWay.get(key);
    if (already !== undefined) return already;
    if (underWay.size >= WAITING_MAX) throw new ReplaysBusy('Too many replays are being made');
    const making = this.#turns.run(make);
    underWay.set(key, making);
    try {
      return await making;
    } finally {
      underWay.delete(key);
    }
  }

  /** When the room's game ended, ms since the epoch; null while it is not over. An operator may undo that. */
  async #endOf(roomId: string): Promise<number | null> {
    const game = await this.#ports.engine.row('games', roomId);
    return game?.status === 'over' ? game.endedAt : null;
  }

  async #readerOf(roomId: string): Promise<JournalReader | null> {
    const { engine, dataDir } = this.#ports;
    if ((await engine.heads([roomId])).length > 0) return engine;
    const file = await findArchived(dataDir, roomId);
    return file === null ? null : RoomFileReader.open(file);
  }

  async #fairnessOf(roomId: string): Promise<RoomFairness | null> {
    const reader = await this.#readerOf(roomId);
    const room = reader && (await recover(reader, this.#ports.definition, roomId));
    if (room === null) return null;
    const { context } = room.runner.snapshot;
    return { roomId, code: context.code, ...fairnessOf(context) };
  }

  #keepFairness(key: string, fairness: RoomFairness): void {
    this.#fairness.set(key, fairness);
    if (this.#fairness.size > FAIRNESS_KEPT) this.#fairness.delete(this.#fairness.keys().next().value!);
  }

  /** The row says that the game is over; here the game itself has to. */
  async #make(roomId: string): Promise<GameRecord | null> {
    const { definition, defer } = this.#ports;
    const reader = await this.#readerOf(roomId);
    const [head] = (await reader?.heads([roomId])) ?? [];
    if (reader === null || head === undefined) return null;
    const recorder = new GameRecorder();
    const from = Math.max(1, head.seq - ENTRIES_MAX + 1);
    let taken = 0;
    for await (const stage of replay(reader, definition, roomId, { from, upTo: head.seq })) {
      recorder.add(recordedStep(definition, stage));
      if (++taken % ENTRIES_AT_ONCE === 0) await new Promise<void>((resolve) => defer(resolve));
    }
    return recorder.record();
  }

  /** As the one that was asked for last; those that nobody asks for make room. */
  #keep(key: string, text: string): void {
    this.#drop(key);
    this.#records.set(key, text);
    this.#recordsBytes += text.length;
    for (const oldest of this.#records.keys()) {
      if (this.#recordsBytes <= RECORDS_KEPT_BYTES) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#recordsBytes -= this.#records.get(key)?.length ?? 0;
    this.#records.delete(key);
  }
}

function recordedStep(definition: LiapTui, { entry, after, version, events }: Stage): RecordedStep {
  const { context } = upcastSnapshot(definition, after, version);
  return {
    seq: entry.seq,
    message: JSON.parse(entry.message) as RecordedStep['message'],
    events: events.map((event): RoomEvent => upcastEvent(definition, event, entry.machineVersion)),
    state: context,
  };
}
