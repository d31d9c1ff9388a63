import { z } from 'zod';
import type { Seat } from './rules.js';

// Journaled messages keep members that this version does not know, so that nothing is lost by reading and writing.
const seat = z.custom<Seat>((value) => value === 0 || value === 1 || value === 2 || value === 3, 'a seat is 0 to 3');
const at = z.number().int().nonnegative(); // ms since the epoch, given when the mailbox took it
const session = z.string();
const key = z.string().optional(); // idempotency key of a client's message

/** From a person: `session` is who speaks, `seat` the seat it speaks for. The machine checks that they belong together. */
const fromPlayer = { at, key, session, seat };

export const roomMessage = z.discriminatedUnion('type', [
  // lifecycle
  z.looseObject({
    type: z.literal('create'),
    at,
    key,
    session,
    code: z.string(),
    seed: z.string().length(64),
    hostName: z.string(),
    timeScale: z.number().nonnegative(),
  }),
  z.looseObject({ type: z.literal('close'), at, reason: z.enum(['operator', 'shutdown']) }),
  z.looseObject({ type: z.literal('resumed'), at, outageMs: z.number().int().positive() }),
  // seats
  z.looseObject({ type: z.literal('join'), at, key, session, name: z.string() }),
  z.looseObject({ type: z.literal('addBot'), ...fromPlayer, target: seat }),
  z.looseObject({ type: z.literal('removePlayer'), ...fromPlayer, target: seat }),
  z.looseObject({ type: z.literal('leave'), ...fromPlayer }),
  z.looseObject({ type: z.literal('startGame'), ...fromPlayer }),
  // connections
  z.looseObject({ type: z.literal('connect'), ...fromPlayer }),
  z.looseObject({ type: z.literal('disconnect'), at, seat }),
  // the game
  z.looseObject({ type: z.literal('answerRedeal'), ...fromPlayer, accept: z.boolean() }),
  z.looseObject({ type: z.literal('declare'), ...fromPlayer, value: z.number() }),
  z.looseObject({ type: z.literal('play'), ...fromPlayer, indices: z.array(z.number()).readonly() }),
  // time
  z.looseObject({
    type: z.literal('timer'),
    at,
    timer: z.enum(['pause', 'redealWarning', 'redealLimit', 'hostArrival', 'abandoned', 'finished']),
  }),
  z.looseObject({ type: z.literal('botTimer'), at, seat }),
]);

type Parsed = z.infer<typeof roomMessage>;
/** Drops the index signature that `looseObject` adds: code names the members it uses. */
type Strict<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
type Each<T> = T extends unknown ? Strict<T> : never;

/** Everything that can happen to a room. All kinds are journaled and replayed alike. */
export type RoomMessage = Each<Parsed>;
export type RoomMessageType = RoomMessage['type'];
export type MessageOf<T extends RoomMessageType> = Extract<RoomMessage, { type: T }>;
/** A message before the mailbox gave it its time. */
export type UntimedMessage = RoomMessage extends infer M ? (M extends unknown ? Omit<M, 'at' | 'key'> : never) : never;
