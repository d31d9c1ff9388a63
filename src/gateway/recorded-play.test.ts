import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SimulatedServer } from '../../test/support/simulated-server.js';
import { simulatedGame } from '../../test/support/simulated-game.js';
import { loadRecording, scenarioNames } from '../../test/transcripts/recording.js';
import { SEATS } from '../game/seats.js';
import type { Bucket } from '../limits/token-bucket.js';
import { decode } from '../protocol/decode.js';
import { judgeFrame } from './frame-pace.js';
import { PlayLimits } from './play-limits.js';
import { createSocketLimits, type SocketLimits } from './rate-limit.js';

/*
 * Goal: limits stop abuse and never touch play. Method: every recorded conversation is held at five times its speed by
 * four players in one room at once, each with two tabs of its browser that say the same; all sockets of the recording
 * count as one player's. Left out is the one that was recorded to show limits.
 */

const SPEED = 5;
const SETTINGS = { rateLimitFactor: 1, timeScale: 1, playerMessagesPerMinute: 600, roomMessagesPerSecond: 100 };
const NOTHING = { count: 0, bytes: 0 };
const isThere = existsSync(new URL('../../../shared/transcripts/', import.meta.url));
const SCENARIOS = isThere ? scenarioNames().filter((name) => name !== 'rate-limits') : [];

function held(scenario: string) {
  const sockets = new Map<string, { readonly limits: SocketLimits; frames: Bucket | undefined }>();
  const play = new PlayLimits(SETTINGS);
  const limited: string[] = [];
  let messages = 0;
  for (const line of loadRecording(scenario)) {
    if (line.kind !== 'sends') continue;
    const decoded = decode(line.text, false);
    const atMs = line.t / SPEED;
    for (const seat of SEATS) {
      for (const tab of ['a', 'b']) {
        const name = `${line.conn} ${seat}${tab}`;
        const socket = sockets.get(name) ?? { limits: createSocketLimits(SETTINGS), frames: undefined };
        sockets.set(name, socket);
        const { kind, bucket } = judgeFrame(socket.frames, NOTHING, SETTINGS.rateLimitFactor, atMs);
        socket.frames = bucket;
        if (kind !== 'read') limited.push(`${name} at ${atMs}: frame`);
        if (!decoded.ok) continue;
        messages++;
        const { event } = decoded.message;
        if (socket.limits.message(event, atMs).kind === 'limited') limited.push(`${name} at ${atMs}: ${event}`);
        const verdict = play.judge({ event, session: `s${seat}`, roomId: 'r1', seat }, atMs);
        if (verdict.kind === 'limited') limited.push(`${name} at ${atMs}: ${event} by ${verdict.by}`);
      }
    }
  }
  return { limited, messages };
}

describe.skipIf(SCENARIOS.length === 0)('recorded play at five times the speed is never limited', () => {
  test.each(SCENARIOS)('%s', (scenario) => {
    expect(held(scenario).limited).toEqual([]);
  });

  test('and that is play: hundreds of messages, the longest game among them', () => {
    const counts = SCENARIOS.map((scenario) => held(scenario).messages);
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(8 * 200);
    expect(held('full-game-one-human').messages).toBeGreaterThan(8 * 30);
  });
});

test('a whole game of four quick people at a fifth of the pauses is never limited', async () => {
  const sim = await SimulatedServer.start({ settings: { rateLimitFactor: 1, timeScale: 1 / SPEED } });
  const game = await simulatedGame(sim, { humans: 4, thinkMs: () => 500 / SPEED, changePages: true, roundsMax: 3 });
  expect(game.movesApplied).toBeGreaterThan(30);
  const { limited, socketsAtStep } = sim.server.gateway.traffic;
  for (const [limit, count] of Object.entries({ ...limited, warning: 0 })) expect([limit, count]).toEqual([limit, 0]);
  expect({ ...socketsAtStep, warned: 0 }).toEqual({ warned: 0, slowed: 0, refused: 0, disconnected: 0 });
});
