import { randomBytes } from 'node:crypto';
import { IdempotencyWindow, idempotencyKey } from '../actors/idempotency.js';
import { snapshotOf } from '../actors/recovery.js';
import type { UntimedMessage } from '../actors/room/room-message.js';
import type { RoomState } from '../actors/room/room-state.js';
import type { RoomSnapshot } from '../actors/room-definition.js';
import { SNAPSHOT_BYTES, SNAPSHOT_ENTRIES } from '../actors/room-actor.js';
import { uuidV7 } from '../actors/room-ids.js';
import { CHAIN_START, chainHash, contentHash } from '../persistence/hash-chain.js';
import type { Append, Entry } from '../persistence/journal.js';
import { SEATS } from '../src/game/seats.js';
import { asBots, RoomDriver, sessionOf, speaker } from '../test/support/room-driver.js';

/** A legal move of the person whom the room waits for. */
export interface NextMove {
  readonly session: string;
  readonly message: UntimedMessage;
}

/** One room as the runtime would have journaled it, and how it goes on. */
export interface RoomHistory {
  readonly roomId: string;
  readonly appends: readonly Append[];
  readonly next: NextMove;
}

/** When a room of the runtime would have written snapshots: rooms in memory by size, passivated ones at the end as well. */
export type Saved = 'asPlayed' | 'atTheEnd';

export interface PlayedRoomOptions {
  readonly entries: number; // at least; the room then waits for a person
  readonly people: number;
  readonly saved: Saved;
}

const CODE = '0C0DE0'; // of every template
const SEEDS_TRIED = 50;
/** No game takes longer: what was played must not lie in the future. */
const GAME_MS_MAX = 12 * 3_600_000;

/** Plays a room with the real machine. A seed whose game is over too soon is given up for another. */
export function playedRoom(options: PlayedRoomOptions): RoomHistory {
  for (let tried = 0; tried < SEEDS_TRIED; tried++) {
    const played = new Recording(options).play();
    if (played !== null) return played;
  }
  throw new Error(`no game of ${SEEDS_TRIED} lasted for ${options.entries} entries`);
}

class Recording {
  readonly #options: PlayedRoomOptions;
  readonly #driver: RoomDriver;
  readonly #roomId: string;
  readonly #window = new IdempotencyWindow();
  readonly #appends: Append[] = [];
  #before: RoomSnapshot<RoomState> | null = null;
  #told = 0; // events of the driver that are in entries
  #hash = CHAIN_START;
  #savedSeq = 0;
  #bytes = 0;

  constructor(options: PlayedRoomOptions) {
    const startedAt = Date.now() - GAME_MS_MAX;
    this.#options = options;
    this.#roomId = uuidV7(startedAt, randomBytes);
    this.#driver = new RoomDriver({
      ...{ people: 1, code: CODE, startedAt },
      seed: randomBytes(32).toString('hex'),
    });
    this.#journal();
  }

  play(): RoomHistory | null {
    const { entries, people, saved } = this.#options;
    this.#apply({ type: 'connect', ...speaker(0) });
    for (const seat of SEATS.slice(1, people)) {
      this.#apply({ type: 'removePlayer', ...speaker(0), target: seat });
      this.#apply({ type: 'join', session: sessionOf(seat), name: `Player ${seat}` });
    }
    this.#apply({ type: 'startGame', ...speaker(0) });
    for (;;) {
      const said = asBots(this.#driver);
      // The time for an answer to a weak hand might be over when the room goes on.
      if (said !== null && said.type !== 'answerRedeal' && this.#appends.length >= entries) {
        if (saved === 'atTheEnd') this.#save();
        const { session } = said as UntimedMessage & { readonly session: string };
        return { roomId: this.#roomId, appends: this.#appends, next: { session, message: said } };
      }
      if (this.#driver.leaf === 'gameOver' || this.#driver.leaf === 'closed') return null;
      if (said !== null) this.#apply(said);
      else {
        this.#driver.ring();
        this.#journal();
      }
    }
  }

  #apply(said: UntimedMessage): void {
    const { session } = said as UntimedMessage & { readonly session: string };
    const key = idempotencyKey(session, `m${this.#appends.length}`);
    const message: UntimedMessage & { readonly key: string } = { ...said, key };
    this.#driver.apply(message, this.#driver.now + 1);
    this.#window.add(session, key, this.#appends.length + 1);
    this.#journal();
  }

  /** Writes down the step that the driver just did. */
  #journal(): void {
    const { definition, snapshot: after, messages, events, deadline } = this.#driver;
    const message = messages.at(-1)!;
    const seq = this.#appends.length + 1;
    const unhashed: Omit<Entry, 'hash'> = {
      ...{ roomId: this.#roomId, seq, at: message.at, outcome: 'applied', machineVersion: definition.version },
      message: JSON.stringify(message),
      events: JSON.stringify(events.slice(this.#told)),
      correlationId: `played-${seq}`,
      nextDeadline: deadline?.at ?? null,
    };
    this.#told = events.length;
    this.#hash = chainHash(this.#hash, unhashed);
    const rows = definition.rows(this.#roomId, this.#before, after, message);
    this.#before = after;
    this.#appends.push({
      ...{ roomId: this.#roomId, expectedSeq: seq - 1, fence: 0, snapshot: null, rows, closes: false },
      entry: { ...unhashed, hash: this.#hash },
    });
    this.#bytes += unhashed.message.length + unhashed.events.length;
    if (seq - this.#savedSeq >= SNAPSHOT_ENTRIES || this.#bytes >= SNAPSHOT_BYTES) this.#save();
  }

  #save(): void {
    const last = this.#appends.pop()!;
    const snapshot = snapshotOf(last.entry!, this.#driver.definition.version, this.#before!, this.#window);
    this.#appends.push({ ...last, snapshot });
    this.#savedSeq = last.entry!.seq;
    this.#bytes = 0;
  }
}

/** The same room under another id and code: playing thousands of them would take longer than what is measured. */
export function copyOf(history: RoomHistory, index: number): RoomHistory {
  const { roomId: from, appends, next } = history;
  const roomId = uuidV7(Date.now(), randomBytes);
  const code = (index + 0x100000).toString(16).toUpperCase();
  const renamed = JSON.parse(
    JSON.stringify(appends).replaceAll(CODE, code).replaceAll(from, roomId),
  ) as readonly Append[];
  let hash = CHAIN_START;
  const copies = renamed.map((append): Append => {
    const { entry, snapshot } = append;
    hash = chainHash(hash, entry!);
    const tied = snapshot && { ...snapshot, stateHash: contentHash(snapshot.state), entryHash: hash };
    return { ...append, entry: { ...entry!, hash }, snapshot: tied };
  });
  return { roomId, appends: copies, next };
}
