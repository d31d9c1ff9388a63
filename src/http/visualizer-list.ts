import type { Hono } from 'hono';
import { z } from 'zod';
import { HEALTHS, SORTS, STATUSES } from '../visualizer/room-index.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import type { AdminEnv } from './admin-access.js';
import { pageQuery, queryOf } from './query.js';
import { answer } from './visualizer-answer.js';

const PHASES = [
  'waiting',
  'preparation',
  'round_start',
  'declaration',
  'turn',
  'turn_results',
  'scoring',
  'game_over',
  'closed',
] as const;

const listQuery = pageQuery.extend({
  q: z.string().max(100).optional(),
  status: z.enum([...STATUSES, 'open']).optional(),
  phase: z.enum(PHASES).optional(),
  health: z.enum([...HEALTHS, 'refusals', 'unwell']).optional(),
  sort: z.enum(SORTS).default('activity'),
});

/** The list of all rooms: searched, filtered, sorted, by pages. */
export function addVisualizerList(api: Hono<AdminEnv>, { index, ports }: Visualizer): void {
  api.get('/rooms', async (c) => {
    const { after = null, q, ...query } = queryOf(c, listQuery);
    const page = await index.page({ ...query, q: q === '' ? undefined : q, after });
    return answer(c, { at: ports.now(), ...page });
  });
}
