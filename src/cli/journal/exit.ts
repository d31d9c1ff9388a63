/** How a command of the journal tool ends. */
export const EXIT = { fine: 0, wrong: 1, badArguments: 2, refused: 3, storeFailed: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What was asked for can't be meant: an unknown room, a time that is none. A sentence for the operator. */
export class BadArgument extends Error {
  override readonly name = 'BadArgument';
}

/** Not possible as things stand, and nothing changed. A sentence for the operator that says what to do. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
