import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';
import { processChecks } from '../../src/telemetry/process-checks.js';
import { SimulatedServer } from '../support/simulated-server.js';

const document = readFileSync(join(projectRoot(), 'docs/HEALTH_ENDPOINTS.md'), 'utf8');

async function namesOfChecks(): Promise<readonly string[]> {
  const { server } = await SimulatedServer.start();
  const well = { storeFindings: [], diskIsLow: false, archiveFailures: 0, alertUndelivered: false };
  const checks = processChecks({ ...well, lagMs: 0, watchdogSilentMs: 0 });
  return [...server.health().checks, ...checks].map(({ name }) => name).concat('health');
}

test('docs/HEALTH_ENDPOINTS.md has every check, in a row of the table and in the answer that it shows, and no other', async () => {
  const names = await namesOfChecks();
  const rows = [...document.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(rows).toEqual(names);
  const [answer] = /^\{"status".*$/m.exec(document)!;
  const { checks } = JSON.parse(answer) as { checks: readonly { readonly name: string }[] };
  expect(checks.map(({ name }) => name)).toEqual(names);
});
