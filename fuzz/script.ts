/**
 * What is done to a room, told so that a shorter script still makes sense: a message is told by the way it is made
 * from the state that it meets, and quiet stretches are told by their length.
 */
export type Act =
  | { readonly kind: 'goOn'; readonly steps: number } // everybody does what the room waits for
  | { readonly kind: 'say'; readonly what: string; readonly pick: number } // a proposal, and its seed
  | { readonly kind: 'restore' } // saved as JSON and read back
  | { readonly kind: 'upgrade' }; // brought to the current version of the machine

export interface Script {
  readonly seed: number; // the message that makes the room, and the choices of `goOn`
  readonly version: number | null; // of the machine that begins; null: the current one
  readonly acts: readonly Act[];
}

/** What was done in the end: enough to do it again without anything that makes it up. */
export type Deed =
  | { readonly do: 'message'; readonly message: object }
  | { readonly do: 'restore' }
  | { readonly do: 'upgrade' };

export function describeAct(act: Act): string {
  switch (act.kind) {
    case 'goOn':
      return `the game goes on for ${act.steps} message${act.steps === 1 ? '' : 's'}`;
    case 'say':
      return act.what;
    case 'restore':
      return 'the room is saved and restored';
    case 'upgrade':
      return 'the room is brought to the current version';
  }
}
