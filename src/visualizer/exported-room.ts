import { recover } from '../../actors/recovery.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import type { Entry } from '../../persistence/journal.js';
import type { PastSource } from './past.js';
import type { RecordedDeal, ScriptDeed, ScriptFile } from './script-file.js';
import { readObject } from './shown-entry.js';

/** What can't be told as a script; the sentence says why. */
export class ExportRefused extends Error {
  override readonly name = 'ExportRefused';
}

export interface ExportOptions {
  readonly name: string; // of the room, for people
  readonly definition: LiapTui;
  readonly order: DealOrder;
  readonly upTo: number;
}

/** A script as the fuzzer replays it: `script` is how it was found, which nobody knows here. */
type FuzzFile = ScriptFile & {
  readonly script: { readonly seed: number; readonly version: number; readonly acts: [] };
};

/** A room as a `room-fuzz/1` file. @throws ExportRefused */
export async function exportedScript(source: PastSource, options: ExportOptions): Promise<FuzzFile> {
  const entries = await allEntries(source, options.upTo);
  const version = entries[0]!.machineVersion;
  return {
    format: 'room-fuzz/1',
    definition: 'liap-tui',
    version,
    seed: 0,
    promise: 'a room that was exported',
    message: `${options.name}, ${entries.length} entries`,
    lines: [],
    script: { seed: 0, version, acts: [] },
    deeds: entries.map(deedOf),
    deals: dealsOf(entries, options.order),
  };
}

/** A vitest file that has the room go the same way once more. @throws ExportRefused */
export async function exportedTest(source: PastSource, options: ExportOptions): Promise<string> {
  const { name, upTo, definition } = options;
  const { script: _, ...script } = await exportedScript(source, options);
  const entries = await allEntries(source, upTo);
  const last = await recover(source.reader, definition, source.roomId, upTo);
  const view = definition.view(last!.runner.snapshot, 'operator');
  const events = entries.map((entry) => JSON.parse(entry.events) as unknown);
  const file = name.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase();
  return `// ${oneLine(name)} up to entry ${upTo}, exported by the visualizer. It belongs into test/sim/${file}.test.ts.
import { expect, test } from 'vitest';
import { recover } from '../../actors/recovery.js';
import { liapTui, seededDeal } from '../../actors/room/liap-tui.js';
import { playScript } from '../../src/visualizer/play-script.js';
import { recordedDeals, scriptFile } from '../../src/visualizer/script-file.js';
import { EntryShower } from '../../src/visualizer/shown-entry.js';

const SCRIPT: unknown = ${JSON.stringify(script)};
const EVENTS: unknown = ${JSON.stringify(events)};
const VIEW: unknown = ${JSON.stringify(view)};

test(${JSON.stringify(`${name} goes the same way up to entry ${upTo}`)}, async () => {
  const script = scriptFile.parse(SCRIPT);
  const definition = liapTui({ order: recordedDeals(script.deals ?? [], seededDeal) });
  const { journal, stop } = await playScript(definition, new EntryShower(definition), script, 'room');
  expect(stop).toBeNull();
  expect(journal.file.entries.map(({ events }): unknown => JSON.parse(events))).toEqual(EVENTS);
  const room = await recover(journal.reader, definition, 'room');
  expect(definition.view(room!.runner.snapshot, 'operator')).toEqual(VIEW);
});
`;
}

async function allEntries({ reader, roomId }: PastSource, upTo: number): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  while (entries.length < upTo) {
    const page = await reader.read(roomId, entries.length + 1, upTo);
    if (page[0]?.seq !== entries.length + 1) throw new ExportRefused('Its first entries were removed by a compaction');
    entries.push(...page);
  }
  const restored = entries.find(({ outcome }) => outcome === 'restored');
  if (restored !== undefined) {
    throw new ExportRefused(`Entry ${restored.seq} set the room back, which no script can say: end in front of it`);
  }
  return entries;
}

function deedOf({ outcome, message }: Entry): ScriptDeed {
  if (outcome === 'upgraded') return { do: 'upgrade' };
  return { do: 'message', message: readObject(message) as { type: string; at: number } };
}

function dealsOf(entries: readonly Entry[], order: DealOrder): RecordedDeal[] {
  const seed = String(readObject(entries[0]!.message)['seed']);
  const begun = entries.flatMap(({ events }) => JSON.parse(events) as { type: string; round: number; deal: number }[]);
  return begun
    .filter(({ type }) => type === 'dealingStarted')
    .map(({ round, deal }) => ({ round, deal, pieces: [...order(seed, round, deal)] }));
}

/** A name may come from somebody's file: in a comment it must not end the line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
