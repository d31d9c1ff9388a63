import { beforeAll, describe, expect, test } from 'vitest';
import { liapTui, seededDeal } from '../../actors/room/liap-tui.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { RoomModel, type ModelEvent, type ModelMessage } from '../../fuzz/model/room-model.js';
import { same } from '../../fuzz/model/same.js';
import type { Entry, StreamHead } from '../../persistence/journal.js';
import { playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { carefulStrategy } from '../../src/client/strategy.js';
import { SEATS } from '../../src/game/seats.js';
import { MemoryJournal } from '../../src/visualizer/memory-journal.js';
import { RoomPast, type ShownSource, type StateThen } from '../../src/visualizer/room-past.js';
import { EntryShower } from '../../src/visualizer/shown-entry.js';
import { SimulatedServer } from '../support/simulated-server.js';

/*
 * Goal: what the visualizer shows of a game is the game. Method: a whole game is played by clients over the protocol;
 * its journal is folded once more by the rules as the fuzzer's model has them, which shares nothing with the machine,
 * and compared with the visualizer's view at every entry; its frames are held against those that the sockets got.
 */

const HUMANS = 2;
/** Entries whose changes are looked at with each eye. */
const CHANGES = 150;
const sent = new Set<string>(); // to the room's sockets, without what belongs to the asker alone
let sim: SimulatedServer;
let source: ShownSource;
let entries: readonly Entry[];
let past: RoomPast;
const definition = liapTui();

beforeAll(async () => {
  sim = await SimulatedServer.start({ seed: 'seen by the visualizer' });
  sim.onFrame = (path, text) => {
    if (path !== '/ws/lobby') sent.add(withoutReply(text));
  };
  const random = seededRandom(11);
  let ids = 0;
  const { roomId: code } = await sim.until(
    playGame({
      humans: HUMANS,
      connect: sim.connect,
      clock: sim.clock,
      random,
      newId: () => `m${++ids}`,
      strategy: carefulStrategy(random),
      thinkMs: () => 300,
      changePages: false,
    }),
    100 * 3_600_000,
  );
  const roomId = sim.server.rooms.resolve(code)!;
  // As it is now: the virtual clock of the server need not go on for each look.
  const journal = (await sim.until(MemoryJournal.copy(sim.engine, roomId, (await sim.until(headOf(roomId))).seq)))!;
  source = { key: roomId, roomId, reader: journal.reader, revealed: true };
  entries = journal.file.entries;
  past = new RoomPast(definition, new EntryShower(definition), () => new Map());
}, 60_000);

async function headOf(roomId: string): Promise<StreamHead> {
  const [head] = await sim.engine.heads([roomId]);
  return head!;
}

function withoutReply(text: string): string {
  const { event, data } = JSON.parse(text) as { event: string; data: Record<string, unknown> };
  const { in_reply_to: _, ...rest } = data;
  return JSON.stringify({ event, data: rest });
}

/** What the operator's view of a room should say, by the model. */
function expectedOf(model: RoomModel) {
  const { leaf, host, hostArrived, awaiting, game } = model;
  return {
    leaf,
    host,
    hostArrived,
    awaiting,
    names: model.seats.map((seat) => seat?.name ?? null),
    bots: model.seats.map((seat) => seat !== null && (seat.kind === 'bot' || seat.awaySince !== null)),
    game: game && {
      round: game.round,
      deal: game.deal,
      multiplier: game.multiplier,
      starter: game.starter,
      hands: game.hands,
      declarations: game.declarations,
      turn: game.turn,
      piles: game.piles,
      scores: game.scores,
      turnsWon: game.turnsWon,
      roundScores: game.roundScores,
    },
  };
}

function shownBy({ leaf, host, hostArrived, awaiting, seats, game }: RoomView): ReturnType<typeof expectedOf> {
  const members = ['round', 'deal', 'multiplier', 'starter', 'hands', 'declarations', 'turn'] as const;
  const sums = ['piles', 'scores', 'turnsWon', 'roundScores'] as const;
  return {
    leaf,
    host,
    hostArrived,
    awaiting,
    names: seats.map((seat) => seat?.name ?? null),
    bots: seats.map((seat) => seat?.isBot ?? false),
    game: game && Object.fromEntries([...members, ...sums].map((member) => [member, game[member]])),
  } as unknown as ReturnType<typeof expectedOf>;
}

describe('of a whole game', () => {
  test('the view at every entry is what the rules make of its journal', async () => {
    expect(entries.length).toBeGreaterThan(150);
    let model: RoomModel | null = null;
    for (const { seq, message, events } of entries) {
      const said = JSON.parse(message) as ModelMessage;
      const happened = JSON.parse(events) as ModelEvent[];
      if (model === null) model = new RoomModel(said, seededDeal);
      else expect(model.step(said, happened).kind).toBe('applied');
      const state = (await past.state(source, 'operator', { seq }))!;
      const [found, expected] = [shownBy(state.view), expectedOf(model)];
      if (!same(found, expected)) expect(found, `entry ${seq}`).toEqual(expected); // `expect` says how they differ
      expect(state.entry.to).toBe(model.leaf);
    }
  });

  test('each change leads from one view to the next, and each eye sees its own hand alone', async () => {
    for (const eye of ['spectator', ...SEATS] as const) {
      const all: StateThen[] = [];
      for (let from: number | null = 1; from !== null && from <= CHANGES; ) {
        const page = await past.states(source, eye, from, 100);
        all.push(...page!.items);
        from = page!.next;
      }
      expect(all.map(({ seq }) => seq)).toEqual(entries.slice(0, all.length).map(({ seq }) => seq));
      for (const { seq, view, changes } of all) {
        for (const seat of SEATS) if (seat !== eye) expect(view.game?.hands[seat] ?? null).toBeNull();
        const before = all[seq - 2]?.view;
        const touched = new Set(changes!.map(({ path }) => path.split('/')[1]));
        for (const member of Object.keys(view) as (keyof RoomView)[]) {
          if (seq > 1) expect(touched.has(member), `${member} at ${seq}`).toBe(!same(before![member], view[member]));
        }
      }
    }
  });

  test('the frames of an entry are those that its players got, and nobody was told anything else', async () => {
    const start = entries.find(({ events }) => events.includes('gameStarted'))!.seq;
    const made = new Set<string>();
    for (const { seq } of entries) {
      for (const seat of [0, 1] as const) {
        const { frames, present } = (await past.frames(source, seat, seq))!;
        for (const frame of frames) {
          const text = JSON.stringify(frame);
          made.add(text);
          if (seq >= start) expect(sent.has(text), `entry ${seq}, seat ${seat}: ${frame.event}`).toBe(true);
        }
        for (const frame of present) made.add(JSON.stringify(frame));
      }
    }
    const told = [...sent].filter((text) => /"event":"(phase_change|turn_complete)"/.test(text));
    expect(told.length).toBeGreaterThan(300);
    for (const text of told) expect(made.has(text), text.slice(0, 300)).toBe(true);
  });

  test('its ways are counted, and the last one is known', async () => {
    const tally = await past.tally(source);
    expect(tally.through).toBe(entries.length);
    const sum = (counts: Readonly<Record<string, number>>): number =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    expect(sum(tally.states)).toBe(entries.length);
    const plays = Object.entries(tally.transitions).filter(([id]) => /on (play|botTimer)/.test(id));
    const made = entries.filter(({ message }) => /"type":"(play|botTimer)"/.test(message)).length;
    expect(sum(Object.fromEntries(plays))).toBe(made);
    expect(tally.last).toMatchObject({ seq: entries.length, to: 'gameOver' });
  });
});
