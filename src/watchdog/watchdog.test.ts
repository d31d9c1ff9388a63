import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startWatchdog } from './watchdog.js';

test('a watchdog that looks is not silent, one that is gone is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  const watchdog = startWatchdog({ suspectFile: join(folder, 'suspect.json'), checkEveryMs: 5, startMs: 0 });
  try {
    const startedMs = performance.now();
    // Only a look since the question before makes it shorter than the time since the start.
    await vi.waitFor(() => expect(watchdog.silentMs()).toBeLessThan((performance.now() - startedMs) / 2), 20_000);
  } finally {
    await watchdog.stop();
    rmSync(folder, { recursive: true });
  }
  watchdog.silentMs(); // the last looks
  const silentMs = watchdog.silentMs();
  await vi.waitFor(() => expect(watchdog.silentMs()).toBeGreaterThan(silentMs + 20));
});

test('a watchdog whose thread still starts is not silent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  const watchdog = startWatchdog({ suspectFile: join(folder, 'suspect.json') });
  expect(watchdog.silentMs()).toBe(0);
  await watchdog.stop();
  rmSync(folder, { recursive: true });
});
