import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { GroupCommit, type GroupCommitOptions } from '../../persistence/group-commit.js';
import { CHAIN_START, chainHash } from '../../persistence/hash-chain.js';
import { type Append, type Entry, type Outage, type Outcome, StoreFailure } from '../../persistence/journal.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import {
  appendOf,
  entriesOf,
  entryAfter,
  newRoom,
  putInbox,
  putRoom,
  rowsOnly,
  snapshotAt,
  snapshotOnly,
} from './appends.js';

const COMMIT_MS = 5;

let clock: SimulatedClock;
let engine: SimulatedEngine;
let journal: GroupCommit;
/** `room seq outcome`, in the order in which they were told. */
let told: string[];
let availability: [boolean, Outage | null][];

function start(options: GroupCommitOptions = {}): void {
  const { nowMs: now, elapsedMs, schedule, defer } = clock;
  journal = new GroupCommit(engine, { now, elapsedMs, schedule, defer }, options);
  journal.onAvailability((available, outage) => availability.push([available, outage]));
}

beforeEach(() => {
  clock = new SimulatedClock(1_000_000);
  engine = new SimulatedEngine(clock, { commitDelayMs: COMMIT_MS });
  told = [];
  availability = [];
  start();
});

/** Offers an append, and notes what it is told. */
function offer(append: Append, then: (outcome: Outcome) => void = () => undefined): void {
  journal.append(append, (outcome) => {
    const seq = append.entry?.seq ?? append.expectedSeq ?? 'rows';
    told.push(`${append.roomId} ${seq} ${outcome.kind === 'aborted' ? outcome.reason : outcome.kind}`);
    then(outcome);
  });
}

function offerAll(...entries: readonly Entry[]): void {
  for (const entry of entries) offer(appendOf(entry));
}

/** Fails commits until the breaker is open. */
async function openBreaker(): Promise<void> {
  engine.failNext(1_000_000, 'SQLITE_FULL');
  for (let count = 0; count < 3; count++) {
    offerAll(...entriesOf('breaker', 1));
    await clock.advance(COMMIT_MS);
  }
  expect(journal.available).toBe(false);
  told = [];
}

