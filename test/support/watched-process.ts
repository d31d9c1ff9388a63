import { argv } from 'node:process';
import { startWatchdog } from '../../src/watchdog/watchdog.js';

/**
 * A process under the watchdog that blocks its event loop for ever, inside a room's step or outside:
 * `watched-process.ts SUSPECT_FILE [ROOM_ID]`.
 */
const [suspectFile, roomId] = argv.slice(2);
const { mark } = startWatchdog({ suspectFile: suspectFile!, warnAfterMs: 300, endAfterMs: 900, checkEveryMs: 50 });

function loopForEver(): void {
  if (roomId !== undefined) mark.begin(roomId);
  for (;;);
}

// The thread takes its time to start, and nobody blocks the loop that early.
setTimeout(loopForEver, 1_000);
