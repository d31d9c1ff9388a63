import { expect, test } from 'vitest';
import { SIMPLE_BOTS, SLOW_BOTS, STEADY, Table, TWO_WEAK } from '../support/table.js';
import { at, type Data, WireClient } from '../support/wire-client.js';

/*
 * Goal: while the disk is away nobody is told of anything that is not saved, everybody is told to try again, and the
 * game goes on where it stood. Method: the simulated disk fails, stands still and forgets under a running game.
 */

const AWAY: Data = { type: 'temporarily_unavailable', retryable: true };

/** Makes every write fail from now on, and opens the breaker. */
async function loseStore(table: Table): Promise<void> {
  table.sim.engine.failNext(1_000_000, 'SQLITE_IOERR');
  while (table.sim.server.writer.available) await table.declare(0, 1);
}

test('store away: moves are refused as temporarily unavailable, reads go on, and health is red', async () => {
  const table = await Table.declaring({ humans: 2 });
  const entries = table.entries.length;
  await loseStore(table);
  expect(table.sim.server.health().ready).toBe(false);
  for (let count = 0; count < 3; count++) expect((await table.declare(0, 1)).data).toMatchObject(AWAY);
  expect((await table.host.call('get_room_state')).event).toBe('room_update');
  expect((await table.lobby.call('get_rooms')).event).toBe('room_list_update');
  expect((await table.lobby.call('create_room', { player_name: 'Mona' })).data).toMatchObject(AWAY);
  expect(table.entries).toHaveLength(entries);
  expect(table.host.isOpen).toBe(true);
});

test('store away: once the disk is back the same move is taken, and the game ends its round', async () => {
  const table = await Table.declaring({ humans: 4 });
  await loseStore(table);
  table.sim.engine.failNext(0, '');
  await table.advance(2_500);
  expect(table.sim.server.writer.available).toBe(true);
  await table.roundOf(7, 0, 1, 1);
  await table.toPhase('scoring');
  expect(at(table.phaseData, 'total_scores')).toEqual({ Hana: 12, Gio: 3, Mona: 6, Nils: -1 });
});

test('store away: every move is either acknowledged and kept, or refused and gone, whatever fails in between', async () => {
  const table = await Table.playing({ seed: 'either-or' });
  const acknowledged: string[] = [];
  for (let turn = 1; turn <= 8; turn++) {
    await table.until(() => table.phaseData['current_turn_number'] === turn);
    for (const seat of [0, 1, 2, 3]) {
      for (let attempt = 0; ; attempt++) {
        if ((turn + seat + attempt) % 3 === 0) table.sim.engine.failNext(1, 'SQLITE_BUSY');
        if ((turn + seat + attempt) % 5 === 0) table.sim.engine.loseNextAnswer('notCommitted');
        if ((turn + seat + attempt) % 7 === 0) table.sim.engine.loseNextAnswer('committed');
        const id = `move-${turn}-${seat}`;
        const person = table.person(seat);
        const data = { player_name: ['Hana', 'Gio', 'Mona', 'Nils'][seat], piece_indices: [0] };
        const answer = await person.call('play', data, id);
        if (answer.event === 'phase_change') {
          acknowledged.push(id);
          break;
        }
        expect(answer.data).toMatchObject(AWAY);
        expect(attempt).toBeLessThan(10);
        await table.advance(1_500);
      }
    }
  }
  expect(acknowledged).toHaveLength(32);
  await table.sim.crash();
  const played = table.entries.filter(({ message }) => (JSON.parse(message) as { type: string }).type === 'play');
  expect(played).toHaveLength(32);
});

test('store away: a lost answer to a commit that was made is no loss: the move is acknowledged', async () => {
  const table = await Table.declaring({ humans: 2 });
  const entries = table.entries.length;
  table.sim.engine.loseNextAnswer('committed');
  expect((await table.declare(0, 1)).event).toBe('phase_change');
  expect(table.entries).toHaveLength(entries + 1);
});