describe('batches', () => {
  test('have a lag: for how long the oldest append that is not decided has waited', async () => {
    expect(journal.lagMs).toBe(0);
    offerAll(...entriesOf('a', 1));
    await clock.advance(3);
    offerAll(...entriesOf('b', 1));
    await clock.advance(1);
    expect(journal.lagMs).toBe(4);
    await clock.advance(COMMIT_MS - 4);
    expect(journal.lagMs, 'the first is decided').toBe(2);
    await clock.advance(COMMIT_MS);
    expect(journal.lagMs).toBe(0);
  });

  test('hold what is offered in one turn, and then what came in during the last commit', async () => {
    offerAll(...entriesOf('a', 2), ...entriesOf('b', 1));
    await clock.settle();
    offerAll(...entriesOf('c', 1));
    await clock.advance(1);
    offerAll(...entriesOf('d', 1));
    expect(told).toEqual([]);
    await clock.advance(COMMIT_MS - 1);
    expect(told).toEqual(['a 1 committed', 'a 2 committed', 'b 1 committed']);
    expect(journal.counters).toMatchObject({ batches: 1, appends: 3, lastBatchCount: 3, lastCommitMs: COMMIT_MS });
    await clock.advance(COMMIT_MS);
    expect(told.slice(3)).toEqual(['c 1 committed', 'd 1 committed']);
    expect(journal.counters).toMatchObject({ batches: 2, appends: 5, lastBatchCount: 2, failures: 0 });
    expect(journal.undecidedCount).toBe(0);
  });

  test('are told within the call that offers them never', () => {
    let isInside = true;
    journal.append(appendOf(entriesOf('a', 1)[0]!), () => expect(isInside).toBe(false));
    isInside = false;
  });

  test('are bounded by a number of appends', async () => {
    start({ batchCountMax: 2 });
    offerAll(...entriesOf('a', 5));
    await clock.advance(3 * COMMIT_MS);
    expect(journal.counters).toMatchObject({ batches: 3, appends: 5, lastBatchCount: 1 });
    expect(engine.durableEntries('a')).toEqual(entriesOf('a', 5));
  });

  test('are bounded by the length of their texts, and one that is longer alone goes alone', async () => {
    start({ batchCharsMax: 2_000 });
    const long = (roomId: string, chars: number) => entryAfter(null, roomId, { message: 'x'.repeat(chars) });
    offerAll(long('a', 700), long('b', 700), long('c', 700), long('d', 9_000), long('e', 1));
    const sizes: number[] = [];
    for (let batch = 1; batch <= 4; batch++) {
      await clock.advance(COMMIT_MS);
      sizes.push(journal.counters.lastBatchCount);
    }
    expect(sizes).toEqual([2, 1, 1, 1]);
    expect(told).toHaveLength(5);
  });

  test('count the state of a snapshot too', async () => {
    start({ batchCharsMax: 2_000 });
    const [entry] = entriesOf('a', 1);
    offer(appendOf(entry!, { snapshot: snapshotAt(entry!, 'x'.repeat(1_900)) }));
    offerAll(...entriesOf('b', 1));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 committed']);
  });

  test('refuse at the door what no store could take', () => {
    expect(() => offer(appendOf(entriesOf('a', 1)[0]!, { roomId: 'b' }))).toThrow(TypeError);
    expect(journal.undecidedCount).toBe(0);
  });

  test('go to the store before their predecessors are shown', async () => {
    const [first] = entriesOf('a', 1);
    offer(appendOf(first!), () => expect(journal.undecidedCount).toBe(1));
    await clock.settle();
    offerAll(...entriesOf('b', 1));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 committed']);
    await clock.advance(COMMIT_MS); // counted from the end of the first commit: it was handed over at once
    expect(told).toEqual(['a 1 committed', 'b 1 committed']);
  });
});

describe('a conflict', () => {
  test('is the outcome of one room and takes along what that room built on it', async () => {
    const theirs = entryAfter(null, 'a', { message: '{"theirs":true}' });
    await Promise.all([engine.commit([appendOf(theirs)], 0), clock.advance(COMMIT_MS)]);
    const ours = entriesOf('a', 3);
    offerAll(ours[0]!, ...entriesOf('b', 1));
    await clock.settle();
    offerAll(ours[1]!, ...entriesOf('c', 1), ours[2]!); // would fit behind theirs
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual(['a 1 conflict', 'b 1 committed', 'a 2 builtOnLost', 'a 3 builtOnLost', 'c 1 committed']);
    expect(engine.durableEntries('a')).toEqual([theirs]);
  });

  test('says which version is there', async () => {
    const [first, second] = entriesOf('a', 2);
    await Promise.all([engine.commit([appendOf(first!), appendOf(second!)], 0), clock.advance(COMMIT_MS)]);
    let outcome: Outcome | undefined;
    journal.append(appendOf(first!), (told) => {
      outcome = told;
    });
    await clock.advance(COMMIT_MS);
    expect(outcome).toEqual({ kind: 'conflict', actualSeq: 2 });
  });

  test('lets the room begin anew in the very call that tells it', async () => {
    const rows = (code: string) => [putRoom('b', newRoom({ code }))];
    offer(appendOf(entriesOf('a', 1)[0]!, { rows: [putRoom('a', newRoom({ code: '111111' }))] }));
    const [first, second] = entriesOf('b', 2);
    offer(appendOf(first!, { rows: rows('111111') }), () => offer(appendOf(first!, { rows: rows('222222') })));
    offer(appendOf(second!));
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'b 1 conflict', 'b 2 conflict', 'b 1 committed']);
    expect(engine.durableEntries('b')).toEqual([first]);
  });

  test('also takes along what its room offers before it is told', async () => {
    const theirs = entryAfter(null, 'b', { message: '{"theirs":true}' });
    await Promise.all([engine.commit([appendOf(theirs)], 0), clock.advance(COMMIT_MS)]);
    const ours = entriesOf('b', 2);
    offer(appendOf(entriesOf('a', 1)[0]!), () => offerAll(ours[1]!)); // a is told first, and makes b go on
    offerAll(ours[0]!);
    await clock.advance(3 * COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'b 1 conflict', 'b 2 builtOnLost']);
    expect(engine.durableEntries('b')).toEqual([theirs]);
  });
});

