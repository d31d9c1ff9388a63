import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request, type RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Frame } from '../../src/client/frame.js';
import { projectRoot } from '../../src/http/project-root.js';
import { ServerProcess, type ServerProcessOptions } from '../support/server-process.js';
import { Loot } from './loot.js';
import { HandshakeRefused, Peer, type PeerOptions } from './peer.js';
import { RawConnection } from './raw-connection.js';

/** Who is attacked. */
export const NAMES = ['Hana', 'Gio', 'Mona', 'Nils'] as const;
const AGAIN_MS = 100;
/** In files beside the served folder and in hidden ones. */
const OUTSIDE = 'a text that no request may reach';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpRequest extends Pick<RequestOptions, 'method'> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly address?: string; // of this machine, to come from
}

/** A room that plays, with four people who do nothing: somebody has to declare. */
export interface Game {
  readonly code: string;
  readonly people: readonly [Peer, Peer, Peer, Peer];
  readonly current: Peer;
  readonly others: readonly [Peer, Peer, Peer];
}

/** A room that waits: two people, and bots in seats 3 and 4. */
export interface WaitingRoom {
  readonly code: string;
  readonly host: Peer;
  readonly guest: Peer;
}

/**
 * The server that is attacked, with the limits that users run it with. Loopback counts as the network does, and each
 * attacker and each of its victims has an address of its own in 127.0.0.0/8.
 */
export class Arena {
  readonly server: ServerProcess;
  readonly loot = new Loot();
  readonly adminToken: string;
  readonly #folder: string;
  readonly #open = new Set<{ end(): unknown }>();
  #addresses = 0;

  private constructor(server: ServerProcess, folder: string) {
    this.server = server;
    this.#folder = folder;
    const secret = (file: string): string => readFileSync(join(server.dataDir, file), 'utf8').trim();
    this.adminToken = secret('admin.token');
    this.loot.guardKey('the admin token', this.adminToken);
    this.loot.guardKey('the key of the sessions', secret('session.key'));
    this.loot.guard('a file outside of the served folder', OUTSIDE);
    this.loot.guard('the list of the users of this machine', 'root:x:0:0');
    this.loot.guard('the path of the data', server.dataDir);
    this.loot.guard('the path of the program', projectRoot());
  }

  static async start(options: Pick<ServerProcessOptions, 'command' | 'env'> = {}): Promise<Arena> {
    const folder = mkdtempSync(join(tmpdir(), 'attacked-'));
    const served = join(folder, 'served');
    mkdirSync(served);
    writeFileSync(join(folder, 'outside.txt'), OUTSIDE);
    writeFileSync(join(served, 'index.html'), '<!doctype html><title>A frontend</title>');
    writeFileSync(join(served, 'bundle.js'), 'export {};');
    writeFileSync(join(served, '.hidden'), OUTSIDE);
    // A link out of the folder is its owner's will, and leads to what it names and no further.
    mkdirSync(join(folder, 'release'));
    writeFileSync(join(folder, 'release', '.hidden'), OUTSIDE);
    symlinkSync(join(folder, 'release'), join(served, 'release'));
    try {
      const server = await ServerProcess.start({
        ...options,
        env: { RATE_LIMITS: 'on', LIMIT_LOOPBACK: 'true', STATIC_DIR: served, ...options.env },
      });
      return new Arena(server, folder);
    } catch (failure) {
      rmSync(folder, { recursive: true });
      throw failure;
    }
  }

  /** Not used by anybody before. */
  address(): string {
    const number = this.#addresses++;
    return `127.${66 + (number >> 16)}.${(number >> 8) & 0xff}.${number & 0xff}`;
  }

  /** An attacker's socket. @param place `lobby` or the code of a room */
  socket(place: string, options: Partial<PeerOptions> = {}): Promise<Peer> {
    return this.#peer(place, { address: this.address(), loot: this.loot, ...options });
  }

  /** How an attacker's handshake is answered; 101 is an open socket. Told that all together come too fast, it comes again. */
  async handshake(place: string, options: Partial<PeerOptions> = {}): Promise<string> {
    for (;;) {
      try {
        await this.socket(place, options);
        return '101';
      } catch (failure) {
        if (!(failure instanceof HandshakeRefused)) throw failure;
        if (failure.status !== 503) return String(failure.status);
      }
      await setTimeout(AGAIN_MS);
    }
  }

  async raw(address = this.address()): Promise<RawConnection> {
    const connection = await RawConnection.open(this.server.port, address, this.loot);
    this.#open.add(connection);
    return connection;
  }

  /** Sends bytes over a connection of their own. @returns the statuses of all answers until the server ends it */
  async statusesOf(bytes: string | Buffer): Promise<string[]> {
    const raw = await this.raw();
    raw.write(bytes);
    const statuses = await raw.statuses();
    raw.end();
    return statuses;
  }

