import fc from 'fast-check';
import { z } from 'zod';
import { IDS_PER_SENDER_MAX } from '../../actors/idempotency.js';

/** What is done to a room behind its mailbox, or to its disk. */
export const mailboxAct = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('add'),
    n: z.number(),
    session: z.string(),
    id: z.string().nullable(),
    slot: z.string().optional(), // of messages of one slot only the newest waits
  }),
  z.object({ do: z.literal('burst'), count: z.number().int() }), // at once, each without an id
  z.object({ do: z.literal('keyedBurst'), count: z.number().int() }), // at once, each with an id of its own
  z.object({ do: z.literal('again'), back: z.number().int() }), // of a session's messages with ids the `back`-th last
  z.object({ do: z.literal('wind'), ms: z.number() }),
  z.object({ do: z.literal('look') }),
  z.object({ do: z.literal('wait'), ms: z.number() }),
  z.object({ do: z.literal('fail'), count: z.number().int() }), // the next writes fail
  z.object({ do: z.literal('loseAnswer'), of: z.enum(['committed', 'notCommitted']) }),
  z.object({ do: z.literal('stall') }),
  z.object({ do: z.literal('resume') }),
  z.object({ do: z.literal('pause') }), // by an operator
  z.object({ do: z.literal('release') }),
  z.object({ do: z.literal('crash'), underWay: z.enum(['lost', 'durable']), downMs: z.number() }),
]);

export type MailboxAct = z.infer<typeof mailboxAct>;

const session = fc.constantFrom('ann', 'bob');
/** Few ids, so that they come again; some messages have none. */
const id = fc.option(fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5'), { freq: 4 });
/** 0 is refused, and the machine throws at 13. */
const n = fc.oneof({ weight: 20, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.constant(13) });

const act: fc.Arbitrary<MailboxAct> = fc.oneof(
  { weight: 48, arbitrary: fc.record({ do: fc.constant('add' as const), n, session, id }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      n,
      session,
      id: fc.constant(null),
      slot: fc.constant('s'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('burst' as const), count: fc.constantFrom(5, 70, 300) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('keyedBurst' as const), count: fc.constantFrom(3, 18, IDS_PER_SENDER_MAX) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('again' as const),
      back: fc.oneof(fc.integer({ min: 1, max: IDS_PER_SENDER_MAX }), fc.constant(IDS_PER_SENDER_MAX)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wind' as const), ms: fc.integer({ min: 1, max: 500 }) }) },
  { weight: 6, arbitrary: fc.constant({ do: 'look' as const }) },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 5, 20, 1_000, 70_000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fail' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('loseAnswer' as const),
      of: fc.constantFrom('committed' as const, 'notCommitted' as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'stall' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'resume' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'pause' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'release' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      underWay: fc.constantFrom('lost' as const, 'durable' as const),
      downMs: fc.constantFrom(1, 100, 5_000),
    }),
  },
);

export const mailboxActs: fc.Arbitrary<MailboxAct[]> = fc.array(act, { minLength: 1, maxLength: 60, size: 'max' });
