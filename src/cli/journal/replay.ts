import { Option } from 'commander';
import { type Place, place } from './arguments.js';
import type { CommandGroup } from './command-group.js';
import { findRoom, headOf, seqOf } from './found-room.js';
import { historyLines, type ShownStep, steps } from './history.js';
import { isOver } from './show.js';
import { reading, type Report, type Tool } from './tool.js';
import { countText } from './units.js';

interface ReplayOptions {
  readonly from?: Place;
  readonly to?: Place;
  readonly reveal?: boolean;
}

export const replayCommands: CommandGroup = (program, run) => {
  program
    .command('replay')
    .description('plays a room again from its journal: each message, what it caused, and where the machine then stood')
    .argument('<room>', 'its id or its six-character code')
    .addOption(new Option('--from <entry|time>', 'first entry to show').argParser(place))
    .addOption(new Option('--to <entry|time>', 'last entry to play').argParser(place))
    .option('--reveal', 'also the seed of a game that is not over')
    .addHelpText(
      'after',
      `
Examples:
  npm run journal -- replay A1B2C3
  npm run journal -- replay A1B2C3 --from 30 --to 40
  npm run journal -- replay A1B2C3 --json                 the last line holds messages and events in full

Each entry is checked on the way, as verify does; nothing is changed.`,
    )
    .action(run(replayRoom));
};

function replayRoom(tool: Tool, name: string, options: ReplayOptions): Promise<Report> {
  return reading(tool, async (journal) => {
    const room = await findRoom(journal, tool, name);
    const head = await headOf(room);
    const from = options.from === undefined ? head.anchorSeq + 1 : await seqOf(room, options.from);
    const upTo = options.to === undefined ? head.seq : await seqOf(room, options.to);
    const reveal = options.reveal === true || isOver(room);
    const played: ShownStep[] = [];
    for await (const step of steps(tool.definition, room, { from, upTo, viewer: 'spectator', reveal })) {
      played.push(step);
      tool.progress.tell((step.seq - from + 1) / (upTo - from + 1), `entry ${step.seq} of ${upTo}`);
    }
    tool.progress.end();
    return {
      lines: [
        ...historyLines(played, tool.columns),
        '',
        `${countText(played.length, 'entry', 'entries')} of room ${room.roomId} played again without a difference`,
      ],
      json: { roomId: room.roomId, from, to: upTo, steps: played },
    };
  });
}