describe('a failed commit', () => {
  test('aborts its batch and all that waits, in order, and the store goes on', async () => {
    engine.failNext(1, 'SQLITE_FULL');
    offerAll(...entriesOf('a', 2));
    await clock.settle();
    offerAll(...entriesOf('b', 1), entriesOf('a', 3)[2]!);
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 storeFailed', 'a 2 storeFailed', 'b 1 storeFailed', 'a 3 storeFailed']);
    expect(journal.available).toBe(true);
    offerAll(...entriesOf('a', 1));
    await clock.advance(COMMIT_MS);
    expect(told.at(-1)).toBe('a 1 committed');
    expect(journal.counters).toMatchObject({ failures: 1, batches: 1 });
  });

  test('lets each room begin anew in the call that tells it, and not before', async () => {
    engine.failNext(1, 'SQLITE_IOERR');
    const a = entriesOf('a', 3);
    const b = entriesOf('b', 2);
    offer(appendOf(a[0]!), () => {
      offerAll(b[1]!); // b was not told yet: this is built on what is lost
      offerAll(a[0]!); // a knows
    });
    offer(appendOf(b[0]!), () => offerAll(b[0]!));
    offerAll(a[1]!);
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual([
      'a 1 storeFailed',
      'b 1 storeFailed',
      'a 2 storeFailed',
      'b 2 builtOnLost',
      'a 1 committed',
      'b 1 committed',
    ]);
  });
});

describe('a commit whose outcome is unknown', () => {
  test('is committed when the store has it, and what waits goes on', async () => {
    engine.loseNextAnswer('committed');
    const a = entriesOf('a', 3);
    offerAll(a[0]!, a[1]!, ...entriesOf('b', 1));
    await clock.settle();
    offerAll(a[2]!);
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'a 2 committed', 'b 1 committed', 'a 3 committed']);
    expect(engine.durableEntries('a')).toEqual(a);
  });

  test('is aborted when the store does not have it, with all that waits', async () => {
    engine.loseNextAnswer('notCommitted');
    const a = entriesOf('a', 2);
    offerAll(a[0]!);
    await clock.settle();
    offerAll(a[1]!, ...entriesOf('b', 1));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 storeFailed', 'a 2 storeFailed', 'b 1 storeFailed']);
    expect(engine.durableEntries('a')).toEqual([]);
  });

  test('tells a room that conflicted in it from those that are in the store', async () => {
    const theirs = entryAfter(null, 'b', { message: '{"theirs":true}' });
    await Promise.all([engine.commit([appendOf(theirs)], 0), clock.advance(COMMIT_MS)]);
    engine.loseNextAnswer('committed');
    offerAll(...entriesOf('a', 1), ...entriesOf('b', 1), ...entriesOf('c', 1));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'b 1 storeFailed', 'c 1 committed']);
  });

  test('is recognized by the entry, also where another process went on behind it', async () => {
    engine.loseNextAnswer('committed');
    engine.failNext(1, 'SQLITE_BUSY', 'read');
    const [first, second] = entriesOf('a', 2);
    offerAll(first!);
    await clock.advance(COMMIT_MS); // the heads could not be read yet
    expect(told).toEqual([]);
    await Promise.all([engine.commit([appendOf(second!)], 0), clock.advance(COMMIT_MS)]);
    await clock.advance(50);
    expect(told).toEqual(['a 1 committed']);
  });

  test('is known for rows by what came behind them', async () => {
    const [first, second] = entriesOf('a', 2);
    offerAll(first!);
    await clock.advance(COMMIT_MS);
    engine.loseNextAnswer('committed');
    const rows = [putRoom('a', newRoom({ code: '111111' }))];
    const rowsOnly = { entry: null, snapshot: null, expectedSeq: 1, rows };
    offer(appendOf(second!, rowsOnly));
    offerAll(second!);
    offer(appendOf(second!, { ...rowsOnly, expectedSeq: 2 }));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'a 1 committed', 'a 2 committed', 'a 2 storeFailed']);
  });

  test('is known for a snapshot by the snapshot', async () => {
    const [entry] = entriesOf('a', 1);
    offerAll(entry!);
    await clock.advance(COMMIT_MS);
    for (const what of ['notCommitted', 'committed'] as const) {
      engine.loseNextAnswer(what);
      offer(snapshotOnly(entry!));
      await clock.advance(COMMIT_MS);
    }
    expect(told).toEqual(['a 1 committed', 'a 1 storeFailed', 'a 1 committed']);
  });

  test('stays open while the store is away, and decides everything behind it in order when it is back', async () => {
    engine.loseNextAnswer('committed');
    engine.failNext(10, 'SQLITE_IOERR', 'read');
    const a = entriesOf('a', 3);
    offerAll(a[0]!);
    await clock.advance(COMMIT_MS + 50 + 100);
    expect(journal.available).toBe(false); // one lost answer and two failed reads in a row
    offerAll(a[1]!); // waits: it can't be told before the first one
    await clock.advance(500);
    expect(told).toEqual([]);
    engine.failNext(0, '', 'read');
    await clock.advance(10_000);
    expect(told[0]).toBe('a 1 committed');
    expect(told).toHaveLength(2);
    expect(journal.available).toBe(true);
  });
});

