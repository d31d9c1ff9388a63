import type { MakeOracle } from '../oracle.js';

/** What waited on the disk for its room is delivered: one entry at most, and in the end nothing waits. */
export const whatWaitsIsDeliveredOnce: MakeOracle = ({ evidence }) => {
  const parked = new Set<string>(); // correlation ids
  return {
    promise: 'a message that waited for its room is delivered once',
    durable(append, step) {
      for (const row of append.rows) {
        if (row.table === 'inbox' && row.kind === 'put') parked.add(row.values.correlationId ?? '');
      }
      if (step === null || !parked.has(step.entry.correlationId)) return null;
      const { correlationId } = step.entry;
      const restoredAt = step.room.entries.findLastIndex(({ outcome }) => outcome === 'restored');
      const same = step.room.entries.filter(
        (entry, index) => index > restoredAt && entry.correlationId === correlationId,
      );
      return same.length > 1 ? `${correlationId} was applied as ${same.map(({ seq }) => seq).join(' and ')}` : null;
    },
    settled({ inboxRows }) {
      const forgotten = inboxRows.find(({ roomId }) => evidence.rooms.get(roomId)?.isClosed === false);
      return forgotten === undefined ? null : `a message still waits for ${forgotten.roomId}`;
    },
  };
};
