import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { Message, RoomSnapshot } from './room-definition.js';

/** A state of a machine as a chart draws it. `id` is its path, `playing.turn.shown`; the machine itself is ''. */
export interface ChartState {
  readonly id: string;
  readonly parent: string | null; // null: the machine itself
  readonly name: string;
  readonly tags: readonly string[];
  readonly kind: 'leaf' | 'group';
  readonly initial: string | null; // of a group: the state that is entered first
}

/**
 * One way that a machine may go, with a name of its own: `playing.declaration on declare #1 [judge] → playing.turn`.
 * - `step` leads to another state, `stay` changes the data only, `refuse` is where a message is refused.
 */
export interface ChartTransition {
  readonly id: string;
  readonly from: string;
  readonly event: string; // '' where none is needed
  readonly guard: string | null; // name of the rule that is asked
  readonly to: string | null; // null stays
  readonly kind: 'step' | 'stay' | 'refuse';
  readonly rule: string | null; // of a refusal: the rule that refuses
}

/** Steps that follow one another at once are few; a machine with more of them in a row would be a loop. */
const CHAIN_MAX = 4;

/** What the chart needs of XState's nodes. */
interface Node {
  readonly path: readonly string[];
  readonly tags: readonly string[];
  readonly states: Readonly<Record<string, Node>>;
  readonly initial: { readonly target: readonly Node[] | undefined } | undefined;
  readonly transitions: ReadonlyMap<string, readonly Definition[]>;
  readonly always?: readonly Definition[] | undefined;
}

interface Definition {
  readonly target?: readonly Node[] | undefined;
  readonly guard?: unknown;
  readonly actions?: readonly unknown[];
}

/** A machine's chart, made from the machine itself, and what it says about single steps. */
export class MachineChart {
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
  readonly initial: string;
  readonly #machine: AnyStateMachine;
  readonly #byDefinition = new Map<unknown, ChartTransition>();
  readonly #leafBelow = new Map<string, string>(); // of a group: the leaf that is entered with it
  readonly #at = new Map<string, ReadonlyMap<string, readonly ChartTransition[]>>(); // by state and event

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    const root = machine.root as unknown as Node;
    const nodes = [...nodesOf(root)];
    this.states = nodes.filter((node) => node !== root).map(stateOf);
    this.initial = leafBelow(root);
    this.transitions = nodes.flatMap((node) => this.#transitionsOf(node));
  }

  /**
   * The ways that the machine goes for a message, in order: the one whose guard lets it pass, then those that need no
   * message. Empty where it refuses.
   * @param to the leaf that the message led to
   */
  taken(snapshot: RoomSnapshot<unknown>, message: Message, to: string): readonly string[] {
    const { value, context } = snapshot;
    const before = this.#machine.resolveState({ value, context } as never) as AnyMachineSnapshot;
    const [definition] = this.#machine.getTransitionData(before, message);
    const way = this.#byDefinition.get(definition);
    if (way === undefined || way.kind === 'refuse') return [];
    return this.#onwards(way, leafOf(value), to) ?? [way.id];
  }

  /** The ways between two leaves for a message where, by the chart alone, no others come into question; else null. */
  inferred(from: string, event: string, to: string): readonly string[] | null {
    for (const state of upwards(from)) {
      const ways = this.#at.get(state)?.get(event) ?? [];
      const whole = ways.flatMap((way) => {
        const found = way.kind === 'refuse' ? null : this.#onwards(way, from, to);
        return found === null ? [] : [found];
      });
      if (whole.length > 0) return whole.length === 1 ? whole[0]! : null;
      if (ways.length > 0 && ways.every(({ kind }) => kind === 'refuse')) return null;
    }
    return null;
  }

  /** The rule that judges a message in a state, by the name of its function, and null where the state asks none. */
  ruleOf(leaf: string, event: string): string | null {
    for (const state of upwards(leaf)) {
      const ways = this.#at.get(state);
      const here = ways?.get(event) ?? ways?.get('*') ?? [];
      if (here.length === 0) continue;
      return here.find(({ kind, rule }) => kind === 'refuse' && rule !== null)?.rule ?? here[0]!.guard;
    }
    return null;
  }

