import type { Context, Hono, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { findRoom } from '../operations/rooms-by-name.js';
import { inOrder, refusedMarks } from '../visualizer/marks.js';
import { messageForms } from '../visualizer/message-schemas.js';
import type { Sandbox } from '../visualizer/sandbox.js';
import { FILE_BYTES_MAX, FILES_WAITING_MAX } from '../visualizer/sandboxes.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import type { AdminEnv } from './admin-access.js';
import { bodyLimit } from './body-limit.js';
import { problem } from './problem.js';
import { queryOf } from './query.js';
import { answer, found, jsonOf } from './visualizer-answer.js';
import { addPast, chartWithCounts, mayBeSeen } from './visualizer-rooms.js';

const BODY_BYTES_MAX = 64 * 1024;
const RETRY_AFTER_S = 5;
const ADVANCE_MS_MAX = 24 * 3_600_000;

const name = z.string().min(1).max(100);
const entry = z.int().min(1).optional();
const forked = z.union([
  z.strictObject({ room: name, seq: entry, reveal: z.boolean().default(false) }),
  z.strictObject({ sandbox: name, seq: entry, reveal: z.boolean().default(true) }),
]);
const ms = z.int().min(0).max(ADVANCE_MS_MAX);
const said = z.strictObject({ message: z.looseObject({ type: z.string().max(100) }), afterMs: ms.default(0) });
const advanced = z.union([z.strictObject({ ms }), z.strictObject({ next: z.literal(true) })]);
const fileQuery = z.strictObject({ name: z.string().min(1).max(200).default('file') });

/** Rooms in memory to try things out in; they touch no real one. */
export function addVisualizerSandboxes(api: Hono<AdminEnv>, visualizer: Visualizer): void {
  const { sandboxes } = visualizer;
  const sandboxOf = (c: Context): Sandbox => sandboxNamed(visualizer, c.req.param('id') ?? '');
  const source = (c: Context) => Promise.resolve(sandboxOf(c).source);
  const small = limit(BODY_BYTES_MAX);

  api.get('/messages', (c) => answer(c, { messages: messageForms() }));
  api.get('/sandboxes', (c) => answer(c, { items: sandboxes.list() }));
  api.post('/sandboxes', small, async (c) => {
    const sandbox = await fork(visualizer, await jsonOf(c, forked));
    return answer(c, { sandbox: sandboxes.shown(found(sandbox, 'such entry')) }, 201);
  });
  api.post('/sandboxes/files', atMost(FILES_WAITING_MAX), limit(FILE_BYTES_MAX), async (c) => {
    const { name } = queryOf(c, fileQuery);
    const sandbox = await sandboxes.load(name, new Uint8Array(await c.req.arrayBuffer()));
    return answer(c, { sandbox: sandboxes.shown(sandbox) }, 201);
  });
  api.get('/sandboxes/:id', async (c) => answer(c, await overviewOf(visualizer, sandboxOf(c))));
  api.delete('/sandboxes/:id', (c) => {
    const { id } = sandboxOf(c).made;
    sandboxes.remove(id);
    return answer(c, {});
  });
  api.post('/sandboxes/:id/messages', small, async (c) => {
    const { message, afterMs } = await jsonOf(c, said);
    return answer(c, await sandboxOf(c).send(message, afterMs));
  });
  api.post('/sandboxes/:id/advance', small, async (c) => {
    const by = await jsonOf(c, advanced);
    return answer(c, await sandboxOf(c).advance(by));
  });
  addPast(api, '/sandboxes/:id', (c) => sandboxOf(c).past, { source, what: 'sandbox' });
  api.get('/sandboxes/:id/refusals', (c) => {
    const { total, newest } = sandboxOf(c).refusals;
    return answer(c, { total, items: newest });
  });
  api.get('/sandboxes/:id/chart', async (c) => {
    const { past, source, refusals, definition } = sandboxOf(c);
    return answer(c, await chartWithCounts(past, definition, source, refusals.counts));
  });
  api.get('/sandboxes/:id/marks', async (c) => {
    const { past, source, refusals } = sandboxOf(c);
    const { turnings } = await past.tally(source);
    return answer(c, { items: inOrder([...turnings, ...refusedMarks(refusals)]) });
  });
}

export function sandboxNamed({ sandboxes }: Visualizer, id: string): Sandbox {
  return found(sandboxes.get(id), `sandbox ${id.slice(0, 100)}`);
}

async function fork(visualizer: Visualizer, asked: z.output<typeof forked>): Promise<Sandbox | null> {
  const { sandboxes, past, ports } = visualizer;
  if ('sandbox' in asked) {
    const from = sandboxNamed(visualizer, asked.sandbox);
    return sandboxes.fork(from.source, asked.seq ?? from.seq, from.made.origin?.code ?? from.made.name, from);
  }
  const roomId = found(await findRoom(ports, asked.room), `room ${asked.room}`);
  const source = await visualizer.source(roomId, asked.reveal);
  mayBeSeen(source, 'operator');
  const last = found(await past.extent(source), `room ${asked.room} in the journal`).last;
  return sandboxes.fork(source, asked.seq ?? last, ports.rooms.codeOf(roomId) ?? asked.room, null);
}

async function overviewOf({ sandboxes, ports }: Visualizer, sandbox: Sandbox): Promise<object> {
  const { made, past, source, definition, seq, refusals } = sandbox;
  const state = found(await past.state(source, 'operator'), 'state of that sandbox');
  const { leaf, phase, waitingFor, deadline, view, entry } = state;
  return {
    at: ports.now(),
    roomId: source.roomId,
    code: view.code,
    kind: made.kind,
    seq,
    revealed: true,
    isOver: phase === 'game_over' || phase === 'closed',
    machine: { name: definition.name, version: definition.version, savedVersion: entry.machineVersion },
    leaf,
    phase,
    waitingFor,
    deadline,
    view,
    listing: null,
    head: null,
    hold: null,
    restarts: 0,
    deadLetters: 0,
    inbox: 0,
    memory: null,
    owner: null,
    refusals: refusals.total,
    damaged: [],
    stop: made.stop,
    sandbox: sandboxes.shown(sandbox),
  };
}

function limit(bytesMax: number) {
  return bodyLimit(bytesMax, `A body here has at most ${bytesMax} bytes`);
}

/** Counted before anything of the body is taken, since each waits with its body in memory. */
function atMost(countMax: number): MiddlewareHandler {
  let count = 0;
  return async (c, next) => {
    if (count >= countMax) {
      c.header('Retry-After', String(RETRY_AFTER_S));
      return problem(c, 503, `${countMax} files are being read, and no more are taken`);
    }
    count++;
    try {
      await next();
    } finally {
      count--;
    }
    return undefined;
  };
}
