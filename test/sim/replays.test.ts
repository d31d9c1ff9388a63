import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, describe, expect, test } from 'vitest';
import { archiveRoom } from '../../persistence/archive.js';
import { playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { carefulStrategy } from '../../src/client/strategy.js';
import { addReplays } from '../../src/http/replays.js';
import { Replays, type ReplaysPorts } from '../../src/replays/replays.js';
import { SimulatedServer } from '../support/simulated-server.js';
import { Table } from '../support/table.js';

/*
 * Goal: a finished game can be looked at and its deals checked by anybody, and nothing of that can be had a moment
 * before its end. Method: whole games on a simulated server, with the two public addresses asked all the while.
 */

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cache: string | null;
}

interface Round {
  readonly round: number;
  readonly multiplier: number;
  readonly deals: { deal: number; hands: string[][]; weak: number[]; answers: object[] }[];
  readonly turns: { number: number; winner: number; plays: { seat: number; pieces: string[]; type: string }[] }[];
  readonly scores: { captured: number; total: number }[];
}

interface GameAnswer {
  readonly room_id: string;
  readonly players: readonly { readonly name: string; readonly is_bot: boolean }[];
  readonly winners: readonly number[];
  readonly totals: readonly number[];
  readonly rounds: readonly Round[];
  seed: string;
  commitment: string;
}

interface Check {
  readonly seedFits: boolean;
  readonly notedFits: boolean | null;
  readonly deals: number;
  readonly wrong: readonly { readonly round: number; readonly deal: number }[];
}

interface PageFairness {
  readonly checkFairness: (record: GameAnswer, noted: object | null) => Promise<Check>;
}

interface Step {
  readonly kind: string;
  readonly round: number;
  readonly deal: number;
  readonly turn: number;
  readonly plays: number;
}

