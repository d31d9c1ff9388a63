import { MachineRunner, type StepResult } from '../actors/machine-runner.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot, Schema } from '../actors/room-definition.js';
import { machineOf, upcastEvent, upcastSnapshot } from '../actors/versions.js';
import { randomOf } from './chance.js';
import type { Coverage } from './coverage.js';
import { leafOf } from './leaf.js';
import type { Act, Deed } from './script.js';
import { seal } from './seal.js';
import type { Applied, Broken, Invariant, Life, Saying, Scene, Step, Subject, Watch } from './subject.js';

export interface RunOptions<S, M extends Message, E extends DomainEvent, V> {
  readonly definition: RoomDefinition<S, M, E, V>;
  readonly subject: Subject<S, M, E, V>;
  readonly invariants: readonly Invariant<S, M, E, V>[];
  readonly seed: number;
  readonly version: number | null; // of the machine that begins; null: the current one
  readonly thorough: boolean; // dear invariants after each message
  readonly coverage?: Coverage | null;
  readonly first?: M; // in place of the one that the seed gives
}

export const NEVER_THROWS = 'a machine never throws';
export const PLAIN_STATE = 'a state is plain JSON and is never changed in place';

/** As the runner says it. */
const MACHINE_THREW = 'The machine threw';
const STARTED_AT = 1_000_000_000_000;
/** Of all acts the first seeds go to the opening message. */
const OPENING = 0x7fff_ffff;

interface Watched<S, M extends Message, E extends DomainEvent> {
  readonly name: string;
  readonly every: number;
  readonly watch: Watch<S, M, E>;
}

/** Several promises ask for the same state's deadline, and it takes as long as a rule. */
function askedOnce<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
): RoomDefinition<S, M, E, V> {
  let asked: { readonly of: RoomSnapshot<S>; readonly due: ReturnType<typeof definition.deadline> } | null = null;
  return {
    ...definition,
    deadline(snapshot) {
      if (asked?.of !== snapshot) asked = { of: snapshot, due: definition.deadline(snapshot) };
      return asked.due;
    },
  };
}

/** One room: what is done to it, and what the promises say to that. Stops at the first that is broken. */
export class RoomRun<S, M extends Message, E extends DomainEvent, V> {
  readonly deeds: Deed[] = [];
  readonly applied: Applied<M, E>[] = [];
  broken: Broken | null = null;
  brokenBy: string | null = null; // name of the invariant that saw it; null: the run itself did
  steps = 0; // messages given to the machine
  turnedAway = 0; // messages that the schema does not let in
  now = STARTED_AT;
  depth = 0;
  readonly #options: RunOptions<S, M, E, V>;
  readonly #watched: readonly Watched<S, M, E>[];
  readonly #stepped: readonly Watched<S, M, E>[];
  readonly #isRemembered: boolean; // somebody asks for the whole life
  #version: number;
  #runner!: MachineRunner<unknown, M, E>;
  #raw!: RoomSnapshot<unknown>;
  #snapshot!: RoomSnapshot<S>; // of the current version
  #leaf = '';
  #last!: M;
  #gone = 0; // natural steps so far: their choices follow from it, whatever is said in between

