import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type RecordedDeal, recordedDeal } from '../src/visualizer/script-file.js';
import type { FuzzFailure } from './fuzz-room.js';
import { mailboxAct } from './mailbox/mailbox-act.js';
import { queueAct } from './mailbox/queue-act.js';
import type { MailboxFailure } from './mailbox/fuzz-mailbox.js';
import { type Act, describeAct, type Deed, type Script } from './script.js';

const act: z.ZodType<Act> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('goOn'), steps: z.number().int().positive() }),
  z.object({ kind: z.literal('say'), what: z.string(), pick: z.number().int() }),
  z.object({ kind: z.literal('restore') }),
  z.object({ kind: z.literal('upgrade') }),
]);

const script: z.ZodType<Script> = z.object({
  seed: z.number().int(),
  version: z.number().int().nullable(),
  acts: z.array(act),
});

const deed: z.ZodType<Deed> = z.discriminatedUnion('do', [
  z.object({ do: z.literal('message'), message: z.looseObject({ type: z.string(), at: z.number() }) }),
  z.object({ do: z.literal('restore') }),
  z.object({ do: z.literal('upgrade') }),
]);

/** A failure as a file (docs/FUZZER.md, "Files"). `deeds` alone say what was done; the rest tells people about it. */
const regression = z.object({
  format: z.literal('room-fuzz/1'),
  definition: z.string(), // name of the room definition
  version: z.number().int(), // of the machine that the room began with
  seed: z.number().int(), // of the run that found it
  promise: z.string(),
  message: z.string(), // what was wrong
  lines: z.array(z.string()), // the script for people
  script,
  deeds: z.array(deed).min(1), // the first is the message that makes the room
  deals: z.array(recordedDeal).optional(), // left out: the fuzzer's own
});

/** A failure behind the mailbox: its acts say everything. */
const mailboxRegression = z.object({
  format: z.literal('mailbox-fuzz/1'),
  definition: z.literal('tiny'),
  seed: z.number().int(),
  promise: z.string(),
  message: z.string(),
  acts: z.array(mailboxAct).min(1).readonly(),
});

/** A failure of a mailbox alone. */
const queueRegression = z.object({
  ...mailboxRegression.shape,
  format: z.literal('queue-fuzz/1'),
  definition: z.literal('mailbox'),
  acts: z.array(queueAct).min(1).readonly(),
});

const anyRegression = z.discriminatedUnion('format', [regression, mailboxRegression, queueRegression]);

export type Regression = z.infer<typeof anyRegression>;
type RoomRegression = z.infer<typeof regression>;

export function regressionOf(
  definition: string,
  seed: number,
  failure: FuzzFailure,
  deals?: readonly RecordedDeal[],
): RoomRegression {
  const { promise, message, version, deeds } = failure;
  return {
    format: 'room-fuzz/1',
    definition,
    version,
    seed,
    promise,
    message,
    lines: linesOf(failure),
    script: failure.script,
    deeds: [...deeds],
    ...(deals !== undefined && { deals: [...deals] }),
  };
}

export function mailboxRegressionOf(seed: number, failure: MailboxFailure): Regression {
  const { promise, message } = failure;
  const found = { seed, promise, message };
  return failure.of === 'queue'
    ? { format: 'queue-fuzz/1', definition: 'mailbox', ...found, acts: failure.acts }
    : { format: 'mailbox-fuzz/1', definition: 'tiny', ...found, acts: failure.acts };
}

const MESSAGE_CHARS = 160;

/** One line an act, with the message that it came to. */
export function linesOf({ script: { acts }, told }: Pick<FuzzFailure, 'script' | 'told'>): string[] {
  return acts.map((done, index) => {
    const messages = told[index] ?? [];
    const last = messages.at(-1);
    if (last === undefined) return describeAct(done);
    const text = JSON.stringify(last);
    const shown = text.length > MESSAGE_CHARS ? `${text.slice(0, MESSAGE_CHARS)}…` : text;
    const which = messages.length > 1 ? 'the last: ' : '';
    return `${describeAct(done)}: ${which}${shown}`;
  });
}

/** @returns the file's path */
export function saveRegression(folder: string, found: Regression): string {
  mkdirSync(folder, { recursive: true });
  const slug = found.promise.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const path = join(folder, `${found.definition}-${slug}-${found.seed}.json`);
  writeFileSync(path, `${JSON.stringify(found, null, 1)}\n`);
  return path;
}

/** @throws what names the wrong member, where the file is none of ours */
export function readRegression(path: string): Regression {
  return anyRegression.parse(JSON.parse(readFileSync(path, 'utf8')));
}

export function regressionFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
}
