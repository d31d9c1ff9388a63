import type { Entry } from '../../../persistence/journal.js';

/** A journal entry as the tool shows it. What is secret until the game is over is left out of `message`. */
export interface ShownEntry {
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly outcome: Entry['outcome'];
  readonly message: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly machineVersion: number;
  readonly correlationId: string;
  readonly nextDeadline: number | null;
  readonly hash: string;
}

/** What stands in place of the seed: all hands follow from it. */
export const HIDDEN = '(hidden until the game is over; --reveal shows it)';

const FIELD_CHARS_MAX = 40;
/** Members of a message that every one has, or that only a program needs. */
const UNSHOWN = new Set(['type', 'at', 'key', 'session', 'stateHash']);

/** @param reveal also the seed */
export function shownEntry(entry: Entry, reveal: boolean): ShownEntry {
  const message = parsed(entry.message) as Record<string, unknown>;
  const { roomId, seq, at, outcome, machineVersion, correlationId, nextDeadline, hash } = entry;
  return {
    roomId,
    seq,
    at,
    outcome,
    message: reveal || !('seed' in message) ? message : { ...message, seed: HIDDEN },
    events: parsed(entry.events) as ShownEntry['events'],
    machineVersion,
    correlationId,
    nextDeadline,
    hash,
  };
}

/** Entries whose bytes were damaged are shown as well: a text that is no JSON is shown as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { type: 'unreadable', text };
  }
}

/** `play seat=0 indices=[1,2]` */
export function messageText(message: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(message)
    .filter(([name]) => !UNSHOWN.has(name))
    .map(([name, value]) => `${name}=${valueText(name, value)}`);
  return [String(message['type']), ...fields].join(' ');
}

function valueText(name: string, value: unknown): string {
  if (name === 'seed' && value === HIDDEN) return '(hidden)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > FIELD_CHARS_MAX ? `${text.slice(0, FIELD_CHARS_MAX - 1)}…` : text;
}

/** `played, turnWon` */
export function eventsText(events: ShownEntry['events']): string {
  return Array.isArray(events) ? events.map(({ type }) => String(type)).join(', ') : messageText(events as never);
}
