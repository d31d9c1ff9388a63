import type { OperationName } from './operations.js';

/** From the least to the most: each may whatever those before it may. A player is anybody. */
export const ROLES = ['player', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];
/** Those who have a token. */
export type Staff = Exclude<Role, 'player'>;

export function may(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Who may ask for what over HTTP. What is in no list is the admin's. Hands of a running game (`reveal=true`) are so too. */
export const ROUTES: Readonly<Record<Role, readonly string[]>> = {
  player: [
    'GET /',
    'GET /lobby',
    'GET /tutorial',
    'GET /room/:id',
    'GET /game/:id',
    'GET /*', // files of STATIC_DIR
    'GET /play',
    'GET /play/*',
    'GET /replay/:room',
    'GET /vendor/preact.js',
    'GET /client/:file',
    'GET /vendor/dagre.js',
    'GET /visualizer',
    'GET /visualizer/*',
    'GET /health',
    'GET /health/live',
    'GET /health/ready',
    'GET /health/full',
    'GET /api/health',
    'GET /api/health/detailed',
    'GET /api/health/metrics',
    'GET /api/system/stats',
    'GET /api/recovery/status',
    'GET /api/rate-limit/stats',
    'GET /api/metrics/rate_limits',
    'GET /api/event-store/stats',
    'GET /ws/adapter-status',
    'GET /api/leaderboard',
    'GET /api/fairness/:room',
    'GET /api/replay/:room',
    'POST /api/visualizer/session', // the way in asks for the token itself
    'DELETE /api/visualizer/session',
  ],
  operator: [
    'GET /metrics', // METRICS_ACCESS lets others read it too
    'GET /api/admin/status',
    'GET /api/admin/rooms',
    'GET /api/admin/rooms/:room',
    'GET /api/admin/rooms/:room/state',
    'GET /api/admin/rooms/:room/game',
    'GET /api/admin/rooms/:room/history',
    'GET /api/admin/rooms/:room/changes',
    'GET /api/admin/audit',
    'GET /api/admin/config',
    'GET /api/admin/holds',
    'GET /api/admin/dead-letters',
    'GET /api/admin/dead-letters/:id',
    'GET /api/admin/games',
    'GET /api/admin/players/:player',
    'GET /api/admin/inbox',
    'GET /api/admin/operations',
    'POST /api/admin/operations/:name', // and then as the operation says
    'POST /api/recovery/trigger/:procedure', // likewise
    'GET /api/rooms/:room/events',
    'GET /api/rooms/:room/events/:since',
    'GET /api/visualizer',
    'GET /api/visualizer/chart',
    'GET /api/visualizer/messages',
    'GET /api/visualizer/stream',
    'GET /api/visualizer/rooms',
    'GET /api/visualizer/rooms/stream',
    'GET /api/visualizer/rooms/:room',
    'GET /api/visualizer/rooms/:room/stream',
    'GET /api/visualizer/rooms/:room/timeline',
    'GET /api/visualizer/rooms/:room/state',
    'GET /api/visualizer/rooms/:room/states',
    'GET /api/visualizer/rooms/:room/frames',
    'GET /api/visualizer/rooms/:room/refusals',
    'GET /api/visualizer/rooms/:room/chart',
    'GET /api/visualizer/rooms/:room/marks',
    'GET /api/visualizer/rooms/:room/export',
  ],
  // The state shows all hands; sandboxes hold the hands of the rooms that they were forked from.
  admin: [
    'GET /api/rooms/:room/state',
    'GET /api/debug/room-stats',
    'GET /api/debug/stats',
    'GET /api/debug/events/:room',
    'GET /api/debug/events/:room/sequence/:since',
    'GET /api/debug/replay/:room',
    'GET /api/debug/export/:room',
    'GET /api/debug/turns/:room',
    'GET /api/debug/validate/:room',
    'POST /api/debug/cleanup',
    'POST /api/event-store/cleanup',
    'GET /api/visualizer/sandboxes',
    'POST /api/visualizer/sandboxes',
    'POST /api/visualizer/sandboxes/files',
    'GET /api/visualizer/sandboxes/:id',
    'DELETE /api/visualizer/sandboxes/:id',
    'POST /api/visualizer/sandboxes/:id/messages',
    'POST /api/visualizer/sandboxes/:id/advance',
    'GET /api/visualizer/sandboxes/:id/timeline',
    'GET /api/visualizer/sandboxes/:id/state',
    'GET /api/visualizer/sandboxes/:id/states',
    'GET /api/visualizer/sandboxes/:id/frames',
    'GET /api/visualizer/sandboxes/:id/refusals',
    'GET /api/visualizer/sandboxes/:id/chart',
    'GET /api/visualizer/sandboxes/:id/marks',
    'GET /api/visualizer/sandboxes/:id/export',
  ],
};

/** Who may do what to rooms and server. An operator stops, lets go on and saves; what can't be undone is the admin's. */
export const OPERATION_ROLES: Readonly<Record<OperationName, Staff>> = {
  pause: 'operator',
  resume: 'operator',
  'pause-all': 'operator',
  'resume-all': 'operator',
  restart: 'operator',
  snapshot: 'operator',
  backup: 'operator',
  close: 'admin',
  restore: 'admin',
  'dead-letter-retry': 'admin',
  'dead-letter-drop': 'admin',
  compact: 'admin',
  archive: 'admin',
  repair: 'admin',
  import: 'admin',
  'reload-config': 'admin',
  configure: 'admin',
  'revoke-admin-cookies': 'admin',
  'rebuild-statistics': 'admin',
};

const NEEDED: ReadonlyMap<string, Role> = new Map(
  ROLES.flatMap((role) => ROUTES[role].map((route) => [route, role] as const)),
);

/** @param route `GET /api/admin/rooms/:room` */
export function roleFor(route: string): Role {
  return NEEDED.get(route) ?? 'admin';
}
