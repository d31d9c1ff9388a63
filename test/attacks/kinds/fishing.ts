import { NAMES } from '../arena.js';
import { type Attack, refused } from '../attack.js';

const PROJECTOR = 'src/protocol/projector.ts';

export const FISHING_ATTACKS: readonly Attack[] = [
  {
    name: 'looking-as-a-spectator',
    does: 'watches a game from a socket without a seat, asks for its state in every way, and waits for a move',
    expected: ['no hand was shown'],
    by: PROJECTOR,
    run: async (arena) => {
      const { code, current } = await arena.game();
      arena.guardSeeds();
      const unbound = await arena.socket(code);
      const spectator = await arena.socket(code);
      await spectator.answerTo(spectator.send('client_ready', { player_name: 'Mallory' }));
      for (const peer of [unbound, spectator]) await peer.answerTo(peer.send('get_room_state'));
      const from = unbound.frames.length;
      await current.try('declare', { player_name: current.name, value: 1 });
      for (const peer of [unbound, spectator]) await peer.until(({ event }) => event === 'phase_change', from - 1);
      // The arena looks at every frame that attackers get for hands, seeds and sessions.
      return ['no hand was shown'];
    },
  },
  {
    name: "looking-into-another's-hand",
    does: "from an own seat, asks for the game in another player's name",
    expected: ['error action_rejected foreignSeat', 'no hand but its own was shown'],
    by: PROJECTOR,
    run: async (arena) => {
      const { code, people } = await arena.game();
      const [, guest] = people;
      const peer = await arena.socket(code, { cookie: guest.cookie });
      peer.name = NAMES[1];
      await peer.answerTo(peer.send('client_ready', { player_name: NAMES[1] }));
      await peer.answerTo(peer.send('get_room_state', { player_name: NAMES[0] }));
      const outcome = await peer.try('declare', { player_name: NAMES[0], value: 1 });
      // A claim of a foreign seat on a socket that had one: from then on it is a spectator's.
      peer.name = undefined;
      await peer.answerTo(peer.send('client_ready', { player_name: NAMES[0] }));
      return [outcome, 'no hand but its own was shown'];
    },
  },
  {
    name: 'replay-of-a-running-game',
    does: 'asks for the replay of a game that is not over, whose replay would show all hands and the seed',
    expected: ['404'],
    by: 'src/http/replays.ts',
    run: async (arena) => {
      const { code } = await arena.game();
      arena.guardSeeds();
      return [
        await arena.statusOf(`/api/replay/${code}`),
        await arena.statusOf(`/api/replay/${code.toLowerCase()}`),
        await arena.statusOf(`/api/replay/${code}%20`),
        await arena.statusOf(`/api/replay/..%2f${code}`),
      ];
    },
  },
  {
    name: 'seed-of-a-running-game',
    does: 'asks for what binds the deals of a running game, to get the seed that makes them',
    expected: ['200', 'a commitment, and no seed'],
    by: 'src/replays/replays.ts',
    run: async (arena) => {
      const { code } = await arena.game();
      arena.guardSeeds();
      const { status, body } = await arena.http(`/api/fairness/${code}`);
      const { seed, commitment } = JSON.parse(body) as { seed: string | null; commitment: string };
      const isBound = seed === null && commitment.length > 0;
      return [String(status), isBound ? 'a commitment, and no seed' : 'the seed'];
    },
  },
  {
    name: 'history-without-a-token',
    does: "asks for states, histories, streams and exports of a running game at the operators' and the visualizer's API",
    expected: ['401'],
    by: 'src/http/admin-access.ts',
    run: async (arena) => {
      const { code } = await arena.game();
      arena.guardSeeds();
      const paths = [
        `/api/admin/rooms/${code}/state?reveal=true`,
        `/api/admin/rooms/${code}/history?events=whole&reveal=true`,
        `/api/admin/rooms`,
        `/api/admin/config`,
        `/api/visualizer/rooms`,
        `/api/visualizer/rooms/${code}`,
        `/api/visualizer/events`,
        `/api/visualizer/rooms/${code}/export`,
      ];
      return Promise.all(paths.map((path) => arena.statusOf(path)));
    },
  },
  {
    name: 'answers-of-others',
    does: 'sits in a room and reads along whether frames carry the message ids or the sessions of others',
    expected: ['no id of another was seen'],
    by: 'src/gateway/gateway.ts',
    run: async (arena) => {
      const { code, current, others } = await arena.game();
      const spectator = await arena.socket(code);
      const id = current.send('declare', { player_name: current.name, value: 1 });
      await current.answerTo(id);
      for (const peer of [spectator, ...others]) {
        await peer.until(({ event, data }) => event === 'declare' || data['phase'] === 'declaration');
        const seen = peer.frames.some(({ data }) => data['in_reply_to'] === id);
        refused(!seen, `${peer.name ?? 'a spectator'} saw the id of a foreign message`);
      }
      return ['no id of another was seen'];
    },
  },
  {
    name: 'state-of-foreign-rooms',
    does: 'from a seat in one room, sends commands that name another room',
    expected: ['room_update', 'the foreign room is as before'],
    by: 'src/gateway/gateway.ts',
    run: async (arena) => {
      const foreign = await arena.game();
      const { host, code } = await arena.waitingRoom();
      const frame = await host.answerTo(host.send('get_room_state', { room_id: foreign.code }));
      refused(frame?.data['room_id'] === code, 'the answer told of another room than that of the socket');
      const before = arena.entriesOf(foreign.code);
      host.send('declare', { player_name: NAMES[0], room_id: foreign.code, value: 1 });
      await host.answerTo(host.send('ping'));
      refused(arena.entriesOf(foreign.code) === before, 'something was written');
      return [frame.event, 'the foreign room is as before'];
    },
  },
];
