import { chance } from './chance.js';
import { accept, claimed, deny, notSeated, type Outcome } from './outcome.js';
import type { EventOf, RoomEvent } from './room-event.js';
import type { MessageOf } from './room-message.js';
import {
  AVATAR_COLOURS,
  type AvatarColour,
  type Bot,
  type Entrant,
  isBotPlayed,
  isPersonPresent,
  type Occupant,
  type Person,
  type RoomState,
} from './room-state.js';
import { type PerSeat, perSeat, type Seat, SEATS, withSeat } from './rules.js';

/** `Bot 2` sits in seat 1: people count from 1 (rules.md R16.1). */
export function seatBot(seat: Seat, at: number): Bot {
  return { kind: 'bot', name: `Bot ${seat + 1}`, since: at };
}

export function seatPerson(
  name: string,
  session: string,
  seats: PerSeat<Occupant | null>,
  draw: readonly [seed: string, at: number],
): Person {
  return { kind: 'person', name, session, colour: freeColour(seats, ...draw), since: draw[1], awaySince: null };
}

/** A colour at random from those that nobody in the room has (rules.md R16.5). */
function freeColour(seats: PerSeat<Occupant | null>, seed: string, at: number): AvatarColour {
  const used = seats.map((occupant) => (occupant?.kind === 'person' ? occupant.colour : null));
  const free = AVATAR_COLOURS.filter((colour) => !used.includes(colour));
  return free[chance(seed, 'avatar', at)(free.length)]!;
}

function person(occupant: Occupant | null) {
  return occupant?.kind === 'person' ? { name: occupant.name, session: occupant.session } : null;
}

const notHost = (what: string) => deny('notHost', `Only the host can ${what}`);

/** rules.md R16.2, D15 */
export function judgeJoin(state: RoomState, message: MessageOf<'join'>): Outcome {
  const seat = SEATS.find((free) => state.seats[free] === null);
  if (seat === undefined) return deny('roomFull', 'Room is full');
  if (state.seats.some((occupant) => occupant?.name === message.name)) {
    return deny('nameTaken', 'That name is already taken in this room');
  }
  const joined = seatPerson(message.name, message.session, state.seats, [state.seed, message.at]);
  const seats = withSeat<Occupant | null>(state.seats, seat, joined);
  return accept({ ...state, seats }, { type: 'playerJoined', seat, name: message.name });
}

export function refuseLateJoin(): Outcome {
  return deny('alreadyStarted', 'Room has already started');
}

/** rules.md R16.3 */
export function judgeAddBot(state: RoomState, message: MessageOf<'addBot'>): Outcome {
  if (message.seat !== state.host || claimed(state, message) === null) return notHost('add bots');
  if (message.target === state.host) return deny('hostSeat', "The host can't be replaced");
  const replaced = person(state.seats[message.target]);
  const seats = withSeat<Occupant | null>(state.seats, message.target, seatBot(message.target, message.at));
  return accept({ ...state, seats }, { type: 'botSeated', seat: message.target, replaced });
}

/** rules.md R16.3. An empty seat may be freed again: the answer is the same room. */
export function judgeRemovePlayer(state: RoomState, message: MessageOf<'removePlayer'>): Outcome {
  if (message.seat !== state.host || claimed(state, message) === null) return notHost('remove players');
  if (message.target === state.host) return deny('hostSeat', "The host can't be replaced");
  const who = person(state.seats[message.target]);
  const seats = withSeat<Occupant | null>(state.seats, message.target, null);
  return accept({ ...state, seats }, { type: 'seatFreed', seat: message.target, why: 'removed', who });
}

export function refuseSeatChange(): Outcome {
  return deny('alreadyStarted', "Seats can't change after the start");
}

/** Before the start a seat is given up by leaving and by staying away alike (rules.md R16.4). */
export function judgeLeaveSeat(state: RoomState, message: MessageOf<'leave'>): Outcome {
  return claimed(state, message) === null ? notSeated : freeSeat(state, message.seat);
}

export function judgeVacate(state: RoomState, message: MessageOf<'disconnect'>): Outcome {
  return state.seats[message.seat]?.kind === 'person' ? freeSeat(state, message.seat) : nobodyThere;
}

/** Of anybody but the host, whose going closes the room. */
function freeSeat(state: RoomState, seat: Seat): Outcome {
  const event: RoomEvent = { type: 'seatFreed', seat, why: 'left', who: person(state.seats[seat]) };
  return accept({ ...state, seats: withSeat<Occupant | null>(state.seats, seat, null) }, event);
}

const nobodyThere = deny('notSeated', 'Nobody sits there.');

