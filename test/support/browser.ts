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
   * From now on the page plays by itself, as somebody who clicks: declares as many piles as there are strong pieces, takes
   * the hints until it has them, and then gives away what is least. Begins anew after a reload.
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
const PLAY_BY_CLICKS = `setInterval(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const find = (selector) => document.querySelector(selector);
  if (find('[data-testid=status]')?.dataset.waits !== 'own') return;
  const decline = find('[data-testid=redeal-decline]:enabled');
  if (decline !== null) return decline.click();
  const hand = all('[data-testid^=hand-]').map((piece) => ({ piece, points: Number(piece.querySelector('.points').textContent) }));
  const values = all('[data-testid^=declare-]:enabled');
  if (values.length > 0) {
    const wanted = hand.filter(({ points }) => points >= 12).length;
    const far = (button) => Math.abs(Number(button.textContent) - wanted);
    return values.sort((a, b) => far(a) - far(b))[0].click();
  }
  const play = find('[data-testid=play]');
  if (play === null) return;
  if (play.getAttribute('aria-disabled') === 'false') return play.click();
  const chosen = hand.filter(({ piece }) => piece.getAttribute('aria-pressed') === 'true');
  const [won, declared] = find('.active dd').textContent.split(' of ').map(Number);
  const hint = find('[data-testid=hints] button');
  if (chosen.length === 0 && won < declared && hint !== null) return hint.click();
  hand.filter(({ piece }) => piece.getAttribute('aria-pressed') === 'false').sort((a, b) => a.points - b.points)[0]?.piece.click();
}, 5)`;
