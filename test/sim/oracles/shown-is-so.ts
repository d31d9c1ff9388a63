import type { Entry } from '../../../persistence/journal.js';
import { project, projectPresent } from '../../../src/protocol/projector.js';
import { bare, type FollowedRoom } from '../evidence.js';
import type { MakeOracle } from '../oracle.js';

type Data = Readonly<Record<string, unknown>>;

/** A page that is drawn for an entry is drawn from the state which that entry led to, and from no other. */
export const whatIsShownIsSo: MakeOracle = ({ evidence }) => {
  const shown = new WeakMap<Entry, ReadonlySet<string>>();
  const pagesOf = (room: FollowedRoom, entry: Entry): ReadonlySet<string> => {
    const known = shown.get(entry);
    if (known !== undefined) return known;
    const view = evidence.definition.view(room.states[entry.seq - 1]!, 'spectator');
    const frames = [
      ...eventsOf(entry).flatMap((event) => project(event, entry.seq, entry.correlationId)),
      ...projectPresent(view, null, entry.seq).map((frame) => ({ make: () => frame })),
    ].map(({ make }) => make(view, null));
    const pages = new Set(frames.map(({ event, data }) => bare(event, withoutHands(data))));
    shown.set(entry, pages);
    return pages;
  };
  return {
    promise: 'what is shown of an entry is what it led to',
    sent({ socket, event, data }) {
      if (event !== 'phase_change') return null;
      const room = evidence.byCode.get(socket.path.slice('/ws/'.length));
      const entry = room?.entries[Number(data['sequence']) - 1];
      if (room === undefined || entry === undefined) return null; // not durable, which another promise is about
      if (pagesOf(room, entry).has(bare(event, withoutHands(data)))) return null;
      return `${room.code} showed "${String(data['reason'])}" of entry ${entry.seq} with another state than its own`;
    },
  };
};

function eventsOf(entry: Entry): readonly Parameters<typeof project>[0][] {
  return JSON.parse(entry.events) as Parameters<typeof project>[0][];
}

/** Each viewer has another hand; that they get no other is a promise of its own. */
function withoutHands(data: Data): Data {
  const players = data['players'] as Readonly<Record<string, Data>> | undefined;
  if (players === undefined) return data;
  const shown = Object.entries(players).map(([name, { hand, ...others }]) => [name, others] as const);
  return { ...data, players: Object.fromEntries(shown) };
}
