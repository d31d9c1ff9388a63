// Goal: a room of version 1 goes on as if it had been of version 2 all along. Method: whole rooms that were journaled by
// a server of version 1 are replayed by that version's machine, byte by byte, and are upgraded at every point of their way.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Entry, JournalReader, Snapshot } from '../../../persistence/journal.js';
import { MachineRunner } from '../../machine-runner.js';
import { IdempotencyWindow } from '../../idempotency.js';
import { encodeState, recover, stateHashOf } from '../../recovery.js';
import type { DomainEvent, Message, RoomSnapshot } from '../../room-definition.js';
import { liapTui } from '../liap-tui.js';
import type { RoomEvent } from '../room-event.js';
import { type RoomMessage, roomMessage } from '../room-message.js';
import type { RoomState } from '../room-state.js';
import { fromVersion1 } from './version-1.js';

interface JournaledRoom {
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly snapshots: readonly Snapshot[];
}

const FIXTURE = new URL('../../../test/fixtures/journal-v1.json.gz', import.meta.url);
const { rooms } = JSON.parse(gunzipSync(readFileSync(FIXTURE)).toString()) as { rooms: readonly JournaledRoom[] };
const definition = liapTui();
const version1 = definition.previous.find(({ version }) => version === 1)!;
const toCurrent = (saved: RoomSnapshot<unknown>) => fromVersion1.snapshot(saved) as RoomSnapshot<RoomState>;

const messageOf = (entry: Entry): RoomMessage => roomMessage.parse(JSON.parse(entry.message));
const currentEventsOf = (entry: Entry): unknown[] =>
  (JSON.parse(entry.events) as unknown[]).map((event) => fromVersion1.event(event));

/** Version 1's own states and events, entry by entry. */
function* replayedBy1(entries: readonly Entry[]) {
  const { runner, events } = MachineRunner.create<unknown, Message, DomainEvent>(version1, messageOf(entries[0]!));
  yield { entry: entries[0]!, state: runner.snapshot, events };
  for (const entry of entries.slice(1)) {
    const result = runner.step(messageOf(entry));
    if (result.kind === 'refused') throw new Error(`entry ${entry.seq} is refused: ${result.sentence}`);
    yield { entry, state: runner.snapshot, events: result.events };
  }
}

/** What a room knows but who began it: that may have been lost by the time of the upgrade. */
function withoutEntrants({ value, context }: RoomSnapshot<RoomState>) {
  return { value, context: { ...context, game: context.game && { ...context.game, entrants: null } } };
}

/** As a store gives it out. */
function reader({ entries, snapshots }: JournaledRoom): JournalReader {
  return {
    heads: () => Promise.resolve([]),
    read: (_, from, to) => Promise.resolve(entries.filter(({ seq }) => seq >= from && seq <= to).slice(0, 1000)),
    snapshots: (_, atMost, limit) =>
      Promise.resolve(
        [...snapshots]
          .reverse()
          .filter(({ seq }) => seq <= atMost)
          .slice(0, limit),
      ),
  };
}

test('the journal is of version 1, and holds ends, leavers, an outage and rooms that closed early', () => {
  const types = rooms.flatMap(({ entries }) => entries.flatMap((entry) => currentEventsOf(entry) as RoomEvent[]));
  const seen = new Set(types.map(({ type }) => type));
  for (const type of ['gameEnded', 'playerLeft', 'hostChanged', 'clockShifted', 'redealAnswered'] as const) {
    expect(seen).toContain(type);
  }
  for (const { entries, snapshots } of rooms) {
    expect([...entries, ...snapshots].every(({ machineVersion }) => machineVersion === 1)).toBe(true);
  }
});

