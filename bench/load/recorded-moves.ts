import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ServerProcess, type ServerProcessOptions } from '../../test/support/server-process.js';
import { connect, seatInRoom } from './seating.js';
import { type Move, ROUND_MOVES, Table } from './table.js';

/** One move of the product: what was sent, all that it caused on the four sockets, and what it left on the disk. */
export interface RecordedMove {
  readonly seat: number;
  readonly sent: string;
  readonly frames: readonly (readonly string[])[]; // by seat, in order; behind the four, a spectator's
  readonly rows: readonly string[]; // journal entries with their snapshots
}

const ROUNDS_MAX = 40;
/** So long nothing more comes: the move has had all its effects. */
const SILENCE_MS = 10;

/**
 * Records one round of a game against a server of its own. Whoever replays it does the product's work on the wire and on
 * the disk and none of its thinking. The round is one in which nobody is asked for a redeal, so that it can be played
 * again and again: its last move ends with the first question.
 */
export async function recordMoves(options: ServerProcessOptions): Promise<readonly RecordedMove[]> {
  const server = await ServerProcess.start(options);
  try {
    const moves = await recordRounds(server.socketUrl);
    await server.stop();
    const round = wholeRound(moves);
    const rows = rowsIn(server.dataDir);
    return round.map(({ seat, text, frames, sequence, nextSequence }) => ({
      ...{ seat, sent: text, frames },
      rows: rows.filter(({ seq }) => seq >= sequence && seq < nextSequence).map((row) => row.text),
    }));
  } finally {
    await server.dispose();
  }
}

interface Seen extends Move {
  readonly frames: string[][];
  sequence: number; // of the entry that shows the move
  nextSequence: number;
}

async function recordRounds(url: string): Promise<Seen[]> {
  const { sockets, start, code } = await seatInRoom(url);
  const { socket: spectator } = await connect(`${url}/ws/${code}`);
  const seen: Seen[] = [];
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const restart = (): void => {
      clearTimeout(timer);
      timer = setTimeout(next, SILENCE_MS);
    };
    const onFrame = (viewer: number, bytes: Buffer): void => {
      seen.at(-1)?.frames[viewer]!.push(bytes.toString());
      restart();
    };
    spectator.on('message', (bytes: Buffer) => onFrame(sockets.length, bytes));
    const table: Table = new Table(sockets, { ready: () => undefined, answered: () => undefined, frame: onFrame });
    const next = (): void => {
      if (!table.isReady) {
        restart();
        return;
      }
      const last = seen.at(-1);
      if (last !== undefined) last.nextSequence = sequenceAfter(last);
      if (seen.length > ROUNDS_MAX * ROUND_MOVES || isWhole(seen)) {
        table.close();
        spectator.terminate();
        resolve();
        return;
      }
      const sequence = last?.nextSequence ?? 0;
      seen.push({ ...table.move(), frames: [[], [], [], [], []], sequence, nextSequence: 0 });
    };
    start();
    restart();
  });
  return seen;
}

/** The entry behind the last one that was seen. */
function sequenceAfter({ frames }: Seen): number {
  const sequences = frames.flat().flatMap((text) => /"sequence":(\d+)/.exec(text)?.[1] ?? []);
  return Math.max(...sequences.map(Number)) + 1;
}

function isWhole(seen: readonly Seen[]): boolean {
  return wholeRoundStart(seen) !== null;
}

/** Where a round begins that was played without a redeal, and behind which the next one begins without one. */
function wholeRoundStart(seen: readonly Seen[]): number | null {
  const kinds = seen.map(({ text }) => /"event":"(\w+)"/.exec(text)![1]);
  for (let start = ROUND_MOVES; start + ROUND_MOVES < kinds.length; start++) {
    const isRound = kinds
      .slice(start, start + ROUND_MOVES)
      .every((kind, index) => kind === (index < 4 ? 'declare' : 'play'));
    if (isRound && kinds[start + ROUND_MOVES] === 'declare') return start;
  }
  return null;
}

function wholeRound(seen: readonly Seen[]): readonly Seen[] {
  const start = wholeRoundStart(seen);
  if (start === null) throw new Error(`none of ${ROUNDS_MAX} rounds went without a redeal`);
  return seen.slice(start, start + ROUND_MOVES);
}

/** What is on the disk for each entry of the only room. */
function rowsIn(dataDir: string): { readonly seq: number; readonly text: string }[] {
  const db = new Database(join(dataDir, 'journal.sqlite'), { readonly: true });
  const rows = db
    .prepare<[], { seq: number; text: string }>(
      `SELECT seq, outcome || correlation_id || hash || message || events ||
         coalesce((SELECT state || state_hash || entry_hash FROM snapshots
                   WHERE snapshots.stream = entries.stream AND snapshots.seq = entries.seq), '') AS text
       FROM entries ORDER BY seq`,
    )
    .all();
  db.close();
  return rows;
}
