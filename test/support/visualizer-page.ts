import type { BrowserContext, Locator, Page } from 'playwright-core';

/** An operator's tab of the visualizer, driven by its `data-testid` hooks, with whatever went wrong in it. */
export class VisualizerPage {
  /** Errors and violations of the content security policy. What the server refuses on purpose is told by the page. */
  readonly faults: string[] = [];
  readonly page: Page;
  readonly context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      const isAnswer = /Failed to load resource|net::ERR_/.test(message.text());
      if (message.type() === 'error' && !isAnswer) this.faults.push(message.text());
    });
  }

  /** A new tab. @param path e.g. '?room=9CB52B&entry=12' */
  static async open(context: BrowserContext, url: string, path: string): Promise<VisualizerPage> {
    const opened = new VisualizerPage(context, await context.newPage());
    await opened.page.goto(`${url}/visualizer${path}`);
    return opened;
  }

  get(testId: string): Locator {
    return this.page.getByTestId(testId);
  }

  click(testId: string): Promise<void> {
    return this.get(testId).click();
  }

  press(...keys: readonly string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  /** Waits until the page shows the room as it is after an entry. */
  async shows(seq: number): Promise<void> {
    await this.page.locator(`[data-testid=room-page][data-seq="${seq}"][data-shown="${seq}"]`).waitFor();
    await this.page.locator(`[data-testid=entry][data-entry="${seq}"]`).waitFor({ state: 'attached' });
  }

  /** The entry that is chosen. */
  async seq(): Promise<number> {
    return Number(await this.get('room-page').getAttribute('data-seq'));
  }

  async sentence(): Promise<string> {
    return this.get('waiting-for').locator('.sentence').innerText();
  }

  /** How far the page is wider than its window, in px. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  }
}
