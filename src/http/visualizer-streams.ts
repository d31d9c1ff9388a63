import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { StoreFailure } from '../../persistence/journal.js';
import { findRoom } from '../operations/rooms-by-name.js';
import type { EventSink } from '../visualizer/event-sink.js';
import type { LiveFilter } from '../visualizer/live-events.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import { type AdminAccess, type AdminEnv, endWithCookie } from './admin-access.js';
import { queryOf, wholeNumber } from './query.js';
import { found } from './visualizer-answer.js';
import { reveal } from './visualizer-rooms.js';

/** Streams that may be open at a time, of all watchers together. */
export const STREAMS_MAX = 64;
const LIST_ROOMS_MAX = 200;
const LIVE_ROOMS_MAX = 50;
const TYPES_MAX = 50;

type Watch = (sink: EventSink) => Promise<void>;

const commaList = (max: number) =>
  z
    .string()
    .max(10_000)
    .transform((text) => text.split(',').filter((part) => part !== ''))
    .refine((list) => list.length <= max, `must be at most ${max} of them`);

const listQuery = z.strictObject({ rooms: commaList(LIST_ROOMS_MAX).prefault('') });
const liveQuery = z.strictObject({
  types: commaList(TYPES_MAX).optional(),
  player: z.string().max(100).optional(),
  reveal,
});
const allQuery = liveQuery.extend({ room: commaList(LIVE_ROOMS_MAX).optional() });
const roomQuery = liveQuery.extend({ from: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional() });

/** Server-sent events: the list's lines, what happens in all rooms, what happens in one. */
export function addVisualizerStreams(
  api: Hono<AdminEnv>,
  visualizer: Visualizer,
  access: Pick<AdminAccess, 'cookies'>,
): void {
  const { ports } = visualizer;
  const idOf = async (name: string): Promise<string> =>
    found(await findRoom(ports, name.slice(0, 100)), `room ${name.slice(0, 100)}`);

  let taken = 0;
  /** Its place is taken before anything is waited for, so that no crowd gets in while one looks its room up. */
  const streamed = async (c: Context<AdminEnv>, prepare: () => Promise<Watch>): Promise<Response> => {
    if (taken >= STREAMS_MAX) {
      throw new HTTPException(429, { message: `${STREAMS_MAX} streams are open, and no more are served` });
    }
    taken++;
    let watch: Watch;
    try {
      watch = await prepare();
    } catch (failure) {
      taken--;
      throw failure;
    }
    const { outgoing } = c.env as HttpBindings;
    const sink = openSink(outgoing);
    const stopFollowing = endWithCookie(c, access, () => sink.close());
    const over = (): void => {
      taken--;
      stopFollowing();
    };
    if (outgoing.closed) over();
    else outgoing.once('close', over);
    return watched(sink, watch);
  };

  api.get('/rooms/stream', (c) => {
    const { rooms } = queryOf(c, listQuery);
    return streamed(c, () => Promise.resolve((sink) => visualizer.list.watch(rooms, sink)));
  });
  api.get('/stream', (c) => {
    const { room, ...asked } = queryOf(c, allQuery);
    const lastId = c.req.header('Last-Event-ID') ?? null;
    return streamed(c, async () => {
      const rooms = room === undefined ? null : await Promise.all(room.map(idOf));
      return (sink) => visualizer.live.watchAll(filterOf(asked, rooms), lastId, sink);
    });
  });
  api.get('/rooms/:room/stream', (c) => {
    const { from, ...asked } = queryOf(c, roomQuery);
    const lastId = /^\d{1,15}$/.exec(c.req.header('Last-Event-ID') ?? '');
    const first = lastId === null ? (from ?? null) : Number(lastId[0]) + 1;
    return streamed(c, async () => {
      const source = await visualizer.source(await idOf(c.req.param('room')), asked.reveal);
      return (sink) => visualizer.live.watchRoom(source, filterOf(asked, null), first, sink);
    });
  });
}

function filterOf({ types, player, reveal }: z.output<typeof liveQuery>, rooms: string[] | null): LiveFilter {
  return { types: types ?? null, player: player ?? null, reveal, rooms };
}

/** Once the head is sent a failure can only end the stream: the client comes back and hears the next answer. */
async function watched(sink: EventSink, watch: Watch): Promise<Response> {
  try {
    await watch(sink);
  } catch (failure) {
    sink.close();
    if (!(failure instanceof StoreFailure)) throw failure;
  }
  return RESPONSE_ALREADY_SENT;
}

/** Takes the connection over: frames are written as they are, one text for all watchers of a kind. */
function openSink(outgoing: HttpBindings['outgoing']): EventSink {
  const sink: EventSink = {
    write: (text) => void outgoing.write(text),
    get backlogBytes() {
      return outgoing.writableLength;
    },
    close: () => void outgoing.destroy(),
    get isClosed() {
      return outgoing.destroyed;
    },
    onClose: () => undefined,
  };
  outgoing.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no', // a proxy must not gather what is meant to be live
    'X-Content-Type-Options': 'nosniff',
  });
  outgoing.flushHeaders();
  outgoing.once('close', () => sink.onClose());
  return sink;
}
