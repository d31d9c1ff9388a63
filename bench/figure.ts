/** What a figure is held against, measured in the same run. */
export interface Comparison {
  readonly name: ComparisonName;
  readonly values: readonly number[]; // one a round, in the unit of the figure
  readonly target?: Target; // of the figure, as a multiple of this
}

/** How far a figure is to get. */
export interface Target {
  readonly floor: number;
  readonly goal: number;
}

export type ComparisonName =
  | 'raw ws' // a plain echo: the product's frames to the same sockets, and nothing else
  | 'raw SQLite' // one connection that writes or reads the same bytes
  | 'sockets alone' // the product with as many sockets and no rooms
  | 'rooms alone' // the product's own rebuilding and stepping of the same rooms in a loop, from rows in memory
  | 'reference' // the plainest thing that is durable: raw ws, one XState step, group commit in a worker
  | 'room server'; // a popular one, whose room commits each move and then shows the product's frames

export interface Figure {
  readonly id: string; // `sockets.moves`: stays the same from version to version, since runs are compared by it
  readonly title: string;
  readonly unit: Unit;
  readonly better: 'higher' | 'lower';
  readonly values: readonly number[]; // one a round
  readonly comparisons: readonly Comparison[];
  readonly target?: Target; // in its unit
}

export type Unit = '/s' | 'ms' | 'µs' | '% of a core' | 'cores' | 'bytes' | 'rows';

/** One bench of a run. */
export interface Section {
  readonly name: string;
  readonly title: string;
  readonly method: string; // what was done, with the warm-up
  readonly figures: readonly Figure[];
  /** What explains the figures, or proves that the work was equal. */
  readonly details: Readonly<Record<string, number | string>>;
}

/** Figure by comparison, round by round. */
export function ratiosOf({ values }: Pick<Figure, 'values'>, { values: others }: Comparison): number[] {
  return values.map((value, round) => value / others[round]!);
}
