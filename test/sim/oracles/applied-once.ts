import type { MakeOracle } from '../oracle.js';

/** However often a command is sent, by however many sockets: one entry, in one room. */
export const appliedOnce: MakeOracle = ({ evidence }) => ({
  promise: 'no command is applied twice',
  durable(_, step) {
    if (step === null) return null;
    const { session, key } = step.message;
    if (session === undefined || key === undefined) return null;
    const seqs = step.room.keys.get(`${session} ${key}`) ?? [];
    if (seqs.length > 1) return `entries ${seqs.join(' and ')} of ${step.room.roomId} have one key`;
    if (step.message.type !== 'create') return null;
    const twins = [...evidence.rooms.values()].filter((room) => room.keys.has(`${session} ${key}`));
    return twins.length > 1 ? `one create_room made ${twins.map(({ code }) => code).join(' and ')}` : null;
  },
});
