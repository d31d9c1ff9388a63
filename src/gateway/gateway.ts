import type { Clock } from '../../actors/clock.js';
import type { Lobby } from '../../actors/lobby.js';
import type { Cause } from '../../actors/envelope.js';
import { EXTERNAL_EVENTS } from '../../actors/room/external-events.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomMessage } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import type { RoomView } from '../../actors/room/room-view.js';
import type { Rooms } from '../../actors/rooms.js';
import { upcastEvent } from '../../actors/versions.js';
import type { JournalEngine } from '../../persistence/journal.js';
import { type Seat, SEATS } from '../game/seats.js';
import type { ClientEvent, ClientMessage, ClientMessageOf } from '../protocol/client-message.js';
import { decode, faultAnswer } from '../protocol/decode.js';
import { roomListUpdate } from '../protocol/lobby-messages.js';
import { type Frame, frameBytes } from '../protocol/frame-codec.js';
import {
  type MissedEvent,
  project,
  projectDirect,
  type Projection,
  projectPresent,
  queuedMessages,
} from '../protocol/projector.js';
import { gameNotFound, notSeated, refusalMessage, unavailableMessage } from '../protocol/refusals.js';
import {
  error,
  gameHasEnded,
  nameOf,
  nameInUse,
  roomNotFound,
  roomStateUpdate,
  roomUnknown,
  roomUpdate,
} from '../protocol/room-messages.js';
import { claimedName, isRoomCommand, type RoomCommandMessage, toRoomMessage } from '../protocol/to-room-message.js';
import { inReplyTo, stamped, type WireMessage } from '../protocol/wire.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import type { Log } from '../telemetry/log.js';
import { Connection } from './connection.js';
import { Crowd, CROWD_ABOVE } from './crowd.js';
import { EncodedOnce } from './encoded-once.js';
import { Enforcement } from './enforcement.js';
import type { GameNotice } from './game-notice.js';
import { Heartbeat } from './heartbeat.js';
import { MessageMeter } from './message-meter.js';
import { shareOf, type PlayLimitSettings } from './play-limits.js';
import { Presence } from './presence.js';
import { type News, PresenceNews } from './presence-news.js';
import { reconnectHint } from './reconnect-hint.js';
import { createSocketLimits } from './rate-limit.js';
import { ReadingShares } from './reading-shares.js';
import { RoomPace } from './room-pace.js';
import { CLOSE, type Handshake, type ServerSocket } from './server-socket.js';
import type { Sessions } from './sessions.js';
import { Showing } from './showing.js';
import { SlowReaders } from './slow-readers.js';
import { Traffic } from './traffic.js';

export type GameRooms = Rooms<RoomState, RoomMessage, RoomEvent, RoomView>;
type Applied = Extract<GameNotice, { kind: 'applied' | 'repeated' }>;

export interface GatewayPorts {
  readonly rooms: GameRooms;
  readonly lobby: Lobby;
  readonly engine: Pick<JournalEngine, 'read'>;
  readonly definition: LiapTui;
  readonly sessions: Pick<Sessions, 'verify'>;
  readonly clock: Clock;
  readonly now: () => number; // room time
  readonly random: (bytes: number) => Buffer;
  readonly log: Pick<Log, 'debug' | 'warn' | 'error'>;
  readonly limiter: RateLimiter; // of limits by address
  readonly settings: GatewaySettings;
}

export interface GatewaySettings extends PlayLimitSettings {
  readonly messageBytesMax: number;
  readonly disconnectGraceMs: number;
  readonly restartGraceMs: number;
}

/** The room page asks before it listens; it gets its answer again that much later (protocol.md 7.1.17). */
const REPEAT_MS = 250;
/** Where the store could not say who sits in a room, it is asked again after that. */
const ASK_AGAIN_MS = 1_000;
/** Entries read back to tell a returning player what it missed. */
const MISSED_ENTRIES_MAX = 1000;

/** What to do with the outcome of a message, before and after everybody else hears of it. */
interface Asker {
  readonly connection: Connection | null; // null: the gateway itself
  readonly messageId: string | null;
  readonly readMs?: number | null; // since its frame was begun to be read, until a room was told; null where no frame was read
  readonly onNotice: (notice: GameNotice, tell: () => void) => void;
}

/** Clients on one side, rooms on the other: turns frames into messages, and notices into frames. */
export class Gateway {
  readonly traffic = new Traffic();
  readonly meter: MessageMeter;
  readonly #ports: GatewayPorts;
  readonly #lobbySockets = new Set<Connection>();
  readonly #roomSockets = new Map<string, Set<Connection>>();
  readonly #askers = new Map<string, Asker>(); // by correlation id
  readonly #presence: Presence;
  readonly #presenceNews: PresenceNews;
  readonly #absences: RoomPace;
  readonly #heartbeat: Heartbeat;
  readonly #slowReaders: SlowReaders;
  readonly #crowd: Crowd;
  readonly #shares: ReadingShares;
  readonly #enforcement: Enforcement;
  #awaited: ReadonlySet<string> = new Set(); // rooms of before the start, while their players may come back
  #draining = false;

