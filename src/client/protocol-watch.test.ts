import { beforeAll, expect, test } from 'vitest';
import type { Frame } from './frame.js';
import { ProtocolWatch } from './protocol-watch.js';
import { recordGame } from './recorded-game.js';

// Method: one clean game is recorded, one thing in it is changed, and the watch must name that thing. The first test
// makes sure that it has nothing to say about the game as it was.

let recorded: Frame[] = [];
beforeAll(async () => {
  recorded = await recordGame();
});

function watchAs(ownName: string | undefined): ProtocolWatch {
  const watch = new ProtocolWatch({ ownName, isOwnId: (id) => id.startsWith('m') });
  watch.seated();
  return watch;
}

function see(frames: readonly Frame[]): string[] {
  const watch = watchAs('Hana');
  for (const frame of frames) watch.see(JSON.stringify(frame));
  return watch.violations.map(({ sentence }) => sentence);
}

function isPhase(phase: string, when: (data: Frame['data']) => boolean = () => true): (frame: Frame) => boolean {
  return ({ event, data }) => event === 'phase_change' && data['phase'] === phase && when(at(data, 'phase_data'));
}

/** A turn in which so many have played. */
function turnAfter(plays: number): (frame: Frame) => boolean {
  return isPhase('turn', (data) => Object.keys(at(data, 'turn_plays')).length === plays);
}

function declarationAfter(declarations: number): (frame: Frame) => boolean {
  return isPhase('declaration', (data) => Object.keys(at(data, 'declarations')).length === declarations);
}

function isEvent(event: string): (frame: Frame) => boolean {
  return (frame) => frame.event === event;
}

/** The member at a path such as `players.Hana.hand`. */
function at(data: unknown, path: string): Record<string, unknown> {
  let value = data;
  for (const key of path === '' ? [] : path.split('.')) value = (value as Record<string, unknown>)[key];
  return value as Record<string, unknown>;
}

/** What a member is changed to; `DELETED` takes it away, a function is given what it was. */
type Change = unknown;
const DELETED = Symbol('deleted');
const PLUS_1: Change = (before: number) => before + 1;
const REVERSED: Change = (before: unknown[]) => before.toReversed();

/** The game with its first fitting frame changed, up to and including that frame. */
function tampered(fits: (frame: Frame) => boolean, ...changes: (readonly [path: string, change: Change])[]): Frame[] {
  const index = recorded.findIndex(fits);
  expect(index).toBeGreaterThanOrEqual(0);
  const frames = structuredClone(recorded.slice(0, index + 1));
  for (const [path, change] of changes) {
    const owner = at(frames[index]!.data, path.split('.').slice(0, -1).join('.'));
    const key = path.split('.').at(-1)!;
    if (change === DELETED) Reflect.deleteProperty(owner, key);
    else owner[key] = typeof change === 'function' ? (change as (before: unknown) => unknown)(owner[key]) : change;
  }
  return frames;
}

test('finds nothing in a clean game of several rounds with a redeal', () => {
  expect(recorded.filter(isPhase('scoring')).length).toBeGreaterThan(2);
  expect(recorded.filter(isPhase('preparation', (data) => data['redeal_multiplier'] === 2)).length).toBeGreaterThan(0);
  expect(see(recorded)).toEqual([]);
});

test.each([
  ['[1]', 'a message cannot be read: it is not an object'],
  ['no json', 'a message cannot be read: it is not JSON'],
  ['{"data":{}}', 'a message cannot be read: its event is not a string'],
  ['{"event":"pong"}', 'a message cannot be read: the data of pong is not an object'],
  ['{"event":"pong","data":{},"sequence":4}', 'pong has the top-level members sequence'],
  ['{"event":"round_complete","data":{}}', 'round_complete must never be sent'],
  ['{"event":"pong","data":{"in_reply_to":"x1"}}', 'pong answers x1, a message of somebody else'],
  ['{"event":"error","data":{"type":"x"}}', 'error has no message'],
  ['{"event":"x","data":{"room":{"seed":"0af3"}}}', 'a seed is shown at .room'],
  ['{"event":"x","data":{"list":[{"hand":["SOLDIER_RED"]}]}}', 'a piece is shown at .list.hand'],
  ['{"event":"room_update","data":{"players":[null]}}', 'room_update does not have four seats'],
  [
    '{"event":"room_update","data":{"players":[{"name":"A"},null,{"name":"A"},null]}}',
    'room_update seats a name twice: A, A',
  ],
])('%s: %s', (text, sentence) => {
  const watch = watchAs('Hana');
  watch.see(text);
  expect(watch.violations).toEqual([{ sentence, frame: text }]);
});

test('finds the hand of somebody else, and any hand before the eyes of a spectator', () => {
  const foreign = tampered(isPhase('declaration'), ['players.Gio.hand', ['GENERAL_RED(14)']]);
  expect(see(foreign)).toEqual(['a piece is shown at .players.Gio.hand']);

  const spectator = watchAs(undefined);
  spectator.see(JSON.stringify(recorded.find(isPhase('declaration'))));
  expect(spectator.violations[0]?.sentence).toBe('a piece is shown at .players.Hana.hand');
});

