import { readFileSync } from 'node:fs';
import type { Browser, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seriousFindings } from '../support/accessibility.js';
import { PlayPage, startBrowser } from '../support/browser.js';
import { describeNeeding } from '../support/needs.js';
import { ServerProcess } from '../support/server-process.js';

/*
 * Goal: in every phase the page says within one sentence what the game waits for and for whom, why a play is not
 * possible, and can be used by everybody. Method: the page is served by the server and fed with recorded and made frames,
 * so that each situation is there for certain.
 */

const CODE = 'ABCDEF';
const NAME = 'Solo';
const RECORDED = new URL('../../../shared/transcripts/full-game-one-human.jsonl', import.meta.url);

interface Frame {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const PLAYERS = [NAME, 'Bot 2', 'Gio', 'Bot 4'];
const WEAK = ['CHARIOT_RED(8)', 'HORSE_RED(6)', 'HORSE_BLACK(5)', 'CANNON_RED(4)', 'SOLDIER_RED(2)', 'SOLDIER_RED(2)'];

function phase(name: string, phaseData: object, hand: readonly string[] = WEAK): Frame {
  const players = PLAYERS.map((player, seat) => [
    player,
    {
      is_bot: seat % 2 === 1,
      avatar_color: seat % 2 === 1 ? null : 'blue',
      ...(seat === 0 && { hand }),
      hand_size: hand.length,
      zero_declares_in_a_row: seat === 0 ? 2 : 0,
      declared: 1,
      captured_piles: 0,
      score: -3,
    },
  ]);
  return {
    event: 'phase_change',
    data: { phase: name, phase_data: phaseData, players: Object.fromEntries(players), round: 3 },
  };
}

const asked = (weak: readonly string[], more: object = {}) =>
  phase('preparation', {
    dealing_cards: false,
    redeal_multiplier: 1,
    weak_players: weak,
    weak_players_awaiting: weak,
    ...more,
  });

const declaring = (declarer: string, declarations: Readonly<Record<string, number>>) =>
  phase('declaration', {
    declaration_order: ['Bot 2', 'Gio', 'Bot 4', NAME],
    current_declarer: declarer,
    declarations,
    declaration_total: Object.values(declarations).reduce((sum, value) => sum + value, 0),
  });

const turn = (player: string, required: number | null, plays: object = {}) =>
  phase('turn', {
    current_turn_number: 1,
    current_turn_starter: 'Gio',
    current_player: player,
    turn_order: ['Gio', 'Bot 4', NAME, 'Bot 2'],
    required_piece_count: required,
    turn_plays: plays,
    turn_complete: false,
  });

const LED = { Gio: { pieces: ['HORSE_BLACK(5)', 'HORSE_BLACK(5)'], play_type: 'PAIR' } };

/** What the page waits for, beside what the tests send. */
const ANSWERS: Readonly<Record<string, Frame>> = {
  client_ready: { event: 'room_state_update', data: { slots: {}, host_name: NAME } },
  decline_redeal: { event: 'error', data: { type: 'action_rejected', message: 'You have answered already.' } },
};

describeNeeding('chromium', 'each screen of the game', (chromium) => {
  let browser: Browser;
  let server: ServerProcess;
  let person: PlayPage;
  let socket: WebSocketRoute;
  const send = (frame: Frame): void => socket.send(JSON.stringify(frame));
  const status = () => person.page.getByTestId('status');

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(chromium), ServerProcess.start()]);
    person = await PlayPage.open(browser, server.url);
    const { page } = person;
    const opened = new Promise<void>((resolve) => {
      void page.routeWebSocket('**/ws/*', (route) => {
        socket = route;
        route.onMessage((text) => {
          const { event, id } = JSON.parse(String(text)) as { readonly event: string; readonly id: string };
          const answer = ANSWERS[event];
          if (answer !== undefined) send({ ...answer, data: { ...answer.data, in_reply_to: id } });
        });
        resolve();
      });
    });
    await page.route('**/api/fairness/*', (route) =>
      route.fulfill({ json: { room_id: 'r', code: CODE, commitment: '3f9a41c2'.repeat(8), seed: null } }),
    );
    await page.evaluate(`sessionStorage.setItem('play', '${JSON.stringify({ name: NAME, roomId: CODE })}')`);
    await page.goto(`${server.url}/play?room=${CODE}`);
    await opened;
  });
  afterAll(async () => {
    await browser.close();
    await server.dispose();
  });

  test('a weak hand is a question with a countdown, to its owner and to those who wait', async () => {
    send(asked([NAME, 'Gio']));
    await status().getByText('Your hand is weak').waitFor();
    expect(await person.page.getByTestId('countdown').textContent()).toMatch(/^(30|29) s$/);
    await person.click('redeal-decline');
    expect(await person.page.getByTestId('refusal').textContent()).toBe('You have answered already.');
    send(asked(['Gio'], { timeout_warning: true, seconds_remaining: 10 }));
    await status().getByText('Waiting for Gio').waitFor();
    expect(await person.page.getByTestId('countdown').textContent()).toMatch(/^(10|9) s$/);
    expect(await seriousFindings(person.page, 'weak hand')).toEqual([]);
  });

  test('values that may not be declared say why', async () => {
    send(declaring(NAME, { 'Bot 2': 3, Gio: 2, 'Bot 4': 1 }));
    await status().getByText('Your turn').waitFor();
    expect(await person.page.getByTestId('barred').textContent()).toContain('0 is barred: not a third 0 in a row.');
    expect(await person.page.getByTestId('barred').textContent()).toContain('2 is barred: the total may not be 8.');
    expect(await person.page.locator('[data-testid^=declare-]:disabled').allTextContents()).toEqual(['0', '2']);
    expect(await seriousFindings(person.page, 'declaration')).toEqual([]);
  });

  test('a play that is not possible says why, and one that is what would come of it', async () => {
    const verdict = async (...pieces: readonly number[]): Promise<string | null> => {
      const chosen = person.page.locator('[data-testid^=hand-][aria-pressed=true]');
      while ((await chosen.count()) > 0) await chosen.first().click();
      for (const piece of pieces) await person.page.getByTestId(`hand-${piece}`).click();
      return person.page.getByTestId('verdict').textContent();
    };
    send(turn(NAME, null));
    await status().getByText('Your turn: lead with 1 to 6 pieces').waitFor();
    expect(await verdict(0, 1)).toBe('These pieces form no type, and the leader needs one.');
    expect(await verdict(0, 1, 3)).toBe('Straight, strength 18: allowed.');
    send(turn(NAME, 2, LED));
    await status().getByText('Your turn: play 2 pieces').waitFor();
    expect(await verdict(0)).toBe('Select exactly 2 pieces; 1 selected.');
    expect(await verdict(0, 1)).toBe('No type: allowed, but another type, so it cannot win.');
    expect(await verdict(4, 5)).toBe('Pair, strength 4: allowed, but not strong enough to win.');
    expect(await seriousFindings(person.page, 'turn')).toEqual([]);
    send(turn('Bot 4', 2, LED));
    await status().getByText('Waiting for Bot 4 to play 2 pieces.').waitFor();
  });

  test('what was missed is told on return', async () => {
    const missed = {
      event_type: 'turn_complete',
      data: { turn_number: 4, winner: 'Gio', winning_play: { type: 'PAIR', pilesWon: 2 } },
    };
    const scored = (name: string) => [
      name,
      { declared: 1, actual: 1, base_score: 6, multiplier: 1, final_score: 6, total_score: 3 },
    ];
    const scores = {
      phase: 'scoring',
      round: 2,
      phase_data: { round_scores: Object.fromEntries(PLAYERS.map(scored)) },
    };
    send({ event: 'queued_messages', data: { messages: [missed, { event_type: 'phase_change', data: scores }] } });
    await person.page.getByTestId('missed').getByText('Gio wins 2 piles with Pair').waitFor();
    expect(await person.page.locator('[data-testid=score-sheet] tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/^2\+6/) as string,
    ]);
    expect(await seriousFindings(person.page, 'missed')).toEqual([]);
    await person.click('missed-close');
    await person.page.getByTestId('missed').waitFor({ state: 'detached' });
  });

  test('a recorded game passes without a jump, on a phone, and without a serious finding', async () => {
    const { page } = person;
    await page.setViewportSize({ width: 360, height: 740 });
    const seen = new Set<string>();
    let place: string | null = null;
    for (const line of readFileSync(RECORDED, 'utf8').split('\n')) {
      if (line === '') continue;
      const { dir, conn, msg } = JSON.parse(line) as { dir: string; conn: string; msg: Partial<Frame> };
      if (dir !== 's>c' || msg.event === undefined || conn.endsWith('/lobby')) continue;
      send(msg as Frame);
      const shown = String(msg.event === 'phase_change' ? msg.data!['phase'] : msg.event);
      if (!['phase_change', 'turn_complete'].includes(msg.event) || seen.has(shown)) continue;
      seen.add(shown);
      const screen = msg.event === 'turn_complete' ? '[data-testid=turn-result]' : `[data-phase=${shown}]`;
      await page.locator(screen).first().waitFor();
      expect([shown, await status().textContent()]).toEqual([shown, expect.stringMatching(/\S/)]);
      const box = await status().evaluate((element) => {
        const { offsetTop, offsetHeight } = element as unknown as Readonly<Record<string, number>>;
        return [offsetTop, offsetHeight].join();
      });
      expect([shown, box]).toEqual([shown, place ?? box]);
      place = box;
      expect([shown, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([shown, true]);
      expect(await seriousFindings(page, shown)).toEqual([]);
    }
    const phases = [
      'preparation',
      'round_start',
      'declaration',
      'turn',
      'turn_complete',
      'turn_results',
      'scoring',
      'game_over',
    ];
    expect([...seen].sort()).toEqual(phases.sort());
    expect(person.faults).toEqual([]);
  });
});
