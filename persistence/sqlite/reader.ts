import { JournalReader } from './journal-reader.js';
import { openForReading } from './open.js';
import { answerCalls } from './worker-protocol.js';

const methodsOf = (reader: JournalReader) => ({
  heads: reader.heads.bind(reader),
  openStreams: reader.openStreams.bind(reader),
  read: reader.read.bind(reader),
  snapshots: reader.snapshots.bind(reader),
  marks: reader.marks.bind(reader),
  outages: reader.outages.bind(reader),
  roomByCode: reader.roomByCode.bind(reader),
  roomByCreation: reader.roomByCreation.bind(reader),
  roomsByStatus: reader.roomsByStatus.bind(reader),
  ping: (): void => undefined,
});

export type ReaderMethods = ReturnType<typeof methodsOf>;

/** The reader's thread: queries never wait behind a commit, and a long one keeps no commit waiting. */
answerCalls((settings) => {
  const db = openForReading(settings);
  return {
    methods: methodsOf(new JournalReader(db)),
    isUsable: () => true,
    afterCall: () => undefined,
    close: () => db.close(),
  };
});