  /** A way and the fewest that follow it at once until `to` is reached; null where they never lead there. */
  #onwards(way: ChartTransition, from: string, to: string): readonly string[] | null {
    for (let stepsMax = 0; stepsMax <= CHAIN_MAX; stepsMax++) {
      const found = this.#chain(way, from, to, stepsMax);
      if (found !== null) return found;
    }
    return null;
  }

  #chain(way: ChartTransition, from: string, to: string, stepsMax: number): readonly string[] | null {
    const reached = way.to === null ? from : (this.#leafBelow.get(way.to) ?? way.to);
    if (stepsMax === 0) return reached === to ? [way.id] : null;
    for (const state of upwards(reached)) {
      for (const next of this.#at.get(state)?.get('') ?? []) {
        const rest = this.#chain(next, reached, to, stepsMax - 1);
        if (rest !== null) return [way.id, ...rest];
      }
    }
    return null;
  }

  #transitionsOf(node: Node): ChartTransition[] {
    const from = idOf(node);
    const found: ChartTransition[] = [];
    const ways = new Map<string, readonly ChartTransition[]>();
    this.#leafBelow.set(from, leafBelow(node));
    for (const [event, definitions] of [...node.transitions, ['', node.always ?? []] as const]) {
      const here = definitions.map((definition, index) => {
        const way = transitionOf(from, event, definitions, index);
        this.#byDefinition.set(definition, way);
        return way;
      });
      if (here.length > 0) ways.set(event, here);
      found.push(...here);
    }
    this.#at.set(from, ways);
    return found;
  }
}

/** `{ playing: { turn: 'shown' } }` is `playing.turn.shown`. */
export function leafOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [entry] = Object.entries(value as Record<string, unknown>);
  return entry === undefined ? '' : `${entry[0]}.${leafOf(entry[1])}`;
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const inner of Object.values(node.states)) yield* nodesOf(inner);
}

function stateOf(node: Node): ChartState {
  const inner = Object.values(node.states);
  const first = node.initial?.target?.[0];
  return {
    id: idOf(node),
    parent: node.path.length > 1 ? node.path.slice(0, -1).join('.') : null,
    name: node.path.at(-1) ?? '',
    tags: node.tags,
    kind: inner.length === 0 ? 'leaf' : 'group',
    initial: first === undefined ? null : idOf(first),
  };
}

function transitionOf(from: string, event: string, siblings: readonly Definition[], index: number): ChartTransition {
  const definition = siblings[index]!;
  const guard = nameOf(definition.guard);
  const target = definition.target?.[0];
  const to = target === undefined ? null : idOf(target);
  const rule = to === null ? refusingRule(event, siblings, index) : null;
  const guarded = guard === null ? '' : ` [${guard}]`;
  const where = `${from === '' ? '(root)' : from} ${event === '' ? 'at once' : `on ${event}`}`;
  return {
    id: `${where} #${index + 1}${guarded}${to === null ? '' : ` → ${to}`}`,
    from,
    event,
    guard,
    to,
    kind: to !== null ? 'step' : rule === null ? 'stay' : 'refuse',
    rule,
  };
}

/**
 * The rule behind a transition that refuses: what is left when the guards before it said no, or an action that only
 * refuses, by the name of its function.
 */
function refusingRule(event: string, siblings: readonly Definition[], index: number): string | null {
  const { guard, actions = [] } = siblings[index]!;
  const action = nameOf(actions[0]);
  if (nameOf(guard)?.startsWith('refuse') === true) return nameOf(guard);
  if (action?.startsWith('refuse') === true) return action;
  if (guard !== undefined) return null;
  if (index > 0) return nameOf(siblings[index - 1]!.guard);
  return event === '*' ? 'refused' : null;
}

function nameOf(made: unknown): string | null {
  if (typeof made === 'string') return made;
  if (typeof made === 'function') return made.name === '' ? null : made.name;
  return null;
}

function leafBelow(node: Node): string {
  const first = node.initial?.target?.[0];
  return first === undefined ? idOf(node) : leafBelow(first);
}

function idOf(node: Node): string {
  return node.path.join('.');
}

/** The state, those around it, and at last the machine itself. */
function* upwards(leaf: string): Generator<string> {
  for (let id = leaf; id !== ''; id = id.slice(0, Math.max(0, id.lastIndexOf('.')))) yield id;
  yield '';
}
