import { expect, test } from 'vitest';
import { Account } from './account.js';
import type { Frame } from './frame.js';
import { recordGame } from './recorded-game.js';

test('tells a whole game: deal, declarations, turns, scores, ranking', async () => {
  const account = new Account('Hana');
  const lines = (await recordGame()).flatMap((frame) => account.lines(frame));
  expect(lines.slice(0, 2)).toEqual([
    'Round 1: Hana, Gio, Bot 3, Bot 4',
    expect.stringMatching(/^ {2}Hana holds( \w+\(\d+\)){8}$/),
  ]);
  const text = lines.join('\n');
  expect(text).toMatch(/^ {2}\w.* starts: holds the red general$/m);
  expect(text).toMatch(/^ {2}Gio declares \d$/m);
  expect(text).toMatch(/^ {2}Turn 1: .* leads \w+\(\d+\).* \([A-Z_0-9]+\)$/m);
  expect(text).toMatch(/^ {2}Turn 1: .* wins \d piles?$/m);
  expect(text).toMatch(/^ {2}Hana declared \d, made \d: [+-]\d+, now \d+$/m);
  expect(text).toMatch(/^ {2}Weak hands: \w.*$/m);
  expect(text).toMatch(/^ {2}Dealt again: points count 2 times$/m);
  expect(text).toMatch(/^Game over after 3 rounds, won by [\w ]+$/m);
  expect(lines.at(-4)).toMatch(/^ {2}1\. /);
});

test('tells nothing twice, whatever is sent again after a reconnect', async () => {
  const account = new Account('Hana');
  const frames = await recordGame();
  const once = frames.flatMap((frame) => account.lines(frame));
  const doubled = new Account('Hana');
  expect(frames.flatMap((frame) => [...doubled.lines(frame), ...doubled.lines(frame)])).toEqual(once);
});

test.each<[Frame, string[]]>([
  [{ event: 'player_disconnected', data: { player_name: 'Gio' } }, ['  Gio is away, a bot plays on']],
  [{ event: 'player_reconnected', data: { player_name: 'Gio' } }, ['  Gio is back']],
  [{ event: 'host_changed', data: { new_host: 'Gio' } }, ['  Gio is the host now']],
  [{ event: 'room_closed', data: { reason: 'host_left' } }, ['The room was closed: host_left']],
  [{ event: 'pong', data: {} }, []],
])('tells %j', (frame, lines) => {
  expect(new Account('Hana').lines(frame)).toEqual(lines);
});
