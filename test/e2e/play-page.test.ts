import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { seriousFindings } from '../support/accessibility.js';
import { PlayPage, startBrowser } from '../support/browser.js';
import { describeNeeding } from '../support/needs.js';
import { ServerProcess } from '../support/server-process.js';

/** About 25 rounds of 50 moves; the machine may be busy. */
const GAME_LIMIT_MS = 200_000;

/* The pages as people use them: real server, real browser, mouse and keyboard. */
describeNeeding('chromium', 'the pages /play and /replay in a browser', (chromium) => {
  let browser: Browser;
  let server: ServerProcess;
  const people: PlayPage[] = [];
  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(chromium), ServerProcess.start()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.dispose();
  });
  afterEach(async () => {
    for (const person of people.splice(0)) await person.close();
  });

  async function visitor(path?: string): Promise<PlayPage> {
    const person = await PlayPage.open(browser, server.url, path);
    people.push(person);
    return person;
  }

  async function newcomer(name: string): Promise<PlayPage> {
    const person = await visitor();
    await person.enterName(name);
    return person;
  }

  test('two people and two bots play a whole game through a reload and a kill of the server, and look at it again', async () => {
    const hana = await newcomer('Hana');
    await hana.createRoom();
    await hana.click('remove-2');
    const commitment = await hana.page.locator('.whole').textContent();
    const link = await hana.page.getByTestId('invite-url').inputValue();
    const gio = await visitor(new URL(link).pathname + new URL(link).search);
    await gio.page.getByTestId('name-input').fill('Gio');
    await gio.page.keyboard.press('Enter');
    await hana.page.locator('[data-testid=seat-2][data-seat=human]').waitFor();
    await hana.click('start');

    await Promise.all([beginByMouse(hana.page), beginByKeyboard(gio.page)]);

    const before = await hana.hand();
    expect(before).not.toContain('');
    await hana.page.reload();
    await hana.page.getByTestId('hand-0').waitFor();
    expect(await hana.hand()).toEqual(before);

    // Both go on by clicks, over the kill and the new start on the same folder.
    await Promise.all([hana.playByItself(), gio.playByItself()]);
    await roundBegins(hana.page, 2);
    await server.kill();
    for (const { page } of [hana, gio]) await page.locator('[data-testid=status][data-waits=lost]').waitFor();
    await server.restart();
    for (const { page } of [hana, gio]) await page.locator('[data-testid=connection][data-connection=open]').waitFor();
    for (const { page } of [hana, gio])
      await page.locator('[data-phase=game_over]').waitFor({ timeout: GAME_LIMIT_MS });

    const rounds = await hana.page.locator('[data-testid=score-sheet] tbody tr').count();
    expect(rounds).toBeGreaterThan(1);
    expect(await hana.page.getByTestId('ranking').locator('tbody tr').count()).toBe(4);
    expect(await seriousFindings(hana.page, 'game over')).toEqual([]);

    await hana.click('replay-link');
    await hana.page.locator('[data-testid=fairness-check][data-result=fair]').waitFor();
    await hana.page.getByText('It is the commitment that this browser saw').waitFor();
    expect(await hana.page.getByTestId('full-commitment').textContent()).toBe(commitment);
    expect(await hana.page.locator('[data-testid=rounds] tbody tr').count()).toBe(rounds);
    expect(await hana.page.getByTestId('seat-2').locator('.open-hand .piece').count()).toBe(8); // somebody else's hand
    const first = await hana.page.getByTestId('step').textContent();
    await hana.page.keyboard.press('ArrowRight');
    expect(await hana.page.getByTestId('step').textContent()).not.toBe(first);
    await hana.page.keyboard.press('End');
    await hana.page.getByText(`Round ${rounds} is scored.`).waitFor();
    await hana.page.getByTestId('slider').fill('0');
    expect(await hana.page.getByTestId('step').textContent()).toBe(first);
    await hana.click('play-back');
    await hana.page.getByTestId('step').filter({ hasNotText: first! }).waitFor();
    expect(await seriousFindings(hana.page, 'replay')).toEqual([]);

    // Whoever gets the link sees the same; one whose answer was changed on the way sees that.
    const shared = new URL(await hana.page.getByTestId('share-url').inputValue()).pathname;
    const stranger = await visitor();
    await stranger.page.route('**/api/replay/*', async (route) => {
      const response = await route.fetch();
      const record = (await response.json()) as { rounds: { deals: { hands: string[][] }[] }[] };
      const [mine, yours] = record.rounds[0]!.deals[0]!.hands as [string[], string[]];
      const other = mine.findIndex((piece) => piece !== yours[0]); // two alike would change nothing
      [mine[other], yours[0]] = [yours[0]!, mine[other]!];
      await route.fulfill({ response, json: record });
    });
    await stranger.page.goto(server.url + shared);
    await stranger.page.locator('[data-testid=fairness-check][data-result=unfair]').waitFor();
    await stranger.page.getByText('the first is deal 1 of round 1').waitFor();

    // The game is over for good: who comes back is led to its replay.
    await gio.page.reload();
    await gio.page.getByTestId('finished').getByRole('link').waitFor();
    expect([...hana.faults, ...gio.faults, ...stranger.faults]).toEqual([]);
  }, 300_000);

  test('people come in by list and by code, and hear why where they can not', async () => {
    const hana = await newcomer('Hana');
    expect(await seriousFindings(hana.page, 'lobby')).toEqual([]);
    const code = await hana.createRoom();
    const gio = await newcomer('Gio');
    await gio.page.getByTestId('room-row').locator('button:disabled').waitFor(); // full, and says so
    await gio.page.getByTestId('code-input').fill('12');
    await gio.click('join-code');
    await gio.page.getByText('A code has six signs').waitFor();
    await gio.page.getByTestId('code-input').fill(code);
    await gio.page.keyboard.press('Enter');
    await gio.page.getByText(`Room ${code} is full.`).waitFor();
    await gio.page.getByTestId('code-input').fill('000000');
    await gio.click('join-code');
    await gio.page.getByText('There is no room 000000.').waitFor();
    expect(await seriousFindings(gio.page, 'lobby with rooms and a refusal')).toEqual([]);

    await hana.click('remove-2');
    await hana.page.getByText('One seat is free').waitFor();
    expect(await hana.page.getByTestId('start').isDisabled()).toBe(true);
    expect(await seriousFindings(hana.page, 'waiting room')).toEqual([]);
    const other = await newcomer('Hana');
    await other.click(`join-${code}`);
    await other.page.getByText('has your name already').waitFor();
    await other.click('change-name');
    await other.page.getByTestId('invited').waitFor();
    expect(await seriousFindings(other.page, 'name')).toEqual([]);
    await other.page.getByTestId('name-input').fill('Mona');
    await other.click('continue');
    await other.until('waiting');
    await hana.page.locator('[data-testid=seat-2][data-seat=human]').getByText('Mona').waitFor();

    await hana.click('remove-2');
    await other.page.getByText('The host gave your seat to somebody else.').waitFor();
    await gio.page.getByTestId('code-input').fill(code.toLowerCase());
    await gio.click('join-code');
    await gio.until('waiting');
    await gio.click('leave');
    await gio.until('lobby');
    await hana.page.locator('[data-testid=seat-2][data-seat=free]').waitFor();
    await hana.click('add-bot-2');
    await hana.page.locator('[data-testid=seat-2][data-seat=bot]').waitFor();
    await hana.click('leave');
    await hana.until('lobby');
    await hana.page.getByText('No open room yet').waitFor();
    expect([...hana.faults, ...gio.faults, ...other.faults]).toEqual([]);
  });

  test('two tabs of one person are one player; leaving in one ends it in both, and a bot goes on', async () => {
    const hana = await newcomer('Hana');
    const code = await hana.createRoom();
    await hana.click('start');
    const tab = await hana.anotherTab(`${server.url}/play`);
    await ownMove(hana.page);
    await ownMove(tab.page);
    expect(await tab.hand()).toEqual(await hana.hand());
    const act = tab.page.getByTestId('redeal-decline').or(tab.page.locator('[data-testid^=declare-]:enabled')).first();
    const asked = await hana.page.getByTestId('status').textContent();
    await act.click();
    await hana.page.getByTestId('status').filter({ hasNotText: asked! }).waitFor();

    await tab.click('leave');
    await tab.click('leave-confirm');
    await tab.until('lobby');
    await hana.until('lobby');
    await hana.page.getByText('You left this game in another tab.').waitFor();
    const gio = await visitor(`/play?room=${code}`);
    await gio.page.getByTestId('name-input').fill('Gio');
    await gio.click('continue');
    await gio.click('watch');
    await gio.page.getByText('You are watching').waitFor();
    expect(await gio.page.locator('[data-testid^=hand-]').count()).toBe(0);
    expect([...hana.faults, ...tab.faults, ...gio.faults]).toEqual([]);
  });

  test('a move that was on its way when the connection broke is made once, whether or not it had arrived', async () => {
    const hana = await newcomer('Hana');
    const line = await brokenLine(hana.page, { declare: 'before it arrives', play: 'before its answer' });
    await hana.page.reload();
    await hana.until('lobby');
    await hana.createRoom();
    await hana.click('start');
    await beginByMouse(hana.page);
    const [declared, again, played, repeated] = line.moves;
    await expect.poll(() => line.answers).toEqual([`phase_change ${declared!.id}`, `phase_change ${played!.id}`]);
    expect(line.moves).toEqual([declared, declared, played, played]);
    expect([again!.event, repeated!.event]).toEqual(['declare', 'play']);
    await ownMove(hana.page);
    expect(await hana.hand()).toHaveLength(8 - played!.pieces);
    expect(await hana.page.getByTestId('refusal').count()).toBe(0);
    expect(hana.faults).toEqual([]);
  });

  test('an address without a finished game says so, and an unknown sign of a room leads to the lobby', async () => {
    const person = await visitor('/replay/01890000-0000-7000-8000-000000000000');
    await person.page.getByText('No finished game here').waitFor();
    expect(await seriousFindings(person.page, 'no replay')).toEqual([]);
    await person.page.goto(`${server.url}/room/A1B2C3`);
    expect(await person.page.getByTestId('invited').textContent()).toBe('A1B2C3');
    await person.page.getByTestId('name-input').fill('Ida');
    await person.click('continue');
    await person.page.getByText('There is no room A1B2C3.').waitFor();
  });
});

