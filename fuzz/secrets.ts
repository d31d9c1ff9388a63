import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import type { Occupant, RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import type { RoomSnapshot, Viewer } from '../actors/room-definition.js';
import { perSeat, type Seat, SEATS } from '../src/game/seats.js';
import { project, projectDirect, projectPresent } from '../src/protocol/projector.js';
import { refusalMessage } from '../src/protocol/refusals.js';
import { differs } from './promises.js';
import type { Invariant, Step } from './subject.js';

type LiapSnapshot = RoomSnapshot<RoomState>;
type LiapInvariant = Invariant<RoomState, RoomMessage, RoomEvent, RoomView>;
type LiapStep = Step<RoomState, RoomMessage, RoomEvent>;
type View = (snapshot: LiapSnapshot, viewer: Viewer) => RoomView;

const VIEWERS: readonly Viewer[] = [...SEATS, 'spectator', 'router', 'operator'];
const SENT_TO: readonly (Seat | null)[] = [...SEATS, null];
const SEQ = 7;

/** All sessions that the fuzzer gives out have this in them. */
const SESSION = 'session-';

/** A secret that stands in a text as it is. */
function toldIn(text: string, { context }: LiapSnapshot): string | null {
  if (text.includes(context.seed)) return 'the seed';
  return text.includes(SESSION) ? 'a session' : null;
}

/** The same room to a viewer, though everything is different that the viewer must not know. */
function twinFor({ value, context }: LiapSnapshot, viewer: Viewer): LiapSnapshot {
  const { game } = context;
  const seesHand = (seat: Seat): boolean => viewer === seat || viewer === 'operator';
  const stranger = (occupant: Occupant | null): Occupant | null =>
    occupant?.kind === 'person' && viewer !== 'router' ? { ...occupant, session: 'another' } : occupant;
  return {
    value,
    context: {
      ...context,
      seed: '0'.repeat(64),
      seats: perSeat((seat) => stranger(context.seats[seat])),
      game: game && {
        ...game,
        entrants: perSeat((seat) => ({ ...game.entrants[seat], playerId: 'another' })),
        hands: perSeat((seat) => (seesHand(seat) ? game.hands[seat] : game.hands[seat].map(() => 'SOLDIER_BLACK'))),
      },
    },
  };
}

const viewsLeakNothing: LiapInvariant = {
  name: 'a view tells nobody a foreign hand, a session or the seed',
  every: 101,
  watch: (definition) => ({
    step({ after, index }) {
      const viewer = VIEWERS[Math.floor(index / 101) % VIEWERS.length]!;
      return leakIn((snapshot, seer) => definition.view(snapshot, seer), after, viewer);
    },
  }),
};

function leakIn(view: View, snapshot: LiapSnapshot, viewer: Viewer): string | null {
  const seen = view(snapshot, viewer);
  const wrong = differs(seen, view(twinFor(snapshot, viewer), viewer));
  if (wrong !== null) return `${viewer} can tell: ${wrong}`;
  const told = viewer === 'router' ? null : toldIn(JSON.stringify(seen), snapshot);
  if (told !== null) return `${viewer} is told ${told}`;
  if (typeof viewer !== 'number' || snapshot.context.game === null) return null;
  const own = differs(snapshot.context.game.hands[viewer as Seat], seen.game?.hands[viewer as Seat]);
  return own === null ? null : `${viewer} does not see the own hand: ${own}`;
}

const messagesLeakNothing: LiapInvariant = {
  name: 'what is sent tells nobody a foreign hand, a session or the seed',
  every: 89,
  watch: (definition) => ({
    step(step) {
      const events = step.result.kind === 'applied' ? step.result.events : [];
      const viewer = SENT_TO[Math.floor(step.index / 89) % SENT_TO.length] ?? null;
      const wrong = leakSent((snapshot, seer) => definition.view(snapshot, seer), step, events, viewer);
      return wrong === null ? null : `to ${viewer ?? 'spectators'}: ${wrong}`;
    },
  }),
};

function leakSent(
  view: View,
  { after, message, result }: LiapStep,
  events: readonly RoomEvent[],
  viewer: Seat | null,
): string | null {
  const sees = viewer ?? 'spectator';
  const [own, twin, all] = [view(after, sees), view(twinFor(after, sees), sees), view(after, 'spectator')];
  const texts: string[] = [];
  for (const event of events) {
    for (const { make, private: isPrivate } of project(event, SEQ, 'c1')) {
      const sent = make(own, viewer);
      const wrong = differs(sent, make(twin, viewer));
      if (wrong !== null) return `${event.type}: ${wrong}`;
      const common = isPrivate ? null : differs(sent, make(all, null));
      if (common !== null) return `${event.type} is not the same for all: ${common}`;
      texts.push(JSON.stringify(sent));
    }
    texts.push(JSON.stringify(projectDirect(event)?.message ?? null));
  }
  const wrong = differs(projectPresent(own, viewer, SEQ), projectPresent(twin, viewer, SEQ));
  if (wrong !== null) return `the present: ${wrong}`;
  texts.push(JSON.stringify(projectPresent(own, viewer, SEQ)));
  if (result.kind === 'refused') {
    texts.push(JSON.stringify(refusalMessage(message.type as 'play', result.reason, result.sentence)));
  }
  for (const text of texts) {
    const told = toldIn(text, after);
    if (told !== null) return `${told} in ${text.slice(0, 200)}`;
  }
  return null;
}

const redactsSecrets: LiapInvariant = {
  name: 'a redacted message or event tells no session, no key and no seed',
  every: 97,
  watch: (definition) => ({
    step({ message, result, after }) {
      const told = [message, ...(result.kind === 'applied' ? result.events : [])];
      for (const each of told) {
        const shown = definition.redact!(each) as { readonly type?: string };
        if (shown.type !== each.type) return `${each.type} is called ${shown.type}`;
        const text = JSON.stringify(shown);
        const secret = toldIn(text, after) ?? (text.includes('"key"') ? 'a key' : null);
        if (secret !== null) return `${secret} in ${text}`;
      }
      return null;
    },
  }),
};

export const SECRETS_KEPT: readonly LiapInvariant[] = [viewsLeakNothing, messagesLeakNothing, redactsSecrets];
