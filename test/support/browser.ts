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
  static async open(browser: Browser, url: string, path = '/play'): Promise<PlayPage> {
    const context = await browser.newContext();
    const opened = new PlayPage(context, await context.newPage());
    await opened.page.goto(url + path);
    return opened;
  }

  /** One more tab of the same person. */
  async anotherTab(url: string): Promise<PlayPage> {
    const opened = new PlayPage(this.#context, await this.#context.newPage());
    await opened.page.goto(url);
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
    return new URL(this.page.url()).searchParams.get('room')!;
  }

  /**
   * From now on the page plays by itself, as somebody who clicks: careful as `carefulStrategy`, so that a game ends.
   * Begins anew after a reload.
   */
  async playByItself(): Promise<void> {
    await this.page.evaluate(PLAY_BY_CLICKS);
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
export const PLAY_BY_CLICKS = `setInterval(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const find = (selector) => document.querySelector(selector);
  const status = find('[data-testid=status]');
  if (status?.dataset.waits !== 'own') return;
  const redeal = find('[data-testid=redeal-accept]:enabled');
  if (redeal !== null) return redeal.click();
  const pointsOf = (element) => Number(element.querySelector('.points').textContent);
  const hand = all('[data-testid^=hand-]').sort((a, b) => pointsOf(a) - pointsOf(b));
  const values = all('[data-testid^=declare-]:enabled');
  if (values.length > 0) {
    const wanted = hand.some((piece) => pointsOf(piece) === 14) ? 1 : 0;
    const far = (button) => Math.abs(Number(button.textContent) - wanted);
    return values.sort((a, b) => far(a) - far(b))[0].click();
  }
  const play = find('[data-testid=play]');
  if (play === null) return;
  if (play.getAttribute('aria-disabled') === 'false') return play.click();
  const [won, declared] = find('.active dd').textContent.split(' of ').map(Number);
  const missing = declared - won;
  const required = Number(/play (\\d)/.exec(status.textContent)?.[1] ?? 0);
  const ahead = required === 1 ? pointsOf(find('.marked')) : 0;
  const losing = hand.filter((piece) => required !== 1 || pointsOf(piece) <= ahead);
  const winning = hand.filter((piece) => !losing.includes(piece));
  const lead = missing > 0 ? hand.at(-1) : hand[0];
  const single = missing > 0 ? (winning.at(-1) ?? losing[0]) : (losing.at(-1) ?? winning[0]);
  const set = missing > 0 ? hand.slice(0, required) : hand.slice(-required);
  const chosen = required === 0 ? [lead] : required === 1 ? [single] : set;
  chosen.find((piece) => piece.getAttribute('aria-pressed') === 'false')?.click();
}, 5)`;
