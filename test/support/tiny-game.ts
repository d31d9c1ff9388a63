import { assign, emit, enqueueActions, setup } from 'xstate';
import { z } from 'zod';
import type { RoomDefinition, Untimed } from '../../actors/room-definition.js';

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

const machine = tiny.createMachine({
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

export const tinyGame: TinyGame = {
  name: 'tiny',
  version: 2,
  machine,
  message: tinyMessage,
  event: z.custom<TinyEvent>(),
  create(message) {
    if (message.type !== 'open') throw new Error(`a tiny room begins with open, not with ${message.type}`);
    return { code: message.code, count: 0, adds: [], dueAt: null, breaks: false };
  },
  /** Version 1 did not keep what was added. */
  upcast({ value, context }, fromVersion) {
    if (fromVersion !== 1) throw new Error(`version ${fromVersion} of the tiny game is not known`);
    return { value, context: { ...(context as Omit<TinyState, 'adds'>), adds: [] } };
  },
  deadline: ({ context: { dueAt } }) => (dueAt === null ? null : { at: dueAt, message: { type: 'ring' } }),
  resumed: (outageMs) => ({ type: 'resumed', outageMs }),
  view: ({ context: { count, adds, dueAt } }, viewer) => ({ count, adds, dueAt, viewer: String(viewer) }),
  rows(roomId, message, _events, { value, context }) {
    if (message.type !== 'open' && message.type !== 'close') return [];
    const opened = message.type === 'open' && {
      host_name: 'Ann',
      seats: '[]',
      free_seats: 1,
      created_at: message.at,
      creator: message.session,
      creation_key: message.key ?? null,
    };
    const values = {
      code: context.code,
      status: value === 'closed' ? 'closed' : 'waiting',
      updated_at: message.at,
      ...opened,
    };
    return [{ kind: 'put', table: 'rooms', key: roomId, values }];
  },
  isClosed: ({ value }) => value === 'closed',
};
