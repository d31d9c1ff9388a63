import type { ClientSocket, Connect } from '../../src/client/client-socket.js';
import { inReplyTo, isRecord, readFrame } from '../../src/client/frame.js';

/** What a client sent under one id, and the first answer that it got. */
export interface RecordedCommand {
  readonly session: string;
  readonly id: string;
  readonly event: string;
  sentCount: number;
  answer: 'none' | 'applied' | 'refused';
}

/** Messages that change a room, so that their acknowledgement promises an entry of the journal. */
export const CHANGING: ReadonlySet<string> = new Set([
  'create_room',
  'join_room',
  'remove_player',
  'add_bot',
  'start_game',
  'declare',
  'play',
  'accept_redeal',
  'decline_redeal',
]);
const REFUSING: ReadonlySet<string> = new Set(['error', 'room_closed', 'room_not_found']);
const COOKIE = /room_session=([\w-]+)\./;

/** Writes down beside the clients, at their sockets, what they were told: what counts is what was on the wire. */
export class CommandRecorder {
  readonly commands = new Map<string, RecordedCommand>(); // by session and id

  get acknowledged(): readonly RecordedCommand[] {
    return [...this.commands.values()].filter(({ answer }) => answer === 'applied');
  }

  /** The same connections, watched. */
  watch(connect: Connect): Connect {
    return (path, headers) => {
      const inner = connect(path, headers);
      let session = COOKIE.exec(headers['cookie'] ?? '')?.[1];
      const outer: ClientSocket = {
        onOpen: () => undefined,
        onMessage: () => undefined,
        onClose: () => undefined,
        send: (text) => {
          this.#sent(session, text);
          inner.send(text);
        },
        close: (code, reason) => inner.close(code, reason),
        terminate: () => inner.terminate(),
      };
      inner.onOpen = (setCookie) => {
        session ??= COOKIE.exec(setCookie.join('\n'))?.[1];
        outer.onOpen(setCookie);
      };
      inner.onMessage = (text) => {
        this.#received(session, text);
        outer.onMessage(text);
      };
      inner.onClose = (code, reason) => outer.onClose(code, reason);
      return outer;
    };
  }

  #sent(session: string | undefined, text: string): void {
    const json: unknown = JSON.parse(text);
    if (session === undefined || !isRecord(json)) return;
    const { event, id } = json;
    if (typeof event !== 'string' || typeof id !== 'string' || !CHANGING.has(event)) return;
    const key = `${session}/${id}`;
    const known = this.commands.get(key);
    if (known === undefined) this.commands.set(key, { session, id, event, sentCount: 1, answer: 'none' });
    else known.sentCount++;
  }

  #received(session: string | undefined, text: string): void {
    const read = readFrame(text);
    const id = read.kind === 'frame' ? inReplyTo(read.frame) : undefined;
    const command = id === undefined ? undefined : this.commands.get(`${session}/${id}`);
    if (command === undefined || read.kind !== 'frame' || command.answer === 'applied') return;
    command.answer = REFUSING.has(read.frame.event) ? 'refused' : 'applied';
  }
}
