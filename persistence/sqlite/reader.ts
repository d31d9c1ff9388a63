import { Inspection } from './inspection.js';
import { JournalReader } from './journal-reader.js';
import { openForReading } from './open.js';
import { answerCalls } from './worker-protocol.js';

const methodsOf = (reader: JournalReader, inspection: Inspection) => ({
  heads: reader.heads.bind(reader),
  streams: reader.streams.bind(reader),
  read: reader.read.bind(reader),
  seqAt: reader.seqAt.bind(reader),
  snapshots: reader.snapshots.bind(reader),
  marks: reader.marks.bind(reader),
  outages: reader.outages.bind(reader),
  roomByCode: reader.roomByCode.bind(reader),
  roomByCreation: reader.roomByCreation.bind(reader),
  row: reader.row.bind(reader),
  select: reader.select.bind(reader),
  countStreams: inspection.countStreams.bind(inspection),
  fileSize: inspection.fileSize.bind(inspection),
  ping: (): void => undefined,
});

export type ReaderMethods = ReturnType<typeof methodsOf>;

/** The reader's thread: queries never wait behind a commit, and a long one keeps no commit waiting. */
answerCalls((settings) => {
  const db = openForReading(settings);
  return {
    methods: methodsOf(new JournalReader(db), new Inspection(db)),
    isUsable: () => true,
    afterCall: () => undefined,
    close: () => db.close(),
  };
});
