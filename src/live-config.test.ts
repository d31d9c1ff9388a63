import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError } from './config.js';
import { type ConfigChange, LiveConfig } from './live-config.js';

const folder = mkdtempSync(join(tmpdir(), 'live-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'settings.json');
const file = (settings: object): void => writeFileSync(path, JSON.stringify(settings));

function configWith(settings: object, environment = {}): { live: LiveConfig; heard: ConfigChange[] } {
  file(settings);
  const live = new LiveConfig({ CONFIG_FILE: path, ...environment });
  const heard: ConfigChange[] = [];
  live.onChange((change) => heard.push(change));
  return { live, heard };
}

test('a new value in the file is in force after a reload, and listeners hear its name', () => {
  const { live, heard } = configWith({ LOG_LEVEL: 'info' });
  file({ LOG_LEVEL: 'debug', RATE_LIMITS: 2 });
  expect(live.reload()).toMatchObject({ changed: ['LOG_LEVEL', 'RATE_LIMITS'], afterRestart: [] });
  expect(live.current).toMatchObject({ logLevel: 'debug', rateLimitFactor: 2 });
  expect(heard).toEqual([{ changed: ['LOG_LEVEL', 'RATE_LIMITS'], afterRestart: [] }]);
});

test('a value that was taken out of the file goes back to its default', () => {
  const { live } = configWith({ LOG_LEVEL: 'debug' });
  file({});
  expect(live.reload().changed).toEqual(['LOG_LEVEL']);
  expect(live.current.logLevel).toBe('info');
});

test('what only a start can take stays as it was, and is named', () => {
  const { live, heard } = configWith({ PORT: 8080 });
  file({ PORT: 9090 });
  expect(live.reload()).toMatchObject({ changed: [], afterRestart: ['PORT'] });
  expect(live.current.port).toBe(8080);
  expect(heard).toEqual([]);
});

test.each([
  [{ LOG_LEVEL: 'debug', RATE_LIMITS: 'many' }, 'RATE_LIMITS is "many", but must be'],
  [{ LOG_LEVEL: 'debug', PORT: -1 }, 'PORT is "-1", but must be'],
  [{ LOG_LEVEL: 'debug', PROT: 80 }, 'its member "PROT" is not the name of a setting'],
])('one wrong value in %j, and nothing changes', (settings, sentence) => {
  const { live, heard } = configWith({});
  file(settings);
  expect(() => live.reload()).toThrow(ConfigError);
  expect(() => live.reload()).toThrow(sentence);
  expect(live.current.logLevel).toBe('info');
  expect(heard).toEqual([]);
});

test('the environment wins over the file, and an operator over both until the value is taken back', () => {
  const { live } = configWith({ LOG_LEVEL: 'debug' }, { LOG_LEVEL: 'warn' });
  expect(live.current.logLevel).toBe('warn');
  live.configure({ LOG_LEVEL: 'trace' });
  live.reload();
  expect(live.current.logLevel).toBe('trace');
  expect(live.shown().find(({ name }) => name === 'LOG_LEVEL')).toMatchObject({ value: 'trace', source: 'operator' });
  expect(live.configure({ LOG_LEVEL: null }).changed).toEqual(['LOG_LEVEL']);
  expect(live.current.logLevel).toBe('warn');
});

test('a wrong value in the file is refused even where an operator has set another', () => {
  const { live } = configWith({});
  live.configure({ LOG_LEVEL: 'debug' });
  file({ LOG_LEVEL: 'loud', RATE_LIMITS: 2 });
  expect(() => live.reload()).toThrow('LOG_LEVEL is "loud", but must be');
  expect(live.current).toMatchObject({ logLevel: 'debug', rateLimitFactor: 1 });
});

test('a value that an operator set to what is below it overrules nothing', () => {
  const { live } = configWith({ RATE_LIMITS: 2 });
  live.configure({ RATE_LIMITS: '2', LOG_LEVEL: 'info' });
  expect(live.reload().overruled).toEqual([]);
  file({ RATE_LIMITS: 3 });
  expect(live.reload().overruled).toEqual(['RATE_LIMITS']);
});

test.each([
  [{ PORT: '1' }, "PORT can't change while the server runs: set it, and start the server again."],
  [{ PROT: '1' }, '"PROT" is not the name of a setting.'],
  [{ LOG_LEVEL: 'debug', RATE_LIMITS: '0' }, 'RATE_LIMITS is "0", but must be'],
])('an operator can not set %j', (values, sentence) => {
  const { live } = configWith({});
  expect(() => live.configure(values)).toThrow(sentence);
  expect(live.current.logLevel).toBe('info');
  expect(live.reload().changed).toEqual([]); // nothing of it waits
});

test('what is shown names value, source and unit of every setting, and no secret', () => {
  const { live } = configWith({ DISCONNECT_GRACE_MS: 5000 }, { ADMIN_TOKEN: 'open-sesame-open' });
  const shown = new Map(live.shown().map((setting) => [setting.name, setting]));
  expect(shown.get('DISCONNECT_GRACE_MS')).toMatchObject({
    value: '5000',
    source: 'file',
    default: '3000',
    unit: 'ms',
  });
  expect(shown.get('PORT')).toMatchObject({ value: '5050', source: 'default', live: false });
  expect(shown.get('ADMIN_TOKEN')!.value).toBe('(16 characters, not shown)');
  expect(JSON.stringify([...shown.values()])).not.toContain('sesame');
});
