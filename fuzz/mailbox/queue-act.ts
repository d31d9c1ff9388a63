import fc from 'fast-check';
import { z } from 'zod';
import { LANES } from '../../actors/mailbox.js';

/** What is done to a mailbox alone. */
export const queueAct = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('offer'),
    lane: z.enum(LANES),
    bytes: z.number().int(),
    slot: z.string().nullable(),
  }),
  z.object({ do: z.literal('take') }),
  z.object({ do: z.literal('putBack') }), // what was taken last
  z.object({ do: z.literal('remove'), which: z.number().int() }), // of those that wait
]);

export type QueueAct = z.infer<typeof queueAct>;

const act: fc.Arbitrary<QueueAct> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('offer' as const),
      lane: fc.constantFrom(...LANES),
      bytes: fc.nat(40),
      slot: fc.option(fc.constantFrom('s1', 's2'), { freq: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'take' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'putBack' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(6) }) },
);

export const queueActs: fc.Arbitrary<QueueAct[]> = fc.array(act, { minLength: 1, maxLength: 60, size: 'max' });
