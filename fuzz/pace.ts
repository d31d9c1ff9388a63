import { MachineRunner } from '../actors/machine-runner.js';
import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import type { RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import { LeastMachine } from '../bench/reference/least-machine.js';
import { fuzzRoom } from './fuzz-room.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import type { Invariant } from './subject.js';

/** Messages a second, one rate for each round. What is further down leaves more out. */
export interface Pace {
  readonly whole: readonly number[]; // as the fuzzer does it
  readonly unwatched: readonly number[]; // messages are made and taken, and no promise is looked at
  readonly machine: readonly number[]; // the room's machine takes the same messages, and nothing else happens
  readonly least: readonly number[]; // XState's machine of two states takes as many, with one `assign` each
}

export interface PaceOptions {
  readonly seed: number;
  readonly steps: number; // messages in each round, about
  readonly rounds: number; // counted; one before them warms up
  readonly now?: () => number; // ms
}

/** How fast a run is, and its parts: what bounds the fuzzer, whatever it looks at. */
export function paceOf({ seed, steps, rounds, now = () => performance.now() }: PaceOptions): Pace {
  const definition = fuzzedLiapTui();
  const said = messagesOf(seed, steps);
  const parts: Readonly<Record<keyof Pace, () => number>> = {
    whole: () => fuzzRoom(fuzzedLiapTui(), { ...liapTuiSubject, seed, steps }).steps,
    unwatched: () => fuzzRoom(fuzzedLiapTui(), { ...liapTuiSubject, seed, steps, isWatched: false }).steps,
    machine() {
      for (const [first, ...others] of said) {
        const { runner } = MachineRunner.create<RoomState, RoomMessage, RoomEvent>(definition, first!);
        for (const message of others) runner.step(message);
      }
      return said.flat().length;
    },
    least() {
      const machine = new LeastMachine();
      for (let count = 0; count < steps; count++) machine.step();
      return machine.count;
    },
  };
  const pace: Record<keyof Pace, number[]> = { whole: [], unwatched: [], machine: [], least: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const part of Object.keys(parts) as (keyof Pace)[]) {
      const began = now();
      const taken = parts[part]();
      const elapsedMs = now() - began;
      if (round > 0) pace[part].push((taken / elapsedMs) * 1_000);
    }
  }
  return pace;
}

/** What a run says to each room that has the current machine from its beginning. */
function messagesOf(seed: number, steps: number): readonly (readonly RoomMessage[])[] {
  const rooms: RoomMessage[][] = [];
  const recorder: Invariant<RoomState, RoomMessage, RoomEvent, RoomView> = {
    name: 'messages are written down',
    watch(definition) {
      const messages: RoomMessage[] = [];
      return {
        step({ message, version, index }) {
          if (version !== definition.version) return null;
          if (index === 0) rooms.push(messages);
          messages.push(message);
          return null;
        },
      };
    },
  };
  fuzzRoom(fuzzedLiapTui(), { ...liapTuiSubject, seed, steps, invariants: [recorder] });
  return rooms;
}
