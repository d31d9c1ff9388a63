import type { NetworkPace } from './network.js';

/** Mean true time between two faults of a kind, in ms; a kind that is left out never strikes. */
export type FaultRates = Partial<Record<FaultKind, number>>;

export const FAULT_KINDS = [
  // connections
  'cut',
  'halfOpen',
  'slowReader',
  'absence', // a person is gone for so long that the bot plays on
  // clients
  'stutter', // says again what it said, under the same ids
  'twin', // another socket of the same session
  'stranger', // nonsense, and commands for foreign seats
  'leaver',
  // disk
  'diskFull',
  'syncFails',
  'readsFail',
  'stall',
  'lostAnswer',
  'lostWriter',
  // process
  'kill',
  'powerCut',
  'drain',
  'wallClockJump',
  // rooms
  'poison',
  'roomRestart',
  'pause',
  'pauseAll',
  'restore',
  'partFails',
  'compaction',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Profile {
  readonly rates: FaultRates;
  readonly pace: NetworkPace;
}

const S = 1_000;
const CALM_PACE: NetworkPace = { delayMs: 5, jitterMs: 10 };
const ROUGH_PACE: NetworkPace = { delayMs: 5, jitterMs: 400 };

const NETWORK: FaultRates = { cut: 8 * S, halfOpen: 60 * S, slowReader: 60 * S, absence: 45 * S };
const CLIENTS: FaultRates = { stutter: 10 * S, twin: 30 * S, stranger: 20 * S, leaver: 600 * S };
const DISK: FaultRates = {
  diskFull: 40 * S,
  syncFails: 40 * S,
  readsFail: 60 * S,
  stall: 60 * S,
  lostAnswer: 30 * S,
  lostWriter: 60 * S,
};
const CRASHES: FaultRates = { kill: 30 * S, powerCut: 30 * S, drain: 200 * S, wallClockJump: 100 * S };
const ROOMS: FaultRates = {
  poison: 60 * S,
  roomRestart: 60 * S,
  pause: 60 * S,
  pauseAll: 300 * S,
  restore: 300 * S,
  partFails: 200 * S,
  compaction: 120 * S,
};

export const PROFILES = {
  calm: { rates: {}, pace: CALM_PACE },
  network: { rates: { ...NETWORK, ...CLIENTS }, pace: ROUGH_PACE },
  disk: { rates: DISK, pace: CALM_PACE },
  crashes: { rates: CRASHES, pace: CALM_PACE },
  rooms: { rates: ROOMS, pace: CALM_PACE },
  everything: { rates: { ...NETWORK, ...CLIENTS, ...DISK, ...CRASHES, ...ROOMS }, pace: ROUGH_PACE },
} as const satisfies Record<string, Profile>;
export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];
