/**
 * Told which room's machine runs: `begin` before each step, `end` after it, also where the step threw. A step that
 * never ends keeps its thread for itself, so whoever wants to know must look from another one. On the way of every
 * message: neither may allocate or take long.
 */
export interface StepMark {
  begin(roomId: string): void;
  end(): void;
}

export const noStepMark: StepMark = { begin: () => undefined, end: () => undefined };

/** A step under its mark. @throws what the step throws */
export function marked<T>(mark: StepMark, roomId: string, step: () => T): T {
  mark.begin(roomId);
  try {
    return step();
  } finally {
    mark.end();
  }
}
