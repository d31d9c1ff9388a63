import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { RandomBytes } from '../../actors/room-ids.js';
import { liapTui, seededDeal } from '../../actors/room/liap-tui.js';
import { Turns } from '../../actors/turns.js';
import { parseRoomFile, type RoomFile, RoomFileDamaged } from '../../persistence/room-file.js';
import { MemoryJournal } from './memory-journal.js';
import { playScript } from './play-script.js';
import type { ShownSource } from './room-past.js';
import { Sandbox, SandboxInvalid, type SandboxMade, type SandboxOrigin, SandboxRefused } from './sandbox.js';
import { recordedDeals, scriptFile, type ScriptFile } from './script-file.js';
import { EntryShower } from './shown-entry.js';

export const SANDBOXES_MAX = 16;
export const SANDBOX_TTL_MS = 30 * 60_000;
/** Of a file, folded or not: a room of twenty thousand entries. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Files that are read or wait for it; the next one is told to come back. */
export const FILES_WAITING_MAX = 4;
/** A room that is longer than this is exported and looked at elsewhere. */
const ENTRIES_MAX = 50_000;
const NAME_CHARS_MAX = 100;

const unfold = promisify(gunzip);

export interface SandboxesPorts {
  readonly random: RandomBytes;
  readonly now: () => number; // room time
  readonly elapsedMs: () => number; // monotonic
  readonly defer: (run: () => void) => void; // in a later turn of the event loop
}

interface Kept {
  readonly sandbox: Sandbox;
  usedMs: number; // monotonic
}

/** All sandboxes: so many, and each for a while after its last use. */
export class Sandboxes {
  readonly #ports: SandboxesPorts;
  readonly #kept = new Map<string, Kept>();
  readonly #turns = new Turns(1); // reading a file costs the thread's time: one at a time

  constructor(ports: SandboxesPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @returns null for one that is gone or never was; asking keeps it */
  get(id: string): Sandbox | null {
    this.forgetIdle();
    const kept = this.#kept.get(id);
    if (kept === undefined) return null;
    kept.usedMs = this.#ports.elapsedMs();
    return kept.sandbox;
  }

  list(): readonly object[] {
    this.forgetIdle();
    return [...this.#kept.values()].map(({ sandbox }) => this.shown(sandbox));
  }

  remove(id: string): boolean {
    return this.#kept.delete(id);
  }

  /** What a sandbox is, for answers. */
  shown({ made, clock, seq, forkedAt }: Sandbox) {
    const { id, kind, name, createdAt, origin, script, stop } = made;
    const usedMs = this.#kept.get(id)?.usedMs ?? this.#ports.elapsedMs();
    const expiresAt = Math.round(this.#ports.now() + SANDBOX_TTL_MS - (this.#ports.elapsedMs() - usedMs));
    return { id, kind, name, createdAt, expiresAt, clock, seq, forkedAt, origin, script, stop };
  }

  /** @throws SandboxRefused @returns null where that entry is not there */
  async fork(source: ShownSource, seq: number, code: string | null, from: Sandbox | null): Promise<Sandbox | null> {
    this.#mustHaveRoom();
    if (seq > ENTRIES_MAX) throw new SandboxRefused(`A room of more than ${ENTRIES_MAX} entries is too long to fork`);
    const journal = await MemoryJournal.copy(source.reader, source.roomId, seq);
    if (journal === null) return null;
    const origin: SandboxOrigin = from?.made.origin ?? { roomId: source.roomId, code, seq };
    const name = `${code ?? source.roomId} at ${seq}`;
    return this.#keep({
      kind: 'fork',
      name,
      journal,
      origin,
      script: null,
      stop: null,
      ...(from !== null && { order: from.order }),
    });
  }

  /**
   * A file that the fuzzer or an export made. Files are read one after the other, in pieces.
   * @throws SandboxInvalid, SandboxRefused
   */
  load(name: string, bytes: Uint8Array): Promise<Sandbox> {
    return this.#turns.run(async () => {
      this.#mustHaveRoom();
      const text = await textOf(name, bytes);
      const shortName = name.slice(0, NAME_CHARS_MAX);
      if (!/^\s*\{\s*"kind"\s*:\s*"header"/.test(text.slice(0, 200))) {
        return this.#loadScript(shortName, readScript(text));
      }
      const journal = new MemoryJournal(await readJournal(shortName, text, this.#ports.defer));
      const kept = { kind: 'journal', name: shortName, journal, origin: null, script: null, stop: null } as const;
      return this.#keep(kept);
    });
  }

  async #loadScript(name: string, file: ScriptFile): Promise<Sandbox> {
    const order = recordedDeals(file.deals ?? [], seededDeal);
    const definition = liapTui({ order });
    const roomId = `script-${this.#ports.random(4).toString('hex')}`;
    const { journal, refusals, stop } = await playScript(definition, new EntryShower(definition), file, roomId);
    if (journal.seq === 0)
      throw new SandboxInvalid(`Its first deed makes no room${stop === null ? '' : `: ${stop.why}`}`);
    const { promise, message, deeds } = file;
    const script = { promise, message, deeds: deeds.length, refused: refusals.length };
    return this.#keep({ kind: 'script', name, journal, origin: null, script, stop, order, refusals });
  }

  /** Lets go of what nobody used for a while. */
  forgetIdle(): void {
    const now = this.#ports.elapsedMs();
    for (const [id, { usedMs }] of this.#kept) if (now - usedMs > SANDBOX_TTL_MS) this.#kept.delete(id);
  }

  #mustHaveRoom(): void {
    this.forgetIdle();
    if (this.#kept.size >= SANDBOXES_MAX) {
      throw new SandboxRefused(`There are ${SANDBOXES_MAX} sandboxes already: remove one first`);
    }
  }

  #keep(made: Omit<SandboxMade, 'id' | 'createdAt'>): Sandbox {
    this.#mustHaveRoom(); // another one may have been made meanwhile
    const id = `s${this.#ports.random(6).toString('hex')}`;
    const sandbox = new Sandbox({ id, createdAt: this.#ports.now(), ...made });
    this.#kept.set(id, { sandbox, usedMs: this.#ports.elapsedMs() });
    return sandbox;
  }
}

async function textOf(name: string, bytes: Uint8Array): Promise<string> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return Buffer.from(bytes).toString('utf8');
  try {
    return (await unfold(bytes, { maxOutputLength: FILE_BYTES_MAX })).toString('utf8');
  } catch (cause) {
    throw new SandboxInvalid(`${name} can't be unfolded: ${(cause as Error).message}`, { cause });
  }
}

async function readJournal(name: string, text: string, defer: SandboxesPorts['defer']): Promise<RoomFile> {
  try {
    return await parseRoomFile(name, text, defer);
  } catch (failure) {
    if (failure instanceof RoomFileDamaged) throw new SandboxInvalid(failure.message, { cause: failure });
    throw failure;
  }
}

function readScript(text: string): ScriptFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SandboxInvalid('It is neither a script of the fuzzer nor the journal of a room', { cause });
  }
  const parsed = scriptFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SandboxInvalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`);
}
