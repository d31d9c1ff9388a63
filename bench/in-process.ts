// One contestant of the moves bench in a process of its own, so that nobody inherits another's heap or compiled code.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { roomTime, systemClock } from '../actors/clock.js';
import type { Notice } from '../actors/notice.js';
import { Outages } from '../actors/outages.js';
import { MachineRunner } from '../actors/machine-runner.js';
import { type LiapTui, liapTui } from '../actors/room/liap-tui.js';
import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage, UntimedMessage } from '../actors/room/room-message.js';
import type { RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import type { RoomSnapshot, Viewer } from '../actors/room-definition.js';
import { Rooms } from '../actors/rooms.js';
import { GroupCommit } from '../persistence/group-commit.js';
import { CHAIN_START, chainHash } from '../persistence/hash-chain.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { type Seat, SEATS } from '../src/game/seats.js';
import { Showing } from '../src/gateway/showing.js';
import { jsonCodec } from '../src/protocol/frame-codec.js';
import { project } from '../src/protocol/projector.js';
import type { RecordedMove } from './load/recorded-moves.js';
import { BareChart } from './reference/bare-chart.js';
import { type MoveEvent, ReferenceRoom } from './reference/game-machine.js';
import { PlainJournal } from './reference/plain-journal.js';
import { openPlainTable } from './reference/plain-table.js';

export interface InProcessJob {
  readonly contestant: 'product' | 'machine' | 'shown' | 'chart' | 'reference' | 'raw';
  readonly folder: string;
  readonly recording: string; // file of recorded moves
  readonly rooms: number;
  readonly warmUpS: number;
  readonly seconds: number;
  readonly rowsPerBatch: number; // of `raw`
}

export interface InProcessRun {
  readonly movesPerS: number; // durable
  readonly rowsPerS: number;
  readonly rowsPerBatch: number;
  readonly commitMs: number; // from handing a batch over until its outcome is known, on average
  readonly bytesPerMove: number; // of text in those rows
  readonly mainThreadCpu: number; // cores
  readonly cpu: number; // cores, all threads
}

/** What has become durable so far. */
interface Totals {
  readonly moves: number;
  readonly rows: number;
  readonly batches: number;
  readonly bytes: number;
  readonly commitMs: number; // all commits together
}

const job = JSON.parse(process.env['JOB']!) as InProcessJob;

async function count(totals: () => Totals): Promise<InProcessRun> {
  await pause(job.warmUpS * 1000);
  const before = totals();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const startMs = performance.now();
  await pause(job.seconds * 1000);
  const elapsedS = (performance.now() - startMs) / 1000;
  const after = totals();
  const { user, system } = process.cpuUsage(cpuBefore);
  const moves = after.moves - before.moves;
  const rows = after.rows - before.rows;
  return {
    movesPerS: moves / elapsedS,
    rowsPerS: rows / elapsedS,
    rowsPerBatch: rows / (after.batches - before.batches),
    commitMs: (after.commitMs - before.commitMs) / (after.batches - before.batches),
    bytesPerMove: (after.bytes - before.bytes) / moves,
    mainThreadCpu: performance.eventLoopUtilization(loopBefore).utilization,
    cpu: (user + system) / 1e6 / elapsedS,
  };
}

async function product(): Promise<InProcessRun> {
  const engine = await openSqliteEngine({ folder: job.folder });
  let bytes = 0;
  let commitMs = 0;
  const commit = engine.commit.bind(engine);
  engine.commit = async (batch, aliveAt) => {
    for (const { entry, snapshot } of batch) {
      bytes += (entry?.message.length ?? 0) + (entry?.events.length ?? 0) + (snapshot?.state.length ?? 0);
    }
    const startMs = performance.now();
    const verdicts = await commit(batch, aliveAt);
    commitMs += performance.now() - startMs;
    return verdicts;
  };
  const now = roomTime(systemClock, 0);
  const writer = new GroupCommit(engine, { ...systemClock, now });
  const rooms = new Rooms<RoomState, RoomMessage, RoomEvent, RoomView>({
    definition: liapTui(),
    engine,
    writer,
    outages: new Outages([]),
    clock: systemClock,
    now,
    random: randomBytes,
    onFailure: (roomId, failure) => {
      throw new Error(`room ${roomId} failed`, { cause: failure });
    },
  });
  const tables = new Tables(rooms);
  await tables.open(job.rooms);
  return count(() => {
    const { batches, appends } = writer.counters;
    return { moves: tables.moves, rows: appends, batches, bytes, commitMs };
  });
}

/** Four people in each room who move as soon as it is their turn; the same moves as over sockets. */
class Tables {
  moves = 0; // durable
  readonly #rooms: Rooms<RoomState, RoomMessage, RoomEvent, RoomView>;
  readonly #seated: string[] = []; // rooms that wait for the start: who plays already would hold up the others
  #count = 0;
  #opened = 0;
  #onStarted: () => void = () => undefined;
  #messages = 0;

  constructor(rooms: Rooms<RoomState, RoomMessage, RoomEvent, RoomView>) {
    this.#rooms = rooms;
    rooms.subscribe((notice) => this.#onNotice(notice));
  }

  /** Resolves when all rooms are in play. */
  async open(count: number): Promise<void> {
    this.#count = count;
    const started = new Promise<void>((resolve) => {
      this.#onStarted = () => {
        if (++this.#opened === count) resolve();
      };
    });
    const session = sessionOf(0);
    const first = (code: string, seed: string) =>
      ({ type: 'create', session, code, seed, hostName: 'Player 0', timeScale: 0 }) as const;
    const create = () => this.#rooms.create(first, this.#cause('create', session));
    await Promise.all(Array.from({ length: count }, create));
    await started;
  }

  #onNotice(notice: Notice<RoomEvent, RoomView>): void {
    if (notice.kind !== 'applied') throw new Error(`${notice.cause.correlationId} was ${notice.kind}`);
    const { roomId, cause } = notice;
    const isAnswer = cause.correlationId.startsWith('answer');
    if (isAnswer || cause.correlationId.startsWith('move')) this.moves++;
    if (cause.correlationId.startsWith('create')) this.#seat(roomId);
    if (cause.correlationId.startsWith('start')) this.#onStarted();
    const { game, awaiting } = notice.view('operator');
    if (game === null || awaiting === null) return;
    for (const seat of awaiting.seats) {
      const from = { session: sessionOf(seat), seat };
      if (awaiting.what === 'play') this.#tell(roomId, 'move', { type: 'play', ...from, indices: [0] });
      else if (awaiting.what === 'declaration') this.#tell(roomId, 'move', { type: 'declare', ...from, value: 8 });
      // All that are asked were told to answer when they were asked, and the first answer shows who is missing.
      else if (!isAnswer) this.#tell(roomId, 'answer', { type: 'answerRedeal', ...from, accept: false });
    }
  }

  #seat(roomId: string): void {
    const host = { session: sessionOf(0), seat: 0 } as const;
    this.#tell(roomId, 'seat', { type: 'connect', ...host });
    for (const seat of SEATS.slice(1)) {
      this.#tell(roomId, 'seat', { type: 'removePlayer', ...host, target: seat });
      this.#tell(roomId, 'seat', { type: 'join', session: sessionOf(seat), name: `Player ${seat}` });
    }
    if (this.#seated.push(roomId) < this.#count) return;
    for (const seated of this.#seated) this.#tell(seated, 'start', { type: 'startGame', ...host });
  }

  #tell(roomId: string, kind: string, message: UntimedMessage & { readonly session: string }): void {
    this.#rooms.tell(roomId, message, this.#cause(kind, message.session), { bytes: 100 });
  }

  #cause(kind: string, session: string) {
    const id = `${kind}-${++this.#messages}`;
    return { correlationId: id, session, messageId: id };
  }
}