describe('rows without a version', () => {
  const waits = (roomId: string, position: number) => rowsOnly(roomId, [putInbox(roomId, position)]);
  const applied = (entry: Entry, position: number) =>
    appendOf(entry, { rows: [{ kind: 'delete', table: 'inbox', key: `${entry.roomId}/${position}` }] });

  async function inbox(): Promise<readonly string[]> {
    const asked = engine.select('inbox', {});
    await clock.settle();
    return (await asked).items.map(({ id }) => id);
  }

  test('are not lost with what their room built on a lost append', async () => {
    const theirs = entryAfter(null, 'a', { message: '{"theirs":true}' });
    await Promise.all([engine.commit([appendOf(theirs)], 0), clock.advance(COMMIT_MS)]);
    const ours = entriesOf('a', 3);
    offerAll(ours[0]!);
    offer(waits('a', 1));
    await clock.settle();
    offerAll(ours[1]!);
    offer(waits('a', 2));
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual(['a 1 conflict', 'a rows committed', 'a 2 builtOnLost', 'a rows committed']);
    expect(await inbox()).toEqual(['a/1', 'a/2']);
  });

  test('that a room offers before it is told of a refusal are taken', async () => {
    const theirs = entryAfter(null, 'b', { message: '{"theirs":true}' });
    await Promise.all([engine.commit([appendOf(theirs)], 0), clock.advance(COMMIT_MS)]);
    offer(appendOf(entriesOf('a', 1)[0]!), () => offer(waits('b', 1)));
    offerAll(...entriesOf('b', 1));
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'b 1 conflict', 'b rows committed']);
  });

  test('that wait behind a failed commit are tried in the next one, those in it are aborted', async () => {
    engine.failNext(1, 'SQLITE_FULL');
    offer(waits('a', 1));
    offerAll(...entriesOf('b', 1));
    await clock.settle();
    offer(waits('a', 2));
    offerAll(entriesOf('b', 2)[1]!);
    await clock.advance(2 * COMMIT_MS);
    expect(told).toEqual(['a rows storeFailed', 'b 1 storeFailed', 'b 2 storeFailed', 'a rows committed']);
    expect(await inbox()).toEqual(['a/2']);
  });

  test('are aborted while the store is away', async () => {
    await openBreaker();
    offer(waits('a', 1));
    await clock.settle();
    expect(told).toEqual(['a rows storeAway']);
  });

  test.each(['committed', 'notCommitted'] as const)(
    'are written again where nobody can tell whether they were (%s)',
    async (what) => {
      engine.loseNextAnswer(what);
      offer(waits('a', 1));
      await clock.advance(COMMIT_MS);
      expect(told).toEqual([]);
      await clock.advance(COMMIT_MS);
      expect(told).toEqual(['a rows committed']);
      expect(await inbox()).toEqual(['a/1']);
    },
  );

  test('are written again until the store takes them, before anything behind them', async () => {
    engine.loseNextAnswer('notCommitted');
    const [first] = entriesOf('a', 1);
    offer(waits('a', 1));
    await clock.advance(COMMIT_MS);
    engine.failNext(1, 'SQLITE_BUSY');
    offer(applied(first!, 1));
    await clock.advance(COMMIT_MS + 50);
    expect(told).toEqual([]);
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a rows committed']);
    expect(await inbox()).toEqual(['a/1']);
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a rows committed', 'a 1 committed']);
    expect(await inbox()).toEqual([]);
  });

  // Written again behind the entry that deletes them, they would come back from the dead.
  test('are not written again where what came behind them is in the store', async () => {
    engine.loseNextAnswer('committed');
    const [first] = entriesOf('a', 1);
    offer(waits('a', 1));
    offer(applied(first!, 1));
    offer(waits('a', 2));
    await clock.advance(3 * COMMIT_MS);
    expect(told).toEqual(['a rows committed', 'a 1 committed', 'a rows committed']);
    expect(await inbox()).toEqual(['a/2']);
  });

  test('are written again alone where the entry behind them did not get in', async () => {
    engine.loseNextAnswer('notCommitted');
    const [first] = entriesOf('a', 1);
    offer(waits('a', 1));
    offer(applied(first!, 1));
    await clock.advance(3 * COMMIT_MS);
    expect(told).toEqual(['a rows committed', 'a 1 storeFailed']);
    expect(await inbox()).toEqual(['a/1']);
  });

  test('count for the length of a batch', async () => {
    start({ batchCharsMax: 2_000 });
    const long = (roomId: string) =>
      rowsOnly(roomId, [
        { kind: 'put', table: 'holds', key: roomId, values: { kind: 'paused', since: 1, why: 'x'.repeat(900) } },
      ]);
    offer(long('a'));
    offer(long('b'));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a rows committed']);
  });
});

