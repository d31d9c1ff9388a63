import { describe, expect, test } from 'vitest';
import { isRecord } from '../../src/client/frame.js';
import { type Got, type Line, loadRecording, type Members, scenarioNames } from './recording.js';
import { REWRITE_RULES, type RewriteRule } from './rewrite-rules.js';
import { playScenario } from './scenario.js';

/*
 * Goal: what the existing system was recorded to send is what our server sends, but for what the specification rules
 * otherwise. Method: each recording is rewritten by the table of rules and then played against a whole server under
 * the virtual clock; each connection must hear its lines, in their order, with their members, types and values.
 */

function rulesFor(scenario: string): readonly RewriteRule[] {
  return REWRITE_RULES.filter(({ scenarios }) => scenarios.includes(scenario));
}

/** Frames and ends of connections that are compared, and pauses of the server's own making that are measured. */
const COMPARED: Readonly<Record<string, readonly [frames: number, pauses: number]>> = {
  'connection-killers': [36, 0],
  'duplicate-message-ids': [40, 7],
  'full-game-one-human': [174, 58],
  'host-leaves-room': [55, 0],
  'invalid-actions-in-game': [91, 2],
  'invalid-envelopes': [101, 0],
  'late-client-ready': [21, 0],
  'lobby-list-create-join': [27, 0],
  'rate-limits': [190, 0],
  'reconnect-in-declaration': [121, 27],
  'redeal-accept': [65, 3],
  'redeal-no-answer': [22, 3],
  'room-seats-and-permissions': [34, 0],
  'two-humans-reconnect': [138, 31],
  'unknown-room': [15, 0],
};

describe.for(scenarioNames())('%s', (scenario) => {
  test('every connection hears what was recorded, but for the rules', async () => {
    const { differences, uses, frames, pauses } = await playScenario(scenario, rulesFor(scenario));
    expect(differences).toEqual([]);
    expect(Object.entries(uses).filter(([, count]) => count === 0)).toEqual([]);
    expect([frames, pauses]).toEqual(COMPARED[scenario]);
  });

  test('each rule that names it is needed', async () => {
    const idle: string[] = [];
    for (const rule of rulesFor(scenario)) {
      const others = rulesFor(scenario).filter((other) => other !== rule);
      const { differences } = await playScenario(scenario, others);
      if (differences.length === 0) idle.push(rule.id);
    }
    expect(idle).toEqual([]);
  });

  test('no rule changes the type of a member that the frontend reads', () => {
    const recorded = loadRecording(scenario);
    const lines = loadRecording(scenario);
    // Rules may move a line, and take a copy for it; its data stays the same object.
    const originals = new Map(
      lines.flatMap((line, index) => (line.kind === 'gets' ? [[line.data, recorded[index]!]] : [])),
    );
    for (const { rewrite } of rulesFor(scenario)) rewrite?.(lines);
    const changed = lines.filter(isGot).flatMap((line) => {
      const original = originals.get(line.data);
      return original?.kind === 'gets' && original.event === line.event ? changedTypes(original, line) : [];
    });
    expect(changed).toEqual([]);
  });
});

test('every rule names a ruling', () => {
  const item =
    /^(protocol\.md (7\.1\.17|7\.2\.\d+|7\.4|8|5\.2)|design\.md 9)(, (rules\.md )?(D\d+|[A-Z][A-Za-z ]+))*$|^rules\.md D\d+$/;
  expect(REWRITE_RULES.filter((rule) => !item.test(rule.item)).map(({ id }) => id)).toEqual([]);
  expect(new Set(REWRITE_RULES.map(({ id }) => id)).size).toBe(REWRITE_RULES.length);
});

test('an unknown room answers as recorded; only reply ids are new', () => {
  expect(rulesFor('unknown-room').map(({ id }) => id)).toEqual(['reply id']);
});

