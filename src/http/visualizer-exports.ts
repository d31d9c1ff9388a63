import type { Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { stream } from 'hono/streaming';
import { z } from 'zod';
import { seededDeal } from '../../actors/room/liap-tui.js';
import { roomFileLines, type RoomSource } from '../../persistence/room-file.js';
import { exportedScript, exportedTest, type ExportOptions } from '../visualizer/exported-room.js';
import type { RoomPast, ShownSource } from '../visualizer/room-past.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import type { AdminEnv } from './admin-access.js';
import { queryOf, wholeNumber } from './query.js';
import { found } from './visualizer-answer.js';
import { mayBeSeen, reveal, roomSource } from './visualizer-rooms.js';
import { sandboxNamed } from './visualizer-sandboxes.js';

const exportQuery = z.strictObject({
  as: z.enum(['journal', 'script', 'test']),
  seq: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  reveal,
});

interface Exported extends Omit<ExportOptions, 'upTo'> {
  readonly source: ShownSource;
  readonly past: RoomPast;
  readonly file: RoomSource;
}

/** Rooms and sandboxes as files: a journal, a script of the fuzzer, a test. */
export function addVisualizerExports(api: Hono<AdminEnv>, visualizer: Visualizer): void {
  const { ports, past } = visualizer;
  const { now, engine, definition, rooms } = ports;
  api.get('/rooms/:room/export', async (c) => {
    const source = await roomSource(visualizer, c, queryOf(c, exportQuery).reveal);
    const name = `Room ${rooms.codeOf(source.roomId) ?? c.req.param('room')}`;
    return exported(c, { source, past, file: engine, name, definition, order: seededDeal }, now());
  });
  api.get('/sandboxes/:id/export', (c) => {
    const { source, past, made, definition, order } = sandboxNamed(visualizer, c.req.param('id'));
    const none = { items: [], next: null, damaged: [] };
    const { reader } = made.journal;
    const file = {
      heads: reader.heads.bind(reader),
      read: reader.read.bind(reader),
      snapshots: reader.snapshots.bind(reader),
      row: () => Promise.resolve(null),
      select: () => Promise.resolve(none),
    } as RoomSource;
    return exported(c, { source, past, file, name: `Sandbox ${made.name}`, definition, order }, now());
  });
}

async function exported(c: Context, { source, past, file, ...rest }: Exported, at: number): Promise<Response> {
  const { as, seq } = queryOf(c, exportQuery);
  mayBeSeen(source, 'operator');
  const { last } = found(await past.extent(source), 'journal of that room');
  const upTo = seq ?? last;
  if (upTo > last) throw new HTTPException(404, { message: 'There is no such entry' });
  const options = { ...rest, upTo };
  const slug = rest.name.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase();
  const attach = (extension: string, type: string): void => {
    c.header('Content-Disposition', `attachment; filename="${slug}.${extension}"`);
    c.header('Content-Type', type);
  };
  switch (as) {
    case 'journal':
      if (seq !== undefined) throw new HTTPException(400, { message: 'seq: a journal is exported whole' });
      attach('jsonl', 'application/x-ndjson');
      return stream(c, async (out) => {
        for await (const text of roomFileLines(file, source.roomId, at)) await out.write(text);
      });
    case 'script': {
      const script = await exportedScript(source, options);
      attach('json', 'application/json');
      return c.body(`${JSON.stringify(script)}\n`);
    }
    case 'test': {
      const text = await exportedTest(source, options);
      attach('test.ts', 'text/plain; charset=utf-8');
      return c.body(text);
    }
  }
}
