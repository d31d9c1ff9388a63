import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, type Environment, loadConfig } from './config.js';
import { believes } from './limits/peer.js';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, 'settings.json');
  writeFileSync(path, content);
  return path;
}

function sentence(environment: Environment): string {
  try {
    loadConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return 'no error';
}

describe('defaults', () => {
  test('a server starts without any setting', () => {
    expect(loadConfig({})).toEqual({
      port: 5050,
      host: '0.0.0.0',
      dataDir: resolve('data'),
      staticDir: undefined,
      adminToken: undefined,
      operatorToken: undefined,
      logLevel: 'info',
      timeScale: 1,
      sessionSecret: undefined,
      allowedOrigins: [],
      trustProxy: false,
      rateLimitFactor: 1,
      limitLoopback: false,
      playerMessagesPerMinute: 600,
      roomMessagesPerSecond: 100,
      socketsMax: 20_000,
      socketsPerAddressMax: 500,
      socketsPerSessionMax: 32,
      handshakesPerSecond: 1_000,
      handshakesPerAddressPerMinute: 600,
      disconnectGraceMs: 3_000,
      restartGraceMs: 60_000,
      retentionMs: 2_592_000_000,
      visualizerActions: false,
      messageBytesMax: 65_536,
      metricsAccess: 'loopback',
      metricsToken: undefined,
      httpConnectionsMax: 4_096,
      httpReceiveMs: 60_000,
      httpAnswerMs: 30_000,
      slowOperationMs: 1_000,
      logFile: undefined,
      logFileBytesMax: 52_428_800,
      logFilesMax: 14,
      alertWebhookUrl: undefined,
    });
  });

  test('an empty value counts as not set, also where something else would be wrong', () => {
    const empty = { PORT: '', STATIC_DIR: ' ', ADMIN_TOKEN: '', DATABASE_URL: '', REDIS_URL: '', CONFIG_FILE: '' };
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  test('other variables of the process are none of our business', () => {
    expect(loadConfig({ PATH: '/bin', PROT: '80', port: '80' }).port).toBe(5050);
  });
});

describe('values', () => {
  test('every setting can be given by the environment', () => {
    expect(
      loadConfig({
        PORT: ' 8080 ',
        HOST: '::1',
        DATA_DIR: 'elsewhere',
        STATIC_DIR: folder,
        ADMIN_TOKEN: 'open-sesame-admin',
        OPERATOR_TOKEN: 'open-sesame-other',
        LOG_LEVEL: 'silent',
        TIME_SCALE: '0.25',
        SESSION_SECRET: 'a secret of thirty-two letters!!',
        ALLOWED_ORIGINS: 'https://a.example, http://b.example:8080',
        TRUST_PROXY: 'TRUE',
        RATE_LIMITS: '2.5',
        LIMIT_LOOPBACK: 'yes',
        PLAYER_MESSAGES_PER_MINUTE: '1',
        ROOM_MESSAGES_PER_SECOND: '2',
        SOCKETS_MAX: '3',
        SOCKETS_PER_ADDRESS_MAX: '4',
        SOCKETS_PER_SESSION_MAX: '5',
        HANDSHAKES_PER_SECOND: '6',
        HANDSHAKES_PER_ADDRESS_PER_MINUTE: '7',
        DISCONNECT_GRACE_MS: '0',
        RESTART_GRACE_MS: '1000',
        RETENTION_DAYS: '7',
        VISUALIZER_ACTIONS: 'on',
        MESSAGE_BYTES_MAX: '1048576',
        METRICS_ACCESS: 'token',
        METRICS_TOKEN: 'scrape-me-please',
        HTTP_CONNECTIONS_MAX: '16',
        HTTP_RECEIVE_MS: '5000',
        HTTP_ANSWER_MS: '100',
        SLOW_OPERATION_MS: '250',
        LOG_FILE: 'logs/server.log',
        LOG_FILE_MAX_MB: '2',
        LOG_FILES_MAX: '3',
        ALERT_WEBHOOK_URL: 'https://hooks.example/x',
      }),
    ).toEqual({
      port: 8080,
      host: '::1',
      dataDir: resolve('elsewhere'),
      staticDir: folder,
      adminToken: 'open-sesame-admin',
      operatorToken: 'open-sesame-other',
      logLevel: 'silent',
      timeScale: 0.25,
      sessionSecret: 'a secret of thirty-two letters!!',
      allowedOrigins: ['https://a.example', 'http://b.example:8080'],
      trustProxy: true,
      rateLimitFactor: 2.5,
      limitLoopback: true,
      playerMessagesPerMinute: 1,
      roomMessagesPerSecond: 2,
      socketsMax: 3,
      socketsPerAddressMax: 4,
      socketsPerSessionMax: 5,
      handshakesPerSecond: 6,
      handshakesPerAddressPerMinute: 7,
      disconnectGraceMs: 0,
      restartGraceMs: 1_000,
      retentionMs: 604_800_000,
      visualizerActions: true,
      messageBytesMax: 1_048_576,
      metricsAccess: 'token',
      metricsToken: 'scrape-me-please',
      httpConnectionsMax: 16,
      httpReceiveMs: 5_000,
      httpAnswerMs: 100,
      slowOperationMs: 250,
      logFile: resolve('logs/server.log'),
      logFileBytesMax: 2_097_152,
      logFilesMax: 3,
      alertWebhookUrl: 'https://hooks.example/x',
    });
  });

  test.each([
    ['on', 1],
    ['off', Infinity],
    ['10', 10],
    ['.5', 0.5],
  ])('RATE_LIMITS=%s is the factor %d', (text, factor) => {
    expect(loadConfig({ RATE_LIMITS: text }).rateLimitFactor).toBe(factor);
  });

  test('a time scale of 0 is one', () => {
    expect(loadConfig({ TIME_SCALE: '0' }).timeScale).toBe(0);
  });
});

describe('a wrong value stops the start with a sentence that says which and why', () => {
  test.each([
    [{ PORT: 'abc' }, 'PORT is "abc", but must be a whole number from 0 to 65535.'],
    [{ PORT: '65536' }, 'PORT is "65536", but must be a whole number from 0 to 65535.'],
    [{ PORT: '-1' }, 'PORT is "-1", but must be a whole number from 0 to 65535.'],
    [{ PORT: '80.5' }, 'PORT is "80.5", but must be a whole number from 0 to 65535.'],
    [{ PORT: '0x50' }, 'PORT is "0x50", but must be a whole number from 0 to 65535.'],
    [{ METRICS_ACCESS: 'all' }, 'METRICS_ACCESS is "all", but must be one of loopback, token, public.'],
    [{ LOG_FILES_MAX: '1' }, 'LOG_FILES_MAX is "1", but must be a whole number from 2 to 1000.'],
    [
      { ALERT_WEBHOOK_URL: 'file:///etc/x' },
      'ALERT_WEBHOOK_URL is set (13 characters, not shown), but must be a http or https URL.',
    ],
    [{ HOST: 'my host' }, 'HOST is "my host", but must be a host name or an address.'],
    [{ STATIC_DIR: '/no/such/folder' }, 'STATIC_DIR is "/no/such/folder", but must be a folder that exists.'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.'],
    [{ TIME_SCALE: '-1' }, 'TIME_SCALE is "-1", but must be a number from 0 to 1000.'],
    [{ TIME_SCALE: 'Infinity' }, 'TIME_SCALE is "Infinity", but must be a number from 0 to 1000.'],
    [{ TIME_SCALE: '1,5' }, 'TIME_SCALE is "1,5", but must be a number from 0 to 1000.'],
    [
      { TRUST_PROXY: '10.0.0.0/8, maybe' },
      'TRUST_PROXY is "10.0.0.0/8, maybe", but must be "true", "false" or a comma list of addresses and networks such as 10.0.0.0/8.',
    ],
    [{ RATE_LIMITS: '0' }, 'RATE_LIMITS is "0", but must be "on", "off" or a factor above 0 and up to 1000.'],
    [
      { ALLOWED_ORIGINS: 'https://a.example/,*' },
      'ALLOWED_ORIGINS is "https://a.example/,*", but must be "*" or a comma list of origins such as https://play.example.org.',
    ],
    [{ MESSAGE_BYTES_MAX: '0' }, 'MESSAGE_BYTES_MAX is "0", but must be a whole number from 1024 to 1048576.'],
    [{ CONFIG_FILE: '/no/such.json' }, 'CONFIG_FILE is "/no/such.json", but that file could not be read.'],
  ])('%j', (environment, expected) => {
    expect(sentence(environment)).toBe(expected);
  });

  test('stores that come in a later version are refused, not ignored', () => {
    expect(sentence({ DATABASE_URL: 'postgres://u:hunter2@db/x' })).toBe(
      'DATABASE_URL is set (25 characters, not shown), but must not be set: PostgreSQL is not supported yet.',
    );
    expect(sentence({ REDIS_URL: 'redis://r' })).toMatch(/^REDIS_URL .* Redis is not supported yet\.$/);
  });

  test('no sentence shows a secret', () => {
    expect(sentence({ SESSION_SECRET: 'hunter2' })).toBe(
      'SESSION_SECRET is set (7 characters, not shown), but must be at least 32 characters long.',
    );
    for (const name of ['ADMIN_TOKEN', 'OPERATOR_TOKEN', 'METRICS_TOKEN'] as const) {
      expect(sentence({ [name]: 'hunter2-hunter2' })).toBe(
        `${name} is set (15 characters, not shown), but must be at least 16 characters long.`,
      );
    }
    expect(sentence({ ADMIN_TOKEN: 'hun ter' })).not.toContain('hun');
  });
});

describe('the file', () => {
  test('has the names of the variables and may use JSON numbers and booleans', () => {
    const path = file('{"PORT": 8080, "TRUST_PROXY": true, "LOG_LEVEL": "warn", "HOST": ""}');
    expect(loadConfig({ CONFIG_FILE: path })).toMatchObject({
      port: 8080,
      trustProxy: true,
      logLevel: 'warn',
      host: '0.0.0.0',
    });
  });

  test('gives way to the environment', () => {
    const path = file('{"PORT": 8080, "LOG_LEVEL": "warn"}');
    expect(loadConfig({ CONFIG_FILE: path, PORT: '9090', LOG_LEVEL: '' })).toMatchObject({
      port: 9090,
      logLevel: 'warn',
    });
  });

  test.each([
    ['{"PROT": 80}', 'its member "PROT" is not the name of a setting.'],
    ['{"CONFIG_FILE": "x"}', 'its member "CONFIG_FILE" is not the name of a setting.'],
    ['{"PORT": [80]}', 'its member "PORT" must be a text, a number or a boolean.'],
    ['{"PORT": null}', 'its member "PORT" must be a text, a number or a boolean.'],
    ['[]', 'it must hold one JSON object.'],
    ['{"PORT": 80', 'that file is not valid JSON.'],
  ])('%s is refused', (content, expected) => {
    const path = file(content);
    expect(sentence({ CONFIG_FILE: path })).toBe(`CONFIG_FILE is "${path}", but ${expected}`);
  });

  test('a wrong value in it is refused like one of the environment', () => {
    expect(sentence({ CONFIG_FILE: file('{"TIME_SCALE": -2}') })).toBe(
      'TIME_SCALE is "-2", but must be a number from 0 to 1000.',
    );
  });
});

test('a list of proxies is trusted, and nobody else', () => {
  const { trustProxy } = loadConfig({ TRUST_PROXY: '127.0.0.1, 203.0.113.0/24' });
  expect([believes(trustProxy, '203.0.113.9'), believes(trustProxy, '203.0.114.9')]).toEqual([true, false]);
});
