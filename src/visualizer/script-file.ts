import { z } from 'zod';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import { fullSet, type Piece } from '../game/pieces.js';

const PIECES: ReadonlySet<string> = new Set(fullSet());
const piece = z.custom<Piece>((value) => typeof value === 'string' && PIECES.has(value), 'must be a piece');

/** The order of the pieces of one deal of a room. */
export const recordedDeal = z.object({
  round: z.int().positive(),
  deal: z.int().positive(),
  pieces: z.array(piece).length(32),
});
export type RecordedDeal = z.infer<typeof recordedDeal>;

const deed = z.discriminatedUnion('do', [
  z.object({ do: z.literal('message'), message: z.looseObject({ type: z.string(), at: z.number() }) }),
  z.object({ do: z.literal('restore') }),
  z.object({ do: z.literal('upgrade') }),
]);

/**
 * What was done to a room, as the fuzzer saves it (docs/FUZZER.md, "Files"): of its members those that say what to do
 * again and what broke.
 */
export const scriptFile = z.object({
  format: z.literal('room-fuzz/1', { error: 'must be "room-fuzz/1"' }),
  definition: z.literal('liap-tui', { error: 'must be "liap-tui"' }),
  version: z.int().positive(), // of the machine that the room began with
  seed: z.int(),
  promise: z.string(),
  message: z.string(),
  lines: z.array(z.string()),
  deeds: z.array(deed).min(1).max(100_000),
  deals: z.array(recordedDeal).optional(), // left out: those that follow from the room's seed
});
export type ScriptFile = z.infer<typeof scriptFile>;
export type ScriptDeed = ScriptFile['deeds'][number];

/** Deals as they were recorded; those that were not are dealt as usual. */
export function recordedDeals(deals: readonly RecordedDeal[], otherwise: DealOrder): DealOrder {
  const known = new Map(deals.map(({ round, deal, pieces }) => [`${round}/${deal}`, pieces] as const));
  return (seed, round, deal) => known.get(`${round}/${deal}`) ?? otherwise(seed, round, deal);
}
