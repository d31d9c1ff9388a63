import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param executablePath of Chromium, as `needs('chromium')` gives it */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** One person's tab of the own page, driven by its `data-testid` hooks, with whatever went wrong in it. */
export class PlayPage {
  readonly faults: string[] = []; // errors, refused loads and violations of the content security policy
  readonly page: Page;
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      // A server that restarts refuses connections: the browser logs that itself, and nobody can keep it from it.
      const isLostSocket = /WebSocket connection to .* failed/.test(message.text());
      if (message.type() === 'error' && !isLostSocket) this.faults.push(message.text());
    });
  }

  /** A new person: no cookie, nothing stored. */
  static async open(browser: Browser, url: string): Promise<PlayPage> {
    const context = await browser.newContext();
    const opened = new PlayPage(context, await context.newPage());
    await opened.page.goto(`${url}/play`);
    return opened;
  }

  phase(): Promise<string | null> {
    return this.page.getByTestId('phase').getAttribute('data-phase');
  }

  async until(...phases: readonly string[]): Promise<void> {
    const any = phases.map((phase) => `[data-testid=phase][data-phase=${phase}]`).join();
    await this.page.locator(any).waitFor();
  }

  click(testId: string): Promise<void> {
    return this.page.getByTestId(testId).click();
  }

  async enterName(name: string): Promise<void> {
    await this.page.getByTestId('name-input').fill(name);
    await this.click('continue');
    await this.until('lobby');
  }

  /** @returns the room's code */
  async createRoom(): Promise<string> {
    await this.click('create-room');
    await this.until('waiting');
    await this.page.getByTestId('start').waitFor();
    return this.page.evaluate<string>(`JSON.parse(localStorage.getItem('play')).roomId`);
  }

  /**
   * From now on the page plays by itself, as somebody who clicks whatever it offers: the first value to declare, the
   * first hint to play, otherwise the first pieces that are enough. Begins anew after a reload.
   */
  async playByItself(): Promise<void> {
    await this.page.evaluate(CLICK_WHATEVER_IS_OFFERED);
  }

  /** The wire indices of the hand that is shown. */
  async hand(): Promise<readonly string[]> {
    return this.page.locator('[data-testid^=hand-]').allTextContents();
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}

/** Runs in the page. A text, because these sources are checked without the types of browsers. */
const CLICK_WHATEVER_IS_OFFERED = `setInterval(() => {
  const find = (selector) => document.querySelector(selector);
  const offered = find('[data-testid=redeal-decline]:enabled') ?? find('[data-testid^=declare-]:enabled');
  if (offered !== null) return offered.click();
  const play = find('[data-testid=play]');
  if (play === null) return;
  if (!play.disabled) return play.click();
  const hint = find('[data-testid=hints] button');
  (hint ?? find('button[data-testid^=hand-][aria-pressed=false]'))?.click();
}, 5)`;