describe('a room whose head is damaged', () => {
  test('keeps no other from learning what became of a commit', async () => {
    engine.loseNextAnswer('committed');
    const heads = vi.spyOn(engine, 'heads');
    heads.mockImplementation((roomIds) =>
      roomIds.includes('b')
        ? Promise.reject(new StoreFailure('failed', 'ROW_DAMAGED', 'b is damaged'))
        : SimulatedEngine.prototype.heads.call(engine, roomIds),
    );
    offerAll(...entriesOf('a', 1), ...entriesOf('b', 2), ...entriesOf('c', 1));
    await clock.advance(3 * COMMIT_MS);
    expect(told).toEqual(['a 1 committed', 'b 1 committed', 'b 2 committed', 'c 1 committed']);
  });
});

describe('pauses after a failure', () => {
  test.each([
    [0, 500],
    [0.5, 750],
  ])('are as long as chance says, half of them at least (%d)', async (chance, probeMs) => {
    start({ random: () => chance });
    await openBreaker();
    engine.failNext(0, '');
    await clock.advance(probeMs - COMMIT_MS * 3 + 10);
    expect(journal.available).toBe(false);
    await clock.advance(COMMIT_MS * 6);
    expect(journal.available).toBe(true);
  });
});

describe('the breaker', () => {
  test('opens after failures in a row only', async () => {
    for (let count = 0; count < 5; count++) {
      engine.failNext(2, 'SQLITE_FULL');
      for (let offered = 0; offered < 3; offered++) {
        offerAll(entryAfter(null, `room-${count}-${offered}`));
        await clock.advance(COMMIT_MS);
      }
    }
    expect(journal.available).toBe(true);
    expect(availability).toEqual([]);
  });

  test('aborts at once while it is open, and asks the store nothing but once a second', async () => {
    await openBreaker();
    expect(availability).toEqual([[false, null]]);
    offerAll(...entriesOf('a', 2));
    await clock.settle();
    expect(told).toEqual(['a 1 storeAway', 'a 2 storeAway']);
    const before = journal.counters.failures;
    await clock.advance(60_000);
    expect(journal.counters.failures).toBe(before);
    expect(journal.available).toBe(false);
  });

  test('closes when a probe succeeds, after the outage is recorded', async () => {
    const from = clock.nowMs() + COMMIT_MS; // when the first commit fails
    await openBreaker();
    await clock.advance(4_000);
    engine.failNext(0, '');
    expect(await outages()).toEqual([]);
    await clock.advance(1_000);
    const [[, gone], [back, outage]] = availability as [[boolean, Outage | null], [boolean, Outage]];
    expect([gone, back]).toEqual([null, true]);
    expect(outage.from).toBe(from);
    expect(outage.to).toBeGreaterThan(from + 4_000);
    expect(outage.to).toBeLessThanOrEqual(clock.nowMs());
    expect(await outages()).toEqual([outage]);
    offerAll(...entriesOf('a', 1));
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 committed']);
  });

  test('stays open when the outage can not be recorded, and records it as one in the end', async () => {
    await openBreaker();
    engine.failNext(0, '');
    await clock.advance(1_000 + COMMIT_MS); // the probe's mark is written, its outage is next
    engine.loseNextAnswer('committed');
    await clock.advance(COMMIT_MS);
    expect(await outages()).toHaveLength(1);
    expect(journal.available).toBe(false);
    await clock.advance(1_100);
    expect(journal.available).toBe(true);
    expect(await outages()).toEqual([availability.at(-1)![1]]);
  });

  test('forgets the failures before an outage when the next one begins', async () => {
    await openBreaker();
    engine.failNext(0, '');
    await clock.advance(2_000);
    const between = clock.nowMs();
    await openBreaker();
    engine.failNext(0, '');
    await clock.advance(2_000);
    expect(availability.at(-1)![1]!.from).toBeGreaterThan(between);
    expect(await outages()).toHaveLength(2);
  });

  test('leaves nothing scheduled once it is closed', async () => {
    await openBreaker();
    engine.failNext(0, '');
    await clock.advance(3_000);
    expect(clock.scheduledCount).toBe(0);
  });

  async function outages(): Promise<readonly Outage[]> {
    const asked = engine.outages();
    await clock.settle();
    return asked;
  }
});

