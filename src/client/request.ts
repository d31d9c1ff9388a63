import type { z } from 'zod';
import type { ClientEvent, clientData } from '../protocol/client-message.js';
import type { Acknowledgement } from './acknowledgement.js';
import { insist, type Insistence } from './insist.js';
import type { RoomLink } from './room-link.js';

/** What a client may ask for; it says by itself who it is, and that it lives. */
export type Command = Exclude<ClientEvent, 'client_ready' | 'ping'>;

/** What goes along with a command, as the server's own schema takes it. */
export type CommandData<C extends Command> = z.input<(typeof clientData)[C]>;

/** A command of the protocol, sent until its last word as `insist` does. */
export function request<C extends Command>(
  client: RoomLink,
  command: C,
  data: CommandData<C>,
  insistence: Insistence,
): Promise<Acknowledgement> {
  return insist(client, command, data, insistence);
}