  constructor(ports: GatewayPorts) {
    this.#ports = ports;
    this.meter = new MessageMeter(ports.clock.elapsedMs, this.traffic);
    this.#heartbeat = new Heartbeat(ports.clock, this.traffic);
    this.#slowReaders = new SlowReaders(ports.clock, this.traffic, (connection) => this.#catchUp(connection));
    this.#crowd = new Crowd(ports.clock);
    this.#shares = new ReadingShares(ports.clock);
    this.#enforcement = new Enforcement(ports, this.traffic);
    this.#presence = new Presence(ports.clock, ports.settings, (roomId, seat) => this.#tellAway(roomId, seat));
    this.#presenceNews = new PresenceNews(ports.clock, (roomId, news) => this.#tellNews(roomId, news));
    this.#absences = new RoomPace(ports.clock, (roomId) => void this.#tellAbsent(roomId));
    ports.rooms.subscribe((notice) => this.#onNotice(notice));
  }

  /** After a start nobody has a socket yet: players get a while to come back (design.md section 9, Presence). */
  awaitReturns(): void {
    const { clock, rooms, settings } = this.#ports;
    this.#awaited = new Set(rooms.openIds);
    if (this.#awaited.size === 0) return;
    clock.schedule(settings.restartGraceMs, () => {
      const awaited = this.#awaited;
      this.#awaited = new Set();
      for (const roomId of awaited) this.#absences.add(roomId);
    });
  }

  get connectionCount(): number {
    let count = this.#lobbySockets.size;
    for (const sockets of this.#roomSockets.values()) count += sockets.size;
    return count;
  }

  accept(socket: ServerSocket, handshake: Handshake): void {
    const { clock, random, rooms, settings } = this.#ports;
    const limits = createSocketLimits(settings);
    const connection = new Connection(random(6).toString('hex'), socket, limits, handshake, this.traffic);
    this.traffic.opened++;
    const share = this.#shares.of(() => {
      const { roomId, seat, session } = connection;
      return roomId === null ? session : shareOf(roomId, seat);
    });
    const pace = this.#enforcement.paceOf(connection, share, (frame, binary) => {
      this.meter.frameBegun();
      try {
        this.#onFrame(connection, frame, binary);
      } catch (failure) {
        this.#failed(connection, failure);
      } finally {
        this.meter.frameRead();
      }
    });
    socket.onMessage = (frame, binary) => {
      this.traffic.framesIn++;
      this.traffic.bytesIn += frameBytes(frame);
      connection.answeredPing = true; // whoever speaks lives: its pong may be far behind what it says
      if (!connection.isSentAway) pace.offer(frame, binary);
    };
    socket.onClose = (code) => {
      pace.stop();
      this.traffic.closed(code);
      this.#onClose(connection);
    };
    socket.onPong = () => (connection.answeredPing = true);
    if (this.#draining) {
      connection.send(reconnectHint(1));
      socket.close(CLOSE.restart, 'Server restarting');
      return;
    }
    this.#heartbeat.add(connection);
    if (connection.code === null) {
      this.#lobbySockets.add(connection);
      return;
    }
    if (this.#enter(connection) === null) {
      connection.send(roomNotFound(connection.code, clock.elapsedMs()));
      this.#enforcement.unknownRoom(connection);
    } else this.#ports.log.debug({ connection: connection.id, open: rooms.counts.open }, 'room socket');
  }

  /** Tells every lobby socket the list. */
  publishList(): void {
    if (this.#lobbySockets.size === 0) return;
    const once = new EncodedOnce(this.traffic);
    const isCrowd = this.#lobbySockets.size > CROWD_ABOVE;
    for (const connection of this.#lobbySockets) {
      if (this.#slowReaders.skips(connection)) continue;
      const frame = once.frame(connection.codec, '', () => connection.codec.encode(this.#list()));
      this.#sendBroadcast(connection, frame, isCrowd);
    }
  }

  #list(): WireMessage {
    const { lobby, now } = this.#ports;
    return stamped(roomListUpdate(lobby.list(), {}), { atMs: now(), roomId: 'lobby' });
  }

  /** No new sockets; those that are open are told to come back to the next process. */
  drain(): void {
    this.stopClocks();
    const everybody = [...this.#lobbySockets, ...[...this.#roomSockets.values()].flatMap((sockets) => [...sockets])];
    const hint = reconnectHint(everybody.length);
    for (const connection of everybody) {
      connection.send(hint);
      connection.close(CLOSE.restart, 'Server restarting');
    }
  }

  stopClocks(): void {
    this.#draining = true;
    this.#presence.stop();
    this.#presenceNews.stop();
    this.#absences.stop();
    this.#slowReaders.stop();
    this.#crowd.stop();
    this.#heartbeat.stop();
  }

  /** Ours to mend; this socket alone pays for it, and comes back. */
  #failed(connection: Connection, failure: unknown): void {
    this.#ports.log.error({ err: failure, connection: connection.id }, 'frame not handled');
    connection.close(CLOSE.failed, 'Internal error');
  }

  // ---- frames in -------------------------------------------------------------------------------------------------

  #onFrame(connection: Connection, frame: Frame, binary: boolean): void {
    const { rooms, settings } = this.#ports;
    const decoded = decode(frame, binary, settings.messageBytesMax, connection.codec);
    if (!decoded.ok) {
      connection.send(faultAnswer(decoded.fault));
      this.#enforcement.invalid(connection);
      return;
    }
    const { message } = decoded;
    this.traffic.message(message.event);
    const code = message.event === 'join_room' ? message.data.room_id : null;
    const roomId = code === null ? connection.roomId : (rooms.resolve(code.toUpperCase()) ?? null);
    if (!this.#enforcement.pass(connection, message, roomId)) return;
    const bytes = frame.length;
    if (message.event === 'ping') this.#pong(connection, message);
    else if (message.event === 'ack')
      return; // nothing waits for it (protocol.md 7.2.6)
    else if (message.event === 'sync_request') {
      const text = 'Invalid message: sync_request is not supported';
      connection.send(inReplyTo(error(text, 'validation_error'), idOf(message)));
    } else if (connection.code === null) this.#onLobbyMessage(connection, message, bytes);
    else this.#onRoomMessage(connection, message, bytes);
  }

  #pong(connection: Connection, message: ClientMessageOf<'ping'>): void {
    const serverTime = this.#ports.clock.elapsedMs() / 1000;
    const data = {
      timestamp: message.data.timestamp ?? serverTime,
      server_time: serverTime,
      ...(connection.code !== null && { room_id: connection.code }),
    };
    connection.send(inReplyTo({ event: 'pong', data }, idOf(message)));
  }

  /** protocol.md 3.1. What belongs to a room socket is ignored here. */
  #onLobbyMessage(connection: Connection, message: ClientMessage, bytes: number): void {
    const { lobby, clock } = this.#ports;
    const timestamp = clock.elapsedMs() / 1000;
    switch (message.event) {
      case 'client_ready':
        if (!this.#takeToken(connection, message)) return;
        connection.send(inReplyTo(roomListUpdate(lobby.list(), { timestamp, initial: true }), idOf(message)));
        return;
      case 'get_rooms':
      case 'request_room_list': {
        const asker = message.data.player_name ?? 'unknown';
        const list = roomListUpdate(lobby.list(), { timestamp, requested_by: asker });
        connection.send(inReplyTo(list, idOf(message)));
        return;
      }
      case 'create_room':
        void this.#createIfAllowed(connection, message);
        return;
      case 'join_room':
        this.#joinRoom(connection, message, bytes);
        return;
      default:
        return;
    }
  }

  async #createIfAllowed(connection: Connection, message: ClientMessageOf<'create_room'>): Promise<void> {
    try {
      if (await this.#enforcement.mayCreate(connection, message)) this.#createRoom(connection, message);
    } catch (failure) {
      this.#failed(connection, failure);
    }
  }

  #createRoom(connection: Connection, message: ClientMessageOf<'create_room'>): void {
    const { rooms, settings, log } = this.#ports;
    const { session } = connection;
    const hostName = message.data.player_name;
    const cause = this.#ask(connection, message, (notice, tell) => {
      tell();
      if (notice.kind !== 'applied' && notice.kind !== 'repeated') return;
      const { code } = notice.view('spectator');
      this.#reply(connection, message, {
        event: 'room_created',
        data: { room_id: code, host_name: hostName, success: true, ...tokenOf(connection) },
      });
    });
    rooms
      .create((code, seed) => ({ type: 'create', session, code, seed, hostName, timeScale: settings.timeScale }), cause)
      .catch((failure: unknown) => {
        log.error({ err: failure, correlationId: cause.correlationId }, 'room not created');
        if (this.#askers.delete(cause.correlationId)) connection.answered();
        this.#reply(connection, message, unavailableMessage('create_room', 'storeAway'));
      });
  }

  #joinRoom(connection: Connection, message: ClientMessageOf<'join_room'>, bytes: number): void {
    const { rooms } = this.#ports;
    const { room_id: code, player_name: name } = message.data;
    const roomId = rooms.resolve(code.toUpperCase());
    if (roomId === undefined) {
      this.#reply(connection, message, error('Room not found', 'join_room_error'));
      this.#enforcement.unknownRoom(connection);
      return;
    }
    const cause = this.#ask(connection, message, (notice, tell) => {
      if (notice.kind === 'applied' || notice.kind === 'repeated') {
        const joined = notice.events.find((event) => event.type === 'playerJoined');
        this.#reply(connection, message, {
          event: 'room_joined',
          data: {
            room_id: notice.view('spectator').code,
            player_name: name,
            assigned_slot: joined?.seat ?? 0,
            success: true,
            ...tokenOf(connection),
          },
        });
      }
      tell();
    });
    this.#tell(connection, roomId, { type: 'join', session: connection.session, name }, cause, bytes);
  }

  /** protocol.md 3.2 and 3.3. What belongs to the lobby is ignored here. */
  #onRoomMessage(connection: Connection, message: ClientMessage, bytes: number): void {
    const roomId = this.#enter(connection);
    switch (message.event) {
      case 'client_ready':
        if (!this.#takeToken(connection, message)) return;
        if (roomId === null) this.#reply(connection, message, roomUnknown);
        else this.#ready(connection, roomId, message);
        return;
      case 'get_room_state':
        if (roomId === null) this.#reply(connection, message, roomUnknown);
        else this.#look(connection, roomId, message, (view) => this.#reply(connection, message, roomUpdate(view)));
        return;
      case 'player_ready':
        if (roomId === null) this.#reply(connection, message, gameNotFound);
        else
          this.#look(connection, roomId, message, ({ game }) =>
            this.#reply(connection, message, game === null ? gameNotFound : error('Failed to process ready signal')),
          );
        return;
      default:
        if (isRoomCommand(message)) this.#command(connection, roomId, message, bytes);
    }
  }

  #command(connection: Connection, roomId: string | null, message: RoomCommandMessage, bytes: number): void {
    const { event } = message;
    const name = claimedName(message);
    if (roomId === null) {
      this.#reply(connection, message, inUnknownRoom(event, name));
      return;
    }
    if ((event === 'leave_room' || event === 'leave_game') && name === undefined) {
      const text = event === 'leave_room' ? 'Player name required for leave_room' : 'Player name required';
      this.#reply(connection, message, error(text));
      return;
    }
    const { seat, session } = connection;
    if (seat === null) {
      this.#reply(connection, message, withoutSeat(event));
      return;
    }
    if (name !== undefined && name !== connection.name) {
      const data = { reason: 'foreignSeat', action: event };
      this.#reply(connection, message, error('You can only act for yourself', 'action_rejected', data));
      return;
    }
    const cause = this.#ask(connection, message, (notice, tell) => {
      const done = notice.kind === 'applied' || notice.kind === 'repeated' ? notice : null;
      if (done !== null) this.#confirmFirst(connection, message);
      tell();
      if (done !== null) this.#confirmLast(connection, message, done);
    });
    this.#tell(connection, roomId, toRoomMessage(message, { session, seat }), cause, bytes);
  }

  /** Answers that stand in front of what the message caused; never before the commit (protocol.md 7.4). */
  #confirmFirst(connection: Connection, message: RoomCommandMessage): void {
    switch (message.event) {
      case 'play_pieces': {
        const { player_name, indices } = message.data;
        this.#reply(connection, message, { event: 'play_success', data: { player_name, indices } });
        return;
      }
      case 'request_redeal':
        this.#reply(connection, message, { event: 'redeal_success', data: { ...message.data } });
        return;
      case 'accept_redeal':
      case 'decline_redeal':
      case 'redeal_decision': {
        const choice =
          message.event === 'redeal_decision' ? message.data.choice : message.event.slice(0, -'_redeal'.length);
        const data = { player_name: message.data.player_name, choice };
        this.#reply(connection, message, { event: 'redeal_response_success', data });
        return;
      }
      default:
        return;
    }
  }

  #confirmLast(connection: Connection, message: RoomCommandMessage, { events }: Applied): void {
    if (message.event === 'leave_room') {
      const closed = events.some((event) => event.type === 'roomClosed');
      const data = { player_name: message.data.player_name, success: true, room_closed: closed };
      this.#reply(connection, message, { event: 'player_left', data });
    } else if (message.event === 'leave_game') {
      const data = { player_name: message.data.player_name };
      this.#reply(connection, message, { event: 'leave_game_success', data });
    }
  }

  // ---- coming and going ------------------------------------------------------------------------------------------

  /** The room of the socket's path, if it exists by now. */
  #enter(connection: Connection): string | null {
    const roomId = this.#ports.rooms.resolve(connection.code!.toUpperCase()) ?? null;
    if (roomId === connection.roomId) return roomId;
    this.#leave(connection);
    connection.roomId = roomId;
    if (roomId === null) return null;
    const sockets = this.#roomSockets.get(roomId) ?? new Set();
    sockets.add(connection);
    this.#roomSockets.set(roomId, sockets);
    return roomId;
  }

  #leave(connection: Connection): void {
    const { roomId } = connection;
    this.#vacate(connection);
    connection.roomId = null;
    if (roomId === null) return;
    const sockets = this.#roomSockets.get(roomId);
    sockets?.delete(connection);
    if (sockets?.size === 0) this.#roomSockets.delete(roomId);
  }

  #onClose(connection: Connection): void {
    connection.open = false;
    this.#heartbeat.remove(connection);
    this.#slowReaders.remove(connection);
    this.#crowd.remove(connection);
    this.#lobbySockets.delete(connection);
    this.#leave(connection);
  }

  /** A socket stands for its seat no more, and may have been the last that did. */
  #vacate(connection: Connection): void {
    const { roomId, seat } = connection;
    connection.seat = null;
    if (this.#draining || roomId === null || seat === null) return;
    if (this.#ports.rooms.codeOf(roomId) !== undefined && !this.#isPresent(roomId, seat)) {
      this.#presence.lost(roomId, seat);
    }
  }

  #isPresent(roomId: string, seat: Seat): boolean {
    for (const other of this.#roomSockets.get(roomId) ?? []) if (other.seat === seat) return true;
    return false;
  }

  /** Seats of people who have no socket, and no time left to come, of which the room does not know it. */
  #missing(roomId: string, view: RoomView | undefined): readonly Seat[] {
    return SEATS.filter((seat) => {
      const occupant = view?.seats[seat];
      const isHere = this.#isPresent(roomId, seat) || this.#presence.isAwaited(roomId, seat);
      return occupant?.isPerson === true && occupant.awaySince === null && !isHere;
    });
  }

  #tellAway(roomId: string, seat: Seat): void {
    if (this.#isPresent(roomId, seat)) return;
    const { rooms } = this.#ports;
    const cause = rooms.ownCause('away');
    this.#askers.set(cause.correlationId, {
      connection: null,
      messageId: null,
      onNotice: (notice) => {
        if (notice.kind === 'applied' && this.#roomSockets.has(roomId)) this.#presenceNews.add(notice);
        if (notice.kind === 'unavailable' && notice.why !== 'quarantined') this.#presence.retry(roomId, seat);
      },
    });
    rooms.tell(roomId, EXTERNAL_EVENTS.socketStayedAway(seat), cause, { slot: `presence-${seat}` });
  }

  async #tellAbsent(roomId: string): Promise<void> {
    const { rooms, log } = this.#ports;
    try {
      const seen = await rooms.query(roomId, 'spectator');
      for (const seat of this.#missing(roomId, seen?.view)) this.#tellAway(roomId, seat);
    } catch (failure) {
      log.warn({ err: failure, roomId }, 'absent players not found');
      this.#askAgain(() => this.#tellAbsent(roomId));
    }
  }

  /** People came and went that a room knows nothing of: it was quarantined meanwhile, or has been set back. */
  async #tellPresence(roomId: string): Promise<void> {
    const { rooms, log } = this.#ports;
    try {
      const seen = await rooms.query(roomId, 'spectator');
      // After a start there is time to come back; whoever is not there by then is told of in any case.
      if (!this.#awaited.has(roomId)) {
        for (const seat of this.#missing(roomId, seen?.view)) this.#presence.lost(roomId, seat);
      }
      for (const seat of SEATS) {
        const occupant = seen?.view.seats[seat];
        if (occupant?.isPerson === true && occupant.awaySince !== null) this.#tellReturned(roomId, seat);
      }
    } catch (failure) {
      log.warn({ err: failure, roomId }, 'presence not told');
      this.#askAgain(() => this.#tellPresence(roomId));
    }
  }

  /** A room whose people are not known to be away waits for them for ever. */
  #askAgain(ask: () => Promise<void>): void {
    this.#ports.clock.schedule(ASK_AGAIN_MS, () => {
      if (!this.#draining) void ask();
    });
  }

  #tellReturned(roomId: string, seat: Seat): void {
    const own = [...(this.#roomSockets.get(roomId) ?? [])].find((connection) => connection.seat === seat);
    if (own === undefined) return;
    const { session } = own;
    const cause: Cause = { correlationId: own.nextCorrelationId(), session, messageId: null };
    this.#ports.rooms.tell(roomId, { type: 'connect', session, seat }, cause, { slot: `presence-${seat}` });
  }

  /**
   * A session token of a client without cookies stands for the cookie (design.md section 9, Sessions).
   * @returns false where that session has too many sockets already, and this one is sent away
   */
  #takeToken(connection: Connection, message: ClientMessageOf<'client_ready'>): boolean {
    const token = message.data.session_token;
    if (token === undefined) return true;
    const session = this.#ports.sessions.verify(token);
    if (session === null || session === connection.session) return true;
    if (!connection.becomes(session)) {
      this.#enforcement.tooManySockets(connection);
      return false;
    }
    this.#vacate(connection);
    connection.session = session;
    if (connection.token !== null) connection.token = token; // what it is given back must stand for its seats
    return true;
  }

  /** protocol.md 2.6, with the seat decided by the session. */
  #ready(connection: Connection, roomId: string, message: ClientMessageOf<'client_ready'>): void {
    const cause = this.#ask(connection, message, (notice, tell) => {
      if (notice.kind !== 'seen') {
        tell();
        return;
      }
      const view = notice.view('router');
      const claim = this.#claim(connection, roomId, view, message.data.player_name);
      if (claim.kind === 'foreign' && view.game === null) {
        this.#reply(connection, message, nameInUse);
        return;
      }
      this.#reply(connection, message, roomStateUpdate(notice.view('spectator')));
      if (view.phase === 'game_over') {
        this.#reply(connection, message, gameHasEnded);
        connection.close(CLOSE.stayAway, 'Game has ended');
        return;
      }
      if (claim.kind === 'foreign') {
        this.#reply(connection, message, error('That seat belongs to somebody else', 'seat_taken'));
      }
      if (view.game === null) this.#repeatUpdate(connection, roomId);
      if (claim.kind === 'own') this.#takeSeat(connection, roomId, claim.seat, view, message);
      else {
        this.#vacate(connection);
        this.#showPresent(connection, message, notice);
      }
    });
    this.#ports.rooms.look(roomId, cause);
  }

  #claim(connection: Connection, roomId: string, view: RoomView, name: string | undefined): Claim {
    const own = SEATS.filter((seat) => view.seats[seat]?.session === connection.session);
    if (name !== undefined) {
      const seat = SEATS.find((other) => view.seats[other]?.isPerson === true && view.seats[other].name === name);
      if (seat === undefined) return { kind: 'none' };
      return own.includes(seat) ? { kind: 'own', seat } : { kind: 'foreign' };
    }
    if (connection.seat !== null && own.includes(connection.seat)) return { kind: 'own', seat: connection.seat };
    // A nameless client is whoever of its session is missing; of several, who came last (design.md section 9, Sessions).
    const newestFirst = own.sort((a, b) => (view.seats[b]?.since ?? 0) - (view.seats[a]?.since ?? 0));
    const seat = newestFirst.find((other) => !this.#isPresent(roomId, other)) ?? newestFirst[0];
    return seat === undefined ? { kind: 'none' } : { kind: 'own', seat };
  }

  #takeSeat(
    connection: Connection,
    roomId: string,
    seat: Seat,
    view: RoomView,
    message: ClientMessageOf<'client_ready'>,
  ): void {
    if (connection.seat !== seat) this.#vacate(connection);
    connection.seat = seat;
    connection.name = nameOf(view, seat);
    this.#presence.returned(roomId, seat);
    const awaySince = view.seats[seat]?.awaySince ?? null;
    // A room that an operator holds may have the news of an absence waiting, which this one takes the place of.
    const isHeld = this.#ports.rooms.holdOf(roomId) !== null;
    const isNews = isHeld || awaySince !== null || (view.game === null && seat === view.host && !view.hostArrived);
    const { session } = connection;
    if (!isNews) {
      this.#look(connection, roomId, message, (_, notice) => this.#showPresent(connection, message, notice));
      return;
    }
    const cause = this.#ask(connection, message, (notice, tell) => {
      if (notice.kind !== 'applied') {
        // Somebody else of the session was quicker, or the store is away: the present is all there is to show.
        this.#look(connection, roomId, message, (_, seen) => this.#showPresent(connection, message, seen));
        return;
      }
      if (awaySince === null) {
        this.#showPresent(connection, message, notice);
        return;
      }
      void this.#missedSince(roomId, awaySince, notice.seq).then((missed) => {
        const queued = queuedMessages(notice.view('spectator'), missed);
        if (queued !== null) this.#reply(connection, message, queued);
        // Told after reading: the room may have moved on, and the newest state must come last.
        this.#look(connection, roomId, message, (_, seen) => this.#showPresent(connection, message, seen));
      });
      tell();
    });
    const slot = `presence-${seat}`;
    const { rooms } = this.#ports;
    rooms.tell(roomId, EXTERNAL_EVENTS.socketCame(session, seat), { ...cause, messageId: null }, { slot });
    if (isHeld) {
      // The room will hear of it when it goes on; until then the player sees it as it stands.
      this.#look(connection, roomId, message, (_, notice) => this.#showPresent(connection, message, notice));
    }
  }

  #showPresent(connection: Connection, message: ClientMessage, notice: GameNotice): void {
    if (notice.kind !== 'seen' && notice.kind !== 'applied') return;
    const view = notice.view(connection.seat ?? 'spectator');
    const stamp = { atMs: this.#ports.now(), roomId: view.code };
    for (const shown of projectPresent(view, connection.seat, notice.seq)) {
      this.#reply(connection, message, stamped(shown, stamp));
    }
  }

  async #missedSince(roomId: string, awaySince: number, seq: number): Promise<readonly MissedEvent[]> {
    const { engine, definition, log } = this.#ports;
    try {
      const entries = await engine.read(roomId, Math.max(1, seq - MISSED_ENTRIES_MAX + 1), seq);
      return entries
        .filter((entry) => entry.at >= awaySince)
        .flatMap((entry) =>
          (JSON.parse(entry.events) as unknown[]).map((event) => ({
            event: upcastEvent(definition, event, entry.machineVersion),
            at: entry.at,
            seq: entry.seq,
          })),
        );
    } catch (failure) {
      log.warn({ err: failure, roomId }, 'missed events not read');
      return [];
    }
  }

  #repeatUpdate(connection: Connection, roomId: string): void {
    const { clock, rooms, log } = this.#ports;
    clock.schedule(REPEAT_MS, () => {
      if (!connection.open) return;
      rooms.query(roomId, 'spectator').then(
        (seen) => {
          if (seen !== null && seen.view.phase === 'waiting') connection.send(roomUpdate(seen.view));
        },
        (failure: unknown) => log.warn({ err: failure, roomId }, 'room update not repeated'),
      );
    });
  }

  // ---- asking rooms ----------------------------------------------------------------------------------------------

  /**
   * Remembers who asks.
   * @param onNotice gets the outcome and a function that tells it to everybody whom it concerns, in between its own answers
   */
  #ask(connection: Connection, message: ClientMessage, onNotice: Asker['onNotice']): Cause {
    const correlationId = connection.nextCorrelationId();
    const messageId = idOf(message);
    connection.asked();
    this.#askers.set(correlationId, {
      connection,
      messageId,
      readMs: this.meter.readMs,
      onNotice: (notice, tell) => {
        connection.answered();
        if (notice.kind === 'refused' || notice.kind === 'unavailable' || notice.kind === 'unknownRoom') {
          onNotice(notice, () => this.#reply(connection, message, negative(message, notice)));
        } else onNotice(notice, tell);
      },
    });
    return { correlationId, session: connection.session, messageId };
  }

  #look(
    connection: Connection,
    roomId: string,
    message: ClientMessage,
    show: (view: RoomView, notice: GameNotice) => void,
  ): void {
    const cause = this.#ask(connection, message, (notice, tell) => {
      if (notice.kind === 'seen') show(notice.view('spectator'), notice);
      else tell();
    });
    this.#ports.rooms.look(roomId, cause);
  }

  #tell(
    connection: Connection,
    roomId: string,
    message: Parameters<GameRooms['tell']>[1],
    cause: Cause,
    bytes: number,
  ): void {
    const { rooms } = this.#ports;
    if (rooms.tell(roomId, message, cause, { bytes })) return;
    connection.pause();
    rooms.whenWritable(roomId, () => connection.resume());
  }

  // ---- notices out -----------------------------------------------------------------------------------------------

  #onNotice(notice: GameNotice): void {
    const asker = this.#askers.get(notice.cause.correlationId);
    if (asker !== undefined) this.#askers.delete(notice.cause.correlationId);
    const { framesOut, bytesOut } = this.traffic;
    const tell = (): void => {
      if (notice.kind === 'applied') this.#broadcast(notice, asker?.messageId ?? null);
      else if (notice.kind === 'repeated' && asker?.connection != null) {
        this.#retell(notice, asker.connection, asker.messageId);
      }
    };
    try {
      if (asker === undefined) tell();
      else asker.onNotice(notice, tell);
    } catch (failure) {
      this.traffic.broadcastsFailed++;
      throw failure;
    }
    const viewers = this.#roomSockets.get(notice.roomId)?.size ?? 0;
    this.meter.told(asker?.readMs ?? null, viewers, { framesOut, bytesOut });
    if (notice.kind === 'applied') this.#follow(notice);
    if (notice.kind === 'restored') this.#showRestored(notice);
    if (notice.kind === 'restored' || notice.kind === 'released') void this.#tellPresence(notice.roomId);
  }

  /** An operator set the room back: everybody sees it as if they came in now. */
  #showRestored(notice: Extract<GameNotice, { kind: 'restored' }>): void {
    this.#ports.lobby.apply(notice.rows);
    this.#presenceNews.flush(notice.roomId);
    const router = notice.view('router');
    for (const connection of this.#roomSockets.get(notice.roomId) ?? []) {
      // Whoever got or lost the seat since then has it no more, or again.
      const own = SEATS.filter((seat) => router.seats[seat]?.session === connection.session);
      connection.seat = own.find((seat) => seat === connection.seat) ?? own[0] ?? null;
      this.#sendPresent(connection, notice.view(connection.seat ?? 'spectator'), notice.seq, notice.at);
    }
  }

  /** Everything that an entry caused, to everybody in the room. */
  #broadcast(notice: Applied, messageId: string | null): void {
    this.#presenceNews.flush(notice.roomId);
    const sockets = this.#roomSockets.get(notice.roomId);
    if (sockets === undefined) return;
    for (const event of notice.events) {
      const direct = projectDirect(event);
      if (direct !== null) {
        const losesSeat = 'seat' in event ? event.seat : null;
        for (const connection of sockets) {
          if (connection.session === direct.session && connection.seat === losesSeat) connection.send(direct.message);
        }
      }
      for (const projection of project(event, notice.seq, notice.cause.correlationId)) {
        this.#show(sockets, projection, notice, messageId);
      }
    }
  }

  /** That players stay away; nobody asked for it. */
  #tellNews(roomId: string, news: readonly News[]): void {
    const sockets = this.#roomSockets.get(roomId);
    if (sockets === undefined) return;
    for (const { event, notice } of news) {
      for (const projection of project(event, notice.seq, notice.cause.correlationId)) {
        this.#show(sockets, projection, notice, null);
      }
    }
  }

  #show(sockets: ReadonlySet<Connection>, projection: Projection, notice: Applied, messageId: string | null): void {
    const showing = new Showing(projection, notice, this.traffic);
    const isCrowd = sockets.size > CROWD_ABOVE;
    for (const connection of sockets) {
      const replyTo = connection.session === notice.cause.session ? messageId : null;
      if (projection.isState && replyTo === null && this.#slowReaders.skips(connection)) continue;
      const frame = showing.frame(connection.codec, connection.seat, replyTo);
      this.#sendBroadcast(connection, frame, isCrowd && connection.seat === null);
    }
  }

  #sendBroadcast(connection: Connection, frame: Frame, inCrowd: boolean): void {
    const isSent = inCrowd ? this.#crowd.send(connection, frame) : connection.sendFrame(frame);
    this.traffic.broadcast[isSent ? 'sent' : 'lost']++;
  }

  /** A socket that read too slowly has caught up: it gets the newest state, as if it came in now. */
  #catchUp(connection: Connection): void {
    const { now, rooms } = this.#ports;
    const { roomId } = connection;
    if (connection.code === null || roomId === null) {
      this.#slowReaders.caughtUp(connection);
      if (connection.code === null) connection.send(this.#list());
      return;
    }
    const cause = { correlationId: connection.nextCorrelationId(), session: null, messageId: null };
    this.#askers.set(cause.correlationId, {
      connection,
      messageId: null,
      onNotice: (notice) => {
        if (notice.kind === 'unavailable' && notice.why !== 'quarantined') {
          this.#slowReaders.missed(connection);
          return;
        }
        this.#slowReaders.caughtUp(connection);
        if (notice.kind === 'seen' && connection.roomId === roomId)
          this.#sendPresent(connection, notice.view(connection.seat ?? 'spectator'), notice.seq, now());
      },
    });
    rooms.look(roomId, cause);
  }

  /** What somebody sees who comes in now. */
  #sendPresent(connection: Connection, view: RoomView, seq: number, atMs: number): void {
    const present = view.game === null ? [roomUpdate(view)] : projectPresent(view, connection.seat, seq);
    for (const message of present) connection.send(stamped(message, { atMs, roomId: view.code }));
  }

  /** A repeated message is answered as it was the first time, to its sender only; then the present, if it is another. */
  #retell(notice: Applied, connection: Connection, messageId: string | null): void {
    const stamp = { atMs: notice.at, roomId: notice.view('spectator').code };
    const viewer = connection.seat;
    if (connection.roomId !== notice.roomId) return; // asked from the lobby: its own answer is all
    const view = notice.view(viewer ?? 'spectator');
    for (const event of notice.events) {
      for (const projection of project(event, notice.seq, notice.cause.correlationId)) {
        connection.send(inReplyTo(stamped(projection.make(view, viewer), stamp), messageId));
      }
    }
    const cause = { correlationId: connection.nextCorrelationId(), session: null, messageId: null };
    this.#askers.set(cause.correlationId, {
      connection,
      messageId: null,
      onNotice: (seen) => {
        if (seen.kind !== 'seen' || seen.seq === notice.seq) return;
        // With the seat of now: it may have left meanwhile.
        this.#sendPresent(connection, seen.view(connection.seat ?? 'spectator'), seen.seq, this.#ports.now());
      },
    });
    this.#ports.rooms.look(notice.roomId, cause);
  }

  /** What follows from an entry for sockets, presence and the lobby. */
  #follow(notice: Applied): void {
    for (const event of notice.events) {
      switch (event.type) {
        case 'botSeated':
        case 'seatFreed':
        case 'playerLeft':
          this.#presence.returned(notice.roomId, event.seat);
          for (const connection of this.#roomSockets.get(notice.roomId) ?? []) {
            if (connection.seat === event.seat) connection.seat = null;
          }
          break;
        case 'playerJoined':
          if (!this.#draining && !this.#isPresent(notice.roomId, event.seat)) {
            this.#presence.awaited(notice.roomId, event.seat);
          }
          break;
        case 'gameStarted':
          this.#presence.gameStarted(notice.roomId);
          this.#missAbsent(notice);
          break;
        case 'roomClosed':
          for (const seat of SEATS) this.#presence.returned(notice.roomId, seat);
          break;
        default:
          break;
      }
    }
    this.#ports.lobby.apply(notice.rows);
  }

  /** The game does not wait for those who sat down and never came. */
  #missAbsent({ roomId, view }: Applied): void {
    if (this.#draining || this.#awaited.has(roomId)) return;
    const { seats } = view('spectator');
    for (const seat of SEATS) {
      if (seats[seat]?.isPerson === true && !this.#isPresent(roomId, seat)) this.#presence.lost(roomId, seat);
    }
  }

  #reply(connection: Connection, message: ClientMessage, answer: WireMessage): void {
    connection.send(inReplyTo(answer, idOf(message)));
  }
}

