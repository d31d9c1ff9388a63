import type { Watched } from './watched.js';
import type { Refusal, Refusals } from './flight-recorder.js';
import type { ShownSource } from './room-past.js';
import type { Turning } from './tallies.js';

/** A place in a room's past that is worth a look. */
export type Mark =
  | Turning
  | ({ readonly kind: 'refused' } & Omit<Refusal, 'message' | 'correlationId' | 'by'>)
  | {
      readonly kind: 'deadLetter' | 'held';
      readonly seq: number;
      readonly at: number;
      readonly sentence: string;
      readonly id?: string;
      readonly type?: string;
    };

/** Everything that went wrong with a room, or that its operators did to it, in order. */
export async function marksOf(visualizer: Watched, source: ShownSource): Promise<readonly Mark[]> {
  const { roomId } = source;
  const { engine, rooms } = visualizer.ports;
  const [{ turnings, through }, letters] = await Promise.all([
    visualizer.past.tally(source),
    engine.select('deadLettersOfRoom', { roomId }, { limit: LETTERS_MAX }),
  ]);
  const marks: Mark[] = [...turnings, ...refusedMarks(visualizer.recorder.refusalsOf(roomId))];
  for (const { id, seq, at, error, message } of letters.items) {
    const { type } = JSON.parse(message) as { readonly type: string };
    marks.push({ kind: 'deadLetter', seq, at, sentence: error.split('\n', 1)[0] ?? '', id, type });
  }
  const hold = rooms.holdOf(roomId);
  if (hold !== null) {
    const verb = hold.kind === 'paused' ? 'Paused' : 'Quarantined';
    marks.push({ kind: 'held', seq: hold.seq ?? through, at: hold.since, sentence: `${verb}: ${hold.why}` });
  }
  return inOrder(marks);
}

const LETTERS_MAX = 200;

export function refusedMarks({ newest }: Refusals): Mark[] {
  return newest.map(({ message, correlationId, by, ...refusal }) => ({ kind: 'refused', ...refusal }));
}

export function inOrder(marks: readonly Mark[]): readonly Mark[] {
  return marks.toSorted((a, b) => a.seq - b.seq || a.at - b.at);
}
