import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  pino,
  stdSerializers,
} from 'pino';
import type { LogLevel } from '../config.js';
import { stderrLines } from './bounded-lines.js';

export type Log = Logger;

/** Members whose values no line may show, wherever they stand and in whichever case (LO-8). */
const MASKED: ReadonlySet<string> = new Set([
  'token',
  'key', // ?key=, X-Key
  'session',
  'session_token',
  'sessiontoken',
  'admintoken',
  'operatortoken',
  'metricstoken',
  'sessionsecret',
  'secret',
  'password',
  'authorization',
  'proxy-authorization',
  'idempotency-key',
  'idempotencykey',
  'cookie',
  'cookies',
  'set-cookie',
  'admin_session',
  'room_session',
  'hand',
  'hands',
  'seed',
  'address',
  'ip',
  'remoteaddress',
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
]);
const MASK = '[masked]';

/** The same in a text: of a URL the values of its query, of a header what stands behind its name. */
const IN_QUERY = /([?&](?:token|key|session|session_token|secret|password|seed)=)[^&#\s"']*/gi;
const IN_HEADER = /\b(bearer\s+(?=[^\s"']{16})|(?:authorization|cookie|idempotency-key)\s*:\s*)[^\r\n"']+/gi;

/** Members of a line are masked this deep; what lies deeper is cut off, so that nothing slips through below. */
const DEPTH_MAX = 6;

/**
 * JSON lines on stderr; stdout belongs to the one line that says that the server is ready.
 * Written at once, so that the line which says why the process ends is not lost with it, unless its reader hangs.
 * The masking is ours: pino's own redaction reaches only as deep as its paths are written out.
 * @param stream for tests, and for tools that keep the lines
 */
export function createLog(level: LogLevel, stream: DestinationStream = stderrLines()): Log {
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: maskMembers },
      serializers: { err: (failure: unknown) => (failure instanceof Error ? maskedError(failure) : failure) },
    },
    stream,
  );
  // pino formats the bindings of the root logger only; children inherit this method from their parent.
  const base = Object.getPrototypeOf(log) as { child: Child };
  const child: Child = function (bindings, options) {
    return base.child.call(this, maskMembers(bindings), options);
  };
  return Object.assign(log, { child });
}

type Child = (this: Log, bindings: Bindings, options?: ChildLoggerOptions) => Log;

function maskMembers(members: Record<string, unknown>): Record<string, unknown> {
  return masked(members, 0) as Record<string, unknown>;
}

function maskedError(failure: Error): unknown {
  return masked({ ...stdSerializers.err(failure) }, 0);
}

/** The value itself where there is nothing to mask in it: most lines are not copied. */
function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (depth > DEPTH_MAX) return MASK;
    let copy: unknown[] | undefined;
    for (const [index, item] of value.entries()) {
      const shown = masked(item, depth + 1);
      if (shown !== item) (copy ??= [...(value as unknown[])])[index] = shown;
    }
    return copy ?? value;
  }
  if (!isPlain(value)) return value; // an Error has its own serializer, and a class its own toJSON
  if (depth > DEPTH_MAX) return MASK;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const member = value[name];
    const shown = MASKED.has(name.toLowerCase()) ? MASK : masked(member, depth + 1);
    if (shown !== member) (copy ??= { ...value })[name] = shown;
  }
  return copy ?? value;
}

function maskedText(text: string): string {
  return text.replace(IN_QUERY, `$1${MASK}`).replace(IN_HEADER, `$1${MASK}`);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