test('no rule changes an error of the lobby', () => {
  const scenario = 'lobby-list-create-join';
  const lines = loadRecording(scenario);
  for (const { rewrite } of rulesFor(scenario)) rewrite?.(lines);
  expect(errorsOf(lines)).toEqual(errorsOf(loadRecording(scenario)));
  expect(errorsOf(lines)).toHaveLength(2);
});

test('of the malformed messages only true as a number is answered in other words', () => {
  const scenario = 'invalid-envelopes';
  const lines = loadRecording(scenario);
  for (const { rewrite } of rulesFor(scenario)) rewrite?.(lines);
  const known = new Set(errorsOf(loadRecording(scenario)).map((data) => JSON.stringify(data)));
  const answers = errorsOf(lines);
  expect(answers.filter((data) => !known.has(JSON.stringify(data)))).toEqual([]);
  expect(answers.length - errorsOf(loadRecording(scenario)).length).toBe(1); // in the lobby there was no answer to it
});

function isGot(line: Line): line is Got {
  return line.kind === 'gets';
}

function errorsOf(lines: readonly Line[]): Members[] {
  return lines.filter(isGot).flatMap(({ event, data }) => (event === 'error' ? [data] : []));
}

/** The members marked [FE] in protocol.md 4, by event; a number stands for any index. */
const FRONTEND_READS: Readonly<Record<string, RegExp>> = {
  room_list_update:
    /^rooms(\.\d+(\.(room_id|host_name|started|occupied_slots|total_slots|players(\.\d+(\.(name|is_bot))?)?))?)?$/,
  room_created: /^room_id$/,
  room_joined: /^room_id$/,
  room_update: /^players(\.\d+(\.(name|is_bot|is_host|avatar_color))?)?$/,
  room_not_found: /^(message|suggestion)$/,
  phase_change: new RegExp(
    `^(${[
      'phase|round|phase_data|players',
      'players\\.[^.]+(\\.(hand_size|is_bot|avatar_color|zero_declares_in_a_row|declared|captured_piles|score))?',
      'phase_data\\.(dealing_cards|redeal_multiplier|simultaneous_mode|weak_players_awaiting|decisions_(received|needed))',
      'phase_data\\.(current_starter|starter_reason)',
      'phase_data\\.(declaration_order|current_declarer|declaration_total|declarations(\\.[^.]+)?)',
      'phase_data\\.(turn_order|current_turn_starter|current_player|required_piece_count|current_turn_number)',
      'phase_data\\.(pile_counts(\\.[^.]+)?|turn_plays(\\.[^.]+(\\.(pieces|play_type|play_value|is_valid))?)?)',
      'phase_data\\.((round_scores|total_scores|final_rankings)(\\..+)?|scoring_players_data(\\.\\d+(\\.name)?)?)',
      'phase_data\\.(game_complete|winners|game_stats\\.(total_rounds|game_duration))',
    ].join('|')})$`,
  ),
  turn_complete:
    /^(winner|winning_play(\.type)?|(player_piles|turn_players_data)(\..+)?|turn_number|next_starter|all_hands_empty|will_continue)$/,
  player_disconnected: /^(player_name|is_bot)$/,
  player_reconnected: /^player_name$/,
  host_changed: /^new_host$/,
  error: /^message$/,
  pong: /^timestamp$/,
};

function changedTypes(original: Got, rewritten: Got): string[] {
  const reads = FRONTEND_READS[original.event];
  if (reads === undefined) return [];
  const after = new Map(typesIn(rewritten.data));
  return typesIn(original.data)
    .filter(([path, type]) => reads.test(path) && type !== 'null' && ![type, 'null'].includes(after.get(path) ?? ''))
    .map(([path, type]) => `${original.event} ${path} was ${type} and is ${after.get(path) ?? 'missing'}`);
}

/** `[path, type]` of all members, also of members of members. */
function typesIn(value: unknown, path = ''): (readonly [string, string])[] {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const members = isRecord(value) || Array.isArray(value) ? Object.entries(value) : [];
  const below = members.flatMap(([key, member]) => typesIn(member, path === '' ? key : `${path}.${key}`));
  return path === '' ? below : [[path, type], ...below];
}
