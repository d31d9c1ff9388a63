import { hash } from 'node:crypto';
import type { Entry } from './journal.js';

/** The hash in front of a room's first entry. */
export const CHAIN_START = '';

/** SHA-256 of a text, base64url, 43 characters. */
export function contentHash(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * The hash of an entry over the one before it and every stored field, so that no stored byte can change unnoticed.
 * The fields are joined by newlines; JSON holds none, so no two different entries give the same text.
 */
export function chainHash(previous: string, entry: Omit<Entry, 'hash'>): string {
  return contentHash(
    [
      previous,
      entry.roomId,
      entry.seq,
      entry.at,
      entry.outcome,
      entry.machineVersion,
      entry.correlationId,
      entry.nextDeadline ?? '',
      entry.message,
      entry.events,
    ].join('\n'),
  );
}
