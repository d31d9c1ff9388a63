import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Connect } from '../../src/client/client-socket.js';
import { isRecord } from '../../src/client/frame.js';
import { HUMAN_NAMES, playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import type { RoomClient } from '../../src/client/room-client.js';
import type { Session } from '../../src/client/session.js';
import { randomStrategy } from '../../src/client/strategy.js';
import { SimulatedServer } from '../support/simulated-server.js';
import { WireClient } from '../support/wire-client.js';

/*
 * Goal: no connection ever receives another seat's hand, the room's seed, or a session id (rules.md D13). Method: whole
 * games of one to four people with random legal moves, a spectator and a socket that never says who it is; connections
 * are cut, some so long that bots take over. Every text that reaches any of them is searched.
 */

const PIECE = /^(GENERAL|ADVISOR|ELEPHANT|CHARIOT|HORSE|CANNON|SOLDIER)_(RED|BLACK)\(\d+\)$/;

/** Where pieces stand in a message: the paths of their lists, without the indices. */
function pieceLists(value: unknown, path: string[] = []): string[] {
  if (typeof value === 'string') return PIECE.test(value) ? [path.join('.')] : [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => pieceLists(item, path));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => pieceLists(member, [...path, key]));
}

/** Names under which a message has a `hand` member, an empty one included. */
function handsIn(value: unknown, owner = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => handsIn(item));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === 'hand' ? [owner] : handsIn(member, key)));
}

interface Heard {
  readonly owner: string | null; // whose connection it is; null for those without a seat
  readonly session: Session;
  readonly text: string;
}

interface Run {
  readonly heard: readonly Heard[];
  readonly secrets: readonly string[]; // seed and session ids
}

interface Script {
  readonly seed: number;
  readonly humans: number;
  readonly cuts: readonly { readonly afterMs: number; readonly human: number; readonly longMs: number }[];
}

function sidOf(session: Session): string {
  return /room_session=([\w-]{22})/.exec(session.headers()['cookie'] ?? '')![1]!;
}

/** A client that came without a cookie is told its own token once, with its seat (design.md section 9, Sessions). */
function withoutOwnToken({ session, text }: Heard): string {
  const carriesToken = /^\{"event":"room_(created|joined)"/.test(text);
  return carriesToken ? text.replace(`"session_token":"${sidOf(session)}.`, '') : text;
}

async function play({ seed, humans, cuts }: Script): Promise<Run> {
  const sim = await SimulatedServer.start({ seed: `hands ${seed}` });
  const heard: Heard[] = [];
  const secrets: string[] = [];
  const clients: RoomClient[] = [];
  const watchers: WireClient[] = [];
  let isDown = false;
  const connect: Connect = (path, headers) => {
    const socket = sim.connect(path, headers);
    if (isDown) sim.clock.defer(() => socket.terminate());
    return socket;
  };

  const watch = (code: string): void => {
    const unbound = new WireClient(sim, code);
    const spectator = new WireClient(sim, code);
    watchers.push(unbound, spectator);
    sim.clock.schedule(10, () => spectator.send('client_ready', { player_name: 'Zoe' }));
    const { rooms } = sim.server;
    const entry = JSON.parse(sim.engine.durableEntries(rooms.resolve(code)!)[0]!.message) as { seed: string };
    secrets.push(entry.seed);
    let delay = 0;
    for (const { afterMs, human, longMs } of cuts) {
      delay += afterMs + longMs;
      sim.clock.schedule(delay - longMs, () => {
        isDown = longMs > 0;
        for (const client of clients) if (client.playerName === HUMAN_NAMES[human % humans]) client.drop();
        sim.clock.schedule(longMs, () => (isDown = false));
      });
    }
  };

  const random = seededRandom(seed);
  let ids = 0;
  await sim.until(
    playGame({
      humans,
      connect,
      clock: sim.clock,
      random,
      newId: () => `m${++ids}`,
      strategy: randomStrategy(random),
      thinkMs: () => 500,
      roundsMax: 3,
      connectFailuresMax: 1_000,
      observer: {
        room: watch,
        client: (human, client) => {
          clients.push(client);
          client.listen({ text: (text) => heard.push({ owner: HUMAN_NAMES[human]!, session: client.session, text }) });
        },
      },
    }),
  );
  for (const { session } of [...clients, ...watchers]) {
    secrets.push(sidOf(session));
  }
  for (const { frames, session } of watchers) for (const { text } of frames) heard.push({ owner: null, session, text });
  return { heard, secrets };
}

const script: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(1_000_000),
  humans: fc.integer({ min: 1, max: 4 }),
  cuts: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 500, max: 60_000 }),
      human: fc.nat(3),
      longMs: fc.constantFrom(0, 0, 2_000, 5_000, 15_000),
    }),
    { minLength: 2, maxLength: 10 },
  ),
});

test("hidden hands: no connection ever gets another seat's hand, the seed, or a session id", async () => {
  const seen = { texts: 0, ownHands: 0, spectated: 0, takenOver: 0 };
  await fc.assert(
    fc.asyncProperty(script, async (cuts) => {
      const { heard, secrets } = await play(cuts);
      expect(secrets.length).toBeGreaterThan(2);
      for (const one of heard) {
        const { owner, text } = one;
        const message: unknown = JSON.parse(text);
        const hands = handsIn(message);
        expect(hands.filter((name) => name !== owner)).toEqual([]);
        const elsewhere = pieceLists(message).filter((path) => !path.endsWith('.pieces'));
        expect(elsewhere.filter((path) => path !== `data.players.${owner ?? ''}.hand`)).toEqual([]);
        const open = withoutOwnToken(one);
        expect(secrets.filter((secret) => open.includes(secret))).toEqual([]);
        seen.texts += 1;
        seen.ownHands += hands.length;
        if (owner === null && text.includes('"phase_change"')) seen.spectated += 1;
        if (text.startsWith('{"event":"player_disconnected"')) seen.takenOver += 1;
      }
    }),
    { numRuns: 16, seed: 7 },
  );
  // What was searched was worth searching.
  expect(seen.texts).toBeGreaterThan(5_000);
  expect(seen.ownHands).toBeGreaterThan(1_000);
  expect(seen.spectated).toBeGreaterThan(1_000);
  expect(seen.takenOver).toBeGreaterThan(10);
}, 60_000);

test('hidden hands: the search finds a hand that does not belong there', () => {
  const leak = { event: 'phase_change', data: { players: { Gio: { hand: ['GENERAL_RED(14)'] } } } };
  expect(handsIn(leak)).toEqual(['Gio']);
  expect(pieceLists(leak)).toEqual(['data.players.Gio.hand']);
});
