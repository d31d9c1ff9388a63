import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { wirePiece } from './wire-piece.js';
import { Player, type PlayerEnd, type PlayerOptions } from './player.js';
import { RoomClient } from './room-client.js';
import { ScriptedServer, type ReceivedMessage } from './scripted-server.js';
import { Session } from './session.js';
import type { Strategy } from './strategy.js';

interface Table {
  readonly clock: SimulatedClock;
  readonly server: ScriptedServer;
  readonly client: RoomClient;
  readonly player: Player;
  readonly end: { now: PlayerEnd | undefined };
}

const firstChoice: Strategy = {
  declare: ({ options }) => options[0]!,
  play: ({ requiredCount }) => Array.from({ length: requiredCount ?? 1 }, (_, index) => index),
  acceptsRedeal: () => true,
};
const HAND = [
  'SOLDIER_RED',
  'SOLDIER_BLACK',
  'GENERAL_RED',
  'HORSE_RED',
  'HORSE_RED',
  'CANNON_RED',
  'CANNON_BLACK',
  'ADVISOR_RED',
] as const;
const ORDER = ['Hana', 'Gio', 'Bot 3', 'Bot 4'];

/** Hana at a table whose server says only what the test makes it say; she thinks for 100 ms. */
async function sitDown(options: Partial<PlayerOptions> = {}): Promise<Table> {
  const clock = new SimulatedClock();
  // Every connection is introduced at once.
  const server = new ScriptedServer({
    clock,
    onConnection: (connection) => {
      connection.onMessage = ({ event, id }) => {
        if (event === 'client_ready') connection.send('room_state_update', { slots: {}, in_reply_to: id });
      };
    },
  });
  let ids = 0;
  const client = new RoomClient({
    roomId: 'ABC123',
    playerName: 'Hana',
    connect: server.connect,
    clock,
    random: () => 1,
    newId: () => `m${++ids}`,
    session: new Session(),
  });
  client.open();
  const settings = { name: 'Hana', strategy: firstChoice, clock, random: () => 1, thinkMs: () => 100, ...options };
  const player = new Player(client, settings);
  const end: Table['end'] = { now: undefined };
  void player.finished.then((value) => {
    end.now = value;
  });
  await clock.advance(10);
  return { clock, server, client, player, end };
}

function phaseChange(
  phase: string,
  phaseData: Record<string, unknown>,
  hand: readonly (typeof HAND)[number][] = HAND,
): Record<string, unknown> {
  const player = (name: string) => ({
    name,
    is_bot: name.startsWith('Bot'),
    avatar_color: null,
    ...(name === 'Hana' ? { hand: hand.map(wirePiece) } : {}),
    hand_size: name === 'Hana' ? hand.length : 8,
    zero_declares_in_a_row: 0,
    declared: 0,
    captured_piles: 0,
    score: 0,
  });
  return {
    phase,
    round: 1,
    phase_data: phaseData,
    players: Object.fromEntries(ORDER.map((name) => [name, player(name)])),
  };
}

function declaration(declarations: Record<string, number>): Record<string, unknown> {
  const made = Object.values(declarations);
  return phaseChange('declaration', {
    declaration_order: ORDER,
    declarations,
    declaration_total: made.reduce((sum, value) => sum + value, 0),
    current_declarer: ORDER[made.length] ?? null,
  });
}

function turn(
  plays: Record<string, string[]>,
  hand = HAND as readonly (typeof HAND)[number][],
): Record<string, unknown> {
  const turn_plays = Object.entries(plays).map(([name, pieces]) => [
    name,
    { pieces, play_type: 'SINGLE', play_value: 1 },
  ]);
  return phaseChange(
    'turn',
    {
      current_turn_starter: 'Hana',
      current_player: ORDER[turn_plays.length],
      turn_order: ORDER,
      required_piece_count: turn_plays.length === 0 ? null : 1,
      turn_plays: Object.fromEntries(turn_plays) as unknown,
      turn_complete: false,
      current_turn_number: 1,
      pile_counts: {},
    },
    hand,
  );
}

