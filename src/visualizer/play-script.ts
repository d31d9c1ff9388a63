import { IdempotencyWindow } from '../../actors/idempotency.js';
import { leafOf } from '../../actors/machine-chart.js';
import { MachineRunner } from '../../actors/machine-runner.js';
import { type CourseChange, encodeState, snapshotOf } from '../../actors/recovery.js';
import type { DomainEvent, Message, RoomSnapshot } from '../../actors/room-definition.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import { machineOf, upcastSnapshot } from '../../actors/versions.js';
import { chainHash, CHAIN_START, contentHash } from '../../persistence/hash-chain.js';
import type { Entry } from '../../persistence/journal.js';
import type { Refusal } from './flight-recorder.js';
import { MemoryJournal } from './memory-journal.js';
import type { ScriptDeed, ScriptFile } from './script-file.js';
import { type EntryShower, speakerOf } from './shown-entry.js';

/** A script as a room's journal. */
export interface PlayedScript {
  readonly journal: MemoryJournal;
  readonly refusals: readonly Refusal[]; // oldest first
  readonly stop: { readonly seq: number; readonly why: string } | null; // the deed at which the machine threw
}

const SNAPSHOT_EVERY = 16;
/** Deeds between two turns of the event loop. */
const PIECE = 64;

type Runner = MachineRunner<unknown, Message, DomainEvent>;

/** Does what a script says, with the machines of its versions, and keeps a journal of it. */
export async function playScript(
  definition: LiapTui,
  shower: EntryShower,
  { deeds, version }: ScriptFile,
  roomId: string,
): Promise<PlayedScript> {
  const room = new ScriptedRoom(definition, shower, roomId, version);
  for (const [index, deed] of deeds.entries()) {
    try {
      room.do(deed);
    } catch (failure) {
      const { message, cause } = failure as Error;
      const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
      return { journal: room.journal, refusals: room.refusals, stop: { seq: room.journal.seq + 1, why } };
    }
    if (index % PIECE === PIECE - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return { journal: room.journal, refusals: room.refusals, stop: null };
}

class ScriptedRoom {
  readonly journal: MemoryJournal;
  readonly refusals: Refusal[] = [];
  readonly #definition: LiapTui;
  readonly #shower: EntryShower;
  readonly #roomId: string;
  readonly #window = new IdempotencyWindow();
  #version: number;
  #runner: Runner | null = null;
  #hash = CHAIN_START;
  #at = 0;

  constructor(definition: LiapTui, shower: EntryShower, roomId: string, version: number) {
    this.#definition = definition;
    this.#shower = shower;
    this.#roomId = roomId;
    this.#version = version;
    this.journal = MemoryJournal.empty(roomId);
  }

  do(deed: ScriptDeed): void {
    switch (deed.do) {
      case 'message':
        this.#say(deed.message);
        return;
      case 'restore':
        if (this.#runner !== null) this.#restart(JSON.parse(JSON.stringify(this.#runner.snapshot)) as never);
        return;
      case 'upgrade':
        this.#upgrade();
    }
  }

  #say(said: Message): void {
    const machine = machineOf(this.#definition, this.#version);
    let message: Message;
    try {
      message = machine.message.parse(said);
    } catch {
      this.#refused(said, 'turnedAway', 'The message does not have the shape of its type.', 'schema');
      return;
    }
    this.#at = Math.max(this.#at, message.at);
    if (this.#runner === null) {
      const { runner, events } = MachineRunner.create<unknown, Message, DomainEvent>(machine, message);
      this.#runner = runner;
      this.#applied(message, events);
      return;
    }
    const leaf = leafOf(this.#runner.snapshot.value);
    const result = this.#runner.step(message);
    if (result.kind === 'refused') {
      const rule = this.#shower.chart(this.#version).ruleOf(leaf, message.type);
      this.#refused(message, result.reason, result.sentence, rule);
      return;
    }
    this.#applied(message, result.events);
  }

  #applied(message: Message, events: readonly DomainEvent[]): void {
    this.#window.remember(message, this.journal.seq + 1);
    this.#enter('applied', message, events);
  }

  #upgrade(): void {
    const { version } = this.#definition;
    if (this.#runner === null || this.#version === version) return;
    const from = this.#version;
    const state = upcastSnapshot(this.#definition, this.#runner.snapshot, from);
    this.#version = version;
    this.#restart(state);
    const stateHash = contentHash(encodeState(state, this.#window.toJSON()));
    const change: CourseChange<RoomMessage> = { type: 'upgraded', at: this.#at, from, to: version, stateHash };
    this.#enter('upgraded', change, []);
  }

  #restart(snapshot: RoomSnapshot<unknown>): void {
    this.#runner = MachineRunner.restore(machineOf(this.#definition, this.#version), snapshot);
  }

  #enter(outcome: Entry['outcome'], message: object, events: readonly object[]): void {
    const { snapshot } = this.#runner!;
    const seq = this.journal.seq + 1;
    const current = upcastSnapshot(this.#definition, snapshot, this.#version);
    const unhashed: Omit<Entry, 'hash'> = {
      roomId: this.#roomId,
      seq,
      at: this.#at,
      message: JSON.stringify(message),
      outcome,
      events: JSON.stringify(events),
      machineVersion: this.#version,
      correlationId: `script-${seq}`,
      nextDeadline: this.#definition.deadline(current)?.at ?? null,
    };
    const entry: Entry = { ...unhashed, hash: chainHash(this.#hash, unhashed) };
    this.#hash = entry.hash;
    const saved = seq % SNAPSHOT_EVERY === 0 || outcome === 'upgraded';
    this.journal.add(entry, saved ? snapshotOf(entry, this.#version, snapshot, this.#window) : null);
  }

  #refused(message: Message, reason: string, sentence: string, rule: string | null): void {
    const snapshot = this.#runner?.snapshot as RoomSnapshot<RoomState> | undefined;
    this.refusals.push({
      seq: this.journal.seq,
      at: message.at,
      type: message.type,
      ...speakerOf({ ...message }, 'applied', snapshot?.context),
      reason,
      sentence,
      rule,
      state: snapshot === undefined ? '' : leafOf(snapshot.value),
      correlationId: '',
      message,
    });
  }
}
