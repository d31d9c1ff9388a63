import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';
import { LiveConfig } from '../../src/live-config.js';
import { startServer } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';

test('the example of docs/CLIENT.md does what the document says', async () => {
  const document = readFileSync(join(projectRoot(), 'docs/CLIENT.md'), 'utf8');
  const [, example] = /```ts\n(.*?)```/s.exec(document)!;
  const [, said] = /```\n\$ .*\n(.*)\n```/.exec(document)!;
  expect(example!.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(21); // 20 and the imports
  const file = join(projectRoot(), `example-${randomUUID()}.ts`); // where its imports lead somewhere
  const dataDir = mkdtempSync(join(tmpdir(), 'client-document-'));
  const live = new LiveConfig({ HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, TIME_SCALE: '0' });
  const server = await startServer(live, createLog('silent'), () => expect.unreachable());
  try {
    writeFileSync(file, example!);
    const command = ['--import', 'tsx', file, `ws://127.0.0.1:${server.port}`];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: projectRoot() });
    expect(stdout).toBe(`${said}\n`);
  } finally {
    rmSync(file, { force: true });
    await server.stop();
    rmSync(dataDir, { recursive: true });
  }
});
