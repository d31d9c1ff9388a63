import type { RoomDefinition } from '../actors/room-definition.js';

type Machine = RoomDefinition<never, never, never, unknown>['machine'];

/** What the counters need of XState's nodes and transitions. */
interface Node {
  readonly id: string;
  readonly type: string;
  readonly states: Readonly<Record<string, Node>>;
  readonly transitions: ReadonlyMap<string, Transition[]>;
  readonly always?: readonly Transition[];
}
type Guard = (scope: unknown, params: unknown) => boolean;
interface Transition {
  guard?: unknown;
  readonly target?: readonly Node[] | undefined;
  readonly eventType: string;
}

interface Counted {
  readonly name: string;
  readonly guarded: boolean;
  taken: number;
  denied: number;
}

/** Covered of all there is. */
export interface Part {
  readonly covered: number;
  readonly total: number;
  readonly missing: readonly string[];
  readonly unreachable: readonly string[]; // with the reason; not in the total
}

export interface CoverageReport {
  readonly states: Part;
  readonly cells: Part; // state × message type
  readonly transitions: Part; // as the machine's configuration lists them
  readonly guards: Part; // each has let pass and has denied
  readonly refusals: Part; // reasons
  readonly outcomes: number; // different state × message type → target or reason
  readonly deepest: number;
}

/**
 * Counts what a machine does, by its own configuration: the guards of its transitions are wrapped in place, so that the
 * machine must be one that nobody else needs. Guards that are no functions count as taken or denied like all others.
 */
export class Coverage {
  /** Set while a message is taken; what copies of the machine do in between does not count. */
  counting = false;
  readonly #transitions: Counted[] = [];
  readonly #leaves = new Set<string>();
  readonly #types = new Set<string>();
  readonly #ways = new Map<string, Map<string, Map<string, number>>>(); // by state, message type, target or reason
  readonly #seenLeaves = new Set<string>();
  readonly #reasons = new Set<string>();
  readonly #knownReasons: readonly string[];
  readonly #unreachable: Readonly<Record<string, string>>;
  #deepest = 0;

  constructor(machine: Machine, reasons: readonly string[] = [], unreachable: Readonly<Record<string, string>> = {}) {
    this.#knownReasons = reasons;
    this.#unreachable = unreachable;
    this.#walk((machine as unknown as { readonly root: Node }).root, '');
  }

