import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { type ProxyTrust, TrustedProxies } from './limits/trusted-proxies.js';

/** What an operator can set, checked and in the units of the code. Every field has a value; most have a default. */
export interface Config {
  readonly port: number; // 0 lets the system choose
  readonly host: string;
  readonly dataDir: string; // absolute
  readonly staticDir: string | undefined; // absolute: the files of an existing frontend
  readonly adminToken: string | undefined;
  readonly operatorToken: string | undefined; // without it there is no operator but the admin
  readonly logLevel: LogLevel;
  readonly timeScale: number; // factor on every pause and bot thinking time; 0 = none
  readonly sessionSecret: string | undefined;
  readonly allowedOrigins: readonly string[]; // besides the page's own origin; ['*'] = any
  readonly trustProxy: ProxyTrust; // of X-Forwarded-For and X-Forwarded-Proto
  readonly rateLimitFactor: number; // on every rate limit; Infinity = off
  readonly limitLoopback: boolean; // addresses of this machine count as others do
  readonly playerMessagesPerMinute: number; // of all sockets of a session
  readonly roomMessagesPerSecond: number; // of all sockets in a room
  readonly socketsMax: number;
  readonly socketsPerAddressMax: number;
  readonly socketsPerSessionMax: number;
  readonly handshakesPerSecond: number; // of all sockets
  readonly handshakesPerAddressPerMinute: number;
  readonly disconnectGraceMs: number;
  readonly restartGraceMs: number;
  readonly messageBytesMax: number;
  readonly visualizerActions: boolean; // pages of the visualizer may do operations on rooms
  readonly metricsAccess: 'loopback' | 'token' | 'public'; // who may read /metrics; a token always opens it
  readonly metricsToken: string | undefined; // besides those of admin and operators
  readonly httpConnectionsMax: number; // sockets of players are not counted
  readonly httpReceiveMs: number; // a request is here whole by then
  readonly httpAnswerMs: number; // its answer begins by then; operations take their time
  readonly slowOperationMs: number; // what takes longer is a line of the log
  readonly logFile: string | undefined; // absolute: lines go there and not to stderr
  readonly logFileBytesMax: number; // then the next file begins
  readonly logFilesMax: number; // older ones are removed
  readonly alertWebhookUrl: string | undefined;
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

const proxyTrust = z.string().transform((text, context): ProxyTrust => {
  if (YES.includes(text.toLowerCase())) return true;
  if (NO.includes(text.toLowerCase())) return false;
  const proxies = TrustedProxies.of(text.split(',').map((network) => network.trim()));
  if (proxies !== null) return proxies;
  context.addIssue('must be "true", "false" or a comma list of addresses and networks such as 10.0.0.0/8');
  return z.NEVER;
});

const folder = z.string().transform((path) => resolve(path));
const existingFolder = folder.refine(
  (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  'must be a folder that exists',
);

const origins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine((list) => list.every((origin) => origin === '*' || isOrigin(origin)), {
    error: 'must be "*" or a comma list of origins such as https://play.example.org',
  });

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

const METRICS_ACCESS = ['loopback', 'token', 'public'] as const;

const TOKEN_CHARS_MIN = 16;
const SECRET_CHARS_MIN = 32;
const token = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces')
  .min(TOKEN_CHARS_MIN, `must be at least ${TOKEN_CHARS_MIN} characters long`);

const notYet = (what: string) => z.string().refine(() => false, `must not be set: ${what} is not supported yet`);

/** What a setting is, for people. */
interface About {
  readonly about: string; // what it does, in a sentence without its end
  readonly unit?: string;
  readonly live?: true; // a running server takes a new value
  readonly secret?: true; // no message and no log may show it
}

const abouts = z.registry<About>();

/** Every setting is a text, as the environment has it; what is in force without it is a text as well. */
/** So much at most, from the next on. */
const limit = (standard: string, unit: string, about: string) =>
  wholeNumber(1, 1_000_000).prefault(standard).register(abouts, { about, unit, live: true });

const settings = z.strictObject({
  PORT: wholeNumber(0, 65_535).prefault('5050').register(abouts, { about: 'Port to listen on; 0 takes a free one' }),
  // Containers publish ports of every interface; on a bare machine without a firewall choose 127.0.0.1.
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, 'must be a host name or an address')
    .prefault('0.0.0.0')
    .register(abouts, { about: 'Address to listen on; 127.0.0.1 for this machine alone' }),
  DATA_DIR: folder.prefault('./data').register(abouts, { about: 'Folder of the journal and the keys' }),
  STATIC_DIR: existingFolder.optional().register(abouts, {
    about: 'Built files of an existing frontend, served at /; without it, the page /play',
  }),
  ADMIN_TOKEN: token.optional().register(abouts, {
    about: 'Opens /api/admin, 16 characters or more; else admin.token in DATA_DIR is made and does',
    secret: true,
  }),
  OPERATOR_TOKEN: token.optional().register(abouts, {
    about: 'Opens what operators may (ADMIN_API.md, "Roles"), 16 characters or more; without it the admin alone may',
    secret: true,
  }),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .prefault('info')
    .register(abouts, { about: `Lines below it are left out: ${LOG_LEVELS.join(', ')}`, live: true }),
  TIME_SCALE: timeScale.prefault('1').register(abouts, {
    about: 'Factor on the pauses of the game and the thinking of bots; a room keeps the one it was made with',
  }),
  SESSION_SECRET: z
    .string()
    .min(SECRET_CHARS_MIN, `must be at least ${SECRET_CHARS_MIN} characters long`)
    .optional()
    .register(abouts, {
      about: 'Signs the session cookie, 32 characters or more; else session.key in DATA_DIR is made and does',
      secret: true,
    }),
  ALLOWED_ORIGINS: origins.prefault('').register(abouts, {
    about: 'Pages of other origins that may open sockets: a comma list, or *',
    live: true,
  }),
  TRUST_PROXY: proxyTrust.prefault('false').register(abouts, {
    about:
      'Believe X-Forwarded-For and X-Forwarded-Proto: true only behind one proxy that sets them; behind several a comma list of their addresses and networks',
  }),
  RATE_LIMITS: rateLimits.prefault('on').register(abouts, { about: 'on, off, or a factor on every limit', live: true }),
  LIMIT_LOOPBACK: yesNo.prefault('false').register(abouts, {
    about: 'Limits by address also count this machine itself',
    live: true,
  }),
  PLAYER_MESSAGES_PER_MINUTE: limit(
    '600',
    'messages/min',
    'Messages of one player over all its sockets; so many also at once',
  ),
  ROOM_MESSAGES_PER_SECOND: limit(
    '100',
    'messages/s',
    'Messages into one room: a fifth for each seat, a fifth for all who have none',
  ),
  SOCKETS_MAX: limit('20000', 'sockets', 'Sockets that are open at once; further handshakes are answered by 503'),
  SOCKETS_PER_ADDRESS_MAX: limit('500', 'sockets', 'The same of one address, by 429: a school stands behind one'),
  SOCKETS_PER_SESSION_MAX: limit('32', 'sockets', 'The same of one session, by 429: tabs of a browser'),
  HANDSHAKES_PER_SECOND: limit(
    '1000',
    'sockets/s',
    'New sockets, twice as many at once; further ones are answered by 503',
  ),
  HANDSHAKES_PER_ADDRESS_PER_MINUTE: limit(
    '600',
    'sockets/min',
    'New sockets of one address, so many also at once; then 429',
  ),
  DISCONNECT_GRACE_MS: wholeNumber(0, 3_600_000)
    .prefault('3000')
    .register(abouts, { about: 'A player may be gone for so long before the bot plays', unit: 'ms', live: true }),
  RESTART_GRACE_MS: wholeNumber(0, 3_600_000)
    .prefault('60000')
    .register(abouts, { about: 'The same after a start of the server', unit: 'ms' }),
  MESSAGE_BYTES_MAX: wholeNumber(1_024, 1_048_576)
    .prefault('65536')
    .register(abouts, { about: 'Longer messages of players are answered by an error', unit: 'bytes', live: true }),
  METRICS_ACCESS: z
    .enum(METRICS_ACCESS, `must be one of ${METRICS_ACCESS.join(', ')}`)
    .prefault('loopback')
    .register(abouts, {
      about: 'Who reads /metrics without a token: loopback (this machine), public (everybody), token (nobody)',
    }),
  METRICS_TOKEN: token.optional().register(abouts, {
    about: 'Opens /metrics and nothing else, as the admin and operator tokens do; 16 characters or more',
    secret: true,
  }),
  HTTP_CONNECTIONS_MAX: wholeNumber(16, 1_000_000).prefault('4096').register(abouts, {
    unit: 'connections',
    about: 'HTTP connections at a time, sockets of players not counted; beyond it the one that was idle longest is cut',
    live: true,
  }),
  HTTP_RECEIVE_MS: wholeNumber(1_000, 3_600_000)
    .prefault('60000')
    .register(abouts, { about: 'A request must have come whole by then, its body included', unit: 'ms' }),
  HTTP_ANSWER_MS: wholeNumber(100, 3_600_000).prefault('30000').register(abouts, {
    about: 'A request that has no answer by then is answered by 503; operations take the time they need',
    unit: 'ms',
    live: true,
  }),
  SLOW_OPERATION_MS: wholeNumber(1, 3_600_000).prefault('1000').register(abouts, {
    about: 'A message, a commit or a request that takes longer is a warning in the log',
    unit: 'ms',
    live: true,
  }),
  LOG_FILE: z
    .string()
    .transform((path) => resolve(path))
    .optional()
    .register(abouts, { about: 'Lines of the log go to files of this name with a number behind it; else to stderr' }),
  LOG_FILE_MAX_MB: wholeNumber(1, 10_240)
    .prefault('50')
    .register(abouts, { about: 'The next file begins at about this size, and each day', unit: 'MiB' }),
  LOG_FILES_MAX: wholeNumber(2, 1_000)
    .prefault('14')
    .register(abouts, { unit: 'files', about: 'Files of the log that are kept at most; the oldest is removed' }),
  ALERT_WEBHOOK_URL: z
    .string()
    .refine(isWebAddress, 'must be a http or https URL')
    .optional()
    .register(abouts, { about: 'Alerts for operators are posted there as JSON, besides the log', secret: true }),
  RETENTION_DAYS: wholeNumber(0, 36_500)
    .prefault('30')
    .register(abouts, { about: 'Closed rooms that are older move to files in DATA_DIR/archive', unit: 'days' }),
  VISUALIZER_ACTIONS: yesNo
    .prefault('false')
    .register(abouts, { about: 'Pages of the visualizer may do operations on rooms; else they only look' }),
  DATABASE_URL: notYet('PostgreSQL').optional().register(abouts, { about: 'Not supported yet', secret: true }),
  REDIS_URL: notYet('Redis').optional().register(abouts, { about: 'Not supported yet', secret: true }),
});

export type SettingName = keyof typeof settings.shape;

export const SETTING_NAMES = Object.keys(settings.shape) as readonly SettingName[];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings.shape, name);
}