  /** An attacker's request; the path goes as it is. */
  http(path: string, { method, headers, body, address = this.address() }: HttpRequest = {}): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const { port } = this.server;
      const asked = request(
        { host: '127.0.0.1', port, path, localAddress: address, agent: false, headers: { ...headers }, method },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            this.loot.see(`${JSON.stringify(response.headers)}\n${text}`, `the answer to ${path.slice(0, 100)}`);
            resolve({ status: response.statusCode!, headers: response.headers, body: text });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  async statusOf(path: string, options: HttpRequest = {}): Promise<string> {
    return String((await this.http(path, options)).status);
  }

  get asOperator(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.adminToken}` };
  }

  /** What an operator does, who has the token. */
  operate(operation: string, parameters: object): Promise<HttpAnswer> {
    return this.http(`/api/admin/operations/${operation}`, {
      method: 'POST',
      headers: this.asOperator,
      body: JSON.stringify(parameters),
    });
  }

  async waitingRoom(): Promise<WaitingRoom> {
    const { code, host } = await this.#room();
    await host.must('remove_player', { slot_id: 2 });
    return { code, host, guest: await this.#join(code, NAMES[1]) };
  }

  /** People sit down one after the other, and the host starts. Whoever may ask for another deal declines. */
  async game(): Promise<Game> {
    const { code, host } = await this.#room();
    const people = [host];
    for (const [index, name] of NAMES.slice(1).entries()) {
      await host.must('remove_player', { slot_id: index + 2 });
      people.push(await this.#join(code, name));
    }
    host.send('start_game');
    for (const peer of people) this.#declineDeals(peer);
    const asked = await host.until((frame) => declarerIn(frame) !== undefined);
    const current = people.find(({ name }) => name === declarerIn(asked!))!;
    const others = people.filter((peer) => peer !== current);
    for (const peer of people) await peer.until((frame) => declarerIn(frame) !== undefined);
    return { code, people, current, others } as unknown as Game;
  }

  /** The seeds of all rooms whose games are not over, which are secrets. */
  guardSeeds(): void {
    const db = new Database(join(this.server.dataDir, 'journal.sqlite'), { readonly: true });
    const rows = db.prepare<[], { message: string }>('SELECT message FROM entries WHERE seq = 1').all();
    db.close();
    for (const { message } of rows) {
      const { seed } = JSON.parse(message) as { seed?: string };
      if (seed !== undefined) this.loot.guardForNow('the seed of a room', seed);
    }
  }

  /** Of the newest room with this code. Others go on meanwhile: players that are gone are missed after a while. */
  entriesOf(code: string): number {
    const first = `SELECT stream FROM entries WHERE seq = 1 AND json_extract(message, '$.code') = ? ORDER BY stream DESC LIMIT 1`;
    return this.#count(`SELECT count(*) AS count FROM entries WHERE stream = (${first})`, code);
  }

  roomsOfHost(name: string): number {
    const isMade = `seq = 1 AND json_extract(message, '$.hostName') = ?`;
    return this.#count(`SELECT count(*) AS count FROM entries WHERE ${isMade}`, name);
  }

  /** Ends every socket that an attack has left. */
  async clear(): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(open.map((connection) => connection.end()));
    this.loot.forgetPassing();
  }

  async dispose(): Promise<void> {
    await this.clear();
    await this.server.dispose();
    rmSync(this.#folder, { recursive: true });
  }

  #count(query: string, about: string): number {
    const db = new Database(join(this.server.dataDir, 'journal.sqlite'), { readonly: true });
    const { count } = db.prepare<[string], { count: number }>(query).get(about)!;
    db.close();
    return count;
  }

  async #peer(place: string, options: PeerOptions): Promise<Peer> {
    const peer = await Peer.open(`${this.server.socketUrl}/ws/${place}`, options);
    this.#open.add(peer);
    return peer;
  }

  async #room(): Promise<{ readonly code: string; readonly host: Peer }> {
    const address = this.address();
    const lobby = await this.#peer('lobby', { address });
    const { data } = await lobby.must('create_room', { player_name: NAMES[0] });
    const code = String(data['room_id']);
    return { code, host: await this.#enter(code, NAMES[0], lobby) };
  }

  async #join(code: string, name: string): Promise<Peer> {
    const lobby = await this.#peer('lobby', { address: this.address() });
    await lobby.must('join_room', { room_id: code, player_name: name });
    return this.#enter(code, name, lobby);
  }

  async #enter(code: string, name: string, lobby: Peer): Promise<Peer> {
    const { address, cookie } = lobby;
    await lobby.end();
    this.#open.delete(lobby);
    this.loot.guardForNow(`the session of ${name}`, cookie.slice(cookie.indexOf('=') + 1));
    const peer = await this.#peer(code, { address, cookie });
    peer.name = name;
    await peer.must('client_ready', { player_name: name });
    return peer;
  }

  #declineDeals(peer: Peer): void {
    peer.socket.on('message', () => {
      const { event, data } = peer.frames.at(-1)!;
      if (event !== 'phase_change') return;
      const { weak_players_awaiting: weak = [] } = data['phase_data'] as { weak_players_awaiting?: readonly string[] };
      if (weak.includes(peer.name!)) peer.send('decline_redeal', { player_name: peer.name });
    });
  }
}

/** Who is asked to declare, as a `phase_change` says. */
function declarerIn({ event, data }: Frame): string | undefined {
  if (event !== 'phase_change' || data['phase'] !== 'declaration') return undefined;
  const { current_declarer: name } = data['phase_data'] as { current_declarer?: string | null };
  return name ?? undefined;
}