type Claim = { readonly kind: 'own'; readonly seat: Seat } | { readonly kind: 'foreign' } | { readonly kind: 'none' };

function idOf(message: ClientMessage): string | null {
  return message.id ?? null;
}

function tokenOf({ token }: Connection): { session_token?: string } {
  return token === null ? {} : { session_token: token };
}

/** protocol.md 3.2, 3.3: what a room that does not exist answers. */
function inUnknownRoom(event: RoomCommandMessage['event'], name: string | undefined): WireMessage {
  switch (event) {
    case 'add_bot':
    case 'remove_player':
    case 'leave_room':
      return roomUnknown;
    case 'start_game':
      return error('Room not found');
    case 'redeal_decision':
      return error('Failed to process redeal decision');
    case 'leave_game':
      return name === undefined
        ? error('Player name required')
        : { event: 'leave_game_success', data: { player_name: name } };
    default:
      return gameNotFound;
  }
}

/** protocol.md 7.4: what somebody without a seat hears. */
function withoutSeat(event: RoomCommandMessage['event']): WireMessage {
  switch (event) {
    case 'add_bot':
      return error('Only the host can add bots', 'permission_denied');
    case 'remove_player':
      return error('Only the host can remove players', 'permission_denied');
    case 'start_game':
      return error('Only the host can start the game', 'permission_denied');
    default:
      return notSeated;
  }
}

const GAME_COMMANDS: ReadonlySet<ClientEvent> = new Set<ClientEvent>([
  'declare',
  'play',
  'play_pieces',
  'accept_redeal',
  'decline_redeal',
  'request_redeal',
  'redeal_decision',
]);

function negative(
  message: ClientMessage,
  notice: Extract<GameNotice, { kind: 'refused' | 'unavailable' | 'unknownRoom' }>,
): WireMessage {
  if (notice.kind === 'unavailable') return unavailableMessage(message.event, notice.why);
  if (notice.kind === 'unknownRoom') {
    if (message.event === 'join_room') return error('Room not found', 'join_room_error');
    return isRoomCommand(message) ? inUnknownRoom(message.event, claimedName(message)) : roomUnknown;
  }
  if (GAME_COMMANDS.has(message.event) && notice.view('spectator').game === null) return gameNotFound;
  return refusalMessage(message.event, notice.refusal.reason, notice.refusal.sentence);
}
