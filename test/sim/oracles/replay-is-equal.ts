import type { MakeOracle } from '../oracle.js';

/** The saved states are those that the entries lead to. That entries lead anywhere at all is the evidence's own check. */
export const replayIsEqual: MakeOracle = ({ evidence }) => ({
  promise: 'a state that is saved or recovered is what the journal leads to',
  durable({ snapshot }) {
    if (snapshot === null) return null;
    const { value, context } = JSON.parse(snapshot.state) as { readonly value: unknown; readonly context: unknown };
    const replayed = evidence.rooms.get(snapshot.roomId)?.states[snapshot.seq - 1];
    const same = JSON.stringify({ value, context }) === JSON.stringify(replayed);
    return same ? null : `snapshot ${snapshot.seq} of ${snapshot.roomId} is not the replayed state`;
  },
});
