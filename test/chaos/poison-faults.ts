import type { LiapTui } from '../../actors/room/liap-tui.js';
import { leafOf } from '../../actors/room/room-view.js';
import type { StepMark } from '../../actors/step-mark.js';
import type { Random } from '../../src/client/random.js';

/** What a thrown fault does when the same message comes once more. */
export type FaultKind = 'transient' | 'persistent' | 'poisoned';

interface MachineMessage {
  readonly type: string;
  readonly key?: string; // of a client's message
}

export interface StepFaultsOptions {
  readonly random: Random;
  readonly persistentShare?: number; // of the faults that players' messages meet
  readonly ownPersistentShare?: number; // of those that timers and bots meet: each quarantines a room
}

/**
 * Makes the machine throw in steps of live rooms: never in a replay, so what is in the journal can be rebuilt. Of all
 * kinds of messages and phases the ones that were hit least come first.
 */
export class StepFaults {
  readonly mark: StepMark = { begin: (roomId) => void (this.#room = roomId), end: () => void (this.#room = null) };
  readonly byMessage = new Map<string, number>();
  readonly byPhase = new Map<string, number>();
  readonly byKind = new Map<FaultKind, number>();
  readonly lastAtMs = new Map<string, number>(); // monotonic, by room
  throws = 0;
  /** How many faults may have been thrown by now; the next steps are hit until there are so many. */
  wanted: () => number = () => 0;
  readonly #options: StepFaultsOptions;
  readonly #poisoned = new Set<string>();
  readonly #persistent = new Set<string>(); // messages that throw again, by room
  readonly #spared = new Set<string>(); // messages that threw once, and do not when they are tried again
  readonly #hits = new Map<string, number>(); // by type and phase
  #injected = 0; // without those of poisoned rooms
  #room: string | null = null;

  constructor(options: StepFaultsOptions) {
    this.#options = options;
  }

  get injected(): number {
    return this.#injected;
  }

  /** The same game, whose machine may throw. */
  into(definition: LiapTui): LiapTui {
    const { machine } = definition;
    const hit = (message: MachineMessage, leaf: string): void => this.#hit(message, leaf);
    const faulty = Object.create(machine) as typeof machine;
    faulty.transition = function (snapshot, event, scope) {
      hit(event as MachineMessage, leafOf(snapshot.value));
      return machine.transition.call(this, snapshot, event, scope);
    };
    return {
      ...definition,
      machine: faulty,
      create: (message) => {
        hit(message as MachineMessage, '(new)');
        return definition.create(message);
      },
    };
  }

  /** From now on every step of the room throws. */
  poison(roomId: string): void {
    this.#poisoned.add(roomId);
  }

  heal(): void {
    this.#poisoned.clear();
    this.#persistent.clear();
  }

  #hit(message: MachineMessage, leaf: string): void {
    const room = this.#room;
    if (room === null || message.type.startsWith('xstate.')) return;
    const name = `${room}/${message.key ?? message.type}`;
    if (this.#poisoned.has(room)) this.#throw('poisoned', message, leaf);
    if (this.#persistent.has(name)) {
      if (message.key === undefined) this.#persistent.delete(name); // a timer is tried twice, and comes again after that
      this.#throw('persistent', message, leaf);
    }
    if (this.#spared.delete(name)) return;
    if (this.throws >= this.wanted() || !this.#isRare(`${message.type} in ${leaf}`)) return;
    const { random, persistentShare = 0.1, ownPersistentShare = 0.02 } = this.#options;
    const isPersistent = random() < (message.key === undefined ? ownPersistentShare : persistentShare);
    if (leaf !== '(new)') (isPersistent ? this.#persistent : this.#spared).add(name);
    this.#throw(isPersistent ? 'persistent' : 'transient', message, leaf);
  }

  #isRare(place: string): boolean {
    const hits = this.#hits.get(place) ?? 0;
    const average = this.#injected / Math.max(1, this.#hits.size);
    if (this.#options.random() >= (hits <= average ? 0.5 : 0.1)) return false;
    this.#hits.set(place, hits + 1);
    return true;
  }

  #throw(kind: FaultKind, { type }: MachineMessage, leaf: string): never {
    this.throws++;
    if (kind !== 'poisoned') this.#injected++;
    this.lastAtMs.set(this.#room!, performance.now());
    count(this.byMessage, type);
    count(this.byPhase, leaf);
    count(this.byKind, kind);
    throw new Error(`a ${kind} fault at ${type} in ${leaf}`);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
