// Goal: no promise is kept by looking away. Method: a real game is watched, one of its steps is broken by hand, and the
// promise must say so; about the same step unbroken it says nothing. A list at the end demands that none is left out.
import { describe, expect, test } from 'vitest';
import type { LiapTui } from '../actors/room/liap-tui.js';
import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import { type Game, gameOf, type RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import type { Piece } from '../src/game/pieces.js';
import { promisesOf } from './fuzz-room.js';
import { leafOf } from './leaf.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import { BY_THE_RULES } from './model/oracle.js';
import { RoomRun } from './room-run.js';
import { type Applied, type Broken, type Invariant, invariant, type Step } from './subject.js';

type LiapStep = Step<RoomState, RoomMessage, RoomEvent>;
type LiapInvariant = Invariant<RoomState, RoomMessage, RoomEvent, RoomView>;

const PROMISES = promisesOf(liapTuiSubject);
const definition = fuzzedLiapTui();

/** Every step of a room that was played for a while, by its seed, and what was applied. */
function watched(seed: number, version: number | null = null) {
  const steps: LiapStep[] = [];
  const recorder: LiapInvariant = invariant('recorder', (step) => (steps.push(step), null));
  const run = new RoomRun({
    definition,
    subject: liapTuiSubject,
    invariants: [recorder],
    seed,
    version,
    thorough: true,
  });
  for (let index = 0; index < 40; index++) {
    run.perform({ kind: 'goOn', steps: 6 });
    run.perform({ kind: 'say', what: 'somebody plays anything', pick: index });
  }
  expect(run.broken).toBeNull();
  return { steps, applied: run.applied, snapshot: run.snapshot, version: run.version };
}

const SEED = 21;
const life = watched(SEED);

const inGame =
  (change: (game: Game) => Partial<Game>) =>
  (step: LiapStep): LiapStep => {
    const { context } = step.after;
    const game = gameOf(context);
    return { ...step, after: { ...step.after, context: { ...context, game: { ...game, ...change(game) } } } };
  };

const inState =
  (change: Partial<RoomState>) =>
  (step: LiapStep): LiapStep => ({
    ...step,
    after: { ...step.after, context: { ...step.after.context, ...change } },
  });

const told =
  (change: (events: readonly RoomEvent[]) => readonly RoomEvent[]) =>
  (step: LiapStep): LiapStep => ({
    ...step,
    result: step.result.kind === 'applied' ? { kind: 'applied', events: change(step.result.events) } : step.result,
  });

const leafIs = (leaf: string) => (step: LiapStep) =>
  step.result.kind === 'applied' && leafOf(step.after.value) === leaf;
const refused = ({ result }: LiapStep) => result.kind === 'refused';
const first = (hands: Game['hands'], pieces: readonly Piece[]): Game['hands'] => [pieces, hands[1], hands[2], hands[3]];

/** A person is to declare. */
const offers = ({ after: { context } }: LiapStep) =>
  context.awaiting?.what === 'declaration' && context.seats[context.awaiting.seats[0]!]?.kind === 'person';

interface Case {
  readonly promise: string;
  readonly says?: string; // where it speaks for another one
  readonly at: (step: LiapStep) => boolean;
  readonly broken: (step: LiapStep) => LiapStep;
  readonly by?: LiapTui; // a definition that is broken instead
  readonly name: string;
}

const by = (change: Partial<LiapTui>): LiapTui => ({ ...definition, ...change });
const same = (step: LiapStep): LiapStep => step;

const CASES: readonly Case[] = [
  {
    name: 'a refusal that moves the clock',
    promise: 'a refused message changes nothing',
    at: refused,
    broken: (step) => ({
      ...step,
      raw: { ...step.raw, after: { ...step.raw.after, context: { ...step.after.context, activeAt: 1 } } },
    }),
  },
  {
    name: 'a reason nobody knows',
    promise: 'a refusal has a known reason and says why in words',
    at: refused,
    broken: (step) => ({ ...step, result: { kind: 'refused', reason: 'moody', sentence: 'No.' } }),
  },
  {
    name: 'a refusal without words',
    promise: 'a refusal has a known reason and says why in words',
    at: refused,
    broken: (step) => ({ ...step, result: { kind: 'refused', reason: 'notHost', sentence: ' ' } }),
  },
  {
    name: 'an event without a type',
    promise: 'events fit their schema',
    at: leafIs('playing.declaration'),
    broken: told(() => [{} as RoomEvent]),
  },
  {
    name: 'a closed room that takes a message',
    promise: 'a closed room takes nothing and has no deadline',
    at: leafIs('playing.scoring'),
    broken: same,
    by: by({ isClosed: () => true, deadline: () => null }),
  },
  {
    name: 'a closed room that rings',
    promise: 'a closed room takes nothing and has no deadline',
    at: leafIs('playing.scoring'),
    broken: (step) => ({ ...step, before: null }),
    by: by({ isClosed: () => true }),
  },
  {
    name: 'a deadline for a timer that the state does not know',
    promise: 'what a deadline announces is taken when it is due, and not before',
    at: leafIs('playing.turn.shown'),
    broken: same,
    by: by({ deadline: () => ({ at: 2e12, message: { type: 'timer', timer: 'redealWarning' } }) }),
  },
  {
    name: 'a deadline that is late by a second',
    promise: 'what a deadline announces is taken when it is due, and not before',
    at: leafIs('playing.turn.shown'),
    broken: same,
    by: by({
      deadline(snapshot) {
        const due = definition.deadline(snapshot);
        return due && { ...due, at: due.at + 1_000 };
      },
    }),
  },
  {
    name: 'an outage that moves the clocks twice as far',
    promise: 'an outage moves the deadline by its length',
    at: leafIs('playing.turn.shown'),
    broken: same,
    by: by({ resumed: (outageMs) => ({ type: 'resumed', outageMs: outageMs * 2 }) }),
  },
  {
    name: 'a live state that is not what its saved one leads to',
    promise: 'a room restored from its saved state goes on as the live one',
    at: leafIs('playing.turn.playing'),
    broken: (step) => ({
      ...step,
      raw: { ...step.raw, after: { ...step.raw.after, context: { ...step.after.context, code: 'FFFFFF' } } },
    }),
  },
  {
    name: 'a piece that vanishes',
    promise: 'pieces are conserved',
    at: leafIs('playing.declaration'),
    broken: inGame(({ hands }) => ({ hands: first(hands, hands[0].slice(1)) })),
  },
  {
    name: 'a second general',
    promise: 'each piece has one holder',
    at: leafIs('playing.declaration'),
    broken: inGame(({ hands }) => ({ hands: first(hands, ['GENERAL_RED', 'GENERAL_RED', ...hands[0].slice(2)]) })),
  },
  {
    name: 'a play out of order',
    promise: 'plays follow one another in the order of seats',
    at: leafIs('playing.turn.revealing'),
    broken: inGame(({ turn }) => ({ turn: turn && { ...turn, plays: [...turn.plays].reverse() } })),
  },
  {
    name: 'declarations that make eight',
    promise: 'declarations are whole, never make eight, and no third zero',
    at: leafIs('playing.turn.playing'),
    broken: inGame(() => ({ declarations: [2, 2, 2, 2] })),
  },
  {
    name: 'a third zero',
    promise: 'declarations are whole, never make eight, and no third zero',
    at: leafIs('playing.turn.playing'),
    broken: inGame(() => ({ zeroStreaks: [0, 3, 0, 0] })),
  },
  {
    name: 'a score that nobody made',
    promise: 'scores are what declarations and piles make of them',
    at: leafIs('playing.scoring'),
    broken: inGame(({ scores }) => ({ scores: [scores[0] + 1, scores[1], scores[2], scores[3]] })),
  },
  {
    name: 'an empty seat at the table',
    promise: 'a running game has four at the table',
    at: leafIs('playing.declaration'),
    broken: inState({ seats: [null, null, null, null] }),
  },
  {
    name: 'a pause without an end',
    promise: 'a room that waits for nobody has a deadline',
    at: leafIs('playing.turn.shown'),
    broken: inState({ pauseEndsAt: null, awaiting: null, emptySince: null }),
  },
  {
    name: 'a view with every hand',
    promise: 'a view tells nobody a foreign hand, a session or the seed',
    at: leafIs('playing.declaration'),
    broken: same,
    by: by({ view: (snapshot) => definition.view(snapshot, 'operator') }),
  },
  {
    name: 'a view with sessions',
    promise: 'a view tells nobody a foreign hand, a session or the seed',
    at: leafIs('playing.declaration'),
    broken: same,
    by: by({
      view: (snapshot, viewer) => ({
        ...definition.view(snapshot, viewer),
        seats: definition.view(snapshot, 'router').seats,
      }),
    }),
  },
  {
    name: 'a view that offers a number too many',
    promise: 'a view says what is so, and offers what the room takes',
    at: (step) => leafIs('playing.declaration')(step) && offers(step),
    broken: same,
    by: by({
      view(snapshot, viewer) {
        const view = definition.view(snapshot, viewer);
        return { ...view, game: view.game && { ...view.game, declareOptions: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } };
      },
    }),
  },
  {
    name: 'a view with another host',
    promise: 'a view says what is so, and offers what the room takes',
    at: leafIs('playing.declaration'),
    broken: same,
    by: by({ view: (snapshot, viewer) => ({ ...definition.view(snapshot, viewer), host: 3 }) }),
  },
  {
    name: 'a message with every hand',
    promise: 'what is sent tells nobody a foreign hand, a session or the seed',
    at: leafIs('playing.declaration'),
    broken: same,
    by: by({
      view: (snapshot) => {
        const view = definition.view(snapshot, 'operator');
        const names = gameOf(snapshot.context).hands.flat().join();
        return { ...view, seats: [{ ...view.seats[0]!, name: names }, view.seats[1], view.seats[2], view.seats[3]] };
      },
    }),
  },
  {
    name: 'a redacted message with its session',
    promise: 'a redacted message or event tells no session, no key and no seed',
    at: ({ message }) => message.type === 'join' || message.type === 'connect',
    broken: same,
    by: by({ redact: (each) => each }),
  },
  {
    name: 'a message taken that the rules refuse',
    promise: BY_THE_RULES.model,
    says: BY_THE_RULES.taken,
    at: refused,
    broken: (step) => ({ ...step, result: { kind: 'applied', events: [] } }),
  },
  {
    name: 'a message refused that the rules allow',
    promise: BY_THE_RULES.model,
    says: BY_THE_RULES.taken,
    at: leafIs('playing.turn.playing'),
    broken: (step) => ({ ...step, result: { kind: 'refused', reason: 'notYourTurn', sentence: 'No.' } }),
  },
  {
    name: 'another winner of a turn',
    promise: BY_THE_RULES.model,
    says: BY_THE_RULES.events,
    at: leafIs('playing.turn.shown'),
    broken: told((events) =>
      events.map((event) => (event.type === 'turnWon' ? { ...event, winner: event.winner === 0 ? 1 : 0 } : event)),
    ),
  },
  {
    name: 'a multiplier out of nowhere',
    promise: BY_THE_RULES.model,
    says: BY_THE_RULES.state,
    at: leafIs('playing.declaration'),
    broken: inGame(({ multiplier }) => ({ multiplier: multiplier + 1 })),
  },
  {
    name: 'a pause that ends too early',
    promise: BY_THE_RULES.model,
    says: BY_THE_RULES.due,
    at: (step) => leafIs('playing.turn.shown')(step) && step.index % 5 === 0,
    broken: same,
    by: by({
      deadline(snapshot) {
        const due = definition.deadline(snapshot);
        return due && { ...due, at: due.at - 1 };
      },
    }),
  },
];

/** What the promise says about the life up to the step, and about the step. */
function verdictAbout(promise: string, steps: readonly LiapStep[], last: LiapStep, by_: LiapTui): Broken | null {
  const { name, watch } = PROMISES.find((each) => each.name === promise)!;
  const sound = watch(definition);
  const suspected = watch(by_);
  const before = steps.slice(
    0,
    steps.findIndex(({ index }) => index === last.index),
  );
  for (const step of before) {
    expect(sound.step!(step)).toBeNull();
    if (by_ === definition) suspected.step!(step);
    else if (promise === BY_THE_RULES.model) suspected.step!({ ...step, index: step.index * 5 + 1 }); // no deadlines yet
  }
  const wrong = suspected.step!(last);
  return typeof wrong === 'string' ? { promise: name, message: wrong } : wrong;
}

describe.each(CASES)('$name', ({ promise, says = promise, at, broken, by: by_ = definition }) => {
  const step = life.steps.find((each) => each.before !== null && at(each))!;

  test(`breaks the promise: ${says}`, () => {
    expect(step).toBeDefined();
    expect(verdictAbout(promise, life.steps, broken(step), by_)?.promise).toBe(says);
  });

  test('and it is kept otherwise', () => {
    expect(verdictAbout(promise, life.steps, step, definition)).toBeNull();
  });
});

describe('promises about a whole life', () => {
  const ended = (promise: string, applied: readonly Applied<RoomMessage, RoomEvent>[]) =>
    PROMISES.find(({ name }) => name === promise)!.watch(definition).end!({ ...life, applied });
  const REPLAY = 'replaying the messages gives the same events and the same state';

  test('a replay with another event, or to another state, is seen', () => {
    const { applied } = life;
    expect(ended(REPLAY, applied)).toBeNull();
    const last = applied.length - 1;
    expect(ended(REPLAY, applied.with(last, { ...applied[last]!, events: [] }))).toMatch(/events/);
    expect(ended(REPLAY, applied.slice(0, last))).not.toBeNull();
  });

  test('rows that depend on more than the states are seen', () => {
    const ROWS = PROMISES.find(({ name }) => name === 'rows follow from the state alone')!;
    const judge = (by_: LiapTui) => {
      const watch = ROWS.watch(by_);
      for (const step of life.steps) watch.step!(step);
      return watch.end!(life);
    };
    expect(judge(definition)).toBeNull();
    const forgetful = by({
      rows: (roomId, before, after, message) =>
        message?.type === 'startGame' ? [] : definition.rows(roomId, before, after, message),
    });
    expect(() => judge(forgetful)).toThrow(/lacks a member/);
    const early = by({
      rows(roomId, before, after, message) {
        const rows = definition.rows(roomId, before, after, message);
        return message === null ? rows.filter(({ table }) => table !== 'games') : rows;
      },
    });
    expect(judge(early)).toMatch(/games/);
  });

  test('an upgraded room that goes on otherwise is seen', () => {
    const UPGRADE = PROMISES.find(
      ({ name }) => name === 'a room upgraded to the current version goes on as the old one',
    )!;
    const old = watched(SEED, 1).steps;
    const judge = (change: (step: LiapStep) => LiapStep) => {
      const watch = UPGRADE.watch(definition);
      return old.map((step) => watch.step!(change(step))).filter((wrong) => wrong !== null).length;
    };
    expect(judge(same)).toBe(0);
    expect(judge(inState({ code: 'FFFFFF' }))).toBeGreaterThan(100);
  });

  test('bots that decide otherwise are seen', () => {
    const { watch } = PROMISES.find(({ name }) => name === BY_THE_RULES.model)!;
    const oracle = watch(definition);
    const decisions = life.steps.map((step) => {
      if (step.message.type !== 'botTimer' || step.result.kind === 'refused') return oracle.step!(step);
      const changed = told((events) =>
        events.map((event) => (event.type === 'declared' ? { ...event, value: (event.value % 7) + 1 } : event)),
      )(step);
      return oracle.step!({ ...changed, index: 0 });
    });
    expect(decisions.find((wrong) => wrong !== null)).toMatchObject({ promise: BY_THE_RULES.bots });
  });
});

test('every promise has been broken above', () => {
  const broken = new Set([
    ...CASES.map(({ promise }) => promise),
    'replaying the messages gives the same events and the same state',
    'rows follow from the state alone',
    'a room upgraded to the current version goes on as the old one',
  ]);
  expect(PROMISES.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
});