/** Lets the player think and its message arrive. */
async function think({ clock, server }: Table): Promise<ReceivedMessage | undefined> {
  await clock.advance(101);
  const last = server.last.received.at(-1);
  return last?.event === 'client_ready' ? undefined : last;
}

async function say({ clock, server }: Table, event: string, data: Record<string, unknown>): Promise<void> {
  server.last.send(event, data);
  await clock.advance(1);
}

test('declares after its thinking time, and records the acknowledged action', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({}));
  await table.clock.advance(99);
  expect(table.server.last.received).toHaveLength(1);
  const sent = await think(table);
  expect(sent).toMatchObject({ event: 'declare', data: { value: 0, player_name: 'Hana' }, id: 'm2' });

  await say(table, 'phase_change', { ...declaration({ Hana: 0 }), in_reply_to: 'm2' });
  expect(table.player.actions).toMatchObject([
    { id: 'm2', event: 'declare', data: { value: 0 }, round: 1, outcome: { kind: 'applied', id: 'm2' } },
  ]);
  expect(table.player.violations).toEqual([]);
});

test('plays positions of its own hand, and compares the table with them', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', turn({}));
  expect(await think(table)).toMatchObject({
    event: 'play',
    data: { piece_indices: [0], player_name: 'Hana', play_value: 2 },
  });
  await say(table, 'phase_change', { ...turn({ Hana: ['HORSE_RED(6)'] }, HAND.slice(1)), in_reply_to: 'm2' });
  expect(table.player.violations.map(({ sentence }) => sentence)).toEqual([
    'played SOLDIER_RED(2), but the table shows HORSE_RED(6)',
  ]);
  expect(() => table.player.assertNoViolations()).toThrow('Hana saw 1 violations, first: played SOLDIER_RED(2)');
});

test('answers a redeal once, even when the acknowledgement comes before the table shows it', async () => {
  const table = await sitDown();
  const asked = phaseChange('preparation', {
    dealing_cards: false,
    redeal_multiplier: 1,
    weak_players_awaiting: ['Hana', 'Gio'],
  });
  await say(table, 'phase_change', asked);
  expect(await think(table)).toMatchObject({ event: 'accept_redeal', data: { player_name: 'Hana' } });
  await say(table, 'redeal_response_success', { choice: 'accept', in_reply_to: 'm2' });
  await say(table, 'phase_change', asked);
  await table.clock.advance(5000);
  expect(table.server.last.received).toHaveLength(2);

  // Asked anew after the next deal.
  const again = { dealing_cards: false, redeal_multiplier: 2, weak_players_awaiting: ['Hana'] };
  await say(table, 'phase_change', phaseChange('preparation', again));
  expect(await think(table)).toMatchObject({ event: 'accept_redeal', id: 'm3' });
});

test('does nothing when others are to act, or when somebody has acted for it while it thought', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({ Hana: 0 }));
  await think(table);
  await say(table, 'phase_change', turn({}));
  await table.clock.advance(50);
  await say(table, 'phase_change', turn({ Hana: ['SOLDIER_RED(2)'] }, HAND.slice(1)));
  expect(await think(table)).toBeUndefined();
});

test('says nothing about a refusal when the table has moved on meanwhile', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({}));
  await think(table);
  await say(table, 'phase_change', declaration({ Hana: 1 }));
  await say(table, 'error', {
    message: 'Too late.',
    type: 'action_rejected',
    reason: 'notYourTurn',
    in_reply_to: 'm2',
  });
  expect(table.player.violations).toEqual([]);
  expect(table.player.actions).toMatchObject([{ outcome: { kind: 'refused', reason: 'notYourTurn' } }]);
});