interface PageSteps {
  readonly stepsOf: (record: GameAnswer) => readonly Step[];
  readonly tableAt: (
    record: GameAnswer,
    step: Step,
  ) => { readonly seats: readonly { hand: string[]; piles: number; total: number }[] };
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The two addresses over a simulated server, asked under its virtual clock. */
function site(
  sim: SimulatedServer,
  dataDir = mkdtempSync(join(tmpdir(), 'replays-')),
  engine: ReplaysPorts['engine'] = sim.engine,
) {
  folders.push(dataDir);
  const app = new Hono();
  const { definition, clock } = sim;
  const replays = new Replays({ engine, definition, dataDir, defer: clock.defer });
  addReplays(app, replays);
  const request = async (path: string): Promise<Answer> => {
    const response = await app.request(path);
    return { status: response.status, text: await response.text(), cache: response.headers.get('cache-control') };
  };
  return { dataDir, replays, request, ask: (path: string) => withFiles(sim, request(path)) };
}

/** Lets virtual and real time pass, for what reads files as well. */
async function withFiles<T>(sim: SimulatedServer, work: Promise<T>): Promise<T> {
  const under = { way: true };
  const done = work.finally(() => (under.way = false));
  done.catch(() => undefined); // thrown to the caller below
  while (under.way) {
    await sim.clock.advance(1);
    await setImmediate();
  }
  return done;
}

/** A pure module of the replay page. */
async function pageModule<T>(path: string): Promise<T> {
  return (await import(new URL(`../../web/play/replay/${path}`, import.meta.url).href)) as T;
}

async function checkInPage(record: GameAnswer, noted: { commitment: string } | null = null): Promise<Check> {
  const { checkFairness } = await pageModule<PageFairness>('fairness.js');
  return checkFairness(record, noted);
}

function pickOf({ captured, total }: { readonly captured: number; readonly total: number }) {
  return { captured, total };
}

/** The script of docs/REPLAYS.md, as somebody would run it. */
function checkByScript(record: GameAnswer): { readonly ok: boolean; readonly said: string } {
  const document = readFileSync(new URL('../../docs/REPLAYS.md', import.meta.url), 'utf8');
  const script = /```js\n(.*?)```/s.exec(document)![1]!;
  expect(script.trim().split('\n').length).toBeLessThanOrEqual(25);
  const options = { input: JSON.stringify(record), encoding: 'utf8', stdio: 'pipe' } as const;
  try {
    return { ok: true, said: execFileSync(process.execPath, ['--input-type=module', '-e', script], options) };
  } catch (failure) {
    return { ok: false, said: (failure as { stdout: string }).stdout };
  }
}

describe('a whole game', () => {
  test('tells its seed and its hands to nobody before it is over, and then everybody can check every deal', async () => {
    const sim = await SimulatedServer.start({ seed: 'a fair game' });
    const { request, ask } = site(sim);
    const frames: { event: string; data: Record<string, unknown>; text: string }[] = [];
    sim.onFrame = (_path, text) =>
      frames.push({ ...(JSON.parse(text) as { event: string; data: object }), text } as never);
    const early: { fairness: Answer; replay: Answer; over: boolean }[] = [];
    let asking = true;
    const askOften = (): void => {
      const [roomId] = sim.server.rooms.openIds;
      const code = roomId === undefined ? undefined : sim.server.rooms.codeOf(roomId);
      if (code !== undefined) {
        void Promise.all([request(`/api/fairness/${code}`), request(`/api/replay/${roomId}`)]).then(
          ([fairness, replay]) =>
            early.push({ fairness, replay, over: frames.some(({ text }) => text.includes('"phase":"game_over"')) }),
        );
      }
      if (asking) sim.clock.schedule(60_000, askOften);
    };
    sim.clock.schedule(100, askOften);
    const random = seededRandom(5);
    let ids = 0;
    const game = await sim.until(
      playGame({
        humans: 2,
        connect: sim.connect,
        clock: sim.clock,
        random,
        newId: () => `m${++ids}`,
        strategy: carefulStrategy(random),
        thinkMs: () => 300,
        roundsMax: 400,
      }),
      1_000 * 3_600_000,
    );
    asking = false;
    expect(game.complete).toBe(true);

    const roomId = (await sim.until(sim.engine.roomByCode(game.roomId), 10_000))!.roomId;
    const first = JSON.parse(sim.engine.durableEntries(roomId)[0]!.message) as { seed: string; session: string };
    const before = early.filter(({ over }) => !over);
    expect(before.length).toBeGreaterThan(10);
    const unknown = await ask('/api/replay/01890000-0000-7000-8000-000000000000');
    for (const { fairness, replay } of before) {
      expect(fairness.text).not.toContain(first.seed);
      expect(JSON.parse(fairness.text)).toMatchObject({ seed: null, room_id: roomId });
      expect(replay).toEqual(unknown); // not even that there is such a room
    }
    expect(frames.some(({ text }) => text.includes(first.seed))).toBe(false);
    const commitments = new Set(early.map(({ fairness }) => (JSON.parse(fairness.text) as GameAnswer).commitment));
    expect(commitments.size).toBe(1);

    const answer = await ask(`/api/replay/${roomId}`);
    expect(answer).toMatchObject({ status: 200, cache: 'no-cache' });
    const record = JSON.parse(answer.text) as GameAnswer;
    expect(record).toMatchObject({ seed: first.seed, commitment: [...commitments][0], room_id: roomId });
    expect(answer.text).not.toContain(first.session);
    expect(await ask(`/api/fairness/${roomId}`)).toMatchObject({ text: expect.stringContaining(first.seed) as string });

    // It is the game that was played: every turn as the sockets told it, every round with its points.
    const told = frames
      .filter(({ event }) => event === 'turn_complete')
      .map(({ data }) => ({
        winner: data['winner'],
        plays: (data['turn_resolution'] as { all_plays: Record<string, unknown>[] }).all_plays.map((play) => [
          play['player'],
          play['pieces'],
          play['play_type'],
        ]),
      }));
    const name = (seat: number): string => record.players[seat]!.name;
    const shown = record.rounds
      .flatMap(({ turns }) => turns)
      .map(({ winner, plays }) => ({
        winner: name(winner),
        plays: plays.map(({ seat, pieces, type }) => [name(seat), pieces, type]),
      }));
    const distinct = (turns: readonly object[]): string[] =>
      turns.map((turn) => JSON.stringify(turn)).filter((text, index, all) => text !== all[index - 1]);
    expect(distinct(shown)).toEqual(distinct(told));
    expect(record.rounds.map(({ round }) => round)).toEqual(record.rounds.map((_, index) => index + 1));
    expect(record.rounds.at(-1)!.scores.map(({ total }) => total)).toEqual(record.totals);
    const deals = record.rounds.flatMap((round) => round.deals);
    expect(deals.every(({ hands }) => hands.every((hand) => hand.length === 8))).toBe(true);

    // The page's table at any step: pieces are in a hand or were played, and each round ends as it was scored.
    const { stepsOf, tableAt } = await pageModule<PageSteps>('steps.js');
    for (const step of stepsOf(record)) {
      const { seats } = tableAt(record, step);
      const round = record.rounds[step.round]!;
      const shownPlays = round.turns
        .slice(0, step.turn + 1)
        .flatMap(({ plays }, turn) => (turn < step.turn ? plays : plays.slice(0, step.plays)));
      seats.forEach(({ hand, piles, total }, seat) => {
        const gone = shownPlays.filter((play) => play.seat === seat).flatMap(({ pieces }) => pieces);
        expect([...hand, ...gone].sort()).toEqual([...round.deals[step.deal]!.hands[seat]!].sort());
        if (step.kind === 'scores') expect({ captured: piles, total }).toEqual(pickOf(round.scores[seat]!));
      });
    }

    // The check of the page and that of the document, on the game as it is and as a cheat would have it.
    const fair = { seedFits: true, notedFits: true, deals: deals.length, wrong: [] };
    expect(await checkInPage(record, record)).toEqual(fair);
    expect(checkByScript(record)).toMatchObject({ ok: true });
    const swapped = structuredClone(record);
    const { hands } = swapped.rounds[1]!.deals[0]!;
    [hands[0]![0], hands[1]![0]] = [hands[1]![0]!, hands[0]![0]!];
    expect((await checkInPage(swapped)).wrong).toEqual([{ round: 2, deal: 1 }]);
    expect(checkByScript(swapped)).toEqual({ ok: false, said: 'round 2, deal 1 does not follow from the seed\n' });
    const otherSeed = { ...record, seed: '0'.repeat(64) };
    expect(await checkInPage(otherSeed)).toMatchObject({ seedFits: false });
    expect(checkByScript(otherSeed)).toMatchObject({ ok: false });
    expect(await checkInPage(record, { commitment: '0'.repeat(64) })).toMatchObject({ notedFits: false });
  }, 60_000);

  test('shows redeals, their answers, and nothing of whom they were', async () => {
    const table = await Table.over();
    const { ask, replays } = site(table.sim);
    const record = JSON.parse((await ask(`/api/replay/${table.code}`)).text) as GameAnswer;
    await ask(`/api/replay/${table.code}`);
    expect(replays.reads.records).toEqual({ hits: 1, misses: 1 }); // made once
    expect(record.players).toEqual(['Hana', 'Gio', 'Mona', 'Nils'].map((name) => ({ name, is_bot: false })));
    expect(record.winners).toEqual([0]);
    const [round] = record.rounds;
    expect(round).toMatchObject({ round: 1, multiplier: 5, starter: 0, starter_reason: 'accepted_redeal' });
    expect(round!.deals.map(({ deal, weak, answers }) => ({ deal, weak, answers: answers.length }))).toEqual([
      { deal: 1, weak: [0, 1], answers: 2 },
      { deal: 2, weak: [0, 1], answers: 2 },
      { deal: 3, weak: [0, 1], answers: 2 },
      { deal: 4, weak: [0, 1], answers: 2 },
      { deal: 5, weak: [], answers: 0 },
    ]);
    expect(round!.turns.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('is hidden again when an operator sets it back, and then shows how it ended at last', async () => {
    const table = await Table.over();
    const { ask } = site(table.sim);
    const { roomId, entries } = table;
    const path = `/api/replay/${roomId}`;
    const first = JSON.parse((await ask(path)).text) as GameAnswer;
    const lastTurn = entries.findLast(({ events }) => events.includes('"turnStarted"'))!;
    await table.sim.until(table.sim.server.rooms.operations.restore(roomId, lastTurn.seq), 60_000);
    expect((await ask(path)).status).toBe(404);
    expect(JSON.parse((await ask(`/api/fairness/${roomId}`)).text)).toMatchObject({ seed: null });

    const names = ['Hana', 'Gio', 'Mona', 'Nils'];
    for (const seat of [0, 1, 2, 3]) await table.comeBack(seat);
    for (let play = 0; play < 4; play++) await table.play(names.indexOf(String(table.phaseData['current_player'])), 0);
    await table.toPhase('game_over');
    const second = JSON.parse((await ask(path)).text) as GameAnswer;
    expect(second.rounds).toEqual(first.rounds); // once, and not the undone turn beside the one that counts
    expect(second).not.toEqual(first); // it ended later
  });

  test('does not keep the seed of a moment in which the row of the game was older than its journal', async () => {
    const { sim, roomId, entries } = await Table.over();
    const { engine } = sim;
    let isBehind = true;
    const rowBehind = async (table: string, id: string) => {
      const row = await engine.row(table as 'games', id);
      return isBehind && table === 'games' ? { ...row!, status: 'running', endedAt: null } : row;
    };
    const racing = {
      row: rowBehind,
      heads: engine.heads.bind(engine),
      read: engine.read.bind(engine),
      snapshots: engine.snapshots.bind(engine),
      roomByCode: engine.roomByCode.bind(engine),
    } as ReplaysPorts['engine'];
    const { ask } = site(sim, undefined, racing);
    expect(JSON.parse((await ask(`/api/fairness/${roomId}`)).text)).toMatchObject({
      seed: expect.any(String) as string,
    });
    isBehind = false;
    const lastTurn = entries.findLast(({ events }) => events.includes('"turnStarted"'))!;
    await sim.until(sim.server.rooms.operations.restore(roomId, lastTurn.seq), 60_000);
    expect(JSON.parse((await ask(`/api/fairness/${roomId}`)).text)).toMatchObject({ seed: null });
  });

  test('is there when its room is in the archive', async () => {
    const table = await Table.over();
    const { sim, roomId } = table;
    const { ask, dataDir } = site(sim);
    const path = `/api/replay/${roomId}`;
    const before = await ask(path);
    await sim.clock.advance(11 * 60_000); // a finished room closes
    const row = (await sim.until(sim.engine.row('rooms', roomId), 10_000))!;
    const archive = { engine: sim.engine, journal: sim.server.writer, folder: dataDir, now: sim.server.now };
    await withFiles(sim, archiveRoom(archive, row));
    expect(await sim.until(sim.engine.heads([roomId]), 10_000)).toEqual([]);

    const later = site(sim, dataDir); // which has made no record of it before
    expect(await later.ask(path)).toEqual(before);
    const { seed } = JSON.parse(before.text) as GameAnswer;
    expect(JSON.parse((await later.ask(`/api/fairness/${roomId}`)).text)).toMatchObject({ seed });
    expect((await later.ask(`/api/replay/${table.code}`)).status).toBe(404); // the code is free for others
  });
});
