import type { Arena } from './arena.js';

/** What attackers are after, or what they make use of. Documents list the attacks in this order. */
export const KINDS = {
  floods: 'Floods and exhaustion',
  slow: 'Slow and half-open connections',
  messages: 'Hostile messages',
  packed: 'Hostile MessagePack',
  frames: 'Violations of the WebSocket protocol',
  http: 'Violations of HTTP',
  seats: 'Seats, sessions and acting for others',
  fishing: 'Fishing for what is hidden',
  names: 'Names that deceive or inject',
  pages: 'Foreign pages',
  files: 'Files outside of their folder',
  operators: "The operators' part",
} as const;

export type Kind = keyof typeof KINDS;

export interface Attack {
  readonly name: string; // unique, in kebab case
  /** A sentence without its end, for the document. */
  readonly does: string;
  /** Every outcome that the attacker sees, each once: `404`, `closed 1002`, `error not_seated`, or a word of the attack. */
  readonly expected: readonly string[];
  /** Where the refusal stands. */
  readonly by: string;
  /** How many sockets, messages or the like: in the tests, and by the command. Without it the attack has one size. */
  readonly sizes?: readonly [inTests: number, full: number];
  /** Takes too long for the tests, which leave it to the command. */
  readonly isSlow?: true;
  /** @returns what was seen, in any order; @throws AttackSucceeded where something else shows that it got through */
  readonly run: (arena: Arena, size: number) => Promise<Iterable<string>>;
}

export interface ListedAttack extends Attack {
  readonly kind: Kind;
}

export class AttackSucceeded extends Error {
  override readonly name = 'AttackSucceeded';
}

/** @throws AttackSucceeded */
export function refused(isRefused: boolean, whatHappened: string): asserts isRefused {
  if (!isRefused) throw new AttackSucceeded(whatHappened);
}

/** @throws AttackSucceeded where the outcomes are not those that the attack expects */
export function judge({ expected }: Attack, outcomes: Iterable<string>): void {
  const seen = [...new Set(outcomes)].sort();
  const wanted = [...expected].sort();
  refused(
    seen.join('; ') === wanted.join('; '),
    `expected ${wanted.join('; ')}, but there was ${seen.join('; ') || 'nothing'}`,
  );
}
