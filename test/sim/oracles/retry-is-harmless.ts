import { idempotencyKey } from '../../../actors/idempotency.js';
import type { MakeOracle } from '../oracle.js';
import { CHANGING } from '../../support/recorded-commands.js';

/** Whoever is told to try again, or is refused, has changed nothing by that one sending. */
export const retryIsHarmless: MakeOracle = ({ evidence }) => {
  const sentCounts = new Map<string, number>(); // by session and id
  const refused = new Map<string, string>(); // by session and key: what was answered
  const keyOf = (session: string, id: string): string => `${session} ${idempotencyKey(session, id)}`;
  return {
    promise: 'what is to be tried again, or is refused, has had no effect',
    asked({ socket, event, id }) {
      if (!CHANGING.has(event)) return null;
      const key = keyOf(socket.session, id);
      sentCounts.set(key, (sentCounts.get(key) ?? 0) + 1);
      refused.delete(key); // this time it may well be applied
      return null;
    },
    sent({ socket, event, data, replyTo }) {
      if (event !== 'error' || replyTo === null) return null;
      const key = keyOf(socket.session, replyTo);
      if (sentCounts.get(key) !== 1) return null;
      const told = String(data['reason'] ?? data['type'] ?? data['message']);
      refused.set(key, told);
      const [applied] = evidence.appliedAs(socket.session, replyTo);
      return applied === undefined
        ? null
        : `${replyTo} is answered by ${told}, and entry ${applied.seq} has applied it`;
    },
    died() {
      // A write whose sync failed may be revived from the log when the machine ends: "again" is all that can be promised.
      refused.clear();
      return null;
    },
    durable(_, step) {
      if (step === null) return null;
      const { session, key } = step.message;
      const told = session === undefined || key === undefined ? undefined : refused.get(`${session} ${key}`);
      return told === undefined ? null : `entry ${step.entry.seq} applies what was answered by ${told}`;
    },
  };
};
