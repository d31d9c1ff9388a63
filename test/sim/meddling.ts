import { pick, type Random } from '../../src/client/random.js';
import type { Link, SimulatedNetwork } from './network.js';
import type { World } from './world.js';

/** What clients do that no well-behaved one does. Each gives whether there was anybody to do it. */

const MEDDLER_MS = 4_000;

/** Somebody says again what it has said before, under the same ids, on the same socket. */
export function echo(network: SimulatedNetwork, random: Random): boolean {
  const link = pickOf(random, inRooms(network));
  if (link === null) return false;
  for (let times = 1 + Math.floor(random() * 3); times > 0; times--) link.say(pick(random, link.said));
  return true;
}

/** A second socket of a session: it takes the same seat and says what the first one said last. */
export function twin({ network, clock }: World, random: Random): boolean {
  const first = pickOf(random, inRooms(network));
  if (first === null) return false;
  const ready = first.said.find((text) => text.includes('"client_ready"'));
  const last = first.said.at(-1)!;
  const socket = network.connect(first.path, first.headers);
  socket.onOpen = () => {
    if (ready !== undefined) socket.send(ready);
    socket.send(last);
    clock.schedule(random() * MEDDLER_MS, () => {
      if (random() < 0.5) socket.terminate();
      else socket.close(1000);
    });
  };
  return true;
}

/** Somebody without a seat speaks for others, out of turn, and in no known language. */
export function strangerSays({ network, clock, server }: World, random: Random): boolean {
  const codes = server === null ? [] : [...server.rooms.openIds].map((roomId) => server.rooms.codeOf(roomId)!);
  const place = pickOf(random, ['lobby', 'FFFFFF', ...codes])!;
  const socket = network.connect(`/ws/${place}`, {});
  const name = pick(random, ['Hana', 'Gio', 'Mona', 'Bot 2', '__proto__', 'x'.repeat(60)]);
  let said = 0;
  const say = (event: string, data: unknown): void => {
    socket.send(JSON.stringify({ event, data, id: `stranger-${++said}` }));
  };
  socket.onOpen = () => {
    for (let lines = 1 + Math.floor(random() * 12); lines > 0; lines--) {
      pick(random, [
        () => say('client_ready', { player_name: name, room_id: place }),
        () => say('declare', { player_name: name, value: 3 }),
        () => say('play', { player_name: name, piece_indices: [0, 1, 99] }),
        () => say('start_game', {}),
        () => say('remove_player', { slot_id: 1 }),
        () => say('leave_room', { player_name: name }),
        () => say('join_room', { room_id: pickOf(random, codes) ?? 'FFFFFF', player_name: `S${said}` }),
        () => say('get_room_state', {}),
        () => say('ping', { timestamp: 1 }),
        () => socket.send('{"event":'),
        () => socket.send(''),
        () => socket.send('[]'),
        () => socket.send(`{"event":"play","data":{"piece_indices":[${'1,'.repeat(40_000)}1]}}`),
      ])();
    }
    clock.schedule(random() * MEDDLER_MS, () => socket.terminate());
  };
  return true;
}

/** Somebody leaves for good, in the middle of whatever it is. */
export function leave(network: SimulatedNetwork, random: Random): boolean {
  const link = pickOf(random, inRooms(network));
  const ready = link?.said.find((text) => text.includes('"client_ready"'));
  if (link === null || ready === undefined) return false;
  const { player_name } = (JSON.parse(ready) as { data: { player_name?: string } }).data;
  const event = random() < 0.5 ? 'leave_room' : 'leave_game';
  link.say(JSON.stringify({ event, data: { player_name }, id: `leave-${link.id}` }));
  return true;
}

function inRooms(network: SimulatedNetwork): Link[] {
  return network.open.filter(({ path, said }) => path !== '/ws/lobby' && said.length > 0);
}

function pickOf<T>(random: Random, items: readonly T[]): T | null {
  return items.length === 0 ? null : pick(random, items);
}