interface Move {
  readonly event: string;
  readonly id: string;
  readonly pieces: number; // that a play names
}

interface BrokenLine {
  readonly moves: readonly Move[]; // as the page sent them
  readonly answers: readonly string[]; // that reached the page: `phase_change <id>`
}

/** From the next load on, breaks the page's connection at the first message of each of these events. */
async function brokenLine(
  page: Page,
  breaks: Readonly<Record<string, 'before it arrives' | 'before its answer'>>,
): Promise<BrokenLine> {
  const moves: Move[] = [];
  const answers: string[] = [];
  const answered = new Set<string>(); // ids
  let unheard: string | undefined; // the id whose answer is not to arrive
  await page.routeWebSocket('**/ws/*', (toPage) => {
    const toServer = toPage.connectToServer();
    let broken = false;
    const breakLine = (): void => {
      broken = true;
      void toServer.close({ code: 4000 });
      void toPage.close({ code: 4000 });
    };
    toPage.onMessage((text) => {
      if (broken) return;
      const { event, id, data } = JSON.parse(String(text)) as {
        readonly event: string;
        readonly id: string;
        readonly data: { readonly piece_indices?: readonly number[] };
      };
      const where = breaks[event];
      if (where !== undefined) {
        const isFirst = !moves.some((move) => move.event === event);
        moves.push({ event, id, pieces: data.piece_indices?.length ?? 0 });
        if (isFirst && where === 'before it arrives') {
          breakLine();
          return;
        }
        if (isFirst) unheard = id;
      }
      toServer.send(text);
    });
    toServer.onMessage((text) => {
      if (broken) return;
      const { event, data } = JSON.parse(String(text)) as { event: string; data: { in_reply_to?: string } };
      const id = data.in_reply_to;
      if (id !== undefined && id === unheard) {
        unheard = undefined;
        breakLine();
        return;
      }
      toPage.send(text);
      if (id === undefined || answered.has(id) || !moves.some((move) => move.id === id)) return;
      answered.add(id);
      answers.push(`${event} ${id}`);
    });
  });
  return { moves, answers };
}