describe.each(rooms)('$name', (room) => {
  test('is replayed by the machine of version 1: every event and every snapshot, byte by byte', () => {
    const snapshots = new Map(room.snapshots.map((snapshot) => [snapshot.seq, snapshot]));
    const window = new IdempotencyWindow();
    for (const { entry, state, events } of replayedBy1(room.entries)) {
      window.remember(JSON.parse(entry.message) as Message, entry.seq);
      expect(JSON.stringify(events), `entry ${entry.seq}`).toBe(entry.events);
      const saved = snapshots.get(entry.seq);
      if (saved === undefined) continue;
      snapshots.delete(entry.seq);
      expect(encodeState(state, window.inPairs()), `snapshot ${entry.seq}`).toBe(saved.state);
      expect(stateHashOf(state, window, saved.stateHash), `snapshot ${entry.seq}`).toBe(saved.stateHash);
    }
    expect(snapshots.size).toBe(0);
  });

  test('upgraded after any entry, goes on with the same events to the same state', () => {
    const states = [...replayedBy1(room.entries)].map(({ state }) => JSON.parse(JSON.stringify(state)) as typeof state);
    const end = withoutEntrants(toCurrent(states.at(-1)!));
    for (let upgraded = 1; upgraded < room.entries.length; upgraded += 19) {
      const runner = MachineRunner.restore<RoomState, RoomMessage, RoomEvent>(
        definition,
        toCurrent(states[upgraded - 1]!),
      );
      for (const entry of room.entries.slice(upgraded)) {
        const result = runner.step(messageOf(entry));
        expect(result, `entry ${entry.seq}, upgraded after ${upgraded}`).toEqual({
          kind: 'applied',
          events: currentEventsOf(entry),
        });
      }
      expect(withoutEntrants(runner.snapshot)).toEqual(end);
    }
  });

  test('is recovered as a room of the current version', async () => {
    const { entries } = room;
    const recovered = await recover(reader(room), definition, entries[0]!.roomId);
    const last = [...replayedBy1(entries)].at(-1)!;
    expect(recovered?.seq).toBe(entries.at(-1)!.seq);
    expect(recovered?.runner.snapshot).toEqual(toCurrent(last.state));
    expect(recovered?.events).toEqual(currentEventsOf(last.entry));
  });
});

test('version 1 refuses a start by anybody but the host', () => {
  const [first] = rooms[0]!.entries;
  const { runner } = MachineRunner.create<unknown, Message, DomainEvent>(version1, messageOf(first!));
  const start: RoomMessage = { type: 'startGame', at: first!.at, session: 'stranger', seat: 0 };
  expect(runner.step(start)).toMatchObject({ kind: 'refused', reason: 'notHost' });
});

describe('who began a game of version 1', () => {
  const left = rooms.find(({ entries }) => entries.some(({ events }) => events.includes('"playerLeft"')))!;
  const states = [...replayedBy1(left.entries)].map(({ state }) => toCurrent(state).context);

  test('is nobody before it began', () => {
    expect(states[0]?.game).toBeNull();
  });

  test('is who sits there; the session of one who had left is lost, and the time is kept', () => {
    const began = states.find(({ game }) => game !== null)!;
    const [host, guest, third, bot] = began.game!.entrants;
    expect(began.seats.map((occupant) => (occupant?.kind === 'person' ? occupant.session : null))).toEqual(
      [host, guest, third, bot].map(({ playerId }) => playerId),
    );
    expect([host, guest, third].map(({ leftAt }) => leftAt)).toEqual([null, null, null]);
    expect(bot).toEqual({ name: 'Bot 4', playerId: null, leftAt: null });

    const entry = left.entries.find(({ events }) => events.includes('"playerLeft"'))!;
    const { seat } = messageOf(entry) as Extract<RoomMessage, { type: 'leave' }>;
    const known = states[entry.seq - 1]!.game!.entrants[seat];
    expect(known).toEqual({ name: began.seats[seat]!.name, playerId: null, leftAt: entry.at });
  });

  test('left before its end, or only its result', () => {
    const over = states.find(({ game }) => game?.endedAt != null)!;
    const endedAt = over.game!.endedAt!;
    const leftAt = (since: number) => {
      const [, ...others] = over.seats;
      const gone = { kind: 'bot', name: 'Hana', since } as const;
      const { context } = toCurrent({ value: 'gameOver', context: { ...over, seats: [gone, ...others] } });
      expect(context.game?.entrants[0]).toMatchObject({ name: 'Hana', playerId: null });
      return context.game?.entrants[0].leftAt;
    };
    expect([endedAt - 1, endedAt, endedAt + 1].map(leftAt)).toEqual([endedAt - 1, null, null]);
  });
});
