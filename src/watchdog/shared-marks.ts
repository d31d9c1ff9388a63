import type { StepMark } from '../../actors/step-mark.js';

/** What the watchdog sees when it looks at the main thread. */
export interface Sample {
  readonly marks: number; // begins and ends of steps so far; wraps around
  readonly roomId: string | null; // of the step that runs; null between steps
  readonly beats: number; // turns of the event loop that came by; wraps around
  readonly debugged: boolean; // a debugger may hold the main thread
}

/** The main thread's side. */
export interface MarkWriter extends StepMark {
  beat(debugged: boolean): void;
}

/** Memory of two threads: four counters, the length of the room's id, its characters. */
export type SharedMarks = SharedArrayBuffer;

const MARKS = 0;
const BEATS = 1;
const DEBUGGED = 2;
const ID_LENGTH = 3;
const LOOKS = 4;
const WORDS = 5;
const ID_AT = WORDS * Int32Array.BYTES_PER_ELEMENT;

/** Ids of rooms are 36 characters of ASCII; a longer one is cut, so it names no room. */
const ID_BYTES_MAX = 64;

export function createSharedMarks(): SharedMarks {
  return new SharedArrayBuffer(ID_AT + ID_BYTES_MAX);
}

/** One mark costs less than 0.1 µs. */
export function markWriter(memory: SharedMarks): MarkWriter {
  const words = new Int32Array(memory, 0, WORDS);
  const id = Buffer.from(memory, ID_AT, ID_BYTES_MAX);
  let inStep = false;
  const end = (): void => {
    if (!inStep) return;
    inStep = false;
    Atomics.add(words, MARKS, 1);
  };
  return {
    begin: (roomId) => {
      end(); // a step that was left open must not shift odd and even
      words[ID_LENGTH] = id.write(roomId, 'latin1');
      inStep = true;
      Atomics.add(words, MARKS, 1); // odd: the id above is whole, and stays until the next even number
    },
    end,
    beat: (debugged) => {
      Atomics.store(words, DEBUGGED, debugged ? 1 : 0);
      Atomics.add(words, BEATS, 1);
    },
  };
}

/** The watchdog's side: it has looked once more. */
export function markLook(memory: SharedMarks): void {
  Atomics.add(new Int32Array(memory, 0, WORDS), LOOKS, 1);
}

/** @returns how often the watchdog has looked so far; wraps around */
export function readLooks(memory: SharedMarks): number {
  return Atomics.load(new Int32Array(memory, 0, WORDS), LOOKS);
}

export function readMarks(memory: SharedMarks): Sample {
  const words = new Int32Array(memory, 0, WORDS);
  const marks = Atomics.load(words, MARKS);
  const text = Buffer.from(new Uint8Array(memory, ID_AT, words[ID_LENGTH])).toString('latin1');
  // Where steps went by while the id was read, it may be half of one and half of another.
  const inStep = marks % 2 !== 0 && Atomics.load(words, MARKS) === marks;
  return {
    marks,
    roomId: inStep ? text : null,
    beats: Atomics.load(words, BEATS),
    debugged: Atomics.load(words, DEBUGGED) === 1,
  };
}