/** The game's machine alone: the same moves and pauses, and nothing of them is kept, shown or written. */
async function machine(): Promise<InProcessRun> {
  const definition = liapTui();
  const at = Date.now();
  const rooms = Array.from({ length: job.rooms }, (_, room) => new MachineTable(definition, `seed-${room}`, at));
  return stepping((index) => rooms[index % rooms.length]!.move());
}

/**
 * The machine with what has to be made of each step whoever runs it: the entry's text and hash, and the frames of four
 * viewers. Nothing of it is kept, written or sent.
 */
async function shown(): Promise<InProcessRun> {
  const definition = liapTui();
  const at = Date.now();
  const rooms = Array.from({ length: job.rooms }, (_, room) => {
    const shower = new Shower(definition, `room-${room}`);
    return new MachineTable(definition, `seed-${room}`, at, (...step) => shower.show(...step));
  });
  return stepping((index) => rooms[index % rooms.length]!.move());
}

class Shower {
  readonly #definition: LiapTui;
  readonly #roomId: string;
  readonly #traffic = { encoded: 0 };
  #seq = 0;
  #hash = CHAIN_START;

  constructor(definition: LiapTui, roomId: string) {
    this.#definition = definition;
    this.#roomId = roomId;
  }

  show(message: RoomMessage, events: readonly RoomEvent[], snapshot: RoomSnapshot<RoomState>): void {
    const { version } = this.#definition;
    const seq = ++this.#seq;
    this.#hash = chainHash(this.#hash, {
      ...{ roomId: this.#roomId, seq, at: message.at, outcome: 'applied', machineVersion: version },
      ...{ message: JSON.stringify(message), events: JSON.stringify(events), correlationId: `move-${seq}` },
      nextDeadline: this.#definition.deadline(snapshot)?.at ?? null,
    });
    const views = new Map<Viewer, RoomView>();
    const view = (viewer: Viewer): RoomView => {
      const known = views.get(viewer) ?? this.#definition.view(snapshot, viewer);
      views.set(viewer, known);
      return known;
    };
    for (const event of events) {
      for (const projection of project(event, seq, '')) {
        const showing = new Showing(projection, { at: message.at, view }, this.#traffic);
        for (const seat of SEATS)
          showing.frame(jsonCodec, seat, 'seat' in message && message.seat === seat ? 'id' : null);
      }
    }
  }
}

