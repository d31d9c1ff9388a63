import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { NAMES, Table } from '../../test/support/table.js';
import type { GameNotice } from '../gateway/game-notice.js';
import type { Told } from '../gateway/message-meter.js';
import type { EntryTimes } from '../visualizer/shown-entry.js';
import { messageSpans } from './message-spans.js';
import { startTraces } from './traces.js';

/*
 * Goal: what a receiver of OTLP gets is one trace for each message, whose stages are as long as was measured. Method: a
 * simulated table, and a real receiver on loopback.
 */

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: number };
  }[];
}

afterEach(() => vi.unstubAllEnvs());

async function traced(environment: Record<string, string> = {}) {
  const spans: Span[] = [];
  const services: unknown[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { resource: { attributes: unknown[] }; scopeSpans: { spans: Span[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        services.push(...resource.attributes);
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const traces = (await startTraces(process.env))!;
  const table = await Table.open({ humans: 2 });
  const { gateway } = table.sim.server;
  const told: { notice: GameNotice; times: EntryTimes | null; sockets: Told }[] = [];
  table.sim.server.visualizer.onTold((notice, times) => told.push({ notice, times, sockets: gateway.meter.last }));
  table.sim.server.visualizer.onTold(messageSpans(traces.tracer, table.sim.clock.nowMs, () => gateway.meter.last));
  await table.start();
  table.person(1).send('start_game', {});
  table.person(1).send('declare', { player_name: NAMES[1], value: 3 });
  await table.sim.clock.advance(20_000);
  await traces.stop();
  receiver.closeAllConnections();
  receiver.close();
  return { spans, services, told };
}

const attribute = (span: Span, key: string): string | undefined =>
  span.attributes.find((one) => one.key === key)?.value.stringValue;
const tookMs = (span: Span): number => Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6;

test('each message is one trace, from its frame to those of all who are told, joined by the correlation id', async () => {
  const { spans, services, told } = await traced();
  const judged = told.filter(({ notice }) => notice.kind === 'applied' || notice.kind === 'refused');
  const roots = spans.filter((span) => span.parentSpanId === undefined || span.parentSpanId === '');
  expect(judged.length).toBeGreaterThan(3);
  expect(roots.map((root) => attribute(root, 'correlation.id'))).toEqual(
    judged.map(({ notice }) => notice.cause.correlationId),
  );
  expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(roots.length);
  expect(judged.some(({ notice }) => notice.kind === 'refused')).toBe(true);
  for (const [index, root] of roots.entries()) {
    const { notice, times, sockets } = judged[index]!;
    if (notice.kind !== 'applied' && notice.kind !== 'refused') throw new Error('only judged messages have a trace');
    const { leaf, phase } = notice.view('spectator');
    expect(attribute(root, 'room.phase')).toBe(phase);
    expect(attribute(root, 'room.state')).toBe(leaf);
    expect(attribute(root, 'room.id')).toBe(notice.roomId);
    expect(attribute(root, 'room.outcome')).toBe(notice.kind);
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    const read = sockets.readMs === null ? [] : ['socket']; // else the room's own clock sent it
    expect(sockets.readMs !== null).toBe(notice.cause.session !== null);
    expect(stages.every(({ traceId }) => traceId === root.traceId)).toBe(true);
    if (notice.kind === 'refused') {
      expect(attribute(root, 'room.refusal')).toBe(notice.refusal.reason);
      expect(stages.map(({ name }) => name)).toEqual(read);
      continue;
    }
    expect(stages.map(({ name }) => name)).toEqual([...read, 'wait', 'step', 'commit', 'broadcast']);
    const told = Object.fromEntries(stages.at(-1)!.attributes.map(({ key, value }) => [key, value.intValue]));
    expect(told).toEqual({ viewers: sockets.viewers, frames: sockets.frames, bytes: sockets.bytes });
    const expected = [...read.map(() => 0), times!.waitMs, times!.stepMs, times!.commitMs, times!.broadcastMs];
    for (const [stage, span] of stages.entries()) expect(tookMs(span)).toBeCloseTo(expected[stage]!, 3);
    expect(stages[0]!.startTimeUnixNano).toBe(root.startTimeUnixNano);
    expect(stages.at(-1)!.endTimeUnixNano).toBe(root.endTimeUnixNano);
  }
  expect(Math.max(...judged.map(({ sockets }) => sockets.frames))).toBeGreaterThan(1);
  expect(services).toContainEqual({ key: 'service.name', value: { stringValue: 'room-runtime' } });
});

test('the sampler and the name of the service are those of the environment', async () => {
  const none = await traced({ OTEL_TRACES_SAMPLER: 'always_off' });
  expect([none.spans.length, none.told.length > 3]).toEqual([0, true]);
  const named = await traced({ OTEL_TRACES_SAMPLER: 'always_on', OTEL_SERVICE_NAME: 'rooms-eu' });
  expect(named.services).toContainEqual({ key: 'service.name', value: { stringValue: 'rooms-eu' } });
});

test('without a receiver there are no traces', async () => {
  expect(await startTraces({ OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBeNull();
});