describe('the alive mark', () => {
  async function aliveAt(): Promise<number> {
    const asked = engine.marks();
    await clock.settle();
    return (await asked).aliveAt;
  }

  test('is written once a second while nothing else is, and only when asked for', async () => {
    await clock.advance(5_000);
    expect(await aliveAt()).toBe(0);
    const start = clock.nowMs();
    journal.start();
    await clock.advance(1_000 + COMMIT_MS);
    expect(await aliveAt()).toBe(start + 1_000);
    await clock.advance(2_000);
    expect(await aliveAt()).toBeGreaterThan(start + 2_000);
    const before = await aliveAt();
    await journal.stop();
    await clock.advance(5_000);
    expect(await aliveAt()).toBe(before);
    expect(clock.scheduledCount).toBe(0);
  });

  test('comes with each batch', async () => {
    await clock.advance(123);
    offerAll(...entriesOf('a', 1));
    await clock.advance(COMMIT_MS);
    expect(await aliveAt()).toBe(1_000_123);
  });

  test('finds out by itself that the store is away, and why, as of the last attempt', async () => {
    journal.start();
    engine.failNext(1_000, 'SQLITE_READONLY');
    await clock.advance(3_100);
    expect(journal.available).toBe(false);
    expect(journal.failure).toMatchObject({ code: 'SQLITE_READONLY' });
    engine.failNext(1_000, 'SQLITE_FULL');
    await clock.advance(1_100);
    expect(journal.failure).toMatchObject({ code: 'SQLITE_FULL' });
    engine.failNext(0, '');
    await clock.advance(1_100);
    expect(journal.failure).toBeNull();
    expect(availability.map(([available]) => available)).toEqual([false, true]);
  });
});

