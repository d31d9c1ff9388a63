// Goal: the order of steps is judged where a step was due, and not where an old answer is given again. Method: frames
// as a socket would get them, to the oracle alone.
import { expect, test } from 'vitest';
import type { Scene, Sent } from '../oracle.js';
import { oneOrder } from './one-order.js';

const socket = { path: '/ws/ABCDEF' } as Sent['socket'];

/** What is wrong after the present of entry 16 and one more step, made as entry `sequence` and told to one socket. */
function judged(sequence: number, answer: Pick<Sent, 'replyTo' | 'isRepeat'>): string | null | undefined {
  const oracle = oneOrder({ evidence: { rooms: new Map() } } as unknown as Scene);
  const step = (of: number): Pick<Sent, 'event' | 'data' | 'text' | 'socket'> => ({
    event: 'phase_change',
    data: { sequence: of, phase: 'turn', reason: 'a play' },
    text: '',
    socket,
  });
  oracle.started?.();
  oracle.sent?.({ ...step(16), replyTo: null, isRepeat: false });
  return oracle.sent?.({ ...step(sequence), ...answer });
}

test('a message sent again may be answered from an entry that nobody was there to hear of, and no other one', () => {
  expect(judged(10, { replyTo: 'm1', isRepeat: true })).toBeNull();
  expect(judged(10, { replyTo: 'm1', isRepeat: false })).toMatch(/^10 turn a play comes behind entry 16$/);
  expect(judged(17, { replyTo: 'm1', isRepeat: true })).toBeNull();
});
