import type { Outage } from '../journal.js';
import { type EncodedBatch, decodeBatch } from './batch-codec.js';
import { Checkpoints } from './checkpoints.js';
import { JournalWriter } from './journal-writer.js';
import { LongJobs } from './long-job.js';
import { Maintenance } from './maintenance.js';
import { openForWriting } from './open.js';
import { PlayerSums } from './player-sums.js';
import { startWorker } from './start-worker.js';
import { answerCalls } from './worker-protocol.js';

/** The writer's thread: it alone holds a connection that writes. */
const methodsOf = (writer: JournalWriter, maintenance: Maintenance, playerSums: PlayerSums) => ({
  /** @returns pairs of index and actual seq of the appends that conflict; all others are committed */
  commit(batch: EncodedBatch, aliveAt: number): number[] {
    const verdicts = writer.commit(decodeBatch(batch), aliveAt);
    return verdicts.flatMap((verdict, index) => (verdict.kind === 'conflict' ? [index, verdict.actualSeq] : []));
  },
  markAlive: (at: number): void => writer.markAlive(at),
  recordOutage: (outage: Outage): void => writer.recordOutage(outage),
  limitPages: (pages: number): void => writer.limitPages(pages),
  compact: maintenance.compact,
  removeStream: maintenance.removeStream,
  openAt: maintenance.openAt,
  repairSnapshot: maintenance.repairSnapshot,
  rebuildPlayers: playerSums.rebuild,
  ping: (): void => undefined,
});

export type WriterMethods = ReturnType<typeof methodsOf>;

answerCalls((settings) => {
  const db = openForWriting(settings);
  const writer = new JournalWriter(db);
  const jobs = new LongJobs((job) => startWorker('inspector', { ...settings, job }));
  const checkpoints = new Checkpoints(db, () => jobs.run({ kind: 'checkpoint' }), settings.checkpointPages);
  const maintenance = new Maintenance(db, writer.streams, (roomId) => writer.forgetHead(roomId));
  return {
    methods: methodsOf(writer, maintenance, new PlayerSums(db)),
    isUsable: () => !db.inTransaction, // a connection that could not roll back is of no more use
    afterCall: () => checkpoints.look(),
    close: () => {
      checkpoints.stop();
      db.close();
    },
  };
});
