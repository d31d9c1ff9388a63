// Goal: the oracles that watch pages and absences are not blind. Method: a server with one fault of its own, watched by
// the one oracle that must see it; and the same run without the fault.
import { expect, test } from 'vitest';
import type { RoomServer } from '../../../src/server.js';
import type { ServerSocket } from '../../../src/gateway/server-socket.js';
import type { MakeOracle } from '../oracle.js';
import { simulate } from '../simulate.js';
import { whoIsBackInTimeIsNotMissed } from './absence.js';
import { whatIsShownIsSo } from './shown-is-so.js';

async function broken(oracle: MakeOracle, sabotage?: (server: RoomServer) => void): Promise<string | undefined> {
  const report = await simulate({
    seed: 3,
    profile: 'calm',
    hours: 0.02,
    tables: 1,
    oracles: [oracle],
    ...(sabotage !== undefined && { sabotage }),
  });
  return report.failure?.promise;
}

const promiseOf = (oracle: MakeOracle): string => oracle({} as Parameters<MakeOracle>[0]).promise;

test('a page that is drawn from another state is seen, and no other page', async () => {
  const sabotage = ({ gateway }: RoomServer): void => {
    const accept = gateway.accept.bind(gateway);
    gateway.accept = (inner, handshake) => {
      const send = (text: string): void => inner.send(text.replace('"hand_size":7', '"hand_size":6'));
      const outer: ServerSocket = new Proxy(inner, {
        get: (target, name): unknown => (name === 'send' ? send : Reflect.get(target, name)),
        set: (target, name, value) => Reflect.set(target, name, value),
      });
      accept(outer, handshake);
    };
  };
  expect(await broken(whatIsShownIsSo)).toBeUndefined();
  expect(await broken(whatIsShownIsSo, sabotage)).toBe(promiseOf(whatIsShownIsSo));
});

test('a player who is there and is missed all the same is seen', async () => {
  const sabotage = ({ rooms }: RoomServer): void => {
    rooms.subscribe((notice) => {
      if (notice.kind !== 'applied' || !notice.events.some(({ type }) => type === 'gameStarted')) return;
      const cause = { correlationId: `missed-${notice.roomId}`, session: null, messageId: null };
      rooms.tell(notice.roomId, { type: 'disconnect', seat: 0 }, cause);
    });
  };
  expect(await broken(whoIsBackInTimeIsNotMissed)).toBeUndefined();
  expect(await broken(whoIsBackInTimeIsNotMissed, sabotage)).toBe(promiseOf(whoIsBackInTimeIsNotMissed));
});