  constructor(options: RunOptions<S, M, E, V>) {
    const definition = askedOnce(options.definition);
    this.#options = { ...options, definition };
    const { subject, invariants, seed, thorough } = options;
    this.#version = options.version ?? definition.version;
    const watched = invariants.filter(({ rooms = 1 }) => thorough || seed % rooms === 0);
    this.#watched = watched.map(({ name, every = 1, watch }) => ({
      name,
      every: thorough ? 1 : every,
      watch: watch(definition),
    }));
    this.#stepped = this.#watched.filter(({ watch }) => watch.step !== undefined);
    this.#isRemembered = thorough || this.#watched.some(({ watch }) => watch.end !== undefined);
    const first = options.first ?? this.#timed({ message: subject.open(randomOf(seed, OPENING)) });
    this.#create(first);
  }

  get snapshot(): RoomSnapshot<S> {
    return this.#snapshot;
  }

  get version(): number {
    return this.#version;
  }

  /** The state of the machine, or what the subject makes of it. */
  get situation(): string {
    return this.#options.subject.situation?.(this.#snapshot, this.#leaf) ?? this.#leaf;
  }

  get isClosed(): boolean {
    return this.#options.definition.isClosed(this.#snapshot);
  }

  /** @returns what was said, null where there was nothing to do */
  perform(act: Act): readonly M[] {
    const { subject } = this.#options;
    const said: M[] = [];
    switch (act.kind) {
      case 'goOn':
        for (let step = 0; step < act.steps && this.broken === null; step++) {
          const message = this.#goOn();
          if (message === null) break;
          said.push(message);
        }
        return said;
      case 'say': {
        const saying = subject.proposals[act.what]?.say(this.#scene(), randomOf(act.pick, 0)) ?? null;
        return saying === null ? [] : [this.#say(saying, true)];
      }
      case 'restore':
        this.restore();
        return said;
      case 'upgrade':
        this.upgrade();
        return said;
    }
  }

  /** Does again what was done to another room. */
  redo(deed: Deed): void {
    if (deed.do === 'message') this.#tell(deed.message as M, true);
    else if (deed.do === 'restore') this.restore();
    else this.upgrade();
  }

  restore(): void {
    this.deeds.push({ do: 'restore' });
    const { machine } = machineOf(this.#options.definition, this.#version);
    this.#raw = JSON.parse(JSON.stringify(this.#raw)) as RoomSnapshot<unknown>;
    this.#runner = MachineRunner.restore<unknown, M, E>({ machine }, this.#raw);
    this.#look();
  }

  upgrade(): void {
    const { definition } = this.#options;
    if (this.#version === definition.version) return;
    this.deeds.push({ do: 'upgrade' });
    const saved = JSON.parse(JSON.stringify(this.#raw)) as RoomSnapshot<unknown>;
    this.#guard(() => {
      this.#raw = upcastSnapshot(definition, saved, this.#version);
      this.#version = definition.version;
      this.#runner = MachineRunner.restore<unknown, M, E>(definition, this.#raw);
      this.#look();
    });
  }

  /** Looks at what can only be seen of a whole life. */
  end(): void {
    const life: Life<M, E> = { applied: this.applied, snapshot: this.#raw, version: this.#version };
    for (const { name, watch } of this.#watched) {
      if (this.broken !== null) return;
      try {
        const wrong = watch.end?.(life) ?? null;
        if (wrong !== null) this.#isWrong(name, wrong);
      } catch (failure) {
        this.#lookThrew(name, failure);
      }
    }
  }

  #create(first: M): void {
    const { definition } = this.#options;
    this.now = first.at;
    this.#last = first;
    this.deeds.push({ do: 'message', message: first });
    this.#guard(() => {
      const { runner, events } = MachineRunner.create<unknown, M, E>(machineOf(definition, this.#version), first);
      this.#runner = runner;
      this.#raw = runner.snapshot;
      this.#look();
      this.#noted(first, null, null, { kind: 'applied', events });
    });
  }

  #goOn(): M | null {
    const { subject, seed } = this.#options;
    if (this.isClosed) return null;
    const scene = this.#scene();
    const random = randomOf(seed, this.#gone++);
    const saying = subject.goOn?.(scene, random, seed) ?? null;
    if (saying !== null) return this.#say(saying, false);
    if (scene.due === null) return null;
    return this.#say({ message: scene.due.message, afterMs: Math.max(0, scene.due.at - this.now) }, false);
  }

  #scene(): Scene<S, M> {
    return new PresentScene(this.#snapshot, this.now, this.#last, this.#options.definition);
  }

  #timed({ message, afterMs = 0, key }: Saying<M>): M {
    const timed = { ...message, at: this.now + Math.round(afterMs) };
    return (key === undefined ? timed : { ...timed, key }) as unknown as M;
  }

  #say(saying: Saying<M>, isDoubtful: boolean): M {
    const message = this.#timed(saying);
    this.#tell(message, isDoubtful);
    return message;
  }

  /** @param isDoubtful whether it may be such as the schema turns away */
  #tell(message: M, isDoubtful: boolean): void {
    if (this.broken !== null) return;
    const { definition, coverage } = this.#options;
    this.deeds.push({ do: 'message', message });
    if (isDoubtful && !isLetIn(definition.message, message)) {
      this.turnedAway++;
      return;
    }
    this.now = Math.max(this.now, message.at);
    this.#last = message;
    const before = this.#snapshot;
    const rawBefore = this.#raw;
    const leaf = this.#leaf;
    this.#guard(() => {
      const counted = this.#version === definition.version ? coverage : null;
      if (counted != null) counted.counting = true;
      const result = this.#runner.step(message);
      if (counted != null) counted.counting = false;
      this.#raw = this.#runner.snapshot;
      if (this.#raw.context !== rawBefore.context || this.#raw.value !== rawBefore.value) this.#look();
      counted?.step(leaf, message.type, result.kind === 'refused' ? result.reason : null, this.#leaf);
      this.#noted(message, before, rawBefore, result);
    });
  }

  #noted(
    message: M,
    before: RoomSnapshot<S> | null,
    rawBefore: RoomSnapshot<unknown> | null,
    result: StepResult<E>,
  ): void {
    const { definition, subject, coverage } = this.#options;
    const version = this.#version;
    seal(message);
    const bad = seal(this.#raw);
    if (bad !== null) {
      this.#breaks(PLAIN_STATE, `${bad} is no JSON`);
      return;
    }
    if (result.kind === 'applied') {
      seal(result.events);
      if (this.#isRemembered) this.applied.push({ message, events: result.events, version });
    }
    const step: Step<S, M, E> = {
      index: this.steps++,
      message,
      before,
      after: this.#snapshot,
      result: version === definition.version ? result : upcastResult(definition, result, version),
      version,
      raw: { before: rawBefore, after: this.#raw },
    };
    const deep = subject.depth?.(this.#snapshot) ?? 0;
    if (deep > this.depth) {
      this.depth = deep;
      coverage?.deep(deep);
    }
    const { index } = step;
    let looking = '';
    // One `try` for so many looks, and no closure for each.
    try {
      for (const { name, every, watch } of this.#stepped) {
        if (every !== 1 && index % every !== 0) continue;
        looking = name;
        const wrong = watch.step!(step);
        if (wrong === null) continue;
        this.#isWrong(name, wrong);
        return;
      }
    } catch (failure) {
      this.#lookThrew(looking, failure);
    }
  }

  #isWrong(name: string, wrong: string | Broken): void {
    this.brokenBy ??= name;
    if (typeof wrong === 'string') this.#breaks(name, wrong);
    else this.#breaks(wrong.promise, wrong.message);
  }

  #lookThrew(name: string, failure: unknown): void {
    // A copy of the room may meet the message that breaks it before the room itself does.
    const thrown = failure instanceof Error && failure.message === MACHINE_THREW;
    this.brokenBy ??= name;
    if (thrown) this.#breaks(NEVER_THROWS, textOf(failure));
    else this.#breaks(name, `looking at it threw: ${textOf(failure)}`);
  }

  #breaks(promise: string, message: string): void {
    this.broken ??= { promise, message };
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (failure) {
      this.#breaks(NEVER_THROWS, textOf(failure));
    }
  }

  #look(): void {
    const { definition } = this.#options;
    const isCurrent = this.#version === definition.version;
    this.#snapshot = isCurrent ? (this.#raw as RoomSnapshot<S>) : upcastSnapshot(definition, this.#raw, this.#version);
    this.#leaf = leafOf(this.#raw.value);
  }
}