const lies: [string, (frame: Frame) => boolean, ...(readonly [string, Change])[]][] = [
  [
    'phase_change is malformed: phase_data.required_piece_count: Invalid input: expected number, received undefined',
    isPhase('turn'),
    ['phase_data.required_piece_count', DELETED],
  ],
  [
    'phase_change is malformed: players.Gio.avatar_color: Invalid input: expected string, received undefined',
    isPhase('turn'),
    ['players.Gio.avatar_color', DELETED],
  ],
  ['the round went from 1 to 2 between preparation and round_start', isPhase('round_start'), ['round', 2]],
  [
    'turn has the players Gio, Bot 3, Bot 4, not Hana, Gio, Bot 3, Bot 4 in this order',
    isPhase('turn'),
    ['players.Hana', DELETED],
  ],
  [
    'turn has the players Gio, Hana, Bot 3, Bot 4, not Hana, Gio, Bot 3, Bot 4 in this order',
    isPhase('turn'),
    ['players', ({ Hana, Gio, ...bots }: Record<string, unknown>) => ({ Gio, Hana, ...bots })],
  ],
  ['the entry of Gio is named Mona', isPhase('turn'), ['players.Gio.name', 'Mona']],
  ['declaration lacks the own hand', isPhase('declaration'), ['players.Hana.hand', DELETED]],
  ['own hand of 8 pieces with hand_size 7', isPhase('declaration'), ['players.Hana.hand_size', 7]],
  ['own hand holds SOLDIER_RED(3)', isPhase('round_start'), ['players.Hana.hand.0', 'SOLDIER_RED(3)']],
  ['own hand became', isPhase('turn'), ['players.Hana.hand', REVERSED]],
  ['hand sizes in declaration: Hana 8, Gio 7, Bot 3 8, Bot 4 8', isPhase('declaration'), ['players.Gio.hand_size', 7]],
  ['hand sizes in turn do not fit the plays', turnAfter(2), ['players.Gio.hand_size', 3]],
  ['hand sizes in turn_results', isPhase('turn_results'), ['players.Gio.hand_size', 1]],
  [
    'hand sizes in preparation',
    isPhase('preparation', (data) => data['dealing_cards'] === false),
    ['players.Gio.hand_size', 0],
  ],
  ['current_starter is Mona, who is not at the table', isPhase('round_start'), ['phase_data.current_starter', 'Mona']],
  ['falls back to the default starter', isPhase('round_start'), ['phase_data.starter_reason', 'default']],
  ['declaration_order is', isPhase('declaration'), ['phase_data.declaration_order', REVERSED]],
  ['declaration_total 9, but they add up to', declarationAfter(2), ['phase_data.declaration_total', 9]],
  [
    'the four declarations add up to 8',
    declarationAfter(4),
    [
      'phase_data.declarations',
      (before: Record<string, number>) => Object.fromEntries(Object.keys(before).map((name) => [name, 2])),
    ],
    ['phase_data.declaration_total', 8],
  ],
  ['current_declarer nobody, but it is for', isPhase('declaration'), ['phase_data.current_declarer', null]],
  ['allowed_values are 0, 8, not 0, 1', isPhase('declaration'), ['phase_data.allowed_values', [0, 8]]],
  ['turn_order is', isPhase('turn'), ['phase_data.turn_order', REVERSED]],
  ['required_piece_count 2 after 0 plays', isPhase('turn'), ['phase_data.required_piece_count', 2]],
  ['pieces, required 6', turnAfter(1), ['phase_data.required_piece_count', 6]],
  ['turn_complete is true after 0 plays', isPhase('turn'), ['phase_data.turn_complete', true]],
  ['current_player Mona, but it is for', isPhase('turn'), ['phase_data.current_player', 'Mona']],
  ['more than 8 piles in one round', isPhase('turn'), ['phase_data.pile_counts.Gio', 9]],
  ['turn 1 with 0 plays was followed by turn 2 with 1', turnAfter(1), ['phase_data.current_turn_number', 2]],
  ['turn_complete is malformed: winner', isEvent('turn_complete'), ['winner', DELETED]],
  ['but Mona starts next', isEvent('turn_complete'), ['next_starter', 'Mona']],
  ['turn_complete for turn 5', isEvent('turn_complete'), ['turn_number', 5]],
  ['turn_complete says all_hands_empty', isEvent('turn_complete'), ['all_hands_empty', (before: boolean) => !before]],
  ['gets 0 piles for', isEvent('turn_complete'), ['player_piles', {}]],
  ['turn_players_data are not the four players', isEvent('turn_complete'), ['turn_players_data', REVERSED]],
  ['scoring is not about the four players', isPhase('scoring'), ['phase_data.round_scores.Gio', DELETED]],
  ['Gio declared', isPhase('scoring'), ['phase_data.round_scores.Gio.final_score', PLUS_1]],
  ['scoring shows two totals of Gio', isPhase('scoring'), ['phase_data.total_scores.Gio', PLUS_1]],
  [
    'Gio had 40, got',
    isPhase('scoring'),
    ['phase_data.round_scores.Gio.total_score', PLUS_1],
    ['phase_data.total_scores.Gio', PLUS_1],
  ],
  ['game_complete is true with', isPhase('scoring'), ['phase_data.game_complete', true]],
  ['winners are Gio, not', isPhase('scoring'), ['phase_data.winners', ['Gio']]],
  ['do not have the ranks 1 to 4', isPhase('game_over'), ['phase_data.final_rankings.1.rank', 1]],
  ['final_rankings are not sorted by score', isPhase('game_over'), ['phase_data.final_rankings.3.score', 90]],
  ['final_rankings are not the four players', isPhase('game_over'), ['phase_data.final_rankings.3.name', 'Mona']],
  ['winners are Mona, not', isPhase('game_over'), ['phase_data.winners', ['Mona']]],
  ['total_rounds 77 in round', isPhase('game_over'), ['phase_data.game_stats.total_rounds', 77]],
];

