// A process to be killed: appends to a few rooms without pause and prints `room seq` for each durable entry.
import { GroupCommit } from '../../persistence/group-commit.js';
import type { Entry } from '../../persistence/journal.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { appendOf, entryAfter } from './appends.js';

const IN_FLIGHT = 4;

const engine = await openSqliteEngine({ folder: process.argv[2]! });
const journal = new GroupCommit(engine, {
  now: Date.now,
  elapsedMs: () => performance.now(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  defer: setImmediate,
});
for (const roomId of ['a', 'b', 'c']) {
  let last: Entry | null = null;
  const offer = (): void => {
    const entry = entryAfter(last, roomId);
    last = entry;
    journal.append(appendOf(entry), ({ kind }) => {
      if (kind !== 'committed') throw new Error(`entry ${entry.seq} of room ${roomId} was ${kind}`);
      process.stdout.write(`${roomId} ${entry.seq}\n`); // a pipe: written when this returns
      offer();
    });
  };
  for (let count = 0; count < IN_FLIGHT; count++) offer();
}
