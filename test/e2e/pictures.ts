import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import type { Page } from 'playwright-core';
import { projectRoot } from '../../src/http/project-root.js';
import { PLAY_BY_CLICKS, startBrowser } from '../support/browser.js';
import { findProgram } from '../support/needs.js';
import { playedRoom, SEATS_KEPT } from '../support/played-room.js';
import { ServerProcess } from '../support/server-process.js';

const FOLDER = join(projectRoot(), 'docs', 'pictures');
const TOKEN = 'a-token-for-pictures';
const DESKTOP = { width: 1200, height: 750 };
const PHONE = { width: 390, height: 780 };
const GAME_LIMIT_MS = 300_000;
const EXIT_FAILED = 1;
const EXIT_BAD_ARGUMENTS = 2;

interface Picture {
  readonly name: string; // of the file, without its extension
  readonly path: string; // `ROOM` in it is the code of a room in the middle of its game
  readonly size: { readonly width: number; readonly height: number };
  readonly colours: 'light' | 'dark';
  /** What has to be done, or waited for, before it is taken. */
  readonly ready: (page: Page) => Promise<unknown>;
}

/** All pictures of the documents. One more is one more line here. */
const PICTURES: readonly Picture[] = [
  {
    name: 'visualizer-rooms',
    path: '/visualizer',
    size: { ...DESKTOP, height: 420 },
    colours: 'light',
    ready: (page) => page.locator('[data-testid=connection][data-connection=open]').waitFor(),
  },
  { name: 'visualizer-room', path: '/visualizer?room=ROOM&as=operator', size: DESKTOP, colours: 'light', ready: shown },
  {
    name: 'visualizer-entry',
    path: '/visualizer?room=ROOM&entry=120',
    size: { ...DESKTOP, height: 1000 },
    colours: 'dark',
    ready: async (page) => {
      await shown(page);
      await page.keyboard.press('e');
      await page.getByTestId('mark').waitFor();
      await shown(page);
    },
  },
  {
    name: 'visualizer-sandbox',
    path: '/visualizer?room=ROOM&entry=61',
    size: DESKTOP,
    colours: 'light',
    ready: async (page) => {
      await shown(page);
      await page.keyboard.press('f');
      await page.getByTestId('message-type').selectOption('play');
      await page.getByTestId('field-indices').fill('0, 1');
      await page.getByTestId('send').click();
      await page.getByTestId('outcome').locator('strong').waitFor();
      await shown(page);
    },
  },
  { name: 'play-room', path: '/play', size: { ...DESKTOP, height: 700 }, colours: 'light', ready: inRoom },
  { name: 'play-turn', path: '/play', size: { width: 1100, height: 1000 }, colours: 'light', ready: onTurn },
  { name: 'play-phone', path: '/play', size: PHONE, colours: 'dark', ready: onTurn },
  { name: 'replay', path: '/play', size: { width: 1100, height: 860 }, colours: 'light', ready: replayed },
  { name: 'visualizer-phone', path: '/visualizer?room=ROOM&as=0', size: PHONE, colours: 'dark', ready: shown },
];

/** A room with its entry and all rows of its timeline. */
async function shown(page: Page): Promise<void> {
  await page.locator('[data-testid=room-page]:not([data-shown=""])').waitFor();
  await page.locator('[data-testid=entry]:not([data-entry=""])').waitFor({ state: 'attached' });
  await page.locator('.entry-row[aria-busy]').first().waitFor({ state: 'detached' });
}

async function inRoom(page: Page): Promise<void> {
  await page.getByTestId('name-input').fill('Hana');
  await page.getByTestId('continue').click();
  await page.getByTestId('create-room').click();
  await page.getByTestId('start').waitFor();
  await page.getByTestId('commitment').filter({ hasNotText: '…' }).waitFor();
}

/** The first turn of a game, with something chosen for it. */
async function onTurn(page: Page): Promise<void> {
  await inRoom(page);
  await page.getByTestId('start').click();
  const declare = page.locator('[data-testid^=declare-]:enabled').nth(2);
  const decline = page.getByTestId('redeal-decline');
  await declare.or(decline).first().waitFor();
  if (await decline.isVisible()) await decline.click();
  await declare.click();
  const own = page.locator('[data-testid=status][data-waits=own]');
  await own.filter({ hasText: /lead|play/ }).waitFor();
  if ((await own.textContent())?.includes('lead') === true) {
    await page.locator('button[data-testid^=hand-]').last().click();
    await page.getByTestId('play').click();
  }
  await own.filter({ hasText: /play \d/ }).waitFor();
  await page.locator('[data-testid=hints] button').or(page.locator('button[data-testid^=hand-]')).first().click();
  await page.mouse.move(0, 0);
  await page.evaluate('scrollTo(0, 0)');
}

/** A whole game is played for it. */
async function replayed(page: Page): Promise<void> {
  await inRoom(page);
  await page.getByTestId('start').click();
  await page.evaluate(PLAY_BY_CLICKS);
  await page.getByTestId('replay-link').click({ timeout: GAME_LIMIT_MS });
  await page.locator('[data-testid=fairness-check][data-result=fair]').waitFor();
  await page.getByTestId('slider').fill('24');
}

/** @returns the sizes of the files in bytes, by name */
async function takePictures(only: string | undefined): Promise<Readonly<Record<string, number>>> {
  const chromium = findProgram('chromium');
  if (chromium === undefined) throw new Error('Chromium is not installed: the pictures are taken with it.');
  mkdirSync(FOLDER, { recursive: true });
  const server = await ServerProcess.start({ env: { ...SEATS_KEPT, ADMIN_TOKEN: TOKEN, VISUALIZER_ACTIONS: 'on' } });
  const browser = await startBrowser(chromium);
  const sizes: Record<string, number> = {};
  try {
    for (const seed of [1, 2]) await playedRoom(server, seed, seed);
    const { code } = await playedRoom(server);
    for (const { name, path, size, colours, ready } of PICTURES.filter((each) =>
      [undefined, each.name].includes(only),
    )) {
      const context = await browser.newContext({ viewport: size, colorScheme: colours });
      const page = await context.newPage();
      const there = new URL(path.replace('ROOM', code), server.url);
      if (there.pathname === '/visualizer') there.searchParams.set('token', TOKEN);
      await page.goto(there.href);
      await ready(page);
      const file = join(FOLDER, `${name}.png`);
      await page.screenshot({ path: file, animations: 'disabled' });
      sizes[name] = statSync(file).size;
      await context.close();
    }
  } finally {
    await browser.close();
    await server.dispose();
  }
  return sizes;
}

async function main(args: readonly string[], out: (line: string) => void): Promise<number> {
  const command = new Command('npm run pictures --')
    .description('Takes the pictures of the documents with Chromium, from a server and a game of its own.')
    .option('--only <name>', `one of ${PICTURES.map(({ name }) => name).join(', ')}`)
    .option('--json', 'print one JSON object as the last line')
    .exitOverride();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_ARGUMENTS;
    throw error;
  }
  const { only, json = false } = command.opts<{ only?: string; json?: boolean }>();
  const sizes = await takePictures(only);
  for (const [name, bytes] of Object.entries(sizes)) out(`docs/pictures/${name}.png ${Math.round(bytes / 1024)} KB`);
  if (json) out(JSON.stringify({ pictures: sizes }));
  return Object.keys(sizes).length > 0 ? 0 : EXIT_FAILED;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2), console.log);
}
