import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CHAIN_START, chainHash } from '../../persistence/hash-chain.js';
import { Sandboxes } from './sandboxes.js';

/** The file of a room with so many entries, as far as a file can be checked without a machine. */
function journalOf(count: number): Uint8Array {
  const roomId = 'room';
  const rows = { rooms: null, games: null, gamePlayers: [] };
  const anchor = { anchorSeq: 0, anchorHash: CHAIN_START, closed: true, exportedAt: 1, rows };
  const lines: object[] = [{ kind: 'header', format: 'room-journal', version: 1, roomId, ...anchor }];
  const rest = { at: 1, message: '{}', outcome: 'applied', events: '[]', machineVersion: 1 } as const;
  for (let seq = 1, before = CHAIN_START; seq <= count; seq++) {
    const entry = { seq, ...rest, correlationId: 'c', nextDeadline: null };
    before = chainHash(before, { roomId, ...entry });
    lines.push({ kind: 'entry', ...entry, hash: before });
  }
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const contentHash = createHash('sha256').update(text).digest('base64url');
  return Buffer.from(`${text}${JSON.stringify({ kind: 'trailer', entries: count, snapshots: 0, contentHash })}\n`);
}

test('files are read one after the other, and each in pieces between which rooms get their turn', async () => {
  const turns: (() => void)[] = [];
  const defer = (run: () => void): void => void turns.push(run);
  let made = 0;
  const random = (count: number): Buffer => Buffer.alloc(count, ++made);
  const sandboxes = new Sandboxes({ random, now: () => 0, elapsedMs: () => 0, defer });
  const loads = ['one', 'two', 'three'].map((name) => sandboxes.load(name, journalOf(450)));
  const sizes: number[] = [];
  for (;;) {
    await setImmediate();
    expect(turns.length).toBeLessThanOrEqual(1); // a second one would be of a second file
    const next = turns.pop();
    if (next === undefined) break;
    sizes.push(sandboxes.size);
    next();
  }
  expect(sizes).toEqual([0, 0, 1, 1, 2, 2]);
  expect((await Promise.all(loads)).map(({ seq }) => seq)).toEqual([450, 450, 450]);
});
