import { statfsSync } from 'node:fs';
import { Option } from 'commander';
import type { RoomRow } from '../../../persistence/rows.js';
import { SIZE_LIMITS, sizeFindings } from '../../../persistence/size-findings.js';
import { allRows } from '../../../actors/all-rows.js';
import { wholeNumber } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { EXIT } from './exit.js';
import { sheet } from '../table.js';
import { reading, type Report, type Tool } from './tool.js';
import { bytesText, countText, relativeText, spanText, timeText } from './units.js';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const OUTAGES = 5;

interface StatsOptions {
  readonly sizeMax: number; // MiB, as the next two
  readonly logMax: number;
  readonly diskMin: number;
  readonly ageMax?: number; // days
}

export const statsCommands: CommandGroup = (program, run) => {
  const mib = wholeNumber(1, 1_000_000_000);
  program
    .command('stats')
    .description('how much there is: sizes, counts, the oldest entry, and the times in which no room could run')
    .addOption(new Option('--size-max <MiB>', 'of the journal').default(SIZE_LIMITS.bytesMax / MIB).argParser(mib))
    .addOption(
      new Option('--log-max <MiB>', 'of its write-ahead log').default(SIZE_LIMITS.logBytesMax / MIB).argParser(mib),
    )
    .addOption(
      new Option('--disk-min <MiB>', 'that the disk should have left')
        .default(SIZE_LIMITS.diskFreeBytesMin / MIB)
        .argParser(mib),
    )
    .addOption(new Option('--age-max <days>', 'of the oldest entry').argParser(wholeNumber(1, 100_000)))
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- stats
  npm run journal -- stats --size-max 5000 --age-max 60

Exit code 1: a limit is passed.`,
    )
    .action(run(stats));
};

function stats(tool: Tool, { sizeMax, logMax, diskMin, ageMax }: StatsOptions): Promise<Report> {
  return reading(tool, async (journal) => {
    const size = await journal.size();
    const outages = await journal.outages();
    const { aliveAt } = await journal.marks();
    const rooms: Record<RoomRow['status'], number> = { waiting: 0, playing: 0, over: 0, closed: 0, archived: 0 };
    const damaged: string[] = [];
    const note = (key: string): void => void damaged.push(key);
    for await (const { status } of allRows(journal, 'roomsNewest', {}, note)) rooms[status]++;
    const holds = { paused: 0, quarantined: 0 };
    for await (const { kind } of allRows(journal, 'holds', {}, note)) holds[kind]++;
    const waiting = await count(allRows(journal, 'inbox', {}, note));
    const deadLetters = await count(allRows(journal, 'deadLetters', {}, note));
    const { bavail, bsize } = statfsSync(tool.dataDir);
    const diskFreeBytes = bavail * bsize;
    const limits = {
      bytesMax: sizeMax * MIB,
      logBytesMax: logMax * MIB,
      diskFreeBytesMin: diskMin * MIB,
      ...(ageMax !== undefined && { oldestEntryAgeMsMax: ageMax * DAY_MS }),
    };
    const passed = sizeFindings(size, limits, { freeBytes: diskFreeBytes }, tool.now());
    const byStatus = Object.entries(rooms).map(([status, number]) => `${number} ${status}`);
    const newest = outages.slice(-OUTAGES).reverse();
    return {
      lines: [
        ...sheet([
          ['size', `${bytesText(size.bytes)} of at most ${bytesText(limits.bytesMax)}`],
          ['log', `${bytesText(size.logBytes)} of at most ${bytesText(limits.logBytesMax)}, part of the size`],
          ['unused', `${bytesText(size.freeBytes)} inside, taken before it grows`],
          ['disk', `${bytesText(diskFreeBytes)} left, at least ${bytesText(limits.diskFreeBytesMin)} wanted`],
          ['rooms', byStatus.join(', ')],
          ['histories', `${countText(size.streams, 'room')}, ${size.openStreams} of them open`],
          ['entries', `${size.entries}, ${countText(size.snapshots, 'snapshot')}`],
          ['oldest entry', size.oldestEntryAt === null ? 'none' : timeText(size.oldestEntryAt)],
          ['held', `${holds.paused} paused, ${holds.quarantined} quarantined`],
          ['messages', `${waiting} wait, ${countText(deadLetters, 'dead letter')}`],
          ['alive', aliveAt === 0 ? 'never' : relativeText(aliveAt, Math.max(tool.now(), aliveAt))],
          ['outages', outages.length === 0 ? 'none' : `${outages.length}, the newest:`],
        ]),
        ...newest.map(({ from, to }) => `  ${timeText(from)} for ${spanText(to - from)}`),
        ...passed,
        ...damaged.map((key) => `Damaged and not counted: ${key}`),
      ],
      json: { size, diskFreeBytes, rooms, holds, waiting, deadLetters, aliveAt, outages, limits, passed, damaged },
      exit: passed.length + damaged.length === 0 ? EXIT.fine : EXIT.wrong,
    };
  });
}

async function count(rows: AsyncIterable<unknown>): Promise<number> {
  const iterator = rows[Symbol.asyncIterator]();
  let number = 0;
  while ((await iterator.next()).done !== true) number++;
  return number;
}