test('reports refusals of what the table asks for, and tries three times at most', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({}));
  for (const id of ['m2', 'm3', 'm4']) {
    await think(table);
    await say(table, 'error', { message: 'No.', type: 'action_rejected', reason: 'wrongPhase', in_reply_to: id });
  }
  await table.clock.advance(5000);
  expect(table.server.last.received).toHaveLength(4);
  expect(table.player.violations.map(({ sentence }) => sentence)).toEqual(
    Array.from({ length: 3 }, () => 'declare {"value":0,"player_name":"Hana"} is refused: No.'),
  );
});

test('sends an action again under its id while the store is away', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({}));
  await think(table);
  await say(table, 'error', { message: 'Later.', type: 'temporarily_unavailable', retryable: true, in_reply_to: 'm2' });
  await table.clock.advance(300);
  expect(table.server.last.received.map(({ event, id }) => `${event} ${id}`)).toEqual([
    'client_ready m1',
    'declare m2',
    'declare m2',
  ]);
  await say(table, 'phase_change', { ...declaration({ Hana: 0 }), in_reply_to: 'm2' });
  expect(table.player.actions.map(({ outcome }) => outcome.kind)).toEqual(['refused', 'applied']);
});

test('reports a command that is never answered', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({}));
  await think(table);
  await table.clock.advance(60_000);
  expect(table.player.violations[0]?.sentence).toBe('declare m2 was never answered');
});

test('waits for its hand, which messages lack before the server knows whose connection it is', async () => {
  const table = await sitDown();
  const { players, ...rest } = declaration({}) as { players: Record<string, Record<string, unknown>> };
  const withoutHand = { ...players, Hana: { ...players['Hana'], hand: undefined } };
  await say(table, 'phase_change', { ...rest, players: withoutHand });
  expect(await think(table)).toBeUndefined();
  await say(table, 'phase_change', declaration({}));
  expect(await think(table)).toMatchObject({ event: 'declare' });
  expect(table.player.violations.map(({ sentence }) => sentence)).toEqual(['declaration lacks the own hand']);
});

test('goes on with its action after a drop, and finds nothing wrong with the gap', async () => {
  const table = await sitDown();
  await say(table, 'phase_change', declaration({}));
  await think(table);
  table.server.last.close(1006);
  await table.clock.advance(500);
  expect(table.server.last.received.map(({ event, id }) => `${event} ${id}`)).toEqual([
    'client_ready m3',
    'declare m2',
  ]);
  await say(table, 'phase_change', { ...turn({ Hana: ['SOLDIER_RED(2)'] }, HAND.slice(1)), in_reply_to: 'm2' });
  expect(table.player.actions).toMatchObject([{ id: 'm2', outcome: { kind: 'applied' } }]);
  expect(table.player.violations).toEqual([]);
});

test('is finished at game_over, with the result', async () => {
  const table = await sitDown();
  const rankings = ORDER.map((name, index) => ({
    name,
    score: 50 - index,
    rank: index + 1,
    turns_won: 0,
    perfect_rounds: 0,
  }));
  const data = { final_rankings: rankings, game_stats: { total_rounds: 1, game_duration: '1 min' }, winners: ['Hana'] };
  await say(table, 'phase_change', phaseChange('game_over', data, []));
  expect(table.end.now).toMatchObject({ kind: 'gameOver', rounds: 1, winners: ['Hana'] });
});

test.each([
  [
    'the room is closed',
    { kind: 'roomClosed', reason: 'host_left' },
    (table: Table) => table.server.last.send('room_closed', { reason: 'host_left' }),
  ],
  [
    'the server sends it away',
    { kind: 'connectionEnded', end: { kind: 'closed', by: 'server', reason: 'bye' } },
    (table: Table) => table.server.last.close(1000, 'bye'),
  ],
  ['it is stopped', { kind: 'stopped' }, (table: Table) => table.player.stop()],
])('is finished when %s', async (_when, end, happen) => {
  const table = await sitDown();
  happen(table);
  await table.clock.advance(5);
  expect(table.end.now).toEqual(end);
});
