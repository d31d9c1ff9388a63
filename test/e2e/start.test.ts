import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLIENT_MODULES } from '../../src/http/client-modules.js';
import { importedLibrary, servedLibrary } from '../support/served-library.js';
import { runToEnd, ServerProcess } from '../support/server-process.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const oneSentence = (text: string): string => `${text}\n`;

// All sentences stand in src/config.test.ts; here is the way of any of them out of the process.
test('a wrong setting stops the start with one sentence', async () => {
  const end = await runToEnd({ DATA_DIR: folder, PORT: '70000' });

  const sentence = 'PORT is "70000", but must be a whole number from 0 to 65535.';
  expect(end).toEqual({ code: 1, signal: null, stdout: '', stderr: oneSentence(sentence) });
});

test('a port that is in use stops the start with one line that names the setting', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    const end = await runToEnd({ DATA_DIR: folder, HOST: '127.0.0.1', PORT: String(port) });

    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(end.stderr).toMatch(new RegExp(`^[^\\n]*${port}[^\\n]*Set PORT to a free one\\.\\n$`));
  } finally {
    holder.close();
  }
});

test.each([
  ['a file as its data folder', (file: string) => ({ DATA_DIR: file }), 'which is a file. Choose a folder.'],
  [
    'a host of another machine',
    () => ({ HOST: '192.0.2.1', DATA_DIR: join(folder, 'new') }),
    'HOST is 192.0.2.1, which is no address of this machine.',
  ],
  ['a token that is too short', () => ({ DATA_DIR: folder }), 'admin.token holds 5 characters'],
])('%s stops the start with one sentence that names it', async (_, environmentOf, sentence) => {
  const file = join(folder, 'admin.token');
  writeFileSync(file, 'short', { mode: 0o600 });
  const end = await runToEnd({ HOST: '127.0.0.1', PORT: '0', ...environmentOf(file) });
  expect(end).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(sentence) });
  expect(end.stderr.trim().split('\n')).toHaveLength(1);
});

test.each(['config.ts print', 'client.ts --help'])(
  '%s ends quietly when its reader has seen enough',
  async (command) => {
    const [program, argument] = command.split(' ') as [string, string];
    const child = spawn(process.execPath, ['--import', 'tsx', `src/cli/${program}`, argument], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await once(child, 'close');
    expect(said).toBe('');
  },
);

test('a second server on the same data folder is refused with a sentence, and the first one stays well', async () => {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const server = await ServerProcess.start({ dataDir });
  try {
    const end = await runToEnd({ DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0' });

    const sentence = `The data folder ${dataDir} is in use by process ${server.pid}. Stop it, or choose another folder.`;
    expect(end).toEqual({ code: 1, signal: null, stdout: '', stderr: oneSentence(sentence) });
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  } finally {
    await server.dispose();
  }
});

test('npm start builds the product and runs it', async () => {
  // Not the source with a loader: workers, pages and libraries must be found from the build as well.
  const built = await runToEnd({}, ['npm', 'run', 'build', '--silent'], 90_000);
  expect(built).toMatchObject({ code: 0, stderr: '' });
  const server = await ServerProcess.start({ command: ['npm', 'start', '--silent', '--ignore-scripts'] });
  try {
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${server.url}/play`)).status).toBe(200);
    expect((await fetch(`${server.url}/vendor/preact.js`)).status).toBe(200);
    const library = await servedLibrary((path) => fetch(server.url + path));
    expect(library).toEqual(await importedLibrary(CLIENT_MODULES));
    // The signal must reach the server, not end at the shell that npm puts in between.
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
  } finally {
    await server.dispose();
  }
});

test('the log tells a process that was killed from one that stopped', async () => {
  const server = await ServerProcess.start({ env: { LOG_LEVEL: 'info' } });
  try {
    await server.kill();
    await server.restart();
    const { stderr } = await server.stop();
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly msg: string; readonly awayMs?: number });
    const said = lines.map(({ msg }) => msg);
    expect(said).toEqual(['the last process did not stop in order', 'ready', 'stopping', 'stopped']);
    expect(lines[1]).toMatchObject({ open: 0, quarantined: 0, awayMs: expect.any(Number) });
    await server.restart();
    expect((await server.stop()).stderr).not.toContain('did not stop in order');
  } finally {
    await server.dispose();
  }
});