/** XState alone, in the shape of that machine. */
async function chart(): Promise<InProcessRun> {
  const rooms = Array.from({ length: job.rooms }, () => new BareChart());
  return stepping((index) => rooms[index % rooms.length]!.step());
}

/** Steps that wait for nothing, in portions that let the clock of the bench in between. */
async function stepping(step: (index: number) => void): Promise<InProcessRun> {
  let moves = 0;
  let isOver = false;
  const portion = (): void => {
    if (isOver) return;
    for (let made = 0; made < 100; made++) step(moves++);
    setImmediate(portion);
  };
  portion();
  const run = await count(() => ({ moves, rows: 0, batches: 0, bytes: 0, commitMs: 0 }));
  isOver = true;
  return { ...run, rowsPerBatch: 0, commitMs: 0 };
}

type OnStep = (message: RoomMessage, events: readonly RoomEvent[], snapshot: RoomSnapshot<RoomState>) => void;

class MachineTable {
  readonly #definition: LiapTui;
  readonly #runner: MachineRunner<RoomState, RoomMessage, RoomEvent>;
  readonly #at: number;
  readonly #onStep: OnStep;

  constructor(definition: LiapTui, seed: string, at: number, onStep: OnStep = () => undefined) {
    this.#definition = definition;
    this.#at = at;
    this.#onStep = onStep;
    const session = sessionOf(0);
    const create = { type: 'create', session, code: '123456', seed, hostName: 'Player 0', timeScale: 0, at } as const;
    this.#runner = MachineRunner.create<RoomState, RoomMessage, RoomEvent>(definition, create).runner;
    const host = { session, seat: 0 } as const;
    this.#step({ type: 'connect', ...host });
    for (const seat of SEATS.slice(1)) {
      this.#step({ type: 'removePlayer', ...host, target: seat });
      this.#step({ type: 'join', session: sessionOf(seat), name: `Player ${seat}` });
    }
    this.#step({ type: 'startGame', ...host });
  }

