import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { liapTui, type LiapTui, seededDeal } from '../../actors/room/liap-tui.js';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import type { UntimedMessage } from '../../actors/room/room-message.js';
import type { Append } from '../../persistence/journal.js';
import type { RowChange } from '../../persistence/rows.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { appendsOf } from '../support/journal-folder.js';
import { asBots, RoomDriver, type RoomDriverOptions, speaker, STARTED_AT } from '../support/room-driver.js';
import { orderOf, STEADY, TWO_WEAK } from '../support/table.js';

/** Rooms with this seed are dealt hands with which the first seat wins in the first round. */
const SHORT_SEED = 'f'.repeat(64);
const shortDeal: DealOrder = (seed, round, deal) =>
  seed === SHORT_SEED ? orderOf(round + deal < 6 ? TWO_WEAK : STEADY) : seededDeal(seed, round, deal);

/** The game of the folder's rooms. */
export const flippedGame = (): LiapTui => liapTui({ order: shortDeal });

/** All times of the folder lie before it. */
export const LOOKED_AT = STARTED_AT + 3_600_000;

const PAUSED = 1;
const QUARANTINED = 2;

/**
 * A data folder with something in every table: games in several phases, finished and closed ones, one room compacted,
 * one paused with a waiting message, one quarantined, dead letters, statistics, outages and an audit trail.
 * @returns the bytes of its database, closed and without a log beside it
 */
export async function flipFolder(folder: string): Promise<Buffer> {
  const engine = await openSqliteEngine({ folder });
  try {
    const rooms = drivers();
    const named = rooms.map((_, index) => roomOf(index));
    const appends = rooms.flatMap((driver, index) => appendsOf(named[index]!, driver.messages, driver.definition));
    const [paused, quarantined] = [named[PAUSED]!.roomId, named[QUARANTINED]!.roomId];
    const verdicts = await engine.commit([...appends, rowsOf(paused), rowsOf(quarantined)], LOOKED_AT - 60_000);
    const refused = verdicts.find(({ kind }) => kind !== 'committed');
    if (refused !== undefined) throw new Error(`the folder was not made: ${JSON.stringify(refused)}`);
    while ((await engine.compact(named[0]!.roomId, 16)) > 0);
    await engine.recordOutage({ from: STARTED_AT + 1_000_000, to: STARTED_AT + 1_060_000 });
    await engine.recordOutage({ from: STARTED_AT + 2_000_000, to: STARTED_AT + 2_001_000 });
  } finally {
    await engine.close();
  }
  return readFileSync(join(folder, 'journal.sqlite'));

  function rowsOf(roomId: string): Append {
    const rows = roomId === roomOf(PAUSED).roomId ? pausedRows(roomId) : quarantinedRows(roomId);
    return { roomId, expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
  }
}

function roomOf(index: number): { readonly roomId: string; readonly code: string } {
  const digit = (0xa0 + index).toString(16);
  return { roomId: `018f0000-0000-7000-8000-0000000000${digit}`, code: `F11B${digit.toUpperCase()}` };
}

function drivers(): RoomDriver[] {
  const game = (options: RoomDriverOptions): RoomDriver => RoomDriver.playing({ order: shortDeal, ...options });
  const seed = (digit: string): string => digit.repeat(64);
  const closed = new RoomDriver({ order: shortDeal });
  closed.apply({ type: 'connect', ...speaker(0) });
  closed.apply({ type: 'leave', ...speaker(0) }, closed.now + 5_000);
  return [
    game({ seed: seed('1'), people: 2 }).runUntil(inRound(3, 'playing.turn.results'), asBots),
    game({ seed: seed('2') }).runTo('playing.declaration'),
    game({ seed: seed('3'), people: 4 }).runTo('playing.turn.playing', asBots),
    game({ seed: seed('4'), people: 3 }).runUntil(inRound(4, 'playing.scoring'), asBots),
    shortGame(),
    closed,
    new RoomDriver({ order: shortDeal, people: 3 }),
  ];
}

function inRound(round: number, leaf: string): (driver: RoomDriver) => boolean {
  return (driver) => driver.leaf === leaf && driver.game.round === round;
}

/** Four people; the host declares 7 and wins, five times over by four redeals. */
function shortGame(): RoomDriver {
  const declared = [7, 0, 1, 1];
  const turn = ({ state }: RoomDriver): UntimedMessage | null => {
    const { awaiting, game } = state;
    const seat = awaiting?.seats[0];
    if (awaiting === null || seat === undefined) return null;
    switch (awaiting.what) {
      case 'redealAnswer':
        return { type: 'answerRedeal', ...speaker(seat), accept: true };
      case 'declaration':
        return { type: 'declare', ...speaker(seat), value: declared[seat]! };
      case 'play':
        return { type: 'play', ...speaker(seat), indices: [...(game?.turn?.plays[0]?.pieces.keys() ?? [0])] };
    }
  };
  return RoomDriver.playing({ order: shortDeal, seed: SHORT_SEED, people: 4 }).runTo('gameOver', turn);
}

function pausedRows(roomId: string): RowChange[] {
  const hold = {
    roomId,
    kind: 'paused' as const,
    since: STARTED_AT + 900_000,
    why: 'an operator looks at it',
    seq: null,
  };
  const id = `${roomId}/000001`;
  const waiting = {
    id,
    roomId,
    position: 1,
    at: STARTED_AT + 910_000,
    lane: 'player',
    slot: null,
    bytes: 64,
    message: JSON.stringify({ type: 'declare', ...speaker(0), value: 2 }),
    session: 's0',
    messageId: 'waits',
    correlationId: 'waits-1',
  };
  const audit = {
    id: 'audit-1',
    at: STARTED_AT + 900_000,
    actor: 'tool',
    action: 'pause',
    target: roomId,
    detail: '{}',
  };
  return [
    { kind: 'put', table: 'holds', key: roomId, values: hold },
    { kind: 'put', table: 'inbox', key: id, values: waiting },
    { kind: 'put', table: 'audit', key: audit.id, values: audit },
  ];
}

function quarantinedRows(roomId: string): RowChange[] {
  const at = STARTED_AT + 800_000;
  const hold = { roomId, kind: 'quarantined' as const, since: at, why: 'It crashed twice', seq: null };
  const letter = {
    id: 'letter-1',
    roomId,
    at,
    seq: 3,
    message: JSON.stringify({ type: 'play', ...speaker(1), indices: [0] }),
    session: 's1',
    messageId: 'm7',
    correlationId: 'c7',
    error: 'Error: thrown\n    at a place',
  };
  return [
    { kind: 'put', table: 'holds', key: roomId, values: hold },
    { kind: 'put', table: 'deadLetters', key: letter.id, values: letter },
  ];
}
