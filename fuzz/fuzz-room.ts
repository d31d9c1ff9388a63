import type { DomainEvent, Message, RoomDefinition } from '../actors/room-definition.js';
import { pick, type Random } from '../src/client/random.js';
import { below, mixed, randomOf } from './chance.js';
import { Coverage, type CoverageReport } from './coverage.js';
import { promisesOfEveryRoom } from './promises.js';
import { RoomRun } from './room-run.js';
import type { Act, Deed, Script } from './script.js';
import { shrink } from './shrink.js';
import type { Broken, Invariant, Subject } from './subject.js';

export interface FuzzOptions<S, M extends Message, E extends DomainEvent, V> extends Subject<S, M, E, V> {
  readonly seed?: number; // 1 by default; the same seed does the same, whatever the time
  readonly steps?: number; // messages given to the machine, about; 20,000 by default where no time is given either
  readonly timeMs?: number; // then no further room is begun
  readonly isWatched?: false; // looks at no promise: what it takes to say the messages
  readonly now?: () => number; // for `timeMs` and the figures only
  readonly progress?: (progress: FuzzProgress) => void; // after each room
}

export interface FuzzProgress {
  readonly steps: number;
  readonly rooms: number;
  readonly elapsedMs: number;
  readonly coverage: () => CoverageReport;
}

/** A broken promise, and the shortest way there that was found. */
export interface FuzzFailure extends Broken {
  readonly script: Script;
  readonly told: readonly (readonly object[])[]; // by act: the messages it came to
  readonly deeds: readonly Deed[]; // everything that was done, the message that makes the room first
  readonly version: number; // of the machine that began
  readonly foundAfter: number; // messages of all rooms
}

export interface FuzzReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly steps: number;
  readonly rooms: number;
  readonly turnedAway: number; // messages that no schema let in
  readonly elapsedMs: number;
  readonly coverage: CoverageReport;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failure: FuzzFailure | null;
}

const STEPS = 20_000;
/** Messages to one room: most rooms are short, so that there are many beginnings; some last for a whole game. */
const LENGTHS = [60, 150, 400, 400, 1_000, 3_000] as const;
const RUN_STEPS_MAX = 4;
/** A situation in which fewer of the acts are done is rare; so many of those are no going on. */
const RARE_ONE_OF = 80;
const RARE_UNREST = 0.9;
/** So often each proposal is made in each situation before chance alone decides, and how many acts go to that. */
const TRIES_WANTED = 12;
const NOVELTY = 0.3;

/**
 * Says everything that may be said to a room of this kind, and much that may not, and looks at its promises after each
 * message. Stops at the first that is broken, with the shortest script that breaks it.
 * @param definition with a machine of its own: its guards are counted in place
 */
export function fuzzRoom<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  options: FuzzOptions<S, M, E, V>,
): FuzzReport {
  const { seed = 1, timeMs, now = Date.now, progress } = options;
  const stepsMax = options.steps ?? (timeMs === undefined ? STEPS : Infinity);
  const invariants = options.isWatched === false ? [] : promisesOf(options);
  const coverage = new Coverage(definition.machine, options.reasons, options.unreachable);
  const drawer = new Drawer(options.proposals);
  const began = now();
  let steps = 0;
  let rooms = 0;
  let turnedAway = 0;
  let failure: FuzzFailure | null = null;
  while (failure === null && steps < stepsMax && (timeMs === undefined || now() - began < timeMs)) {
    const roomSeed = mixed(seed, rooms++);
    const { run, script } = oneRoom(definition, options, invariants, roomSeed, coverage, drawer);
    steps += run.steps;
    turnedAway += run.turnedAway;
    if (run.broken !== null) {
      failure = { ...shrunk(definition, options, invariants, script, run.broken), foundAfter: steps };
    }
    progress?.({ steps, rooms, elapsedMs: now() - began, coverage: () => coverage.report() });
  }
  return {
    ok: failure === null,
    seed,
    steps,
    rooms,
    turnedAway,
    elapsedMs: now() - began,
    coverage: coverage.report(),
    outcomes: coverage.outcomes,
    failure,
  };
}

/** All promises that a kind of room is watched for: those of every room, then its own. */
export function promisesOf<S, M extends Message, E extends DomainEvent, V>({
  reasons = [],
  comparable,
  invariants = [],
}: Subject<S, M, E, V>): readonly Invariant<S, M, E, V>[] {
  return [...promisesOfEveryRoom<S, M, E, V>(reasons, comparable), ...invariants];
}

/** Does again what a script says, with all promises looked at after each message. */
export function replayScript<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  subject: Subject<S, M, E, V>,
  script: Script,
): Performed {
  return perform(definition, subject, promisesOf(subject), script);
}

/** Does deeds again, exactly as they were done. */
export function replayDeeds<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  subject: Subject<S, M, E, V>,
  deeds: readonly Deed[],
  version: number,
): Broken | null {
  const [first, ...others] = deeds;
  if (first?.do !== 'message') throw new Error('A room begins with a message');
  const run = new RoomRun<S, M, E, V>({
    definition,
    subject,
    invariants: promisesOf(subject),
    seed: 0,
    version,
    thorough: true,
    first: first.message as M,
  });
  for (const deed of others) if (run.broken === null) run.redo(deed);
  if (run.broken === null) run.end();
  return run.broken;
}