describe('stopping', () => {
  test('waits until all that was offered is decided, and refuses what comes later', async () => {
    offerAll(...entriesOf('a', 2));
    let isStopped = false;
    const stopped = journal.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(COMMIT_MS - 1);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopped;
    offerAll(entriesOf('a', 3)[2]!);
    await clock.settle();
    expect(told).toEqual(['a 1 committed', 'a 2 committed', 'a 3 stopped']);
  });
});

describe('a killed process', () => {
  test('never hears of what was under way, and the next one finds all of it or nothing', async () => {
    for (const writeUnderWay of ['lost', 'durable'] as const) {
      const before = engine.durableEntries(writeUnderWay).length;
      offerAll(...entriesOf(writeUnderWay, 2));
      await clock.advance(COMMIT_MS - 1);
      engine.crash(writeUnderWay);
      await clock.advance(60_000);
      expect(told).toEqual([]);
      engine = engine.reopen();
      expect(engine.durableEntries(writeUnderWay)).toHaveLength(before + (writeUnderWay === 'durable' ? 2 : 0));
      start();
    }
  });

  test('does not hear from a store that stalls, until the store goes on', async () => {
    engine.stall();
    offerAll(...entriesOf('a', 1));
    await clock.advance(60_000);
    expect(told).toEqual([]);
    engine.resume();
    await clock.advance(COMMIT_MS);
    expect(told).toEqual(['a 1 committed']);
  });
});

/**
 * A room as the runtime has it: goes on before the commit, with a bound, and falls back to its last durable state when
 * it is told of a refusal. Its steps are numbered, so that the journal shows what was lost or done twice.
 */
class PipelinedRoom {
  readonly #roomId: string;
  readonly #stepCount: number;
  readonly #isPatient: boolean; // goes on after a refusal only when all that it offered is decided
  #hasFallenBack = false;
  #durable: Entry | null = null;
  #last: Entry | null = null;
  #undecided = 0;
  #attempts = 0; // tells a retry's entry from the one that it repeats
  readonly faults: string[] = [];

  constructor(roomId: string, stepCount: number, isPatient: boolean) {
    this.#roomId = roomId;
    this.#stepCount = stepCount;
    this.#isPatient = isPatient;
  }

