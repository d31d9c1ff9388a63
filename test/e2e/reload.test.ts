import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ServerProcess } from '../support/server-process.js';

const TOKEN = 'a-token-for-tests';

test('SIGHUP brings new values of the file into force, and the audit tells of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reload-'));
  const file = join(folder, 'settings.json');
  writeFileSync(file, '{}');
  const env = { CONFIG_FILE: file, ADMIN_TOKEN: TOKEN, LOG_LEVEL: '' };
  const server = await ServerProcess.start({ env });
  const ask = async <T>(path: string): Promise<T> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await fetch(`${server.url}/api/admin${path}`, { headers })).json() as Promise<T>;
  };
  try {
    writeFileSync(file, '{"MESSAGE_BYTES_MAX": 2048, "RETENTION_DAYS": 7}');
    process.kill(server.pid, 'SIGHUP');
    const done = async (): Promise<{ detail: { outcome: string; result?: object } } | undefined> =>
      (await ask<{ items: { action: string; actor: string; detail: { outcome: string } }[] }>('/audit')).items.find(
        ({ action, detail }) => action === 'reload-config' && detail.outcome !== 'begun',
      );
    await expect.poll(done, { timeout: 60_000 }).toMatchObject({
      actor: 'signal',
      detail: { outcome: 'done', result: { changed: ['MESSAGE_BYTES_MAX'], afterRestart: ['RETENTION_DAYS'] } },
    });
    const { settings } = await ask<{ settings: { name: string }[] }>('/config');
    expect(settings.find(({ name }) => name === 'MESSAGE_BYTES_MAX')).toMatchObject({ value: '2048', source: 'file' });
  } finally {
    await server.dispose();
    rmSync(folder, { recursive: true });
  }
});
