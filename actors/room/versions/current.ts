import type { Edition } from '../edition.js';
import { endGame } from '../phases/game-over.js';
import { judgeLeaveGame, judgeStart } from '../seats.js';

/** Version of the machine and its state. Raised when a room saved by the one before would replay differently. */
export const MACHINE_VERSION = 2;

export const currentEdition: Edition = { start: judgeStart, leave: judgeLeaveGame, end: endGame };
