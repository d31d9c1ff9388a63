import type Database from 'better-sqlite3';
import { rowAs } from '../row-change.js';
import type { PlayerRow } from '../rows.js';
import { RowTable, storedRow, tableNames } from './row-table.js';

/** What a piece of the work found, and where the next one begins. */
export interface RebuiltPlayers {
  readonly wrong: number;
  readonly next: string | null; // null: that was the last
}

const PIECE_PLAYERS = 500;

/** Makes the players' sums anew from the seats of finished games, on the connection that writes. */
export class PlayerSums {
  /** @param after the `next` of the piece before, '' to begin */
  readonly rebuild: (after: string) => RebuiltPlayers;

  readonly #rows: RowTable;
  readonly #ids: Database.Statement<[string, string, number], { readonly playerId: string }>;
  readonly #stored: Database.Statement<[string], Record<string, unknown>>;
  readonly #summed: Database.Statement<[string], PlayerRow>;

  constructor(db: Database.Database) {
    this.#rows = new RowTable(db, 'players');
    this.#ids = db.prepare(
      `SELECT player_id AS playerId FROM players WHERE player_id > ?
       UNION SELECT player_id FROM game_players WHERE player_id > ? AND ended_at IS NOT NULL
       ORDER BY playerId LIMIT ?`,
    );
    this.#stored = db.prepare(`${tableNames('players').select} WHERE player_id = ?`);
    this.#summed = db.prepare(
      `SELECT player_id AS playerId,
         (SELECT name FROM game_players n WHERE n.player_id = p.player_id AND n.ended_at IS NOT NULL
          ORDER BY n.ended_at DESC, n.id DESC LIMIT 1) AS name,
         count(*) AS games, sum(won) AS wins, sum(score) AS score, sum(perfect_rounds) AS perfectRounds,
         sum(turns_won) AS turnsWon, max(ended_at) AS lastPlayedAt
       FROM game_players p WHERE player_id = ? AND ended_at IS NOT NULL GROUP BY player_id`,
    );
    const transaction = db.transaction((after: string) => this.#rebuild(after));
    this.rebuild = (after) => transaction.immediate(after);
  }

  #rebuild(after: string): RebuiltPlayers {
    const ids = this.#ids.all(after, after, PIECE_PLAYERS).map(({ playerId }) => playerId);
    const wrong = ids.filter((id) => this.#mend(id)).length;
    return { wrong, next: ids.length < PIECE_PLAYERS ? null : ids.at(-1)! };
  }

  /** @returns whether the row was wrong */
  #mend(playerId: string): boolean {
    const summed = this.#summed.get(playerId);
    const record = this.#stored.get(playerId);
    const stored = record === undefined ? null : storedRow('players', record);
    if (summed === undefined) {
      this.#rows.change({ kind: 'delete', table: 'players', key: playerId }); // nobody without a finished game has sums
      return true;
    }
    if (stored?.kind === 'sound' && isSame(rowAs('players', stored.row), summed)) return false;
    this.#rows.change({ kind: 'put', table: 'players', key: playerId, values: summed });
    return true;
  }
}

function isSame(stored: PlayerRow, summed: PlayerRow): boolean {
  return (Object.keys(summed) as (keyof PlayerRow)[]).every((member) => stored[member] === summed[member]);
}
