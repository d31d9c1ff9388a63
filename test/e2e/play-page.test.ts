import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PlayPage, startBrowser } from '../support/browser.js';
import { describeNeeding } from '../support/needs.js';
import { type ServerEnvironment, ServerProcess } from '../support/server-process.js';

const QUICK: ServerEnvironment = { TIME_SCALE: '0.02' };

describeNeeding('chromium', 'the page /play in a browser', (chromium) => {
  let browser: Browser;
  const cleanUps: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await startBrowser(chromium);
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function serve(env: ServerEnvironment = QUICK): Promise<ServerProcess> {
    const server = await ServerProcess.start({ env });
    cleanUps.push(() => server.dispose());
    return server;
  }

  async function newcomer({ url }: ServerProcess, name: string): Promise<PlayPage> {
    const person = await PlayPage.open(browser, url);
    cleanUps.push(() => person.close());
    await person.enterName(name);
    return person;
  }

  test('a newcomer plays a whole round, from the name to the points', async () => {
    const server = await serve();
    const hana = await newcomer(server, 'Hana');
    await hana.createRoom();
    await hana.click('start');
    await hana.until('declaration', 'preparation');
    await hana.playByItself();
    await hana.until('scoring');

    await expect(hana.page.getByTestId('score-table').locator('tbody tr').count()).resolves.toBe(4);
    expect(hana.faults).toEqual([]);
  });

  test('a reload in the middle of a game comes back to the same place', async () => {
    const server = await serve();
    const hana = await newcomer(server, 'Hana');
    await hana.createRoom();
    await hana.click('start');
    await ownDeclaration(hana);
    const before = await hana.hand();
    await hana.page.reload();
    await ownDeclaration(hana);

    expect(await hana.hand()).toEqual(before);
    expect(before).toHaveLength(8);
    await hana.playByItself();
    await hana.until('scoring');
    expect(hana.faults).toEqual([]);
  });

  test('two people in two browsers find each other and play a round', async () => {
    const server = await serve();
    const hana = await newcomer(server, 'Hana');
    const gio = await newcomer(server, 'Gio');
    const room = await hana.createRoom();
    await hana.click('remove-2');
    await gio.click(`join-${room}`);
    await gio.until('waiting');
    await hana.page.locator('[data-testid=seat-2][data-seat=human]').waitFor();
    await hana.click('start');
    await Promise.all([hana, gio].map((person) => person.until('declaration', 'preparation')));
    await Promise.all([hana, gio].map((person) => person.playByItself()));
    await Promise.all([hana, gio].map((person) => person.until('scoring')));

    expect([...hana.faults, ...gio.faults]).toEqual([]);
  });

  test('after a restart of the server in the middle of a game the page comes back by itself and goes on', async () => {
    const server = await serve();
    const hana = await newcomer(server, 'Hana');
    await hana.createRoom();
    await hana.click('start');
    await ownDeclaration(hana);
    const before = await hana.hand();
    await server.kill();
    await hana.page.locator('[data-testid=connection][data-connection=reconnecting]').waitFor();
    await server.restart();
    await hana.page.locator('[data-testid=connection][data-connection=open]').waitFor();
    await ownDeclaration(hana);

    expect(await hana.hand()).toEqual(before);
    await hana.playByItself();
    await hana.until('scoring');
    expect(hana.faults).toEqual([]);
  });

  test('the page plays on through several rounds without a pause', async () => {
    const server = await serve({ TIME_SCALE: '0' });
    const hana = await newcomer(server, 'Hana');
    await hana.createRoom();
    await hana.click('start');
    await hana.playByItself();
    await hana.page
      .getByText(/^Round [45]/)
      .first()
      .waitFor({ state: 'attached' });

    expect(hana.faults).toEqual([]);
  });
});

/** A weak hand is asked about first: it is kept. */
async function ownDeclaration({ page }: PlayPage): Promise<void> {
  const declare = page.locator('[data-testid^=declare-]').first();
  const decline = page.getByTestId('redeal-decline');
  await declare.or(decline).first().waitFor();
  if (await decline.isVisible()) await decline.click();
  await declare.waitFor();
}