  /** The next move that the game waits for, behind all that it does by itself. */
  move(): void {
    for (;;) {
      const { snapshot } = this.#runner;
      const due = this.#definition.deadline(snapshot);
      const { awaiting } = snapshot.context;
      if (due !== null && due.at <= this.#at) this.#step(due.message);
      else if (awaiting === null) throw new Error('the game waits for nothing');
      else {
        const seat = awaiting.seats[0]!;
        const from = { session: sessionOf(seat), seat };
        if (awaiting.what === 'play') this.#step({ type: 'play', ...from, indices: [0] });
        else if (awaiting.what === 'declaration') this.#step({ type: 'declare', ...from, value: 8 });
        else this.#step({ type: 'answerRedeal', ...from, accept: false });
        return;
      }
    }
  }

  #step(message: UntimedMessage): void {
    const timed: RoomMessage = { ...message, at: this.#at };
    const result = this.#runner.step(timed);
    if (result.kind === 'refused') throw new Error(`${message.type} was refused: ${result.reason}`);
    this.#onStep(timed, result.events, this.#runner.snapshot);
  }
}

function sessionOf(seat: Seat): string {
  return `session-of-seat-${seat}`;
}

/** One XState step and one durable row for each move, of the bytes that the product writes for it. */
async function reference(recorded: readonly RecordedMove[]): Promise<InProcessRun> {
  const journal = await PlainJournal.open(join(job.folder, 'journal.sqlite'));
  const moves = recorded.map(({ seat, sent, rows }) => ({ move: moveIn(seat, sent), text: rows.join('') }));
  let durable = 0;
  let bytes = 0;
  const play = (name: string, room: ReferenceRoom, made: number): void => {
    const { move, text } = moves[made % moves.length]!;
    const moved = room.step(move);
    const own = JSON.stringify({ at: Date.now(), move, moved });
    const row = own + text.slice(own.length);
    journal.append(name, made, row, () => {
      durable++;
      bytes += row.length;
      play(name, room, made + 1);
    });
  };
  for (let room = 0; room < job.rooms; room++) play(`room-${room}`, new ReferenceRoom(), 0);
  return count(() => {
    const { appends, batches, commitMs } = journal;
    return { moves: durable, rows: appends, batches, bytes, commitMs };
  });
}

function moveIn(seat: number, sent: string): MoveEvent {
  const { event, data } = JSON.parse(sent) as { event: 'declare' | 'play'; data: Readonly<Record<string, number>> };
  return { type: event, seat, value: data['value'] ?? 0 };
}

/** The rows of the product in batches of its size, by one connection that does nothing else. */
async function raw(recorded: readonly RecordedMove[]): Promise<InProcessRun> {
  const table = openPlainTable(join(job.folder, 'journal.sqlite'));
  const texts = recorded.flatMap(({ rows }) => rows);
  const rowsPerBatch = Math.max(1, Math.round(job.rowsPerBatch));
  let batches = 0;
  let bytes = 0;
  let commitMs = 0;
  let rows = 0;
  let isOver = false;
  const write = (): void => {
    if (isOver) return;
    const fields: (string | number)[] = [];
    for (let row = 0; row < rowsPerBatch; row++) {
      const text = texts[rows++ % texts.length]!;
      bytes += text.length;
      fields.push(`room-${row}`, rows, text);
    }
    const startMs = performance.now();
    table.write(fields);
    commitMs += performance.now() - startMs;
    batches++;
    setImmediate(write);
  };
  write();
  const run = await count(() => {
    return { moves: (rows / texts.length) * recorded.length, rows, batches, bytes, commitMs };
  });
  isOver = true;
  return run;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const recorded = JSON.parse(readFileSync(job.recording, 'utf8')) as readonly RecordedMove[];
const contestants = { product, machine, shown, chart, reference: () => reference(recorded), raw: () => raw(recorded) };
process.send!(await contestants[job.contestant](), () => process.exit(0));
