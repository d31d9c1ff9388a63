import { type ArchiveOptions, archiveRoom } from './archive.js';
import type { JournalEngine, Page, StreamHead } from './journal.js';
import type { RoomRow, RowPage } from './rows.js';

/** The part of a clock that retention needs; `run` is called later, never before `schedule` returns. */
export interface RetentionClock {
  readonly schedule: (delayMs: number, run: () => void) => () => void; // gives the way to cancel
}

export interface RetentionOptions extends ArchiveOptions {
  readonly clock: RetentionClock;
  readonly retentionMs: number; // closed rooms that nothing happened to for this long are archived
  readonly everyMs: number; // from the end of one round to the next
  /** Entries that a running room keeps at least; left out, running rooms keep all of them. */
  readonly keepEntries?: number;
  readonly onArchived: (roomId: string, file: string) => void;
  /** Told of each room that could not be archived or compacted, and with null where the round itself failed. */
  readonly onFailure: (roomId: string | null, error: unknown) => void;
}

export interface Retention {
  /** Of the round that ended last: what `onFailure` was told. */
  readonly failures: number;
  /** Looks now; resolves when the round is over. A round that is under way is waited for, not doubled. */
  readonly run: () => Promise<void>;
  /** No further rounds, and the one under way ends behind the room it is at; then it resolves. */
  readonly stop: () => Promise<void>;
}

/** Rooms in a page: what is read at once while they are archived one by one. */
const PAGE_ROOMS = 100;

/** Archives closed rooms when they are old enough, now and then; where asked to, also compacts running ones. */
export function startRetention(options: RetentionOptions): Retention {
  let isStopped = false;
  let underWay: Promise<void> | null = null;
  let cancel: () => void = () => undefined;
  let failures = 0;

  const run = (): Promise<void> => {
    let failed = 0;
    const onFailure: RetentionOptions['onFailure'] = (roomId, error) => {
      failed++;
      options.onFailure(roomId, error);
    };
    underWay ??= runRound({ ...options, onFailure }, () => isStopped).finally(() => {
      underWay = null;
      failures = failed;
    });
    return underWay;
  };
  const arm = (): void => {
    if (isStopped) return;
    cancel = options.clock.schedule(options.everyMs, () => void run().then(arm));
  };
  arm();
  return {
    get failures() {
      return failures;
    },
    run,
    stop: async () => {
      isStopped = true;
      cancel();
      await underWay;
    },
  };
}

/** Never rejects: what fails is told to `onFailure`, and the next round tries again. */
async function runRound(options: RetentionOptions, isStopped: () => boolean): Promise<void> {
  try {
    await archiveOld(options, isStopped);
    if (options.keepEntries !== undefined) await compactRunning(options, options.keepEntries, isStopped);
  } catch (error) {
    options.onFailure(null, error);
  }
}

async function archiveOld(options: RetentionOptions, isStopped: () => boolean): Promise<void> {
  const { engine, now, retentionMs, onArchived, onFailure } = options;
  const before = now() - retentionMs;
  for (let after: string | null = null; ; ) {
    const page: RowPage<RoomRow> = await engine.select(
      'roomsByUpdate',
      { status: 'closed' },
      { after, limit: PAGE_ROOMS },
    );
    for (const damaged of page.damaged) onFailure(damaged, new Error(`The row of room ${damaged} is damaged`));
    for (const room of page.items) {
      if (isStopped() || room.updatedAt > before) return; // the rest is younger
      try {
        onArchived(room.roomId, await archiveRoom(options, room));
      } catch (error) {
        onFailure(room.roomId, error);
      }
    }
    after = page.next;
    if (after === null) return;
  }
}

async function compactRunning(
  { engine, onFailure }: RetentionOptions,
  keepEntries: number,
  isStopped: () => boolean,
): Promise<void> {
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page: Page<StreamHead> = await engine.streams('open', cursor);
    for (const head of page.items) {
      if (isStopped()) return;
      if (head.seq - head.anchorSeq <= keepEntries) continue;
      await compactStream(engine, head, keepEntries).catch((error: unknown) => onFailure(head.roomId, error));
    }
    cursor = page.next;
  }
}

async function compactStream(engine: JournalEngine, { roomId, seq }: StreamHead, keepEntries: number): Promise<void> {
  while ((await engine.compact(roomId, seq - keepEntries)) > 0);
}