  get isDone(): boolean {
    return (this.#durable?.seq ?? 0) === this.#stepCount;
  }

  go(): void {
    if (this.#undecided === 0) this.#hasFallenBack = false;
    if (this.#hasFallenBack && this.#isPatient) return;
    while (this.#undecided < 4 && (this.#last?.seq ?? 0) < this.#stepCount && journal.available) this.#step();
  }

  #step(): void {
    const entry = entryAfter(this.#last, this.#roomId, { correlationId: `attempt ${++this.#attempts}` });
    this.#last = entry;
    this.#undecided++;
    // The message waits on the disk until its entry takes it out. An impatient room would offer that entry twice, and
    // put the row of a message that it has already applied.
    if (this.#isPatient) journal.append(rowsOnly(this.#roomId, [putInbox(this.#roomId, entry.seq)]), () => undefined);
    const key = `${this.#roomId}/${entry.seq}`;
    journal.append(appendOf(entry, { rows: [{ kind: 'delete', table: 'inbox', key }] }), (outcome) => {
      this.#undecided--;
      if (outcome.kind === 'committed') {
        const isThere = engine.durableEntries(this.#roomId)[entry.seq - 1]?.hash === entry.hash;
        if (!isThere) this.faults.push(`entry ${entry.seq} was called durable and is not in the store`);
        if (entry.seq !== (this.#durable?.seq ?? 0) + 1) this.faults.push(`entry ${entry.seq} was told out of order`);
        this.#durable = entry;
      } else {
        this.#last = this.#durable;
        this.#hasFallenBack = true;
      }
      this.go();
    });
  }
}

type Fault =
  | { readonly kind: 'fail'; readonly afterMs: number; readonly count: number }
  | { readonly kind: 'failReads'; readonly afterMs: number; readonly count: number }
  | { readonly kind: 'lose'; readonly afterMs: number; readonly what: 'committed' | 'notCommitted' }
  | { readonly kind: 'stall'; readonly afterMs: number; readonly forMs: number };

const afterMs = fc.integer({ min: 0, max: 40 });
const count = fc.integer({ min: 1, max: 6 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('fail' as const), afterMs, count }),
  fc.record({ kind: fc.constant('failReads' as const), afterMs, count }),
  fc.record({
    kind: fc.constant('lose' as const),
    afterMs,
    what: fc.constantFrom('committed' as const, 'notCommitted' as const),
  }),
  fc.record({ kind: fc.constant('stall' as const), afterMs, forMs: fc.integer({ min: 1, max: 3_000 }) }),
);

// Goal: whatever the store does, each step of each room is in the journal once and in order, and what was called
// durable was there at that moment. Method: rooms that go on before the commit and fall back, under a script of faults.
test('no append is lost or doubled, and none is called durable that is not, whatever the store does', async () => {
  const script = fc.record({
    faults: fc.array(fault, { maxLength: 25 }),
    roomCount: fc.integer({ min: 1, max: 5 }),
    batchCountMax: fc.integer({ min: 1, max: 8 }),
    failuresToOpen: fc.integer({ min: 1, max: 4 }),
    isPatient: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(script, async ({ faults, roomCount, batchCountMax, failuresToOpen, isPatient }) => {
      clock = new SimulatedClock();
      engine = new SimulatedEngine(clock, { commitDelayMs: COMMIT_MS });
      start({ batchCountMax, failuresToOpen });
      const stepCount = 60;
      const rooms = Array.from(
        { length: roomCount },
        (_, index) => new PipelinedRoom(`room-${index}`, stepCount, isPatient),
      );
      const goAll = () => rooms.forEach((room) => room.go());
      journal.onAvailability(goAll);
      goAll();
      for (const fault of faults) {
        await clock.advance(fault.afterMs);
        if (fault.kind === 'fail') engine.failNext(fault.count, 'SQLITE_FULL');
        if (fault.kind === 'failReads') engine.failNext(fault.count, 'SQLITE_IOERR', 'read');
        if (fault.kind === 'lose') engine.loseNextAnswer(fault.what);
        if (fault.kind === 'stall') {
          engine.stall();
          clock.schedule(fault.forMs, () => engine.resume());
        }
        goAll();
      }
      await clock.runUntil(() => rooms.every(({ isDone }) => isDone) && journal.undecidedCount === 0, 600_000);
      engine.failNext(0, '', 'read');
      engine.resume(); // the last fault may outlast the rooms
      const waiting = engine.select('inbox', {});
      await clock.settle();
      expect((await waiting).items).toEqual([]); // no row came back behind the entry that deleted it
      for (const [index, room] of rooms.entries()) {
        expect(room.faults).toEqual([]);
        const entries = engine.durableEntries(`room-${index}`);
        expect(entries.map(({ message }) => message)).toEqual(entriesOf('x', stepCount).map(({ message }) => message));
        entries.forEach((entry, at) => {
          expect(entry.hash).toBe(chainHash(entries[at - 1]?.hash ?? CHAIN_START, entry));
        });
      }
    }),
    { seed: 20_300_101, numRuns: 300 },
  );
});