class PresentScene<S, M extends Message> implements Scene<S, M> {
  readonly snapshot: RoomSnapshot<S>;
  readonly now: number;
  readonly last: M;
  readonly #definition: Pick<RoomDefinition<S, M, never, unknown>, 'deadline'>;

  constructor(
    snapshot: RoomSnapshot<S>,
    now: number,
    last: M,
    definition: Pick<RoomDefinition<S, M, never, unknown>, 'deadline'>,
  ) {
    this.snapshot = snapshot;
    this.now = now;
    this.last = last;
    this.#definition = definition;
  }

  /** Not everybody asks, and it takes a while to find out. */
  get due(): Scene<S, M>['due'] {
    return this.#definition.deadline(this.snapshot);
  }
}

/** Whoever sends anything else is turned away at the door; no room ever hears of it. */
function isLetIn(schema: Schema<Message>, message: Message): boolean {
  try {
    schema.parse(message);
    return true;
  } catch {
    return false; // a schema says no by throwing
  }
}

function upcastResult<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  result: StepResult<E>,
  version: number,
): StepResult<E> {
  if (result.kind === 'refused') return result;
  return { kind: 'applied', events: result.events.map((event) => upcastEvent(definition, event, version)) };
}

function textOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const why = failure.cause instanceof Error ? `: ${failure.cause.message}` : '';
  return `${failure.message}${why}`;
}
