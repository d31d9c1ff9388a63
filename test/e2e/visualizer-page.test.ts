import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.js';
import { describeNeeding } from '../support/needs.js';
import { type PlayedRoom, playedRoom, SEATS_KEPT } from '../support/played-room.js';
import { ServerProcess } from '../support/server-process.js';
import { VisualizerPage } from '../support/visualizer-page.js';

const TOKEN = 'a-token-for-tests';
/** For what follows at once on a machine that has nothing else to do. */
const PATIENT = { timeout: 10_000 };
/** The tests go to entry 200, and 20 back from the last. Seven rounds have 331 entries on average; how many is the dealer's doing. */
const ENTRIES_MIN = 221;
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 780 };

interface State {
  readonly seq: number;
  readonly last: number;
  readonly at: number;
  readonly leaf: string;
  readonly entry: { readonly type: string; readonly correlationId: string };
  readonly waitingFor: { readonly sentence: string };
}

interface Asking {
  readonly seq: number;
  readonly waitingFor: { readonly what: string; readonly seats: readonly number[] };
  readonly view: { readonly game: { readonly declareOptions: readonly number[] } };
}

// One server, one room and one browser for all: each test opens a tab of its own.
describeNeeding('chromium', 'the visualizer in a browser', (chromium) => {
  let server: ServerProcess;
  let browser: Browser;
  let room: PlayedRoom;
  let known: BrowserContext; // of somebody who has entered the token
  const cleanUps: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const env = { ...SEATS_KEPT, ADMIN_TOKEN: TOKEN, VISUALIZER_ACTIONS: 'on' };
    [server, browser] = await Promise.all([ServerProcess.start({ env }), startBrowser(chromium)]);
    room = await playedRoom(server);
    known = await browser.newContext({ viewport: DESKTOP });
    const entering = await VisualizerPage.open(known, server.url, `?token=${TOKEN}`);
    await entering.get('rooms-page').waitFor();
    await entering.page.close();
  });
  afterAll(async () => {
    await browser.close();
    await server.dispose();
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  /** @param options of a window of its own; without them it is one more tab of somebody who is known */
  async function open(path: string, options?: BrowserContextOptions): Promise<VisualizerPage> {
    if (options === undefined) {
      const tab = await VisualizerPage.open(known, server.url, path);
      cleanUps.push(() => tab.page.close());
      return tab;
    }
    const storageState = await known.storageState();
    const context = await browser.newContext({ viewport: DESKTOP, storageState, ...options });
    cleanUps.push(() => context.close());
    return VisualizerPage.open(context, server.url, path);
  }

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  }

  const stateAt = (seq?: number): Promise<State> =>
    ask(`/api/visualizer/rooms/${room.code}/state${seq === undefined ? '' : `?seq=${seq}`}`);

  test('asks a stranger for the token, says what is wrong with it, and opens for the right one', async () => {
    const stranger = await open(`?room=${room.code}`, { storageState: { cookies: [], origins: [] } });
    await stranger.get('token').fill('a guess');
    await stranger.click('enter');
    await stranger.page.getByText('That is not the token of this server.').waitFor();
    await stranger.get('token').fill(TOKEN);
    await stranger.press('Enter');
    await stranger.get('room-page').waitFor();
    expect(await stranger.sentence()).toBe((await stateAt()).waitingFor.sentence);
  });

  describe('the list of rooms', () => {
    test('is searched and opened by keyboard alone', async () => {
      const list = await open('');
      await list.get(`room-${room.code}`).waitFor();
      await list.press('/');
      await list.page.keyboard.type('nobody has this name');
      await list.get('rooms-empty').waitFor();
      await list.get('search').fill('gio');
      await list.get(`room-${room.code}`).waitFor();
      expect(await list.get(`room-${room.code}`).innerText()).toContain('Hana');
      await list.get('search').blur();
      await list.press('ArrowDown', 'Enter');
      await list.get('room-page').waitFor();
      expect(list.page.url()).toContain(`room=${room.code}`);
      expect(list.faults).toEqual([]);
    });

    test('is filtered by phase, and says what to do where nothing fits', async () => {
      const list = await open('');
      await list.get('filter-status').selectOption('archived');
      await list.get('rooms-empty').waitFor();
      await list.page.getByText('Show all rooms').click();
      await list.get(`room-${room.code}`).waitFor();
    });

    test('stays small with 100,000 rooms, and loads them page by page', async () => {
      const list = await open('?q=nothing');
      const page = await ask<{ items: readonly object[] }>('/api/visualizer/rooms');
      await list.page.route(/\/api\/visualizer\/rooms\?/, (route) => {
        const after = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
        const items = Array.from({ length: 100 }, (_, index) => {
          const code = (0xa00000 + after + index).toString(16).toUpperCase();
          return { ...page.items[0], roomId: `id-${code}`, code };
        });
        return route.fulfill({
          json: { ...page, items, matching: 100_000, known: 100_000, next: String(after + 100) },
        });
      });
      await list.get('search').fill('');
      await list.get('room-A00000').waitFor();
      expect(await list.get('rooms-count').innerText()).toMatch(/^100,000 of/);
      const rowPx = await list.get('room-A00000').evaluate((row: { offsetHeight: number }) => row.offsetHeight);
      for (const row of [90, 190, 290]) {
        const code = (0xa00000 + row).toString(16).toUpperCase();
        const reach = async (): Promise<number> => {
          await list
            .get('rooms')
            .evaluate((box: { scrollTop: number }, top) => void (box.scrollTop = top), row * rowPx);
          return list.get(`room-${code}`).count();
        };
        await expect.poll(reach, PATIENT).toBe(1);
      }
      expect(await list.page.locator('.room-row').count()).toBeLessThan(80);
      expect(list.faults).toEqual([]);
    });

    test('shows a room that was made meanwhile', async () => {
      const list = await open('');
      await list.get(`room-${room.code}`).waitFor();
      await list.page.locator('[data-testid=connection][data-connection=open]').waitFor();
      const other = await playedRoom(server, 1, 9);
      await list.page.getByText('Show new rooms').click();
      await list.get(`room-${other.code}`).waitFor();
    });
  });

  describe('a room', () => {
    test('says in one sentence what it waits for and for whom, and lights that state in its chart', async () => {
      const shown = await open(`?room=${room.code}`);
      const now = await stateAt();
      await shown.shows(now.last);
      expect(now.last).toBeGreaterThanOrEqual(ENTRIES_MIN);
      expect(await shown.sentence()).toBe(now.waitingFor.sentence);
      expect(now.waitingFor.sentence).toMatch(/Hana|Gio/);
      expect(await shown.get('chart').getAttribute('data-current')).toBe(now.leaf);
      expect(await shown.page.locator('.state.current').count()).toBe(1);
      expect(await shown.page.locator('.seat.asked').count()).toBe(1);
      expect(shown.faults).toEqual([]);
    });

    test('counts in its chart what the timeline has, and refusals with their reasons', async () => {
      const shown = await open(`?room=${room.code}`);
      const { counts } = await ask<{ counts: { states: Record<string, number> } }>(
        `/api/visualizer/rooms/${room.code}/chart`,
      );
      await shown.get('chart').waitFor();
      const drawn = await shown.page
        .locator('.state')
        .evaluateAll((states) =>
          (states as unknown as { dataset: { testid: string; visits: string } }[]).map(({ dataset }) => [
            dataset.testid.slice('state-'.length),
            Number(dataset.visits),
          ]),
        );
      expect(Object.fromEntries(drawn.filter(([, visits]) => visits !== 0))).toEqual(counts.states);
      const refused = await ask<{ items: readonly { state: string; reason: string }[] }>(
        `/api/visualizer/rooms/${room.code}/refusals`,
      );
      await shown.click(`state-${refused.items[0]!.state}`);
      expect(await shown.get('refusal-count').first().innerText()).toContain('wrong phase');
    });

    test('is stepped, scrubbed and jumped through, and each entry is shown with its state', async () => {
      const shown = await open(`?room=${room.code}`);
      const { last } = await stateAt();
      await shown.shows(last);
      await shown.press('ArrowLeft');
      await shown.shows(last - 1);
      await shown.press('Shift+ArrowLeft', 'Shift+ArrowLeft', 'ArrowRight');
      await shown.shows(last - 20);
      await shown.press('Home');
      await shown.shows(1);
      await shown.get('scrub').fill('150');
      await shown.shows(150);
      const then = await stateAt(150);
      expect(await shown.get('chart').getAttribute('data-current')).toBe(then.leaf);
      expect(await shown.sentence()).toBe(then.waitingFor.sentence);
      expect(await shown.get('entry').innerText()).toContain(then.entry.correlationId);
      await shown.press('g');
      await shown.page.keyboard.type('77');
      await shown.press('Enter');
      await shown.shows(77);
      await shown.get('go-to').fill(new Date((await stateAt(200)).at).toISOString());
      await shown.get('go-to').press('Enter');
      await expect.poll(() => shown.seq(), PATIENT).toBeGreaterThanOrEqual(200);
      expect((await stateAt(await shown.seq())).at).toBe((await stateAt(200)).at);
      await shown.press('End');
      await shown.shows(last);
      expect(await shown.get('room-page').getAttribute('data-live')).toBe('true');
      expect(shown.faults).toEqual([]);
    });

    test('plays back at a speed, stops when told, and marks the step that was taken', async () => {
      const shown = await open(`?room=${room.code}&entry=20`);
      await shown.shows(20);
      await shown.get('speed').selectOption('64');
      await shown.click('play-back');
      await expect.poll(() => shown.seq(), PATIENT).toBeGreaterThan(40);
      await shown.click('play-back');
      const stopped = await shown.seq();
      await shown.shows(stopped);
      await shown.press(']', '[', '[');
      expect(await shown.get('speed').inputValue()).toBe('4');
      const { items } = await ask<{ items: readonly { seq: number; from: string; to: string }[] }>(
        `/api/visualizer/rooms/${room.code}/timeline?from=50&limit=100`,
      );
      const step = items.find(({ from, to }) => from !== to)!;
      await shown.get('go-to').fill(String(step.seq - 1));
      await shown.get('go-to').press('Enter');
      await shown.shows(step.seq - 1);
      await shown.press('ArrowRight');
      await shown.page.locator('.token[visibility=visible]').waitFor();
      await shown.shows(step.seq);
      expect(await shown.page.locator('[data-testid=edge][data-last=true]').count()).toBeGreaterThan(0);
    });

    test('tells of an entry who did what, when, with which events and changes', async () => {
      const shown = await open(`?room=${room.code}`);
      const { items } = await ask<{ items: readonly { seq: number; type: string; who: string }[] }>(
        `/api/visualizer/rooms/${room.code}/timeline?from=100&limit=100`,
      );
      const play = items.find(({ type, who }) => type === 'play' && who === 'Hana')!;
      await shown.get('go-to').fill(String(play.seq));
      await shown.get('go-to').press('Enter');
      await shown.shows(play.seq);
      const entry = shown.get('entry');
      expect(await entry.innerText()).toContain('Hana');
      expect(await shown.get('times').innerText()).toMatch(/Wait\s+[\d.]+ ms\s+Step\s+[\d.]+ ms\s+Commit\s+[\d.]+ ms/);
      expect(await shown.get('changes').innerText()).toContain('game handSizes 0');
      await shown.click('part-events');
      expect(await shown.get('events').innerText()).toContain('played');
      await shown.click('part-message');
      expect(await entry.locator('pre').innerText()).toContain('"indices"');
    });

    test('jumps from one refusal to the next, with the reason and the rule', async () => {
      const shown = await open(`?room=${room.code}&entry=1`);
      await shown.shows(1);
      await shown.press('e');
      const mark = shown.get('mark');
      await mark.waitFor();
      expect(await mark.innerText()).toContain('wrongPhase');
      expect(await mark.innerText()).toMatch(/Rule\s+\S+/);
      const first = await shown.seq();
      await shown.press('e');
      await expect.poll(() => shown.seq(), PATIENT).toBeGreaterThan(first);
      await shown.press('E');
      await expect.poll(() => shown.seq(), PATIENT).toBe(first);
      expect(await shown.page.locator('[data-testid=refused-row][aria-selected=true]').count()).toBe(1);
    });

    test('is seen by a player’s eye, or whole', async () => {
      const { items } = await ask<{ items: readonly { seq: number; type: string }[] }>(
        `/api/visualizer/rooms/${room.code}/timeline?from=100&limit=100`,
      );
      const { seq } = items.find(({ type }) => type === 'declare')!; // all hands are full
      const shown = await open(`?room=${room.code}&entry=${seq}`);
      await shown.shows(seq);
      const visible = (seat: number) =>
        shown.get(`seat-${seat}`).locator('ul[aria-label^=Hand] .piece:not(.hidden)').count();
      expect([await visible(0), await visible(1)]).toEqual([0, 0]);
      await shown.press('0');
      await shown.get('seat-0').locator('.piece:not(.hidden)').first().waitFor();
      await expect.poll(() => visible(0), PATIENT).toBeGreaterThan(0);
      expect(await visible(1)).toBe(0);
      await shown.click('part-frames');
      const frames = await shown.get('frames').innerText();
      expect(frames).toContain('"event"');
      await shown.press('a');
      await expect.poll(() => visible(1), PATIENT).toBeGreaterThan(0);
      expect(shown.page.url()).toContain(`room=${room.code}`);
    });

    test('has its timeline searched, and the found entries walked by arrow keys', async () => {
      const shown = await open(`?room=${room.code}`);
      const { last } = await stateAt();
      await shown.shows(last);
      await shown.press('/');
      await shown.page.keyboard.type('declare hana');
      await shown.page.getByText(/^\d+ fit$/).waitFor();
      await shown.press('Enter');
      const found = await shown.seq();
      expect(await shown.page.locator('[role=option][aria-selected=true]').innerText()).toMatch(/declare\s+Hana/);
      await shown.press('ArrowDown');
      await expect.poll(() => shown.seq(), PATIENT).toBeGreaterThan(found);
    });

    test('is linked to: room, entry, eye and view', async () => {
      const shown = await open(`?room=${room.code}&entry=66`);
      await shown.context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await shown.shows(66);
      await shown.press('1', 'c');
      await shown.page.getByText('The link is copied').waitFor();
      const link = await shown.page.evaluate<string>('navigator.clipboard.readText()');
      const other = await open(new URL(link).search);
      await other.shows(66);
      expect(await other.get('see-as').inputValue()).toBe('1');
    });

    test('goes on by itself while somebody looks', async () => {
      const waiting = await open(`?room=${room.code}`);
      const { last } = await stateAt();
      await waiting.shows(last);
      const operate = (name: string) =>
        fetch(`${server.url}/api/admin/operations/${name}`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${TOKEN}` },
          body: JSON.stringify({ room: room.code }),
        });
      expect((await operate('pause')).status).toBe(200);
      await waiting.get('waiting-for').getByText('paused').first().waitFor();
      expect((await operate('resume')).status).toBe(200);
      await waiting.get('action-pause').waitFor();
    });
  });

  describe('operator actions', () => {
    test('ask first, do nothing when that is declined, and are written down', async () => {
      const shown = await open(`?room=${room.code}`);
      await shown.click('action-pause');
      await shown.click('cancel');
      await shown.click('action-pause');
      await shown.get('why').fill('to look at it in peace');
      await shown.click('confirm-yes');
      await shown.click('action-resume');
      await shown.click('confirm-yes');
      await shown.click('action-snapshot');
      await shown.click('confirm-yes');
      await shown.page.getByText(/^Snapshot .*: done/).waitFor();
      await shown.click('action-restart');
      await shown.click('confirm-yes');
      await shown.page.getByText(/^Restart .*: done/).waitFor();
      const audit = await ask<{ items: readonly { action: string }[] }>('/api/admin/audit?limit=4');
      expect(audit.items.map(({ action }) => action)).toEqual(['restart', 'snapshot', 'resume', 'pause']);
    });

    test('release a quarantined room, and retry and drop its dead letters', async () => {
      const letter = { id: 'letter-1', message: { type: 'play', seat: 1 }, error: 'TypeError: it broke\n  at play' };
      const hold = { kind: 'quarantined', since: Date.now(), why: 'it failed too often' };
      const told: unknown[] = [];
      const shown = await open('');
      const { page } = shown;
      const isRoom = (url: URL): boolean => url.pathname === `/api/visualizer/rooms/${room.code}`;
      await page.route(isRoom, async (route) => {
        const summary = (await (await route.fetch()).json()) as object;
        return route.fulfill({ json: { ...summary, hold, deadLetters: 1 } });
      });
      await page.route(/\/stream\?/, (route) => route.abort());
      await page.route(/\/api\/admin\/dead-letters/, (route) => route.fulfill({ json: { items: [letter] } }));
      await page.route(/\/api\/admin\/operations\//, (route) => {
        told.push([new URL(route.request().url()).pathname.split('/').at(-1), route.request().postDataJSON()]);
        return route.fulfill({ json: { ok: true } });
      });
      await page.goto(`${server.url}/visualizer?room=${room.code}`);
      await shown.get('waiting-for').getByText('quarantined: it failed too often').waitFor();
      expect(await shown.get('dead-letters').innerText()).toContain('TypeError: it broke');
      for (const action of ['action-resume', 'dead-letter-retry', 'dead-letter-drop']) {
        await shown.click(action);
        await shown.click('confirm-yes');
        await shown.get('confirm').waitFor({ state: 'detached' });
      }
      const { roomId } = await ask<{ roomId: string }>(`/api/visualizer/rooms/${room.code}`);
      expect(told).toEqual([
        ['resume', { room: roomId }],
        ['dead-letter-retry', { id: 'letter-1' }],
        ['dead-letter-drop', { id: 'letter-1' }],
      ]);
    });

    test('are off, with the reason, where the server lets nobody act', async () => {
      const shown = await open('');
      const answer = await ask<object>('/api/visualizer');
      await shown.page.route(/\/api\/visualizer$/, (route) => route.fulfill({ json: { ...answer, actions: false } }));
      await shown.page.goto(`${server.url}/visualizer?room=${room.code}`);
      await shown.get('read-only').waitFor();
      expect(await shown.get('read-only').innerText()).toContain('VISUALIZER_ACTIONS=on');
      expect(await shown.get('action-pause').isDisabled()).toBe(true);
    });
  });

  describe('a sandbox', () => {
    test('is forked from an entry, takes and refuses messages made by a form, and touches no real room', async () => {
      const before = (await stateAt()).last;
      const { items } = await ask<{ items: readonly Asking[] }>(
        `/api/visualizer/rooms/${room.code}/states?from=1&limit=100&as=operator&reveal=true`,
      );
      const isPerson = ({ waitingFor: { what, seats } }: Asking): boolean => what === 'declaration' && seats[0]! < 2;
      const { seq, waitingFor, view } = items.find(isPerson)!;
      const shown = await open(`?room=${room.code}&entry=${seq}`);
      await shown.shows(seq);
      await shown.press('f');
      await shown.get('sandbox-panel').waitFor();
      await shown.shows(seq);
      const outcome = shown.get('outcome');

      await shown.get('message-type').selectOption('startGame');
      await shown.click('send');
      await outcome.getByText('Refused').waitFor();
      expect(await outcome.innerText()).toMatch(/wrongPhase, rule \S+/);

      await shown.get('message-type').selectOption('declare');
      await shown.get('field-seat').selectOption(String(waitingFor.seats[0]));
      await shown.get('field-value').fill(String(view.game.declareOptions[0]));
      await shown.click('send');
      await outcome.getByText('Applied').waitFor();
      expect(await outcome.innerText()).toMatch(new RegExp(`^Applied as entry ${seq + 1}: declared`));
      await shown.shows(seq + 1);

      await shown.click('advance-10');
      await outcome.getByText(/^\d+ entr/).waitFor();
      expect((await stateAt()).last).toBe(before);
      expect(shown.faults).toEqual([]);
    });

    test('is made of an exported journal that is dropped on the page, and of a script that is chosen', async () => {
      const shown = await open(`?room=${room.code}&entry=90`);
      const { last } = await stateAt();
      const saved = async (kind: string) => {
        await shown.click('export');
        const [download] = await Promise.all([shown.page.waitForEvent('download'), shown.click(`export-${kind}`)]);
        return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
      };
      await shown.shows(90);
      const journal = await saved('journal');
      const script = await saved('script');
      const ready = await saved('test');
      expect(ready.bytes.toString()).toContain('vitest');

      await shown.page.evaluate(`{
        const bytes = Uint8Array.from(atob('${journal.bytes.toString('base64')}'), (char) => char.charCodeAt(0));
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([bytes], '${journal.name}'));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      }`);
      await shown.get('sandbox-panel').waitFor();
      await shown.shows(last);
      await shown.page.getByRole('link', { name: 'Sandboxes' }).click();
      await shown.get('file').setInputFiles({ name: script.name, mimeType: 'application/json', buffer: script.bytes });
      await shown.get('sandbox-panel').waitFor();
      await shown.shows(90);
      await shown.page.getByRole('link', { name: 'Sandboxes' }).click();
      await shown
        .get('file')
        .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
      await shown.page.getByText(/^x\.json: /).waitFor();
      expect(shown.faults).toEqual([]);
    });
  });

  test.each([
    ['the token page', '', 'token-page', true],
    ['the list of rooms', '', 'rooms-page', false],
    ['a room', '?room=ROOM&entry=120&as=0', 'seat-0', false],
    ['sandboxes', '?page=sandboxes', 'drop', false],
  ])('%s has no serious accessibility finding in light and dark colours', async (_name, path, ready, isStranger) => {
    const options = isStranger ? { storageState: { cookies: [], origins: [] } } : {};
    const shown = await open(path.replace('ROOM', room.code), { colorScheme: 'light', ...options });
    await shown.get(ready).waitFor();
    if (path.includes('ROOM')) {
      await shown.shows(120);
      await shown.press('e'); // a refusal is told on red ground
      await shown.get('mark').waitFor();
    }
    await shown.page.evaluate(axe.source);
    expect(await seriousFindings(shown)).toEqual([]);
    await shown.page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousFindings(shown)).toEqual([]);
  });

  test('the switch of colours beats the system’s, and stays after a reload', async () => {
    const shown = await open('', { colorScheme: 'light' });
    const ground = () => shown.page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await shown.click('theme');
    await shown.click('theme');
    expect(await ground()).not.toBe(light);
    await shown.page.reload();
    expect(await ground()).not.toBe(light);
  });

  test('help tells the keys, and Escape closes it', async () => {
    const shown = await open('');
    await shown.get('rooms-page').waitFor();
    await shown.press('?');
    await shown.get('help-dialog').getByText('one entry back, one on').waitFor();
    await shown.press('Escape');
    await shown.get('help-dialog').waitFor({ state: 'detached' });
  });

  test('on a phone one part of a room is shown at a time, and nothing is wider than the window', async () => {
    const shown = await open(`?room=${room.code}&entry=100`, { viewport: PHONE });
    await shown.shows(100);
    for (const view of ['chart', 'timeline', 'entry', 'runtime', 'table']) {
      await shown.click(`view-${view}`);
      const region = shown.page.locator(`.view-${view}`);
      await region.waitFor();
      expect(await shown.page.locator('.side > :visible').count()).toBe(1);
      expect([view, await shown.overflow()]).toEqual([view, 0]);
    }
    for (const path of ['', '?page=sandboxes']) {
      await shown.page.goto(`${server.url}/visualizer${path}`);
      await shown.page.locator('main > *').first().waitFor();
      expect([path, await shown.overflow()]).toEqual([path, 0]);
    }
  });

  test('says that it is disconnected when the server is gone, and goes on when it is back', async () => {
    const shown = await open(`?room=${room.code}`);
    const { last } = await stateAt();
    await shown.shows(last);
    await shown.page.locator('[data-testid=connection][data-connection=open]').waitFor();
    await server.kill();
    await shown.get('disconnected').waitFor();
    expect(await shown.sentence()).not.toBe('');
    await server.restart();
    await shown.page.locator('[data-testid=connection][data-connection=open]').waitFor();
    await shown.get('disconnected').waitFor({ state: 'detached' });
    expect(shown.faults).toEqual([]);
  });
});

function seriousFindings({ page }: VisualizerPage): Promise<readonly string[]> {
  return page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 160) + ' ' + failureSummary)))`,
  );
}
