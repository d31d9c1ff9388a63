import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ServerEnvironment, runToEnd, ServerProcess } from '../support/server-process.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const oneSentence = (text: string): string => `${text}\n`;

const wrong: readonly [string, ServerEnvironment, string][] = [
  ['a port that is none', { PORT: '70000' }, 'PORT is "70000", but must be a whole number from 0 to 65535.'],
  [
    'a folder that is not there',
    { STATIC_DIR: '/no/such' },
    'STATIC_DIR is "/no/such", but must be a folder that exists.',
  ],
  ['a negative time scale', { TIME_SCALE: '-1' }, 'TIME_SCALE is "-1", but must be a number from 0 to 1000.'],
  [
    'a log level that is none',
    { LOG_LEVEL: 'loud' },
    'LOG_LEVEL is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.',
  ],
];

test.each(wrong)('%s stops the start with one sentence', async (_, env, sentence) => {
  const end = await runToEnd({ DATA_DIR: folder, ...env });

  expect(end).toEqual({ code: 1, signal: null, stdout: '', stderr: oneSentence(sentence) });
});

test('a secret that is too short stops the start and is not shown', async () => {
  const end = await runToEnd({ DATA_DIR: folder, SESSION_SECRET: 'hunter2' });

  expect(end).toMatchObject({ code: 1, stdout: '' });
  expect(end.stderr).toMatch(/^SESSION_SECRET is set .*\.\n$/);
  expect(end.stderr).not.toContain('hunter2');
});

test('an unknown name in the configuration file stops the start with one sentence', async () => {
  const file = join(folder, 'config.json');
  writeFileSync(file, '{"PROT": 8080}');
  const end = await runToEnd({ DATA_DIR: folder, CONFIG_FILE: file });

  const sentence = `CONFIG_FILE is "${file}", but its member "PROT" is not the name of a setting.`;
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

test('a server that was killed leaves a data folder that the next one opens', async () => {
  const server = await ServerProcess.start();
  try {
    await server.kill();
    await server.restart();

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
    // The signal must reach the server, not end at the shell that npm puts in between.
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
  } finally {
    await server.dispose();
  }
});
