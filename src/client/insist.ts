import type { Clock } from '../../actors/clock.js';
import type { Acknowledgement } from './acknowledgement.js';
import { backoffMs, type Random } from './random.js';
import type { RoomLink } from './room-link.js';

/** With the pauses between them, refusals over about three minutes. */
const ATTEMPTS_MAX = 30;

export interface Insistence {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each refusal that is not the last word. */
  readonly onRetry?: (refusal: Acknowledgement) => void;
}

/**
 * Sends a command again while it is refused for a passing reason, after growing pauses and under the same id, so that
 * it is applied at most once.
 * @returns the last word: applied, refused for good, or unanswered
 */
export async function insist(
  client: RoomLink,
  event: string,
  data: Readonly<Record<string, unknown>>,
  { clock, random, onRetry }: Insistence,
): Promise<Acknowledgement> {
  let answer = await client.command(event, data);
  for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt++) {
    if (answer.kind !== 'refused' || answer.retryAfterMs === undefined) return answer;
    onRetry?.(answer);
    await pause(clock, Math.max(answer.retryAfterMs, backoffMs(random, attempt - 1)));
    answer = await client.command(event, data, answer.id);
  }
  return answer;
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(ms, resolve);
  });
}
