import { startBrowser } from '../support/browser.js';
import { findProgram } from '../support/needs.js';
import { playedRoom, SEATS_KEPT } from '../support/played-room.js';
import { ServerProcess } from '../support/server-process.js';
import { VisualizerPage } from '../support/visualizer-page.js';

// Measures how fluent scrubbing is: `node --import tsx test/e2e/scrub-frames.ts` drags the line through a whole game,
// three entries further in each frame, there and back, and counts the frames that the browser draws meanwhile.

const TOKEN = 'a-token-for-measuring';
const FRAMES = 400;

/** Runs in the page: moves the slider once a frame, as a hand does that never stops, and notes when frames came. */
const SCRUB = `new Promise((done) => {
  const slider = document.querySelector('[data-testid=scrub]');
  const room = document.querySelector('[data-testid=room-page]');
  const [first, last] = [Number(slider.min), Number(slider.max)];
  const times = [];
  let shown = 0;
  requestAnimationFrame(function frame(now) {
    times.push(now);
    if (room.dataset.shown === room.dataset.seq) shown++;
    if (times.length > ${FRAMES}) return done({ times, shown, last });
    const way = (3 * times.length) % (2 * (last - first));
    slider.value = String(first + Math.min(way, 2 * (last - first) - way));
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    requestAnimationFrame(frame);
  });
})`;

const chromium = findProgram('chromium');
if (chromium === undefined) throw new Error('Chromium is not installed: it is what is measured.');
const server = await ServerProcess.start({ env: { ...SEATS_KEPT, ADMIN_TOKEN: TOKEN } });
const browser = await startBrowser(chromium);
try {
  const { code } = await playedRoom(server);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const shown = await VisualizerPage.open(context, server.url, `?token=${TOKEN}&room=${code}&as=operator`);
  let requests = 0;
  shown.page.on('request', (request) => {
    if (request.url().includes('/states')) requests++;
  });
  await shown.page.locator('[data-testid=room-page]:not([data-shown=""])').waitFor();
  // Time of the page's main thread on the processor, so that other programs on the machine do not count.
  const devtools = await context.newCDPSession(shown.page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyMs = async (): Promise<Readonly<Record<string, number>>> => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    const named = Object.fromEntries(metrics.map(({ name, value }) => [name, value * 1000]));
    return {
      script: named['ScriptDuration']!,
      style: named['RecalcStyleDuration']!,
      layout: named['LayoutDuration']!,
      all: named['TaskDuration']!,
    };
  };
  const run = (): Promise<{ times: number[]; shown: number; last: number }> => shown.page.evaluate(SCRUB);
  for (const round of ['first time through', 'again']) {
    requests = 0;
    const before = await busyMs();
    const { times, shown: right, last } = await run();
    const after = await busyMs();
    const share = (name: string): number => Math.round(((after[name]! - before[name]!) / times.length) * 100) / 100;
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    gaps.sort((a, b) => a - b);
    const at = (part: number): number => Math.round(gaps[Math.floor(gaps.length * part)]! * 10) / 10;
    const seconds = (times.at(-1)! - times[0]!) / 1000;
    console.log(
      JSON.stringify({
        round,
        entries: last,
        frames_per_s: Math.round((gaps.length / seconds) * 10) / 10,
        frame_ms: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
        cpu_ms_per_frame: {
          all: share('all'),
          script: share('script'),
          style: share('style'),
          layout: share('layout'),
        },
        frames_with_their_state: Math.round((right / times.length) * 1000) / 1000,
        requests,
      }),
    );
  }
} finally {
  await browser.close();
  await server.dispose();
}