async function ownMove(page: Page): Promise<void> {
  await page.locator('[data-testid=status][data-waits=own]').waitFor();
}

async function roundBegins(page: Page, round: number): Promise<void> {
  await page.locator(`[data-testid=score-sheet] tbody tr:nth-child(${round})`).waitFor({ state: 'attached' });
}

/** Declares and plays with the mouse, until something was played. */
async function beginByMouse(page: Page): Promise<void> {
  await begin(page, (selector) => page.locator(selector).first().click());
}

/** Likewise without touching the mouse: Tab to the thing, Enter. */
async function beginByKeyboard(page: Page): Promise<void> {
  await begin(page, async (selector) => {
    for (let presses = 0; presses < 60; presses++) {
      if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)) {
        await page.keyboard.press('Enter');
        return;
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`${selector} is not reached by keyboard`);
  });
}

async function begin(page: Page, use: (selector: string) => Promise<void>): Promise<void> {
  const declare = page.locator('[data-testid^=declare-]:enabled').first();
  const decline = page.getByTestId('redeal-decline');
  await declare.or(decline).first().waitFor();
  if (await decline.isVisible()) await use('[data-testid=redeal-decline]');
  await declare.waitFor();
  await use('[data-testid^=declare-]:enabled');
  await declare.waitFor({ state: 'detached' });
  const pieces = page.locator('button[data-testid^=hand-]');
  await page
    .locator('[data-testid=status][data-waits=own]')
    .filter({ hasText: /lead|play/ })
    .waitFor();
  const held = await pieces.count();
  while ((await page.getByTestId('play').getAttribute('aria-disabled')) === 'true') {
    await use('button[data-testid^=hand-][aria-pressed=false]');
  }
  await use('[data-testid=play]');
  await page
    .locator('[data-testid^=hand-]')
    .nth(held - 1)
    .waitFor({ state: 'detached' });
}