  step(leaf: string, type: string, reason: string | null, target: string): void {
    this.#types.add(type);
    this.#seenLeaves.add(leaf);
    this.#seenLeaves.add(target);
    if (reason !== null) this.#reasons.add(reason);
    const way = reason ?? (target === leaf ? 'stays' : target);
    const ways = below(below(this.#ways, leaf), type);
    ways.set(way, (ways.get(way) ?? 0) + 1);
  }

  deep(depth: number): void {
    this.#deepest = Math.max(this.#deepest, depth);
  }

  /** How often each state took each type of message which way, e.g. `waiting × join → roomFull`. */
  get outcomes(): ReadonlyMap<string, number> {
    const outcomes = new Map<string, number>();
    for (const [leaf, types] of this.#ways) {
      for (const [type, ways] of types) {
        for (const [way, count] of ways) outcomes.set(`${leaf} × ${type} → ${way}`, count);
      }
    }
    return outcomes;
  }

  report(): CoverageReport {
    const passing = this.#passing();
    const seen = (leaf: string) => this.#seenLeaves.has(leaf) || passing.has(leaf);
    const cells = [...this.#leaves].flatMap((leaf) => [...this.#types].map((type) => `${leaf} × ${type}`));
    const met = new Set(
      [...this.#ways].flatMap(([leaf, types]) => [...types.keys()].map((type) => `${leaf} × ${type}`)),
    );
    const taken = new Map(this.#transitions.map((counted) => [counted.name, counted]));
    const guards = this.#transitions.filter(({ guarded }) => guarded);
    const sides = guards.flatMap((counted) => [
      { name: `${counted.name} lets pass`, seen: counted.taken > 0 },
      { name: `${counted.name} denies`, seen: counted.denied > 0 },
    ]);
    const sideSeen = new Map(sides.map(({ name, seen: was }) => [name, was]));
    return {
      states: this.#part([...this.#leaves], seen),
      cells: this.#part(cells, (cell) => met.has(cell)),
      transitions: this.#part([...taken.keys()], (name) => taken.get(name)!.taken > 0),
      guards: this.#part([...sideSeen.keys()], (name) => sideSeen.get(name)!),
      refusals: this.#part([...new Set([...this.#knownReasons, ...this.#reasons])], (reason) =>
        this.#reasons.has(reason),
      ),
      outcomes: this.outcomes.size,
      deepest: this.#deepest,
    };
  }

  /** States that no message rests in: they are left in the step that enters them. */
  readonly #passingBy = new Map<string, Counted[]>();
  #passing(): Set<string> {
    const passed = [...this.#passingBy].filter(([, ways]) => ways.some(({ taken }) => taken > 0));
    return new Set(passed.map(([leaf]) => leaf));
  }

  #part(names: readonly string[], covered: (name: string) => boolean): Part {
    const reached = names.filter(covered);
    const others = names.filter((name) => !covered(name));
    const excused = others.filter((name) => this.#reasonAgainst(name) !== null);
    const missing = others.filter((name) => this.#reasonAgainst(name) === null);
    return {
      covered: reached.length,
      total: reached.length + missing.length,
      missing,
      unreachable: excused.map((name) => `${name}: ${this.#reasonAgainst(name)!}`),
    };
  }

  /** `playing.preparation.dealt × *` excuses every message in that state. */
  #reasonAgainst(name: string): string | null {
    const anything = name.includes(' × ') ? `${name.slice(0, name.indexOf(' × '))} × *` : name;
    return this.#unreachable[name] ?? this.#unreachable[anything] ?? null;
  }

  #walk(node: Node, path: string): void {
    const inner = Object.entries(node.states);
    for (const [name, state] of inner) this.#walk(state, path === '' ? name : `${path}.${name}`);
    if (inner.length === 0) this.#leaves.add(path);
    const own = path === '' ? '(root)' : path;
    for (const [type, transitions] of node.transitions) {
      if (type !== '*') this.#types.add(type);
      transitions.forEach((transition, index) => this.#count(transition, `${own} on ${type}`, index));
    }
    const always = (node.always ?? []).map((transition, index) => this.#count(transition, `${own} at once`, index));
    if (always.length > 0 && inner.length === 0) this.#passingBy.set(path, always);
  }

  #count(transition: Transition, where: string, index: number): Counted {
    const { guard } = transition;
    const target = transition.target?.[0]?.id.replace(/^[^.]*\.?/, '');
    const name = guardName(guard);
    const counted: Counted = {
      name: `${where} #${index + 1}${name === null ? '' : ` [${name}]`}${target === undefined ? '' : ` → ${target}`}`,
      guarded: guard !== undefined,
      taken: 0,
      denied: 0,
    };
    this.#transitions.push(counted);
    if (guard !== undefined && typeof guard !== 'function') return counted;
    const ask = guard as Guard | undefined;
    transition.guard = (scope: unknown, params: unknown): boolean => {
      const passes = ask === undefined || ask(scope, params);
      if (!this.counting) return passes;
      if (passes) counted.taken++;
      else counted.denied++;
      return passes;
    };
    return counted;
  }
}

function below<T>(map: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let inner = map.get(key);
  if (inner === undefined) map.set(key, (inner = new Map<string, T>()));
  return inner;
}

function guardName(guard: unknown): string | null {
  if (guard === undefined) return null;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function') return guard.name === '' ? 'guard' : guard.name;
  return (guard as { readonly type?: string }).type ?? 'guard';
}
