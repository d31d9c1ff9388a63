import { isRecord } from '../../src/client/frame.js';
import type { Heard } from './replay.js';

/** A member that our server adds: told by the comparer, judged by the rules. */
export type Allows = (event: string, path: string) => boolean;

/** Members whose values no recording determines: clocks, counters, chance. Their types are compared. */
const FREE_VALUES: ReadonlySet<string> = new Set([
  'timestamp',
  'server_time',
  'sequence',
  'operation_id',
  'created_at',
  'last_activity',
  'start_time',
  'end_time',
  'game_duration',
  'avatar_color',
  'retry_after',
  // Without meaning for a client (protocol.md 4.3.1): a sentence, and a set in any order.
  'reason',
  'allowed_actions',
]);

/** One step behind in the existing system (protocol.md 4.3.1); other members hold the same numbers. */
const LAGGING = /^data\.players\.[^.]+\.(declared|zero_declares_in_a_row|captured_piles)$/;

/** Stands in an expectation for a text that no recording determines. */
export const ANY_TEXT = '<any text>';

/** Maps from player names: their order is the order of seats, of declaring, or of playing. */
const PLAYER_MAPS: ReadonlySet<string> = new Set(['players', 'declarations', 'turn_plays', 'pile_counts']);

/**
 * The differences between what a connection heard and what it should have heard, as sentences; none if they agree.
 * @param allows whether a rule permits a member that is not expected
 */
export function differences(expected: readonly Heard[], actual: readonly Heard[], allows: Allows): string[] {
  const found: string[] = [];
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const [should, is] = [expected[index], actual[index]];
    if (should?.kind === 'gets' && is?.kind === 'gets' && should.event === is.event) {
      const report = (path: string, sentence: string): number =>
        found.push(`frame ${index}, ${titleOf(should)}: ${path} ${sentence}`);
      compare(should.data, is.data, 'data', { event: should.event, allows, report });
    } else if (should?.kind !== 'closed' || is?.kind !== 'closed' || should.code !== is.code) {
      // Whatever follows is shifted against each other and would say nothing.
      found.push(`frame ${index}: expected ${titleOf(should)}, heard ${titleOf(is)}`);
      return found;
    }
  }
  return found;
}

function titleOf(heard: Heard | undefined): string {
  if (heard === undefined) return 'nothing';
  if (heard.kind === 'closed') return `the end with ${heard.code}`;
  const { phase, message, reason } = heard.data;
  return [heard.event, phase, message, reason].filter((part) => typeof part === 'string').join(' | ');
}

interface Scope {
  readonly event: string;
  readonly allows: Allows;
  readonly report: (path: string, sentence: string) => void;
}

function compare(should: unknown, is: unknown, path: string, scope: Scope): void {
  const type = typeOf(should);
  if (type !== typeOf(is)) scope.report(path, `is ${typeOf(is)}, not ${type}`);
  else if (Array.isArray(should)) compareArrays(should, is as unknown[], path, scope);
  else if (isRecord(should)) compareMembers(should, is as Record<string, unknown>, path, scope);
  else if (!isFree(path) && should !== ANY_TEXT && sentence(should) !== sentence(is)) {
    scope.report(path, `is ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
  }
}

function compareArrays(should: readonly unknown[], is: readonly unknown[], path: string, scope: Scope): void {
  if (isFree(path)) return;
  if (should.length !== is.length) scope.report(path, `has ${is.length} items, not ${should.length}`);
  else should.forEach((item, index) => compare(item, is[index], `${path}.${index}`, scope));
}

function compareMembers(
  should: Readonly<Record<string, unknown>>,
  is: Readonly<Record<string, unknown>>,
  path: string,
  scope: Scope,
): void {
  for (const key of Object.keys(should)) {
    if (Object.hasOwn(is, key)) compare(should[key], is[key], `${path}.${key}`, scope);
    else scope.report(`${path}.${key}`, 'is missing');
  }
  for (const key of Object.keys(is)) {
    if (!Object.hasOwn(should, key) && !scope.allows(scope.event, `${path}.${key}`)) {
      scope.report(`${path}.${key}`, 'was never recorded');
    }
  }
  if (PLAYER_MAPS.has(lastOf(path)) && Object.keys(should).join() !== Object.keys(is).join()) {
    scope.report(path, `has the order ${Object.keys(is).join()}, not ${Object.keys(should).join()}`);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function isFree(path: string): boolean {
  return FREE_VALUES.has(lastOf(path)) || LAGGING.test(path);
}

/** The two words stand in any order (protocol.md 1.6). */
function sentence(value: unknown): unknown {
  return typeof value === 'string' ? value.replace("{'accept', 'decline'}", "{'decline', 'accept'}") : value;
}
