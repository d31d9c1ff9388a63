import { InvalidArgumentError } from 'commander';
import type { Viewer } from '../../../actors/room-definition.js';

/** A place in a room's history: an entry, or the last one that was made at a time or before. */
export type Place = { readonly kind: 'seq'; readonly seq: number } | { readonly kind: 'time'; readonly at: number }; // ms since the epoch

/** A number this great is a time in ms: no room has so many entries. */
const TIME_MS_MIN = 100_000_000_000;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)?(?:Z|[+-]\d{2}:\d{2})?$/i;

export function place(text: string): Place {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value >= TIME_MS_MIN && value <= 8.64e15) return { kind: 'time', at: value };
    if (value >= 1 && value < TIME_MS_MIN) return { kind: 'seq', seq: value };
  }
  if (ISO_TIME.test(text)) {
    const hasTime = text.length > 10;
    const hasZone = /(?:Z|[+-]\d{2}:\d{2})$/i.test(text.slice(10));
    // Without a zone it is UTC, as all times that are shown here; a bare date is so already.
    const at = Date.parse(hasTime && !hasZone ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T'));
    if (!Number.isNaN(at)) return { kind: 'time', at };
  }
  throw new InvalidArgumentError('It must be the number of an entry, or a time such as 2026-01-31T12:00:00Z.');
}

export function viewer(text: string): Viewer {
  if (text === 'spectator' || text === 'operator') return text;
  if (/^[0-3]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a seat from 0 to 3, spectator or operator.');
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
