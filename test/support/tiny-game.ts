import { assign, emit, enqueueActions, setup } from 'xstate';
import { z } from 'zod';
import type { DomainEvent, Message, RoomDefinition, Untimed } from '../../actors/room-definition.js';

const at = z.number().int();
const key = z.string().optional();
const session = z.string();

/** A counter with an egg timer: the smallest room that has rules, a deadline, rows and an end. */
export const tinyMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), at, key, session, code: z.string(), seed: z.string() }),
  z.object({ type: z.literal('add'), at, key, session, n: z.number() }),
  z.object({ type: z.literal('wind'), at, key, session, ms: z.number() }), // the egg timer; below 0 it breaks when due
  z.object({ type: z.literal('ring'), at, key }),
  z.object({ type: z.literal('resumed'), at, key, outageMs: z.number() }),
  z.object({ type: z.literal('close'), at, key, session }),
]);

export type TinyMessage = z.infer<typeof tinyMessage>;
export type UntimedTinyMessage = Untimed<TinyMessage>;

export type TinyEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'added'; readonly n: number; readonly count: number }
  | { readonly type: 'wound'; readonly dueAt: number }
  | { readonly type: 'rang'; readonly count: number }
  | { readonly type: 'shifted'; readonly outageMs: number }
  | { readonly type: 'closed' };

export interface TinyState {
  readonly code: string;
  readonly openedAt: number;
  readonly count: number;
  readonly adds: readonly number[];
  readonly dueAt: number | null;
  readonly breaks: boolean; // the next ring, or shift of the clocks, throws
}

export interface TinyView {
  readonly count: number;
  readonly adds: readonly number[];
  readonly dueAt: number | null;
  readonly viewer: string;
}

export type TinyGame = RoomDefinition<TinyState, TinyMessage, TinyEvent, TinyView>;

/** Adding this number makes the machine throw. */
export const UNLUCKY = 13;

const tiny = setup({
  types: {
    context: {} as TinyState,
    events: {} as TinyMessage,
    input: {} as TinyState,
    emitted: {} as TinyEvent | { type: 'refused'; refusal: { kind: 'refused'; reason: string; sentence: string } },
  },
});

const refuse = (reason: string) =>
  tiny.emit({ type: 'refused', refusal: { kind: 'refused', reason, sentence: `Refused: ${reason}.` } });

/**
 * @param version 1: did not keep what was added, and told of it as `increased`
 */
function tinyMachine(version: 1 | 2) {
  return tiny.createMachine({
    id: 'tiny',
    context: ({ input }) => input,
    initial: 'counting',
    entry: emit({ type: 'opened' }),
    states: {
      counting: {
        on: {
          add: [
            { guard: ({ event }) => event.n <= 0, actions: refuse('notPositive') },
            {
              actions: enqueueActions(({ context, event, enqueue }) => {
                if (event.n === UNLUCKY) throw new Error(`${UNLUCKY} is unlucky`);
                const count = context.count + event.n;
                if (version === 1) {
                  enqueue.assign({ count });
                  enqueue.emit({ type: 'increased', n: event.n, count } as never);
                  return;
                }
                enqueue.assign({ count, adds: [...context.adds, event.n] });
                enqueue.emit({ type: 'added', n: event.n, count });
              }),
            },
          ],
          wind: {
            actions: [
              assign(({ event }) => ({ dueAt: event.at + Math.abs(event.ms), breaks: event.ms < 0 })),
              emit(({ context }) => ({ type: 'wound', dueAt: context.dueAt! })),
            ],
          },
          ring: {
            actions: [
              ({ context }) => {
                if (context.breaks) throw new Error('the egg timer is broken');
              },
              assign({ dueAt: null }),
              emit(({ context }) => ({ type: 'rang', count: context.count })),
            ],
          },
          resumed: {
            actions: [
              assign(({ context, event }) => {
                if (context.breaks) throw new Error('the egg timer is broken');
                return { dueAt: context.dueAt! + event.outageMs };
              }),
              emit(({ event }) => ({ type: 'shifted', outageMs: event.outageMs })),
            ],
          },
          close: { target: 'closed', actions: emit({ type: 'closed' }) },
        },
      },
      closed: { on: { '*': { actions: refuse('closed') } } },
    },
  });
}

function newTiny(message: Message): TinyState {
  if (message.type !== 'open') throw new Error(`a tiny room begins with open, not with ${message.type}`);
  const { code, at: openedAt } = message as Extract<TinyMessage, { type: 'open' }>;
  return { code, openedAt, count: 0, adds: [], dueAt: null, breaks: false };
}

function newTiny1(message: Message): Omit<TinyState, 'adds'> {
  const { adds, ...known } = newTiny(message);
  return known;
}

const tinyVersion1 = { version: 1, machine: tinyMachine(1), message: tinyMessage, create: newTiny1 };

export const tinyGame: TinyGame = {
  name: 'tiny',
  version: 2,
  machine: tinyMachine(2),
  message: tinyMessage,
  event: z.custom<TinyEvent>(),
  create: newTiny,
  previous: [tinyVersion1],
  upcasters: {
    1: {
      snapshot: ({ value, context }) => ({ value, context: { ...(context as Omit<TinyState, 'adds'>), adds: [] } }),
      event(event) {
        const known = event as DomainEvent;
        return known.type === 'increased' ? { ...known, type: 'added' } : known;
      },
    },
  },
  deadline: ({ context: { dueAt } }) => (dueAt === null ? null : { at: dueAt, message: { type: 'ring' } }),
  resumed: (outageMs) => ({ type: 'resumed', outageMs }),
  closing: () => ({ type: 'close', session: 'operator' }),
  view: ({ context: { count, adds, dueAt } }, viewer) => ({ count, adds, dueAt, viewer: String(viewer) }),
  redact(told) {
    const { seed, session, ...shown } = told as Partial<Extract<TinyMessage, { type: 'open' }>>;
    return shown;
  },
  rows(roomId, before, { value, context }, message) {
    if (before !== null && before.value === value) return [];
    const opened = { hostName: 'Ann', seats: '[]', freeSeats: 1, createdAt: context.openedAt };
    const values = {
      code: context.code,
      status: value === 'closed' ? 'closed' : 'waiting',
      updatedAt: message?.at ?? context.openedAt,
      ...(before === null && opened),
      ...(message?.type === 'open' && { creator: message.session, creationKey: message.key ?? null }),
    } as const;
    return [{ kind: 'put', table: 'rooms', key: roomId, values }];
  },
  isClosed: ({ value }) => value === 'closed',
};

/** The whole program as it was before the upgrade: what it writes, `tinyGame` has to read. */
export const tinyGameBefore: TinyGame = { ...tinyGame, ...tinyVersion1, previous: [], upcasters: {} } as never;
