/** One that is open, and has all frames still to come. */
export interface TableSocket {
  on(event: 'message', listener: (bytes: Buffer) => void): unknown;
  on(event: 'error' | 'close', listener: () => void): unknown;
  send(text: string): void;
  terminate(): void;
}

/** One of each seat. */
export type Sockets = readonly [TableSocket, TableSocket, TableSocket, TableSocket];

/** The same at every table, so that every table's frames have the same sizes. */
export const NAMES = ['P0', 'P1', 'P2', 'P3'] as const;

/** Of a round in which nobody is asked for a redeal: 4 declarations, 8 turns of 4 plays. */
export const ROUND_MOVES = 36;

export interface Move {
  readonly seat: number;
  readonly event: string;
  readonly data: string; // its members as JSON
  readonly text: string; // the frame
}

export interface TableListener {
  /** Somebody is asked, and nothing of this table is under way. */
  readonly ready: (table: Table) => void;
  /** The move under way was answered; with a refusal, by its type, the question stands and `ready` follows after a pause. */
  readonly answered: (table: Table, refusal: string | null) => void;
  readonly frame?: (seat: number, bytes: Buffer) => void;
  readonly closed?: (table: Table) => void; // a socket of it
}

// Frames are looked at as bytes and where these members stand; parsing them all would make the generator the bottleneck.
const HEAD_BYTES = 1_024;
const TAIL_BYTES = 96;
/** The pause before a refused move is made again. */
const RETRY_MS = 250;
const PHASE_CHANGE = '{"event":"phase_change"';
const ERROR = '{"event":"error"';

/**
 * Four people over four sockets. Each makes the simplest legal move as soon as it is told to: declares 8, so that nobody
 * ever wins and the game has no end, plays its first piece, declines a redeal. One move of a table is under way at a time.
 */
export class Table {
  frames = 0;
  bytes = 0;
  readonly #sockets: Sockets;
  readonly #listener: TableListener;
  readonly #asked: Move[] = [];
  readonly #declinedRound = [0, 0, 0, 0];
  #underWay: Move | null = null;
  #moves = 0;

  constructor(sockets: Sockets, listener: TableListener) {
    this.#sockets = sockets;
    this.#listener = listener;
    sockets.forEach((socket, seat) => {
      socket.on('message', (bytes: Buffer) => this.#onFrame(seat, bytes));
      socket.on('error', () => undefined); // `close` follows
      socket.on('close', () => listener.closed?.(this));
    });
  }

  /** Whether somebody is asked and nothing is under way. */
  get isReady(): boolean {
    return this.#underWay === null && this.#asked.length > 0;
  }

  /** Makes the next move. @throws where nobody is asked: the caller waits for `ready` */
  move(): Move {
    if (!this.isReady) throw new Error('this table is not ready for a move');
    const move = this.#asked.shift()!;
    this.#underWay = move;
    this.#sockets[move.seat]!.send(move.text);
    return move;
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #onFrame(seat: number, bytes: Buffer): void {
    this.frames++;
    this.bytes += bytes.length;
    this.#listener.frame?.(seat, bytes);
    if (
      this.#underWay !== null &&
      bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES)).includes('"in_reply_to"')
    ) {
      const move = this.#underWay;
      this.#underWay = null;
      if (bytes.toString('latin1', 0, ERROR.length) === ERROR) this.#onRefused(move, bytes);
      else this.#listener.answered(this, null);
      if (this.isReady) this.#listener.ready(this);
    }
    const head = bytes.toString('latin1', 0, HEAD_BYTES);
    if (!head.startsWith(PHASE_CHANGE)) return;
    const move = this.#moveAsked(seat, head, bytes);
    if (move === null) return;
    this.#asked.push(move);
    if (this.#underWay === null && this.#asked.length === 1) this.#listener.ready(this);
  }

  #onRefused({ seat, event, data }: Move, bytes: Buffer): void {
    const error = (JSON.parse(bytes.toString()) as { data: { type?: string } }).data;
    setTimeout(() => {
      this.#asked.push(this.#made(seat, event, data));
      if (this.isReady) this.#listener.ready(this);
    }, RETRY_MS);
    this.#listener.answered(this, error.type ?? 'error');
  }

  #moveAsked(seat: number, head: string, bytes: Buffer): Move | null {
    const name = NAMES[seat]!;
    if (head.includes(`"current_player":"${name}"`) && head.includes('"turn_complete":false')) {
      return this.#made(seat, 'play', `"player_name":"${name}","piece_indices":[0]`);
    }
    if (head.includes(`"current_declarer":"${name}"`)) {
      return this.#made(seat, 'declare', `"player_name":"${name}","value":8`);
    }
    if (head.includes('"weak_players_awaiting":["')) {
      const { data } = JSON.parse(bytes.toString()) as {
        data: { round: number; phase_data: { weak_players_awaiting: readonly string[] } };
      };
      // All that are asked see each answer, so the question of one comes more than once.
      if (this.#declinedRound[seat] === data.round || !data.phase_data.weak_players_awaiting.includes(name))
        return null;
      this.#declinedRound[seat] = data.round;
      return this.#made(seat, 'decline_redeal', `"player_name":"${name}"`);
    }
    return null;
  }

  #made(seat: number, event: string, data: string): Move {
    const id = (++this.#moves).toString().padStart(8, '0');
    return { seat, event, data, text: `{"event":"${event}","data":{${data}},"id":"m-${id}"}` };
  }
}