function oneRoom<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  subject: Subject<S, M, E, V>,
  invariants: readonly Invariant<S, M, E, V>[],
  seed: number,
  coverage: Coverage,
  drawer: Drawer,
) {
  const random = randomOf(seed, -1);
  const version = beginningOf(definition, random);
  const length = LENGTHS[below(random, LENGTHS.length)]!;
  // Some rooms are left in peace for long, so that they come far; others are given no rest.
  const unrest = [0.01, 0.05, 0.3, 0.7][below(random, 4)]!;
  const run = new RoomRun({ definition, subject, invariants, seed, version, thorough: false, coverage });
  const acts: Act[] = [];
  let idle = 0;
  while (run.broken === null && run.steps + run.turnedAway < length && idle < 50) {
    const { situation } = run;
    const act = nextAct(
      random,
      drawer.isRare(situation) ? Math.max(unrest, RARE_UNREST) : unrest,
      run.version !== definition.version,
      () => drawer.draw(situation, random),
    );
    const before = run.steps + run.turnedAway;
    run.perform(act);
    acts.push(act);
    idle = run.steps + run.turnedAway === before || run.isClosed ? idle + 1 : 0;
  }
  if (run.broken === null) run.end();
  return { run, script: { seed, version, acts } };
}

/** Most rooms begin with the current machine, some with one before it. */
function beginningOf<S, M extends Message, E extends DomainEvent, V>(
  { previous }: RoomDefinition<S, M, E, V>,
  random: Random,
): number | null {
  const old = random() < 0.1 ? previous[below(random, previous.length)] : undefined;
  return old?.version ?? null;
}

function nextAct(random: Random, unrest: number, isOld: boolean, draw: () => string): Act {
  if (random() >= unrest) return { kind: 'goOn', steps: 1 + below(random, RUN_STEPS_MAX) };
  const rare = random();
  if (rare < 0.02) return { kind: 'restore' };
  if (rare < 0.12 && isOld) return { kind: 'upgrade' };
  return { kind: 'say', what: draw(), pick: below(random, 0x7fff_ffff) };
}

/** Draws the name of a proposal: one that this situation has hardly met, or by its weight. */
class Drawer {
  readonly #names: readonly string[];
  readonly #weights: readonly number[];
  readonly #sum: number;
  readonly #tries = new Map<string, number[]>(); // by situation
  readonly #acts = new Map<string, number>(); // by situation
  #allActs = 0;

  constructor(proposals: Readonly<Record<string, { readonly weight: number }>>) {
    this.#names = Object.keys(proposals);
    this.#weights = this.#names.map((name) => proposals[name]!.weight);
    this.#sum = this.#weights.reduce((total, weight) => total + weight, 0);
  }

  /** Whether few of the acts so far were done in this situation. Counts one more. */
  isRare(situation: string): boolean {
    const acts = (this.#acts.get(situation) ?? 0) + 1;
    this.#acts.set(situation, acts);
    return acts * RARE_ONE_OF < ++this.#allActs;
  }

  draw(situation: string, random: Random): string {
    const tries = this.#tries.get(situation) ?? this.#names.map(() => 0);
    this.#tries.set(situation, tries);
    const drawn = random() < NOVELTY ? this.#fresh(tries, random) : this.#any(random);
    tries[drawn]!++;
    return this.#names[drawn]!;
  }

  #fresh(tries: readonly number[], random: Random): number {
    const least = Math.min(...tries);
    if (least >= TRIES_WANTED) return this.#any(random);
    return pick(
      random,
      [...tries.keys()].filter((index) => tries[index] === least),
    );
  }

  #any(random: Random): number {
    let rest = random() * this.#sum;
    for (const [index, weight] of this.#weights.entries()) {
      rest -= weight;
      if (rest < 0) return index;
    }
    return this.#weights.length - 1;
  }
}

interface Performed {
  readonly broken: Broken | null;
  readonly brokenBy: string | null;
  readonly used: readonly Act[]; // until something broke
  readonly told: readonly (readonly object[])[];
  readonly deeds: readonly Deed[];
  readonly version: number;
}

function perform<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  subject: Subject<S, M, E, V>,
  invariants: readonly Invariant<S, M, E, V>[],
  { seed, version, acts }: Script,
): Performed {
  const run = new RoomRun<S, M, E, V>({ definition, subject, invariants, seed, version, thorough: true });
  const used: Act[] = [];
  const told: (readonly object[])[] = [];
  const begun = run.version;
  for (const act of acts) {
    if (run.broken !== null) break;
    const said = run.perform(act);
    // What there was no occasion for is no part of the story.
    if (said.length === 0 && (act.kind === 'say' || act.kind === 'goOn')) continue;
    used.push(act.kind === 'goOn' ? { kind: 'goOn', steps: said.length } : act);
    told.push(said);
  }
  if (run.broken === null) run.end();
  return { broken: run.broken, brokenBy: run.brokenBy, used, told, deeds: run.deeds, version: begun };
}

function shrunk<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  subject: Subject<S, M, E, V>,
  invariants: readonly Invariant<S, M, E, V>[],
  script: Script,
  { promise, message }: Broken,
): Omit<FuzzFailure, 'foundAfter'> {
  // Looked at after each message, another promise may be seen to break before the one that was noticed.
  const { broken: first, brokenBy } = perform(definition, subject, invariants, script);
  const seen = first?.promise ?? promise;
  // The invariant that saw it is enough from now on: all of them together take many times as long.
  const witnesses = invariants.filter(({ name }) => name === brokenBy);
  const short = shrink(script, (tried) => {
    const { broken, used } = perform(definition, subject, witnesses, tried);
    return broken?.promise === seen ? { used } : null;
  });
  const { broken, told, deeds, version } = perform(definition, subject, witnesses, short);
  return { promise: seen, message: broken?.message ?? message, script: short, told, deeds, version };
}