/** The host's first room connection shows that the room is wanted; nothing else needs to be remembered. */
export function judgeArrival(state: RoomState, message: MessageOf<'connect'>): Outcome {
  if (claimed(state, message) === null) return notSeated;
  if (message.seat !== state.host || state.hostArrived) return deny('alreadyHere', 'You are connected.');
  return accept({ ...state, hostArrived: true }, { type: 'hostArrived' });
}

/** The bot plays on for a person who is away (rules.md R17.1). */
export function judgeDisconnect(state: RoomState, message: MessageOf<'disconnect'>): Outcome {
  const occupant = state.seats[message.seat];
  if (occupant?.kind !== 'person') return nobodyThere;
  if (occupant.awaySince !== null) return deny('alreadyHere', 'That player is away already.');
  const away: Occupant = { ...occupant, awaySince: message.at };
  return giveUp(state, message.seat, away, message.at, { type: 'playerDisconnected', seat: message.seat });
}

/** Leaving a game is for good (rules.md D7), and while it runs it is remembered with who began it. */
export function judgeLeaveGame(state: RoomState, message: MessageOf<'leave'>): Outcome {
  const handed = handToBot(state, message);
  const { game } = state;
  if (handed.kind === 'refused' || game === null || game.endedAt !== null) return handed;
  const leaver: Entrant = { ...game.entrants[message.seat], leftAt: message.at };
  const entrants = withSeat(game.entrants, message.seat, leaver);
  return { ...handed, state: { ...handed.state, game: { ...game, entrants } } };
}

/** The seat is a bot's from now on. The name stays, it is the seat's key. */
export function handToBot(state: RoomState, message: MessageOf<'leave'>): Outcome {
  const occupant = claimed(state, message);
  if (occupant === null) return notSeated;
  const bot: Occupant = { kind: 'bot', name: occupant.name, since: message.at };
  return giveUp(state, message.seat, bot, message.at, { type: 'playerLeft', seat: message.seat });
}

function giveUp(state: RoomState, seat: Seat, now: Occupant, at: number, event: RoomEvent): Outcome {
  const seats = withSeat<Occupant | null>(state.seats, seat, now);
  const host = seat === state.host ? nextHost(seats, seat) : state.host;
  const emptySince = seats.some(isPersonPresent) ? null : (state.emptySince ?? at);
  const moved: EventOf<'hostChanged'>[] =
    host === state.host ? [] : [{ type: 'hostChanged', from: state.host, to: host }];
  return accept({ ...state, seats, host, emptySince }, event, ...moved);
}

/** First other person by seat, else the first bot (rules.md R17.4). */
function nextHost(seats: PerSeat<Occupant | null>, leaver: Seat): Seat {
  const others = SEATS.filter((seat) => seat !== leaver);
  return (
    others.find((seat) => isPersonPresent(seats[seat])) ?? others.find((seat) => isBotPlayed(seats[seat])) ?? leaver
  );
}

/** rules.md R17.3 */
export function judgeReconnect(state: RoomState, message: MessageOf<'connect'>): Outcome {
  const occupant = claimed(state, message);
  if (occupant === null) return notSeated;
  if (occupant.awaySince === null) return deny('alreadyHere', 'You are connected.');
  const seats = withSeat<Occupant | null>(state.seats, message.seat, { ...occupant, awaySince: null });
  return accept({ ...state, seats, emptySince: null }, { type: 'playerReconnected', seat: message.seat });
}

export function refuseReturn(state: RoomState, message: MessageOf<'connect'>): Outcome {
  return claimed(state, message) === null ? notSeated : deny('gameOver', 'Game has ended');
}

/** The occupant as one who begins a game. */
export function entrant(occupant: Occupant): Entrant {
  return { name: occupant.name, playerId: occupant.kind === 'person' ? occupant.session : null, leftAt: null };
}

/** Only the host starts, and only with four (rules.md R16.3, D14). */
export function judgeStart(state: RoomState, message: MessageOf<'startGame'>): Outcome {
  if (message.seat !== state.host || claimed(state, message) === null) return notHost('start the game');
  if (state.seats.includes(null)) return deny('seatEmpty', 'Failed to start game');
  const zero: PerSeat<number> = [0, 0, 0, 0];
  // Bots count their waiting from the start: a seat's `since` is older than any question.
  return accept(
    {
      ...state,
      game: {
        startedAt: message.at,
        endedAt: null,
        entrants: perSeat((seat) => entrant(state.seats[seat]!)),
        round: 1,
        deal: 1,
        multiplier: 1,
        redealStarter: null,
        lastTurnWinner: null,
        starter: null,
        starterReason: null,
        hands: [[], [], [], []],
        redeal: null,
        declarations: [null, null, null, null],
        zeroStreaks: zero,
        turn: null,
        piles: zero,
        scores: zero,
        turnsWon: zero,
        perfectRounds: zero,
        roundScores: null,
      },
    },
    { type: 'gameStarted' },
  );
}
