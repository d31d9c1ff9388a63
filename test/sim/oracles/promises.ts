import type { MakeOracle } from '../oracle.js';
import { whoIsBackInTimeIsNotMissed } from './absence.js';
import { acknowledgedIsKept } from './acknowledged.js';
import { everyCommandIsAnswered } from './answered.js';
import { appliedOnce } from './applied-once.js';
import { clocksAreFair } from './clocks-are-fair.js';
import { oneOrder } from './one-order.js';
import { replayIsEqual } from './replay-is-equal.js';
import { retryIsHarmless } from './retry-is-harmless.js';
import { roomsGoOn } from './rooms-go-on.js';
import { secretsAreKept } from './secrets.js';
import { shownIsDurable } from './shown-is-durable.js';
import { whatIsShownIsSo } from './shown-is-so.js';
import { whatWaitsIsDeliveredOnce } from './waiting-once.js';

/** What the server promises to everybody outside, whatever fails (design.md section 8). */
export const ORACLES: readonly MakeOracle[] = [
  acknowledgedIsKept,
  appliedOnce,
  shownIsDurable,
  secretsAreKept,
  oneOrder,
  everyCommandIsAnswered,
  retryIsHarmless,
  replayIsEqual,
  roomsGoOn,
  whatWaitsIsDeliveredOnce,
  clocksAreFair,
  whoIsBackInTimeIsNotMissed,
  whatIsShownIsSo,
];

/** Promises that the simulation itself looks after. */
export const RUNTIME_NEVER_FAILS = 'the runtime itself never fails';
export const NO_ROOM_IS_GIVEN_UP = 'no room is quarantined without a cause';
export const PLAYERS_SEE_THE_PROTOCOL = 'players see what the protocol says';
