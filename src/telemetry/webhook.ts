/** The receiver answered, but did not take what was told. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
  /** Whether the same may be taken a moment later. */
  readonly passes: boolean;

  constructor(status: number) {
    super(`the webhook answered ${status}`);
    this.passes = status >= 500 || status === 408 || status === 429;
  }
}

/** @throws NotTaken, or what the system says where there was no answer */
export async function postToWebhook(url: string, body: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body, signal });
  await answer.body?.cancel();
  if (!answer.ok) throw new NotTaken(answer.status);
}

/** Codes of the system are capitals; anything else might be a text, and name the receiver. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const CAUSES_MAX = 8;

/**
 * Why nothing was delivered, for the log: the status, the system's code (`ECONNREFUSED`), else the failure's name.
 * Never the failure's own text: it may name the URL, which may hold a secret.
 */
export function whyUndelivered(failure: unknown): string {
  if (failure instanceof NotTaken) return failure.message;
  const causes = [failure];
  for (const cause of causes) {
    if (!(cause instanceof Error) || causes.length > CAUSES_MAX) continue;
    if ('code' in cause && typeof cause.code === 'string' && CODE.test(cause.code)) return cause.code;
    causes.push(cause.cause, ...(cause instanceof AggregateError ? (cause.errors as unknown[]) : []));
  }
  return failure instanceof Error ? failure.name : 'unknown';
}