export function aboutSetting(name: SettingName): About {
  return abouts.get(settings.shape[name])!;
}

/** The text that is in force where a setting is not given; null where nothing is. */
export function defaultOf(name: SettingName): string | null {
  const { def } = settings.shape[name];
  return 'defaultValue' in def ? def.defaultValue : null;
}

/** Who gave a setting its value; later ones win. */
export type SettingSource = 'file' | 'environment' | 'operator';

/** Settings that were given, as texts. */
export type Given = Readonly<Partial<Record<SettingName, { readonly text: string; readonly source: SettingSource }>>>;

/**
 * What the environment and, under it, the JSON file that `CONFIG_FILE` names give. The file's members have the names of
 * the variables: `{"PORT": 8080, "TRUST_PROXY": true}`. An empty value counts as not set.
 * @throws ConfigError for a file that can't be read
 */
export function givenSettings(environment: Environment): Given {
  const given: Record<string, { readonly text: string; readonly source: SettingSource }> = {};
  const file = textOf(environment['CONFIG_FILE']);
  for (const [name, text] of Object.entries(file === undefined ? {} : readFile(file))) {
    if (!isSettingName(name)) {
      throw new ConfigError(`CONFIG_FILE is "${file}", but its member "${name}" is not the name of a setting.`);
    }
    given[name] = { text, source: 'file' };
  }
  for (const name of SETTING_NAMES) {
    const text = textOf(environment[name]);
    if (text !== undefined) given[name] = { text, source: 'environment' };
  }
  return given;
}

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** @throws ConfigError naming the first value that can't be */
export function configOf(given: Given): Config {
  const parsed = settings.safeParse(Object.fromEntries(Object.entries(given).map(([name, { text }]) => [name, text])));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = issue.path[0] as SettingName;
    throw new ConfigError(`${name} is ${shown(name, given[name]?.text)}, but ${issue.message}.`);
  }
  const read = parsed.data;
  return {
    port: read.PORT,
    host: read.HOST,
    dataDir: read.DATA_DIR,
    staticDir: read.STATIC_DIR,
    adminToken: read.ADMIN_TOKEN,
    operatorToken: read.OPERATOR_TOKEN,
    logLevel: read.LOG_LEVEL,
    timeScale: read.TIME_SCALE,
    sessionSecret: read.SESSION_SECRET,
    allowedOrigins: read.ALLOWED_ORIGINS,
    trustProxy: read.TRUST_PROXY,
    rateLimitFactor: read.RATE_LIMITS,
    limitLoopback: read.LIMIT_LOOPBACK,
    playerMessagesPerMinute: read.PLAYER_MESSAGES_PER_MINUTE,
    roomMessagesPerSecond: read.ROOM_MESSAGES_PER_SECOND,
    socketsMax: read.SOCKETS_MAX,
    socketsPerAddressMax: read.SOCKETS_PER_ADDRESS_MAX,
    socketsPerSessionMax: read.SOCKETS_PER_SESSION_MAX,
    handshakesPerSecond: read.HANDSHAKES_PER_SECOND,
    handshakesPerAddressPerMinute: read.HANDSHAKES_PER_ADDRESS_PER_MINUTE,
    disconnectGraceMs: read.DISCONNECT_GRACE_MS,
    restartGraceMs: read.RESTART_GRACE_MS,
    messageBytesMax: read.MESSAGE_BYTES_MAX,
    metricsAccess: read.METRICS_ACCESS,
    metricsToken: read.METRICS_TOKEN,
    httpConnectionsMax: read.HTTP_CONNECTIONS_MAX,
    httpReceiveMs: read.HTTP_RECEIVE_MS,
    httpAnswerMs: read.HTTP_ANSWER_MS,
    slowOperationMs: read.SLOW_OPERATION_MS,
    logFile: read.LOG_FILE,
    logFileBytesMax: read.LOG_FILE_MAX_MB * MIB,
    logFilesMax: read.LOG_FILES_MAX,
    alertWebhookUrl: read.ALERT_WEBHOOK_URL,
    retentionMs: read.RETENTION_DAYS * DAY_MS,
    visualizerActions: read.VISUALIZER_ACTIONS,
  };
}

/** @throws ConfigError */
export function loadConfig(environment: Environment): Config {
  return configOf(givenSettings(environment));
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
  const entries = Object.entries(members.data).map(([name, value]) => [name, textOf(String(value))] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function textOf(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** A value as messages may show it. */
function shown(name: SettingName, text = ''): string {
  return aboutSetting(name).secret === true ? `set (${text.length} characters, not shown)` : `"${text}"`;
}
