import { expect, test } from 'vitest';
import { Table } from '../../test/support/table.js';
import { WireClient } from '../../test/support/wire-client.js';
import { reconnectHint } from './reconnect-hint.js';

test.each([
  [1, 1_000],
  [5_000, 10_000],
  [1_000_000, 30_000],
])('%d sockets are asked to come back within %d ms', (sockets, withinMs) => {
  expect(reconnectHint(sockets).data).toEqual({ within_ms: withinMs });
});

test('a server that ends tells each socket when to come back before it closes it with 1012, the late ones too', async () => {
  const table = await Table.open();
  const spectator = await WireClient.open(table.sim, table.code);
  await table.sim.until(table.sim.server.stop(), 10_000);
  const late = await WireClient.open(table.sim, 'lobby');
  await table.settle(10);
  for (const client of [table.host, spectator, table.lobby, late]) {
    expect(client.frames.at(-1)).toMatchObject({ event: 'reconnect_hint', data: { within_ms: 1_000 } });
    expect(client.closeCode).toBe(1012);
  }
});