test('store away: players clocks stand still: the redeal limit is shifted by the outage', async () => {
  const table = await Table.open({ humans: 2, deals: [TWO_WEAK], bots: SLOW_BOTS });
  await table.start();
  await table.advance(2_010);
  await table.advance(10_000);
  table.sim.engine.failNext(1_000_000, 'SQLITE_IOERR');
  for (let count = 0; count < 3; count++) {
    expect((await table.host.call('accept_redeal', { player_name: 'Hana' })).data).toMatchObject(AWAY);
  }
  expect(table.sim.server.writer.available).toBe(false);
  const lostAt = table.sim.clock.nowMs();
  await table.advance(25_000); // the limit of 30 s passes meanwhile
  expect(table.host.phase).toMatchObject({ phase: 'preparation' });
  table.sim.engine.failNext(0, '');
  await table.until(() => table.sim.server.writer.available);
  const outage = table.sim.clock.nowMs() - lostAt;
  table.host.mark();
  await table.advance(17_000);
  expect(table.host.phase).toMatchObject({ phase: 'preparation' });
  expect((await table.view()).game!.redeal!.limitAt).toBeGreaterThan(lostAt + 17_000 + outage);
  await table.advance(4_000);
  expect(table.host.phase).toMatchObject({ phase: 'round_start' }); // 10 s before, 20 s after
});

test('store away: a bot and a pause that fell due meanwhile go on when the disk is back', async () => {
  const table = await Table.declaring({ humans: 3, bots: SIMPLE_BOTS });
  for (const seat of [0, 1, 2]) await table.declare(seat, 1);
  await table.toPhase('turn');
  for (const seat of [0, 1, 2]) await table.play(seat, 0);
  table.sim.engine.failNext(1_000_000, 'SQLITE_IOERR');
  await table.advance(20_000);
  expect(Object.keys(at(table.phaseData, 'turn_plays'))).toEqual(['Hana', 'Gio', 'Mona']);
  table.sim.engine.failNext(0, '');
  await table.until(() => table.phaseData['current_turn_number'] === 2, 20_000);
});

test('store away: a disk that stands still delays the answer and nothing else', async () => {
  const table = await Table.declaring({ humans: 2 });
  table.sim.engine.stall();
  const id = table.host.send('declare', { player_name: 'Hana', value: 1 });
  await table.advance(5_000);
  const spectator = await WireClient.open(table.sim, table.code);
  spectator.send('ping');
  await table.settle();
  expect(spectator.events).toEqual(['pong']);
  table.sim.engine.resume();
  await table.settle();
  expect(table.host.last('phase_change').data).toMatchObject({ in_reply_to: id });
});

test('store away: the news of an absent player is told again until the room can take it', async () => {
  const table = await Table.playing();
  await table.advance(5_000);
  table.person(3).cut();
  await table.advance(2_500);
  table.sim.engine.failNext(1_000_000, 'SQLITE_IOERR');
  await table.advance(10_000);
  expect(table.host.events).not.toContain('player_disconnected');
  table.sim.engine.failNext(0, '');
  await table.advance(4_000);
  expect(table.host.all('player_disconnected').map(({ data }) => data['player_name'])).toEqual(['Nils']);
});

test('lobby: changes are told at most once in 250 ms, and the last one is told', async () => {
  const table = await Table.open({ deals: [STEADY] });
  const watcher = await WireClient.open(table.sim, 'lobby');
  const times: number[] = [];
  for (let count = 0; count < 40; count++) {
    await table.host.call(count % 2 === 0 ? 'remove_player' : 'add_bot', { slot_id: 2 });
    await table.advance(23);
    while (times.length < watcher.all('room_list_update').length) times.push(table.sim.clock.elapsedMs());
  }
  expect(times.length).toBeGreaterThan(2);
  expect(times.length).toBeLessThanOrEqual(Math.ceil((40 * 27) / 250) + 1);
  await table.host.call('remove_player', { slot_id: 3 });
  await table.advance(300);
  expect(watcher.last('room_list_update').data['rooms']).toMatchObject([{ occupied_slots: 3 }]);
});

test('lobby: the list holds 200 rooms, joinable ones first, each group by creation', async () => {
  const table = await Table.open();
  const lobby = await WireClient.open(table.sim, 'lobby');
  const codes = [table.code];
  for (let count = 1; count < 205; count++) {
    codes.push(String((await lobby.call('create_room', { player_name: 'Gio' })).data['room_id']));
  }
  for (const room of [3, 150]) {
    const host = await WireClient.open(table.sim, codes[room]!, lobby.session);
    await host.call('client_ready', { player_name: 'Gio' });
    await host.call('remove_player', { slot_id: 2 });
  }
  const list = (await lobby.call('get_rooms')).data['rooms'] as { room_id: string }[];
  const full = codes.filter((_, index) => index !== 3 && index !== 150);
  expect(list.map(({ room_id }) => room_id)).toEqual([codes[3], codes[150], ...full].slice(0, 200));
});
