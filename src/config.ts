import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

/** What an operator can set, checked and in the units of the code. Every field has a value; most have a default. */
export interface Config {
  readonly port: number; // 0 lets the system choose
  readonly host: string;
  readonly dataDir: string; // absolute
  readonly staticDir: string | undefined; // absolute: the files of an existing frontend
  readonly adminToken: string | undefined;
  readonly logLevel: LogLevel;
  readonly timeScale: number; // factor on every pause and bot thinking time; 0 = none
  readonly sessionSecret: string | undefined;
  readonly allowedOrigins: readonly string[]; // besides the page's own origin; ['*'] = any
  readonly trustProxy: boolean; // believe X-Forwarded-For and X-Forwarded-Proto
  readonly rateLimitFactor: number; // on every rate limit; Infinity = off
  readonly disconnectGraceMs: number;
  readonly restartGraceMs: number;
  readonly messageBytesMax: number;
  readonly visualizerActions: boolean; // pages of the visualizer may do operations on rooms
  readonly retentionMs: number; // closed rooms that nothing happened to for so long are archived
}

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One sentence: which setting, its value, and why that can't be. The start ends with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Each check is worded so that it follows "PORT is "abc", but must be …". */
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

const DECIMAL = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SCALE_MAX = 1_000;

const timeScale = z
  .string()
  .refine((text) => DECIMAL.test(text) && Number(text) <= SCALE_MAX, `must be a number from 0 to ${SCALE_MAX}`)
  .transform(Number);

const isFactor = (text: string): boolean => DECIMAL.test(text) && Number(text) > 0 && Number(text) <= SCALE_MAX;
const rateLimits = z
  .string()
  .refine((text) => text === 'on' || text === 'off' || isFactor(text), {
    error: `must be "on", "off" or a factor above 0 and up to ${SCALE_MAX}`,
  })
  .transform((text) => (text === 'on' ? 1 : text === 'off' ? Infinity : Number(text)));

const YES = ['1', 'true', 'yes', 'on'];
const NO = ['0', 'false', 'no', 'off'];
const yesNo = z
  .string()
  .refine((text) => [...YES, ...NO].includes(text.toLowerCase()), 'must be "true" or "false"')
  .transform((text) => YES.includes(text.toLowerCase()));

const folder = z.string().transform((path) => resolve(path));
const existingFolder = folder.refine(
  (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  'must be a folder that exists',
);

const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine((list) => list.every((origin) => origin === '*' || isOrigin(origin)), {
    error: 'must be "*" or a comma list of origins such as https://play.example.org',
  });

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

const notYet = (what: string) => z.string().refine(() => false, `must not be set: ${what} is not supported yet`);

const settings = z.strictObject({
  PORT: wholeNumber(0, 65_535).default(5050),
  // Containers publish ports of every interface; on a bare machine without a firewall choose 127.0.0.1.
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, 'must be a host name or an address')
    .default('0.0.0.0'),
  DATA_DIR: folder.prefault('./data'),
  STATIC_DIR: existingFolder.optional(),
  ADMIN_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces')
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  TIME_SCALE: timeScale.default(1),
  SESSION_SECRET: z.string().min(16, 'must be at least 16 characters long').optional(),
  ALLOWED_ORIGINS: origins.default([]),
  TRUST_PROXY: yesNo.default(false),
  RATE_LIMITS: rateLimits.default(1),
  DISCONNECT_GRACE_MS: wholeNumber(0, 3_600_000).default(3_000),
  RESTART_GRACE_MS: wholeNumber(0, 3_600_000).default(60_000),
  MESSAGE_BYTES_MAX: wholeNumber(1_024, 1_048_576).default(65_536),
  RETENTION_DAYS: wholeNumber(0, 36_500).default(30),
  VISUALIZER_ACTIONS: yesNo.default(false),
  DATABASE_URL: notYet('PostgreSQL').optional(),
  REDIS_URL: notYet('Redis').optional(),
});

const DAY_MS = 86_400_000;

/** Values that no message and no log may show. */
const SECRETS = ['ADMIN_TOKEN', 'SESSION_SECRET', 'DATABASE_URL', 'REDIS_URL'];

/**
 * Reads the settings from the environment and, under it, from the JSON file that `CONFIG_FILE` names. Its members
 * have the names of the variables: `{"PORT": 8080, "TRUST_PROXY": true}`. An empty value counts as not set.
 * @throws ConfigError
 */
export function loadConfig(environment: Environment): Config {
  const file = text(environment['CONFIG_FILE']);
  const given = { ...(file !== undefined && readFile(file)) };
  for (const name of Object.keys(settings.shape)) {
    const value = text(environment[name]);
    if (value !== undefined) given[name] = value;
  }

  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    if (issue.code === 'unrecognized_keys') {
      throw new ConfigError(
        `CONFIG_FILE is "${file}", but its member "${issue.keys[0]}" is not the name of a setting.`,
      );
    }
    const name = String(issue.path[0]);
    throw new ConfigError(`${name} is ${shown(name, given[name])}, but ${issue.message}.`);
  }

  const read = parsed.data;
  return {
    port: read.PORT,
    host: read.HOST,
    dataDir: read.DATA_DIR,
    staticDir: read.STATIC_DIR,
    adminToken: read.ADMIN_TOKEN,
    logLevel: read.LOG_LEVEL,
    timeScale: read.TIME_SCALE,
    sessionSecret: read.SESSION_SECRET,
    allowedOrigins: read.ALLOWED_ORIGINS,
    trustProxy: read.TRUST_PROXY,
    rateLimitFactor: read.RATE_LIMITS,
    disconnectGraceMs: read.DISCONNECT_GRACE_MS,
    restartGraceMs: read.RESTART_GRACE_MS,
    messageBytesMax: read.MESSAGE_BYTES_MAX,
    retentionMs: read.RETENTION_DAYS * DAY_MS,
    visualizerActions: read.VISUALIZER_ACTIONS,
  };
}

function readFile(file: string): Record<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'is not valid JSON' : 'could not be read';
    throw new ConfigError(`CONFIG_FILE is "${file}", but that file ${why}.`, { cause });
  }
  const members = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).safeParse(json);
  if (!members.success) {
    const member = members.error.issues[0]?.path[0];
    const what =
      member === undefined
        ? 'it must hold one JSON object'
        : `its member "${String(member)}" must be a text, a number or a boolean`;
    throw new ConfigError(`CONFIG_FILE is "${file}", but ${what}.`);
  }
  const entries = Object.entries(members.data).map(([name, value]) => [name, text(String(value))] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function text(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function shown(name: string, value: string | undefined): string {
  return SECRETS.includes(name) ? `set (${value?.length ?? 0} characters, not shown)` : `"${value}"`;
}
