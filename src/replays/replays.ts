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
/** Records under way and waiting; the next one is told to come back. */
const RECORDS_WAITING_MAX = 20;
const RECORDS_KEPT_BYTES = 8 * 1024 * 1024;
const FAIRNESS_KEPT = 2_000; // rooms

/** Too many ask for records that are still to be made. */
export class ReplaysBusy extends Error {
  override readonly name = 'ReplaysBusy';
}

/**
 * What players may look up about a room: its fairness at any time, and its game once that is over. It only reads the
 * journal, or the file of an archived room, and what is durable there.
 */
export class Replays {
  readonly #ports: ReplaysPorts;
  readonly #turns = new Turns(1); // replays cost the thread's time: one at a time
  readonly #making = new Map<string, Promise<string | null>>();
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

  /** @returns null where there is no such room, or nothing of it is stored any more */
  async fairness(roomId: string): Promise<RoomFairness | null> {
    const key = `${roomId}/${await this.#endOf(roomId)}`;
    const known = this.#fairness.get(key);
    this.reads.fairness[known === undefined ? 'misses' : 'hits']++;
    if (known !== undefined) return known;
    const reader = await this.#readerOf(roomId);
    const room = reader && (await recover(reader, this.#ports.definition, roomId));
    if (room === null) return null;
    const { context } = room.runner.snapshot;
    const fairness = { roomId, code: context.code, ...fairnessOf(context) };
    this.#fairness.set(key, fairness);
    if (this.#fairness.size > FAIRNESS_KEPT) this.#fairness.delete(this.#fairness.keys().next().value!);
    return fairness;
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
    const underWay = this.#making.get(key);
    if (underWay !== undefined) return underWay;
    if (this.#making.size >= RECORDS_WAITING_MAX) throw new ReplaysBusy('Too many replays are being made');
    const making = this.#turns.run(async () => {
      const record = await this.#make(roomId);
      return record && JSON.stringify(encode(roomId, record));
    });
    this.#making.set(key, making);
    try {
      const text = await making;
      if (text !== null) this.#keep(key, text);
      return text;
    } finally {
      this.#making.delete(key);
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
