import type { WebSocket } from 'ws';
import { connect, each, until } from './seating.js';

export interface Offered {
  readonly sent: number;
  readonly applied: number; // acknowledged as done
  readonly appliedInTime: number; // while messages were offered
  readonly refused: Readonly<Record<string, number>>; // by type and reason of the error
  readonly unanswered: number;
  readonly closed: Readonly<Record<string, number>>; // sockets that the server closed, by code
  readonly drainedMs: number; // from the end of the offer until all was answered
}

interface Host {
  readonly socket: WebSocket;
  readonly viewers: readonly WebSocket[];
}

const UNDER_WAY = 32; // of one host, where the capacity is looked for
const VIEWERS = 3; // besides the host
const AT_ONCE = 20;
const ERROR = '{"event":"error"';
const TAIL_BYTES = 160;
const ID = /"in_reply_to":"(o-\d+)"/;
/** For the answers after the end. */
const DRAIN_LIMIT_MS = 120_000;

/**
 * Rooms that wait, with four sockets each, whose hosts seat a bot again and again. Each time is as good as the first: an
 * entry of the journal, and a frame to each socket. So a host that does not wait for its answers has always something
 * to offer that the server would do if it could.
 */
export class Crowd {
  readonly #hosts: readonly Host[];
  #sent = 0;

  private constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
  }

  static async gather(url: string, rooms: number): Promise<Crowd> {
    return new Crowd(await each(rooms, AT_ONCE, () => gatherRoom(url)));
  }

  /**
   * Each host has so many messages under way, and sends the next when one is answered: enough that the server is never
   * without work.
   * @returns messages done a second
   */
  async capacity(seconds: number, underWay = UNDER_WAY): Promise<number> {
    let applied = 0;
    let isOver = false;
    const awaited = new Set<string>();
    const stops = this.#hosts.map(({ socket }) => {
      for (let sent = 0; sent < underWay; sent++) awaited.add(this.#send(socket));
      return onAnswer(socket, (id, refusal) => {
        if (!awaited.delete(id) || isOver) return;
        if (refusal === null) applied++;
        awaited.add(this.#send(socket));
      });
    });
    const startMs = performance.now();
    await pause(seconds * 1000);
    isOver = true;
    const perSecond = applied / ((performance.now() - startMs) / 1000);
    const limitMs = performance.now() + DRAIN_LIMIT_MS;
    while (awaited.size > 0) {
      if (performance.now() > limitMs) throw new Error(`${awaited.size} messages at the capacity were never answered`);
      await pause(10);
    }
    for (const stop of stops) stop();
    return perSecond;
  }

  /** Messages are due at a rate, whatever becomes of those before: a server that falls behind is offered no less. */
  async offer(perSecond: number, seconds: number): Promise<Offered> {
    const pending = new Set<string>();
    const refused = new Map<string, number>();
    const seen = { sent: 0, applied: 0, appliedInTime: 0 };
    const closed: Record<string, number> = {};
    let isOver = false;
    let onDrained = (): void => undefined;
    const settle = (): void => {
      if (isOver && pending.size === 0) onDrained();
    };
    const stops = this.#hosts.map(({ socket }) => {
      socket.on('close', (code) => (closed[code] = (closed[code] ?? 0) + 1));
      return onAnswer(socket, (id, refusal) => {
        if (!pending.delete(id)) return;
        if (refusal !== null) refused.set(refusal, (refused.get(refusal) ?? 0) + 1);
        else {
          seen.applied++;
          if (!isOver) seen.appliedInTime++;
        }
        settle();
      });
    });

    const startMs = performance.now();
    const endMs = startMs + seconds * 1000;
    for (let now = startMs; now < endMs; now = performance.now()) {
      for (const due = Math.floor(((now - startMs) / 1000) * perSecond); seen.sent < due; seen.sent++) {
        pending.add(this.#send(this.#hosts[seen.sent % this.#hosts.length]!.socket));
      }
      await pause(1);
    }
    isOver = true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, DRAIN_LIMIT_MS);
      onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
      settle();
    });
    const drainedMs = performance.now() - endMs;
    for (const stop of stops) stop();
    return { ...seen, closed: { ...closed }, refused: Object.fromEntries(refused), unanswered: pending.size, drainedMs };
  }

  close(): void {
    for (const { socket, viewers } of this.#hosts) for (const each of [socket, ...viewers]) each.terminate();
  }

  #send(socket: WebSocket): string {
    const id = `o-${++this.#sent}`;
    socket.send(`{"event":"add_bot","data":{"slot_id":2},"id":"${id}"}`);
    return id;
  }
}

async function gatherRoom(url: string): Promise<Host> {
  const lobby = await connect(`${url}/ws/lobby`);
  const created = until(lobby.socket, ({ event }) => event === 'room_created');
  lobby.socket.send('{"event":"create_room","data":{"player_name":"Host"}}');
  const code = String((await created).data['room_id']);
  lobby.socket.terminate();
  const { socket } = await connect(`${url}/ws/${code}`, lobby.cookie);
  const seated = until(socket, ({ event }) => event === 'room_state_update');
  socket.send('{"event":"client_ready","data":{"player_name":"Host"}}');
  await seated;
  const viewers = await Promise.all(Array.from({ length: VIEWERS }, () => connect(`${url}/ws/${code}`)));
  return { socket, viewers: viewers.map((viewer) => viewer.socket) };
}

/** Hears of each frame that answers a message, with the type and the reason of a refusal. @returns what ends that */
function onAnswer(socket: WebSocket, hear: (id: string, refusal: string | null) => void): () => void {
  const onMessage = (bytes: Buffer): void => {
    const [, id] = ID.exec(bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES))) ?? [];
    if (id === undefined) return;
    if (bytes.toString('latin1', 0, ERROR.length) !== ERROR) {
      hear(id, null);
      return;
    }
    const { type = 'error', reason } = (JSON.parse(bytes.toString()) as ErrorFrame).data;
    hear(id, reason === undefined ? type : `${type} ${reason}`);
  };
  socket.on('message', onMessage);
  return () => socket.off('message', onMessage);
}

interface ErrorFrame {
  readonly data: { readonly type?: string; readonly reason?: string };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
