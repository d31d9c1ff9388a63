import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readRoomFile, writeRoomFile } from '../../../persistence/room-file.js';
import type { CommandGroup } from './command-group.js';
import { BadArgument, Refused } from './exit.js';
import { findRoom } from './found-room.js';
import { operating } from './operate.js';
import { isOver } from './show.js';
import { reading, type Report, type Tool } from './tool.js';
import { bytesText, countText } from './units.js';

interface ExportOptions {
  readonly out?: string;
  readonly reveal?: boolean;
}

/** Rooms and whole journals, out of a data folder and into one. */
export const transferCommands: CommandGroup = (program, run) => {
  program
    .command('export')
    .description('writes a room with its whole history to a file that import takes back')
    .argument('<room>', 'its id or its six-character code')
    .option('--out <file>', 'the file; compressed where its name ends in .gz (default: <room id>.jsonl.gz)')
    .option('--reveal', 'also while its game is not over: the file holds the seed, and with it all hands')
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- export A1B2C3 --out room.jsonl.gz
  npm run journal -- import room.jsonl.gz --data ./other`,
    )
    .action(run(exportRoom));
  program
    .command('import')
    .description('takes a room from such a file, or from the archive, into the journal')
    .argument('<file>')
    .addHelpText('after', '\nExamples:\n  npm run journal -- import room.jsonl.gz --data ./other')
    .action(run(importRoom));
  program
    .command('backup')
    .description('writes a consistent copy of the whole journal while it is in use')
    .argument('<file>', 'must not exist; it opens as the journal.sqlite of a data folder')
    .addHelpText('after', '\nExamples:\n  npm run journal -- backup ./backup.sqlite')
    .action(run(backup));
};

function exportRoom(tool: Tool, name: string, { out, reveal = false }: ExportOptions): Promise<Report> {
  return reading(tool, async (journal) => {
    const room = await findRoom(journal, tool, name);
    const { roomId, archive } = room;
    if (!reveal && !isOver(room)) {
      throw new Refused(
        `The game of room ${roomId} is not over, and its file would hold the seed that all hands follow from. Add --reveal to write it all the same.`,
      );
    }
    const file = resolve(out ?? `${roomId}.jsonl.gz`);
    if (existsSync(file)) throw new Refused(`${file} is there already and is not replaced.`);
    if (archive === null) await writeRoomFile(journal, roomId, file, tool.now());
    else if (file.endsWith('.gz')) copyFileSync(archive, file);
    else throw new BadArgument('The room is archived, and its file is compressed: give --out a name that ends in .gz.');
    const { entries } = await readRoomFile(file);
    const { size: bytes } = statSync(file);
    return {
      lines: [`${countText(entries.length, 'entry', 'entries')} of room ${roomId} are in ${file}, ${bytesText(bytes)}`],
      json: { roomId, file, entries: entries.length, bytes },
    };
  });
}

async function importRoom(tool: Tool, name: string): Promise<Report> {
  const file = resolve(name);
  if (!existsSync(file)) throw new BadArgument(`There is no file ${file}.`);
  if (!existsSync(tool.dataDir)) throw new BadArgument(`There is no folder ${tool.dataDir}; make it first.`);
  const { roomId, entries } = await readRoomFile(file); // a damaged one is named before anybody is asked
  const result = await throughFolder(tool, file, (online) =>
    operating(tool, (operate) => operate('import', { file }, online), { makesJournal: true }),
  );
  return {
    lines: [
      `Room ${roomId} with ${countText(entries.length, 'entry', 'entries')} is in the journal.`,
      ...(result['paused'] === true ? [`It is paused until: ${tool.typed(`resume ${roomId}`)}`] : []),
    ],
    json: { ...result, file, entries: entries.length },
  };
}

/** A server takes files from one folder only, so a copy stands there while it is asked. */
async function throughFolder<T>(
  { dataDir }: Tool,
  file: string,
  use: (online: { readonly file: string }) => Promise<T>,
): Promise<T> {
  const folder = join(dataDir, 'imports');
  const copy = `tool-${process.pid}-${basename(file).replace(/[^\w.-]/g, '_')}`.slice(-100);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  copyFileSync(file, join(folder, copy));
  try {
    return await use({ file: copy });
  } finally {
    rmSync(join(folder, copy), { force: true });
  }
}

function backup(tool: Tool, name: string): Promise<Report> {
  const file = resolve(name);
  return reading(tool, async (journal) => {
    if (existsSync(file)) throw new Refused(`${file} is there already and is not replaced.`);
    try {
      await journal.backup(file, (done) => tool.progress.tell(done, 'copied'));
    } finally {
      tool.progress.end();
    }
    const { size: bytes } = statSync(file);
    return { lines: [`The journal is in ${file}, ${bytesText(bytes)}`], json: { file, bytes } };
  });
}