test.each(lies)('finds that %s', (sentence, fits, ...changes) => {
  expect(see(tampered(fits, ...changes)).join('\n')).toContain(sentence);
});

test('finds a phase out of order', () => {
  const skipped = recorded.filter((frame) => !isPhase('round_start')(frame));
  expect(see(skipped)[0]).toBe('the phase went from preparation to declaration');
});

test('finds a play that is missing between two messages, but allows for a gap between two connections', () => {
  const one = recorded.find(turnAfter(1))!;
  const three = recorded.find(turnAfter(3))!;
  expect(see([one, three])).toEqual(['turn 1 with 1 plays was followed by turn 1 with 3']);

  const watch = watchAs('Hana');
  watch.see(JSON.stringify(one));
  watch.gap();
  watch.see(JSON.stringify(three));
  expect(watch.violations).toEqual([]);
});

test('finds a round that goes back, over a gap too', () => {
  const watch = watchAs('Hana');
  watch.see(JSON.stringify(recorded.findLast(isPhase('declaration'))));
  watch.gap();
  watch.see(JSON.stringify(recorded.find(isPhase('declaration'))));
  expect(watch.violations[0]?.sentence).toMatch(/^the round went back from \d+ to 1$/);
});

test('lets an answer show an older state only where its message was really sent again', () => {
  const answer = (frame: Frame): string =>
    JSON.stringify({ ...frame, data: { ...frame.data, in_reply_to: 'm1' } satisfies Frame['data'] });
  const older = [
    recorded.find(declarationAfter(4))!,
    recorded.find(turnAfter(4))!,
    recorded.find(isEvent('turn_complete'))!,
  ];
  const seen = (repeated: readonly string[], newest: Frame): string[] => {
    const isRepeat = (id: string): boolean => repeated.includes(id);
    const watch = new ProtocolWatch({ ownName: 'Hana', isOwnId: () => true, isRepeat });
    watch.seated();
    for (const frame of [JSON.stringify(newest), ...older.map(answer), JSON.stringify(newest)]) watch.see(frame);
    return watch.violations.map(({ sentence }) => sentence);
  };
  const laterRound = recorded.findLast(turnAfter(4))!;
  expect(seen(['m1'], laterRound)).toEqual([]);
  expect(seen(['m2'], laterRound)[0]).toMatch(/^the round went back from \d+ to 1$/);
  const sameRound = recorded.findLast((frame) => turnAfter(4)(frame) && frame.data['round'] === 1)!;
  expect(seen(['m1'], sameRound)).toEqual([]);
  expect(seen(['m2'], sameRound)[0]).toBe('the phase went from turn to declaration');
});

test('judges an older state by itself all the same', () => {
  const lie = tampered(turnAfter(2), ['players.Gio.hand_size', 3]).at(-1)!;
  const watch = new ProtocolWatch({ ownName: 'Hana', isOwnId: () => true, isRepeat: () => true });
  watch.see(JSON.stringify(recorded.findLast(isPhase('declaration'))));
  watch.see(JSON.stringify({ ...lie, data: { ...lie.data, in_reply_to: 'm1' } }));
  expect(watch.violations.map(({ sentence }) => sentence).join()).toContain('hand sizes in turn do not fit the plays');
});

test('asks for the own hand only once the server knows whose connection it is', () => {
  const frame = tampered(isPhase('declaration'), ['players.Hana.hand', DELETED]).at(-1);
  const watch = watchAs('Hana');
  watch.gap();
  watch.see(JSON.stringify(frame));
  expect(watch.violations).toEqual([]);
});

test('keeps a limited number of violations', () => {
  const watch = watchAs('Hana');
  for (let number = 0; number < 1000; number++) watch.see('x');
  expect(watch.violations).toHaveLength(100);
});
